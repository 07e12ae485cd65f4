// SPDX-License-Identifier: Apache-2.0
#include "engine/base/file.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kinora {
namespace {

namespace fs = std::filesystem;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool isOpen() const { return fd_ >= 0; }

 private:
  int fd_;
};

tl::unexpected<Error> systemError(std::string_view doing, const fs::path& path, int code) {
  const ErrorCode kind = code == ENOENT ? ErrorCode::NotFound : ErrorCode::Io;
  return fail(kind, fmt::format("{} “{}” failed: {}.", doing, path.filename().string(), std::strerror(code)),
              path.string());
}

Result<void> flushFolder(const fs::path& folder) {
  const Descriptor fd(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some file systems refuse to flush a folder; the rename itself has happened, so that is no failure.
  if (fd.isOpen())
    ::fsync(fd.get());
  return {};
}

} // namespace

Result<std::vector<std::byte>> readFile(const fs::path& path, std::int64_t maxBytes) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.isOpen())
    return systemError("Opening", path, errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0)
    return systemError("Reading", path, errno);
  if (S_ISDIR(info.st_mode))
    return fail(ErrorCode::InvalidArgument, fmt::format("“{}” is a folder, not a file.", path.filename().string()),
                path.string());
  std::vector<std::byte> data;
  if (S_ISREG(info.st_mode) && info.st_size > 0 && info.st_size <= maxBytes)
    data.reserve(static_cast<std::size_t>(info.st_size));
  std::array<std::byte, 1 << 16> piece; // NOLINT: filled by read
  for (;;) {
    const ssize_t n = ::read(fd.get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return systemError("Reading", path, errno);
    if (n == 0)
      return data;
    if (static_cast<std::int64_t>(data.size()) + n > maxBytes)
      return fail(ErrorCode::InvalidArgument,
                  fmt::format("“{}” is larger than the {} MiB that a file of this kind may have.",
                              path.filename().string(), maxBytes >> 20),
                  path.string());
    data.insert(data.end(), piece.begin(), piece.begin() + n);
  }
}

Result<std::string> readTextFile(const fs::path& path, std::int64_t maxBytes) {
  auto data = readFile(path, maxBytes);
  if (!data)
    return fail(data);
  return std::string(reinterpret_cast<const char*>(data->data()), data->size());
}

fs::path partPath(const fs::path& path) {
  fs::path part = path;
  part.replace_extension(".part" + path.extension().string());
  return part;
}

Result<void> publishPart(const fs::path& part, const fs::path& path) {
  {
    const Descriptor fd(::open(part.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.isOpen())
      return systemError("Finishing", part, errno);
    if (::fsync(fd.get()) != 0 && errno != EINVAL)
      return systemError("Flushing", part, errno);
  }
  if (::rename(part.c_str(), path.c_str()) != 0)
    return systemError("Renaming to", path, errno);
  return flushFolder(path.parent_path());
}

Result<void> writeFileAtomically(const fs::path& path, std::string_view data) {
  const fs::path part = partPath(path);
  {
    const Descriptor fd(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!fd.isOpen())
      return systemError("Writing", part, errno);
    std::size_t done = 0;
    while (done < data.size()) {
      const ssize_t n = ::write(fd.get(), data.data() + done, data.size() - done);
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0) {
        const int code = n < 0 ? errno : ENOSPC;
        ::unlink(part.c_str());
        return systemError("Writing", path, code);
      }
      done += static_cast<std::size_t>(n);
    }
  }
  return publishPart(part, path);
}

Result<ContentKey> hashFile(const fs::path& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.isOpen())
    return systemError("Opening", path, errno);
  ContentHasher hasher;
  std::array<std::byte, 1 << 16> piece; // NOLINT: filled by read
  for (;;) {
    const ssize_t n = ::read(fd.get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return systemError("Reading", path, errno);
    if (n == 0)
      return hasher.finish();
    hasher.bytes({piece.data(), static_cast<std::size_t>(n)});
  }
}

} // namespace kinora
