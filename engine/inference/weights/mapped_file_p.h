// SPDX-License-Identifier: Apache-2.0
// Hides how a file's bytes come into the address space without being read, and how tensors share them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/base/result.h"
#include "engine/inference/weights/tensor_info.h"

namespace kinora::inference {

// A whole regular file, read-only. A file that another program shortens while it is mapped ends the process.
class MappedFile {
 public:
  // [any] NotFound, InvalidArgument (a folder, pipe or device), Io. Reads nothing.
  [[nodiscard]] static Result<std::shared_ptr<const MappedFile>> open(const std::filesystem::path& file);
  // The same interface over bytes in memory.
  [[nodiscard]] static std::shared_ptr<const MappedFile> ofBytes(std::string name, std::vector<std::byte> bytes);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  // Its path, for messages.
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  MappedFile() = default;
  std::string name_;
  std::span<const std::byte> bytes_;
  std::vector<std::byte> memory_; // where it is no mapping
};

// The tensor whose elements start at this byte and lie one after another (the range is inside the file: a bug
// otherwise). It shares the mapping and keeps it alive; misaligned elements and Bool are copied. Unsupported for types
// that are only listed.
[[nodiscard]] Result<at::Tensor> tensorAt(const std::shared_ptr<const MappedFile>& file, std::uint64_t offset,
                                          const TensorInfo& info);

// The tensor library's type; none for types that are only listed.
[[nodiscard]] std::optional<at::ScalarType> scalarType(DType type);
[[nodiscard]] std::optional<DType> dtypeOf(at::ScalarType type);

} // namespace kinora::inference
