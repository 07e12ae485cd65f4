// SPDX-License-Identifier: Apache-2.0
// NumPy's array files (format 1 to 3, numpy.lib.format), read as numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/result.h"

namespace kinora::document {

// A view of the array in a file's bytes: the bytes must outlive it.
class NpyArray {
 public:
  // Errors: corrupt, unsupported (objects, complex numbers, records).
  [[nodiscard]] static Result<NpyArray> parse(std::span<const std::byte> file);

  [[nodiscard]] const std::vector<std::uint64_t>& shape() const { return shape_; }
  // index: one number per dimension, within the shape. Real numbers, integers and booleans (0, 1).
  [[nodiscard]] double at(std::span<const std::uint64_t> index) const;

 private:
  char kind_ = 'f';       // f, i, u or b
  std::size_t width_ = 4; // bytes of one number
  bool bigEndian_ = false;
  std::vector<std::uint64_t> shape_;
  std::vector<std::uint64_t> strides_; // in numbers
  std::span<const std::byte> data_;
};

} // namespace kinora::document
