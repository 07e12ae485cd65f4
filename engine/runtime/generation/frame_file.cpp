// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/generation/frame_file.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "engine/base/content_key.h"
#include "engine/base/file.h"

namespace kinora::runtime {
namespace {

namespace fs = std::filesystem;

// Layout: magic, width, height, bytes per pixel (3 or 4), hash of the pixels (16 bytes), then rows without gaps.
constexpr std::array<char, 8> kMagic{'K', 'I', 'N', 'F', 'R', 'M', '0', '1'};
constexpr std::size_t kHeaderBytes = 8 + 3 * 4 + 16;

void put32(std::byte* to, std::uint32_t v) {
  for (int i = 0; i < 4; ++i)
    to[i] = static_cast<std::byte>((v >> (8 * i)) & 0xffU);
}
std::uint32_t get32(const std::byte* from) {
  std::uint32_t v = 0;
  for (int i = 0; i < 4; ++i)
    v |= std::to_integer<std::uint32_t>(from[i]) << (8 * i);
  return v;
}
void put64(std::byte* to, std::uint64_t v) {
  put32(to, static_cast<std::uint32_t>(v));
  put32(to + 4, static_cast<std::uint32_t>(v >> 32));
}
std::uint64_t get64(const std::byte* from) {
  return get32(from) | (static_cast<std::uint64_t>(get32(from + 4)) << 32);
}

ContentKey hashOf(std::span<const std::byte> data) {
  return ContentHasher().bytes(data).finish();
}

tl::unexpected<Error> damaged(const fs::path& path, std::string_view why) {
  return fail(ErrorCode::Corrupt, fmt::format("A kept frame is damaged ({}) and will be made again.", why),
              path.string());
}

} // namespace

bool isOpaque(const Image& image) {
  const Size size = image.size();
  for (std::int32_t y = 0; y < size.height; ++y) {
    const auto* row = image.row<std::uint8_t>(y);
    std::uint8_t all = 0xff;
    for (std::int32_t x = 0; x < size.width; ++x)
      all = static_cast<std::uint8_t>(all & row[4 * x + 3]);
    if (all != 0xff)
      return false;
  }
  return true;
}

Result<void> writeFrameFile(const fs::path& path, const Image& image) {
  if (image.isNull() || image.format() != PixelFormat::Rgba8 || image.memory() == MemoryKind::Cuda)
    return fail(ErrorCode::InvalidArgument, "Only RGBA frames in main memory can be kept on disk.", path.string());
  const Size size = image.size();
  const std::size_t pixelBytes = isOpaque(image) ? 3 : 4;
  std::vector<std::byte> data(kHeaderBytes + static_cast<std::size_t>(size.area()) * pixelBytes);
  std::byte* to = data.data() + kHeaderBytes;
  for (std::int32_t y = 0; y < size.height; ++y) {
    const auto* from = image.row<std::byte>(y);
    if (pixelBytes == 4) {
      std::memcpy(to, from, static_cast<std::size_t>(size.width) * 4);
      to += static_cast<std::ptrdiff_t>(size.width) * 4;
      continue;
    }
    for (std::int32_t x = 0; x < size.width; ++x, to += 3, from += 4)
      for (int c = 0; c < 3; ++c)
        to[c] = from[c];
  }
  const ContentKey hash = hashOf(std::span(data).subspan(kHeaderBytes));
  std::memcpy(data.data(), kMagic.data(), kMagic.size());
  put32(data.data() + 8, static_cast<std::uint32_t>(size.width));
  put32(data.data() + 12, static_cast<std::uint32_t>(size.height));
  put32(data.data() + 16, static_cast<std::uint32_t>(pixelBytes));
  put64(data.data() + 20, hash.high);
  put64(data.data() + 28, hash.low);

  // Several processes and threads may keep the same frame: each writes a file of its own and the last rename wins.
  static std::atomic<std::uint32_t> serial = 0;
  fs::path part = path;
  part += fmt::format(".{}.{}.part", ::getpid(), serial.fetch_add(1));
  const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  const auto failed = [&](int code) {
    ::unlink(part.c_str());
    return fail(ErrorCode::Io, fmt::format("Keeping a finished frame on disk failed: {}.", std::strerror(code)),
                path.string());
  };
  if (fd < 0)
    return failed(errno);
  std::size_t done = 0;
  int code = 0;
  while (done < data.size() && code == 0) {
    const ssize_t n = ::write(fd, data.data() + done, data.size() - done);
    if (n > 0)
      done += static_cast<std::size_t>(n);
    else if (n == 0 || errno != EINTR)
      code = n == 0 ? ENOSPC : errno;
  }
  if (::close(fd) != 0 && code == 0)
    code = errno;
  if (code == 0 && ::rename(part.c_str(), path.c_str()) != 0)
    code = errno;
  if (code != 0)
    return failed(code);
  return {};
}

bool isAbandonedPart(const fs::path& part) {
  // "000123.frame.PID.SERIAL.part"
  const std::string pid = part.stem().stem().extension().string();
  pid_t process = 0;
  if (pid.size() < 2 || std::from_chars(pid.data() + 1, pid.data() + pid.size(), process).ec != std::errc{} ||
      process <= 0)
    return false;
  std::error_code code;
  const auto written = fs::last_write_time(part, code);
  // Processes of other machines cannot be asked, so the file has to be old as well.
  return !code && fs::file_time_type::clock::now() - written > std::chrono::minutes(1) && ::kill(process, 0) != 0 &&
         errno == ESRCH;
}

Result<Image> readFrameFile(const fs::path& path) {
  auto data = readFile(path, static_cast<std::int64_t>(kHeaderBytes) + kMaxImageArea * 4);
  if (!data)
    return fail(data);
  if (data->size() < kHeaderBytes || std::memcmp(data->data(), kMagic.data(), kMagic.size()) != 0)
    return damaged(path, "no frame header");
  const std::uint32_t width = get32(data->data() + 8);
  const std::uint32_t height = get32(data->data() + 12);
  const std::uint32_t pixelBytes = get32(data->data() + 16);
  if (width == 0 || height == 0 || width > static_cast<std::uint32_t>(kMaxImageSide) ||
      height > static_cast<std::uint32_t>(kMaxImageSide) || (pixelBytes != 3 && pixelBytes != 4))
    return damaged(path, "impossible size");
  const std::span pixels = std::span(*data).subspan(kHeaderBytes);
  if (pixels.size() != static_cast<std::size_t>(width) * height * pixelBytes)
    return damaged(path, "wrong length");
  const ContentKey hash{get64(data->data() + 20), get64(data->data() + 28)};
  if (hashOf(pixels) != hash)
    return damaged(path, "wrong hash");
  auto image =
      MutableImage::allocate(PixelFormat::Rgba8, {static_cast<std::int32_t>(width), static_cast<std::int32_t>(height)});
  if (!image)
    return fail(image);
  const std::byte* from = pixels.data();
  for (std::uint32_t y = 0; y < height; ++y) {
    auto* to = image->row<std::byte>(static_cast<int>(y));
    if (pixelBytes == 4) {
      std::memcpy(to, from, static_cast<std::size_t>(width) * 4);
      from += static_cast<std::ptrdiff_t>(width) * 4;
      continue;
    }
    for (std::uint32_t x = 0; x < width; ++x, to += 4, from += 3) {
      for (int c = 0; c < 3; ++c)
        to[c] = from[c];
      to[3] = std::byte{0xff};
    }
  }
  return std::move(*image).freeze();
}

} // namespace kinora::runtime
