// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/networks/rope_p.h"

#include <cmath>
#include <numeric>

#include <ATen/ATen.h>

#include "engine/inference/networks/fused_p.h"

namespace kinora::inference {

Rope::Rope(std::int64_t headDim, Angles angles)
    : Rope(headDim - 4 * (headDim / 6), 2 * (headDim / 6), 10000.0, angles) {}

Rope::Rope(std::int64_t time, std::int64_t side, double theta, Angles angles)
    : time_(time), side_(side), theta_(theta), angles_(angles) {}

Rope Rope::alongTime(std::int64_t headDim, double theta) {
  return {headDim, 0, theta, Angles::Float64};
}

at::Tensor Rope::axis(const at::Tensor& positions, std::int64_t dim) const {
  const at::ScalarType type = angles_ == Angles::Float64 ? at::kDouble : at::kFloat;
  const at::Tensor exponents = at::arange(0, dim, 2, at::TensorOptions().dtype(type)) / static_cast<double>(dim);
  const at::Tensor rates = at::pow(at::scalar_tensor(theta_, at::TensorOptions().dtype(type)), exponents).reciprocal();
  const at::Tensor angles = at::outer(positions.to(type), rates);
  return at::complex(at::cos(angles).to(at::kFloat), at::sin(angles).to(at::kFloat));
}

at::Tensor Rope::phases(at::IntArrayRef frames, std::int64_t rows, std::int64_t columns, at::Device device) const {
  const auto count = static_cast<std::int64_t>(frames.size());
  const auto options = at::TensorOptions().dtype(at::kLong);
  const at::Tensor time = axis(at::tensor(frames, options), time_).reshape({count, 1, 1, time_ / 2});
  const at::Tensor row = axis(at::arange(rows, options), side_).reshape({1, rows, 1, side_ / 2});
  const at::Tensor column = axis(at::arange(columns, options), side_).reshape({1, 1, columns, side_ / 2});
  return at::cat({time.expand({count, rows, columns, time_ / 2}), row.expand({count, rows, columns, side_ / 2}),
                  column.expand({count, rows, columns, side_ / 2})},
                 -1)
      .reshape({count * rows * columns, time_ / 2 + side_})
      .to(device);
}

at::Tensor Rope::diagonal(at::IntArrayRef positions) const {
  const at::Tensor all = at::tensor(positions, at::TensorOptions().dtype(at::kLong));
  return at::cat({axis(all, time_), axis(all, side_), axis(all, side_)}, -1);
}

std::vector<std::int64_t> framesFrom(std::int64_t first, std::int64_t count) {
  std::vector<std::int64_t> frames(static_cast<std::size_t>(count));
  std::iota(frames.begin(), frames.end(), first);
  return frames;
}

at::Tensor rotate(const at::Tensor& x, const at::Tensor& phases) {
  if (fused::serves(x) && phases.dim() == 2)
    return fused::rotate(x, phases);
  const at::Tensor pairs =
      at::view_as_complex(x.to(at::kFloat).reshape({x.size(0), x.size(1), x.size(2), x.size(3) / 2, 2}).contiguous());
  return at::view_as_real(pairs * phases.unsqueeze(-2)).flatten(-2).to(x.scalar_type());
}

} // namespace kinora::inference
