// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ATen/ATen.h>

#include "engine/base/check.h"
#include "engine/inference/weights/mapped_file_p.h"
#include "engine/inference/weights/weights_fault_p.h"

namespace kinora::inference {
namespace {

struct TypePair {
  DType stored;
  at::ScalarType scalar;
};
constexpr std::array kTypes = {
    TypePair{DType::Bool, at::kBool},
    TypePair{DType::U8, at::kByte},
    TypePair{DType::I8, at::kChar},
    TypePair{DType::I16, at::kShort},
    TypePair{DType::U16, at::kUInt16},
    TypePair{DType::I32, at::kInt},
    TypePair{DType::U32, at::kUInt32},
    TypePair{DType::I64, at::kLong},
    TypePair{DType::U64, at::kUInt64},
    TypePair{DType::F8E4M3, at::kFloat8_e4m3fn},
    TypePair{DType::F8E5M2, at::kFloat8_e5m2},
    TypePair{DType::F16, at::kHalf},
    TypePair{DType::BF16, at::kBFloat16},
    TypePair{DType::F32, at::kFloat},
    TypePair{DType::F64, at::kDouble},
};

tl::unexpected<Error> systemError(const std::filesystem::path& file, int code) {
  const bool absent = code == ENOENT || code == ENOTDIR;
  return fail(absent ? ErrorCode::NotFound : ErrorCode::Io,
              fmt::format("Opening the weights “{}” failed: {}.{}", file.filename().string(), std::strerror(code),
                          absent ? " Check the path." : ""),
              file.string());
}

} // namespace

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::filesystem::path& file) {
  // Without O_NONBLOCK a pipe would wait here for its writer.
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return systemError(file, errno);
  struct stat info {};
  if (::fstat(fd, &info) != 0) {
    const int code = errno;
    ::close(fd);
    return systemError(file, code);
  }
  if (!S_ISREG(info.st_mode)) {
    ::close(fd);
    return fail(ErrorCode::InvalidArgument,
                fmt::format("Opening the weights “{}” failed: it is {}. Name a file.", file.filename().string(),
                            S_ISDIR(info.st_mode) ? "a folder" : "no regular file"),
                file.string());
  }
  std::shared_ptr<MappedFile> mapped(new MappedFile);
  mapped->name_ = file.string();
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size > 0) {
    void* const start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    const int code = errno;
    ::close(fd);
    if (start == MAP_FAILED)
      return systemError(file, code);
    mapped->bytes_ = {static_cast<const std::byte*>(start), size};
  } else {
    ::close(fd);
  }
  return mapped;
}

std::shared_ptr<const MappedFile> MappedFile::ofBytes(std::string name, std::vector<std::byte> bytes) {
  std::shared_ptr<MappedFile> memory(new MappedFile);
  memory->name_ = std::move(name);
  memory->memory_ = std::move(bytes);
  memory->bytes_ = memory->memory_;
  return memory;
}

MappedFile::~MappedFile() {
  if (memory_.empty() && !bytes_.empty())
    ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

Result<at::Tensor> tensorAt(const std::shared_ptr<const MappedFile>& file, std::uint64_t offset,
                            const TensorInfo& info) {
  const std::optional<at::ScalarType> type = scalarType(info.dtype);
  if (!type)
    return tl::unexpected<Error>(
        weightsError(WeightsFault::Unsupported, file->name(),
                     fmt::format("the elements of {} are of the type {}", info.name, dtypeName(info.dtype)),
                     fmt::format("tensor {}", info.name)));
  const std::uint64_t size = info.bytes();
  KINORA_CHECK(offset <= file->bytes().size() && size <= file->bytes().size() - offset);
  if (size == 0)
    return at::empty(info.shape, *type);
  const std::byte* const start = file->bytes().data() + offset;
  if (info.dtype == DType::Bool) {
    // A stored 2 is no valid bool: compared as bytes, then it is true.
    return at::from_blob(const_cast<std::byte*>(start), info.shape, at::kByte).ne(0);
  }
  if (reinterpret_cast<std::uintptr_t>(start) % (dtypeBits(info.dtype) / 8) != 0) {
    at::Tensor copy = at::empty(info.shape, *type);
    std::memcpy(copy.data_ptr(), start, size);
    return copy;
  }
  return at::from_blob(
      const_cast<std::byte*>(start), info.shape, [file](void*) {}, *type);
}

std::optional<at::ScalarType> scalarType(DType type) {
  for (const TypePair& pair : kTypes) {
    if (pair.stored == type)
      return pair.scalar;
  }
  return std::nullopt;
}

std::optional<DType> dtypeOf(at::ScalarType type) {
  for (const TypePair& pair : kTypes) {
    if (pair.scalar == type)
      return pair.stored;
  }
  return std::nullopt;
}

} // namespace kinora::inference
