// SPDX-License-Identifier: Apache-2.0
// Hides the rotary position embedding over frame, row and column: each axis owns some of the complex pairs of a head.
//
// Source: Su et al., "RoFormer" (arXiv 2104.09864); split over three axes as in the public Wan 2.1 network. Pairs are
// neighbours (2i, 2i + 1). Positions are not limited by a table: phases are computed where they are needed.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace kinora::inference {

class Rope {
 public:
  enum class Angles { Float64, Float32 }; // DreamID-V computes them in float32

  // Wan's split: rows and columns have 2 * (headDim / 6) numbers each, frames the rest (128 = 44 + 42 + 42).
  explicit Rope(std::int64_t headDim, Angles angles = Angles::Float64);
  // One axis only (language models).
  [[nodiscard]] static Rope alongTime(std::int64_t headDim, double theta = 10000.0);

  // e^(i angle) of the tokens of these frames, frame after frame, row after row: complex64 [frames * rows * columns,
  // headDim / 2]. Frame positions may be any numbers.
  [[nodiscard]] at::Tensor phases(at::IntArrayRef frames, std::int64_t rows, std::int64_t columns,
                                  at::Device device = at::kCPU) const;
  // All three axes at the same position, [positions, headDim / 2].
  [[nodiscard]] at::Tensor diagonal(at::IntArrayRef positions) const;

 private:
  Rope(std::int64_t time, std::int64_t side, double theta, Angles angles);
  // complex64 [positions, pairs of the axis]
  [[nodiscard]] at::Tensor axis(const at::Tensor& positions, std::int64_t dim) const;

  std::int64_t time_ = 0; // numbers of a head turned by the frame
  std::int64_t side_ = 0; // by the row; and by the column
  double theta_ = 10000.0;
  Angles angles_ = Angles::Float64;
};

// Frames first, first + 1, .. as positions.
[[nodiscard]] std::vector<std::int64_t> framesFrom(std::int64_t first, std::int64_t count);

// x [B, L, heads, d] turned by phases [L, d / 2] or [B, L, d / 2], in float32; the result has x's type.
[[nodiscard]] at::Tensor rotate(const at::Tensor& x, const at::Tensor& phases);

} // namespace kinora::inference
