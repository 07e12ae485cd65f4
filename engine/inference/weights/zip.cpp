// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/weights/zip_p.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <zlib.h>

#include "engine/inference/weights/weights_fault_p.h"

namespace kinora::inference {
namespace {

constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kEnd64Bytes = 56;
constexpr std::size_t kLocatorBytes = 20;
constexpr std::size_t kCentralBytes = 46;
constexpr std::size_t kLocalBytes = 30;
constexpr std::size_t kMaxComment = 65535;
constexpr std::size_t kMaxEntries = 1'000'000;
constexpr std::uint64_t kMaxDeflateRatio = 1032; // of the format
constexpr std::uint32_t kEndMark = 0x06054b50;
constexpr std::uint32_t kEnd64Mark = 0x06064b50;
constexpr std::uint32_t kLocatorMark = 0x07064b50;
constexpr std::uint32_t kCentralMark = 0x02014b50;
constexpr std::uint32_t kLocalMark = 0x04034b50;

// Little-endian fields of a record whose length was checked.
template <class T>
T field(std::span<const std::byte> record, std::size_t at) {
  T value{};
  std::memcpy(&value, record.data() + at, sizeof(T));
  return value;
}

struct Directory {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;
};

// Throws Error; caught in open.
class Reader {
 public:
  explicit Reader(const MappedFile& file) : file_(file), bytes_(file.bytes()) {}

  std::map<std::string, ZipEntry, std::less<>> run() {
    const Directory directory = findDirectory();
    std::map<std::string, ZipEntry, std::less<>> entries;
    struct Range {
      std::uint64_t begin;
      std::uint64_t end;
    };
    std::vector<Range> ranges = {{directory.offset, directory.offset + directory.bytes}};
    std::uint64_t at = directory.offset;
    const std::uint64_t end = directory.offset + directory.bytes;
    for (std::uint64_t i = 0; i < directory.entries; ++i) {
      if (end - at < kCentralBytes)
        bad("the list of entries ends early", at);
      const auto record = bytes_.subspan(at, kCentralBytes);
      if (field<std::uint32_t>(record, 0) != kCentralMark)
        bad("the list of entries is damaged", at);
      const std::uint64_t nameBytes = field<std::uint16_t>(record, 28);
      const std::uint64_t extraBytes = field<std::uint16_t>(record, 30);
      const std::uint64_t commentBytes = field<std::uint16_t>(record, 32);
      if (end - at - kCentralBytes < nameBytes + extraBytes + commentBytes)
        bad("the list of entries ends early", at);
      const std::string name(reinterpret_cast<const char*>(bytes_.data() + at + kCentralBytes), nameBytes);
      const auto extra = bytes_.subspan(at + kCentralBytes + nameBytes, extraBytes);
      std::uint64_t local = 0;
      const ZipEntry entry = central(record, extra, name, local, at);
      const std::uint64_t data = local + kLocalBytes + nameBytes;
      ranges.push_back({local, std::max(data, entry.offset + entry.packed)});
      if (!entries.emplace(name, entry).second)
        bad(fmt::format("two entries are called {}", printable(name)), at);
      at += kCentralBytes + nameBytes + extraBytes + commentBytes;
    }
    std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
    for (std::size_t i = 1; i < ranges.size(); ++i) {
      if (ranges[i].begin < ranges[i - 1].end)
        bad("two entries share bytes", ranges[i].begin);
    }
    return entries;
  }

 private:
  [[noreturn]] void bad(std::string_view why, std::uint64_t byte) const {
    throw weightsError(WeightsFault::BadArchive, file_.name(), why, fmt::format("byte {}", byte));
  }
  [[noreturn]] void unsupported(std::string_view why, std::uint64_t byte) const {
    throw weightsError(WeightsFault::Unsupported, file_.name(), why, fmt::format("byte {}", byte));
  }

  Directory findDirectory() const {
    if (bytes_.size() < kEndBytes)
      bad("it ends too early for a zip archive", bytes_.size());
    const std::size_t last = bytes_.size() - kEndBytes;
    const std::size_t first = last > kMaxComment ? last - kMaxComment : 0;
    for (std::size_t at = last + 1; at-- > first;) {
      const auto record = bytes_.subspan(at, kEndBytes);
      if (field<std::uint32_t>(record, 0) == kEndMark &&
          at + kEndBytes + field<std::uint16_t>(record, 20) == bytes_.size())
        return directory(record, at);
    }
    bad("its list of entries is missing: the file is cut off", bytes_.size());
  }

