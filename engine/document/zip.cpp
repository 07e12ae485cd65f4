// SPDX-License-Identifier: Apache-2.0
#include "engine/document/zip_p.h"

#include <algorithm>

#include <fmt/format.h>
#include <zlib.h>

namespace kinora::document::zip {
namespace {

constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kDirectoryBytes = 46;
constexpr std::size_t kLocalBytes = 30;
constexpr std::size_t kMaxEntries = 10'000;
constexpr std::uint32_t kEndMark = 0x06054b50;
constexpr std::uint32_t kDirectoryMark = 0x02014b50;
constexpr std::uint32_t kLocalMark = 0x04034b50;
constexpr std::uint64_t kMostGrowth = 1032; // deflate cannot do better

using Bytes = std::span<const std::byte>;

tl::unexpected<Error> corrupt(std::string message) {
  return fail(ErrorCode::Corrupt, std::move(message));
}

// The caller has checked that the bytes are there.
std::uint32_t number(Bytes data, std::size_t at, std::size_t bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    value |= std::to_integer<std::uint32_t>(data[at + i]) << (8 * i);
  return value;
}

std::uint16_t number16(Bytes data, std::size_t at) {
  return static_cast<std::uint16_t>(number(data, at, 2));
}

} // namespace

Result<std::vector<Entry>> list(Bytes archive) {
  if (archive.size() < kEndBytes)
    return corrupt("It is too short for a ZIP archive.");
  // The end record stands before a comment of at most 64 KiB.
  const std::size_t last = archive.size() - kEndBytes;
  const std::size_t first = last > 0xffff ? last - 0xffff : 0;
  std::size_t end = last + 1;
  for (std::size_t at = last + 1; at-- > first;)
    if (number(archive, at, 4) == kEndMark && at + kEndBytes + number(archive, at + 20, 2) <= archive.size()) {
      end = at;
      break;
    }
  if (end > last)
    return corrupt("It has no ZIP directory: not an archive, or cut off.");
  const std::size_t count = number(archive, end + 10, 2);
  const std::size_t start = number(archive, end + 16, 4);
  if (number(archive, end + 4, 2) != 0 || count == 0xffff || start == 0xffffffff)
    return fail(ErrorCode::Unsupported, "Archives in parts or larger than 4 GiB cannot be read.");
  if (count > kMaxEntries || start > end)
    return corrupt("Its ZIP directory makes no sense.");
  std::vector<Entry> entries;
  std::size_t at = start;
  for (std::size_t i = 0; i < count; ++i) {
    if (at > end || end - at < kDirectoryBytes || number(archive, at, 4) != kDirectoryMark)
      return corrupt(fmt::format("Entry {} of its ZIP directory is damaged.", i + 1));
    const std::size_t nameBytes = number(archive, at + 28, 2);
    const std::size_t whole = kDirectoryBytes + nameBytes + number(archive, at + 30, 2) + number(archive, at + 32, 2);
    if (end - at < whole)
      return corrupt(fmt::format("Entry {} of its ZIP directory is cut off.", i + 1));
    Entry entry;
    entry.name.assign(reinterpret_cast<const char*>(archive.data()) + at + kDirectoryBytes, nameBytes);
    entry.flags = number16(archive, at + 8);
    entry.method = number16(archive, at + 10);
    entry.crc = number(archive, at + 16, 4);
    entry.packedSize = number(archive, at + 20, 4);
    entry.size = number(archive, at + 24, 4);
    entry.headerOffset = number(archive, at + 42, 4);
    entries.push_back(std::move(entry));
    at += whole;
  }
  return entries;
}

Result<std::vector<std::byte>> extract(Bytes archive, const Entry& entry, std::uint64_t maxBytes) {
  if ((entry.flags & 1U) != 0)
    return fail(ErrorCode::Unsupported, fmt::format("“{}” in it is encrypted.", entry.name));
  if (entry.method != 0 && entry.method != 8)
    return fail(ErrorCode::Unsupported, fmt::format("“{}” in it is packed with method {}; only deflate can be read.",
                                                    entry.name, entry.method));
  if (entry.headerOffset > archive.size() || archive.size() - entry.headerOffset < kLocalBytes ||
      number(archive, entry.headerOffset, 4) != kLocalMark)
    return corrupt(fmt::format("“{}” in it does not begin where the directory says.", entry.name));
  // Sizes in the local header may be missing; the directory's count.
  const std::uint64_t data = entry.headerOffset + kLocalBytes + number(archive, entry.headerOffset + 26, 2) +
                             number(archive, entry.headerOffset + 28, 2);
  if (data > archive.size() || archive.size() - data < entry.packedSize)
    return corrupt(fmt::format("“{}” in it is cut off.", entry.name));
  if (entry.size > maxBytes)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("“{}” in it is larger than the {} MiB that it may have.", entry.name, maxBytes >> 20U));
  const bool stored = entry.method == 0;
  if (stored ? entry.size != entry.packedSize : entry.size / kMostGrowth > entry.packedSize)
    return corrupt(fmt::format("“{}” in it claims a size that it cannot have.", entry.name));
  const Bytes packed = archive.subspan(data, entry.packedSize);
  std::vector<std::byte> bytes(entry.size);
  if (stored) {
    std::copy(packed.begin(), packed.end(), bytes.begin());
  } else {
    z_stream stream{};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
      return fail(ErrorCode::OutOfMemory, fmt::format("Unpacking “{}” needs more memory.", entry.name));
    std::byte spare{}; // so that an empty entry has somewhere to end
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data())); // only read
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(bytes.empty() ? &spare : bytes.data());
    stream.avail_out = static_cast<uInt>(std::max<std::size_t>(bytes.size(), 1));
    const int status = inflate(&stream, Z_FINISH);
    const std::uint64_t made = stream.total_out;
    inflateEnd(&stream);
    if (status != Z_STREAM_END || made != entry.size)
      return corrupt(fmt::format("“{}” in it is damaged.", entry.name));
  }
  const uLong crc = crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()));
  if (crc != entry.crc)
    return corrupt(fmt::format("“{}” in it is damaged: its checksum is wrong.", entry.name));
  return bytes;
}

} // namespace kinora::document::zip