  Directory directory(std::span<const std::byte> end, std::uint64_t at) const {
    if (field<std::uint16_t>(end, 4) != field<std::uint16_t>(end, 6))
      unsupported("the archive is spread over several files", at);
    Directory found{field<std::uint32_t>(end, 16), field<std::uint32_t>(end, 12), field<std::uint16_t>(end, 10)};
    std::uint64_t limit = at;
    const bool large = found.offset == UINT32_MAX || found.bytes == UINT32_MAX || found.entries == UINT16_MAX;
    if (large && at >= kLocatorBytes &&
        field<std::uint32_t>(bytes_.subspan(at - kLocatorBytes, kLocatorBytes), 0) == kLocatorMark) {
      const auto where = field<std::uint64_t>(bytes_.subspan(at - kLocatorBytes, kLocatorBytes), 8);
      if (where > at || at - where < kEnd64Bytes + kLocatorBytes)
        bad("the large list of entries lies outside the file", at - kLocatorBytes);
      const auto record = bytes_.subspan(where, kEnd64Bytes);
      if (field<std::uint32_t>(record, 0) != kEnd64Mark)
        bad("the large list of entries is damaged", where);
      found = {field<std::uint64_t>(record, 48), field<std::uint64_t>(record, 40), field<std::uint64_t>(record, 32)};
      limit = where;
    }
    if (found.offset > limit || found.bytes > limit - found.offset)
      bad("the list of entries lies outside the file", at);
    if (found.entries > std::min<std::uint64_t>(kMaxEntries, found.bytes / kCentralBytes))
      bad(fmt::format("{} entries do not fit into their list", found.entries), at);
    return found;
  }

  ZipEntry central(std::span<const std::byte> record, std::span<const std::byte> extra, const std::string& name,
                   std::uint64_t& local, std::uint64_t at) const {
    ZipEntry entry;
    const auto flags = field<std::uint16_t>(record, 8);
    const auto method = field<std::uint16_t>(record, 10);
    entry.crc = field<std::uint32_t>(record, 16);
    entry.packed = field<std::uint32_t>(record, 20);
    entry.size = field<std::uint32_t>(record, 24);
    local = field<std::uint32_t>(record, 42);
    readLarge(extra, entry, local, at);
    if ((flags & 1U) != 0)
      unsupported(fmt::format("{} is encrypted", printable(name)), at);
    if (method != 0 && method != 8)
      unsupported(fmt::format("{} is compressed in an unknown way", printable(name)), at);
    entry.deflated = method == 8;
    if (local > bytes_.size() || bytes_.size() - local < kLocalBytes)
      bad(fmt::format("{} begins behind the end of the file", printable(name)), at);
    const auto head = bytes_.subspan(local, kLocalBytes);
    if (field<std::uint32_t>(head, 0) != kLocalMark)
      bad(fmt::format("{} has no header of its own", printable(name)), local);
    const std::uint64_t nameBytes = field<std::uint16_t>(head, 26);
    const std::uint64_t begin = local + kLocalBytes + nameBytes + field<std::uint16_t>(head, 28);
    if (begin > bytes_.size() || entry.packed > bytes_.size() - begin)
      bad(fmt::format("{} of {} bytes reaches past the end of the file", printable(name), entry.packed), local);
    if (nameBytes != name.size() || std::memcmp(bytes_.data() + local + kLocalBytes, name.data(), name.size()) != 0 ||
        field<std::uint16_t>(head, 8) != method)
      bad(fmt::format("{} is called differently in its own header", printable(name)), local);
    if (entry.deflated ? entry.size > kMaxDeflateRatio * entry.packed + kMaxDeflateRatio : entry.size != entry.packed)
      bad(fmt::format("{} cannot have {} bytes when it takes {}", printable(name), entry.size, entry.packed), local);
    entry.offset = begin;
    return entry;
  }

  // Sizes of 4 GB and more stand in an extra field, only those that do not fit.
  void readLarge(std::span<const std::byte> extra, ZipEntry& entry, std::uint64_t& local, std::uint64_t at) const {
    while (extra.size() >= 4) {
      const auto id = field<std::uint16_t>(extra, 0);
      const std::size_t size = field<std::uint16_t>(extra, 2);
      if (size > extra.size() - 4)
        return; // padding
      std::span<const std::byte> values = extra.subspan(4, size);
      for (std::uint64_t* value : {&entry.size, &entry.packed, &local}) {
        if (id != 1 || *value != UINT32_MAX)
          continue;
        if (values.size() < 8)
          bad("a large entry does not say its size", at);
        *value = field<std::uint64_t>(values, 0);
        values = values.subspan(8);
      }
      extra = extra.subspan(4 + size);
    }
  }

  const MappedFile& file_;
  std::span<const std::byte> bytes_;
};

std::uint32_t crcOf(std::span<const std::byte> bytes) {
  uLong crc = ::crc32(0, nullptr, 0);
  while (!bytes.empty()) {
    const std::size_t piece = std::min<std::size_t>(bytes.size(), std::size_t{1} << 30);
    crc = ::crc32(crc, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(piece));
    bytes = bytes.subspan(piece);
  }
  return static_cast<std::uint32_t>(crc);
}

// Exactly `size` bytes, or none when the stream is damaged or of another length.
std::optional<std::vector<std::byte>> inflated(std::span<const std::byte> packed, std::uint64_t size) {
  std::vector<std::byte> out(size);
  z_stream stream{};
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return std::nullopt;
  std::size_t read = 0;
  std::size_t written = 0;
  int state = Z_OK;
  std::byte beyond{};
  while (state == Z_OK) {
    const std::size_t in = std::min<std::size_t>(packed.size() - read, std::size_t{1} << 30);
    const std::size_t room = std::min<std::size_t>(out.size() - written, std::size_t{1} << 30);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data() + read));
    stream.avail_in = static_cast<uInt>(in);
    // With the announced bytes written, one byte more shows a stream that is longer.
    stream.next_out = reinterpret_cast<Bytef*>(room > 0 ? out.data() + written : &beyond);
    const std::size_t offered = room > 0 ? room : 1;
    stream.avail_out = static_cast<uInt>(offered);
    state = ::inflate(&stream, Z_NO_FLUSH);
    const std::size_t made = offered - stream.avail_out;
    const std::size_t used = in - stream.avail_in;
    read += used;
    if (room == 0 && made > 0)
      state = Z_DATA_ERROR;
    else
      written += made;
    if (state == Z_OK && used == 0 && made == 0)
      state = Z_DATA_ERROR; // it wants more than there is
  }
  ::inflateEnd(&stream);
  if (state != Z_STREAM_END || written != out.size() || read != packed.size())
    return std::nullopt;
  return out;
}

} // namespace

Result<ZipArchive> ZipArchive::open(std::shared_ptr<const MappedFile> file) {
  try {
    ZipArchive archive;
    archive.entries_ = Reader(*file).run();
    archive.file_ = std::move(file);
    return archive;
  } catch (Error& error) {
    return tl::unexpected<Error>(std::move(error));
  }
}

Result<ZipArchive::Content> ZipArchive::read(std::string_view name, const ZipEntry& entry) const {
  const auto bad = [&](std::string_view why) {
    return tl::unexpected<Error>(weightsError(WeightsFault::BadArchive, file_->name(),
                                              fmt::format("{} {}", printable(name), why),
                                              fmt::format("byte {}", entry.offset)));
  };
  const auto packed = file_->bytes().subspan(entry.offset, entry.packed);
  Content content{file_, entry.offset};
  if (entry.deflated) {
    auto bytes = inflated(packed, entry.size);
    if (!bytes)
      return bad("is damaged");
    content = {MappedFile::ofBytes(file_->name(), std::move(*bytes)), 0};
  }
  // torch can be told to leave the sums out; it then writes 0.
  if (entry.crc != 0 && crcOf(content.bytes->bytes().subspan(content.offset, entry.size)) != entry.crc)
    return bad("is damaged: its check sum is wrong");
  return content;
}

} // namespace kinora::inference
