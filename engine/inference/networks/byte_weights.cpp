// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/networks/byte_weights_p.h"

#include <algorithm>
#include <cstddef>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "engine/base/check.h"
#include "engine/base/worker_pool.h"
#include "engine/inference/networks/fused_p.h"
#include "kernels/int8_linear.h"

namespace kinora::inference {
namespace {

// Rows of one thread: all weights are read once for them.
constexpr std::int64_t kRowsPerPiece = 32;

template <class T, class Pointer>
auto matrixOf(Pointer* data, std::int64_t width, std::int64_t height) {
  return kernels::packedView(static_cast<T*>(data), static_cast<std::int32_t>(width),
                             static_cast<std::int32_t>(height));
}

// rows x in -> rows x out, both packed.
template <class T>
void multiply(const at::Tensor& x, const kernels::Int8Weights& weights, const float* bias, at::Tensor& y) {
  const std::int64_t in = weights.values.width;
  const std::int64_t out = weights.values.height;
  const std::int64_t rows = x.numel() / in;
  const std::int64_t rowBytes = (in + 2 * std::int64_t{sizeof(float)} - 1) / 4 * 4; // of the scratch, aligned to 4
  const at::Tensor scratch = at::empty({rows * rowBytes}, x.options().dtype(at::kByte));
  const auto* from = static_cast<const T*>(x.const_data_ptr());
  auto* to = static_cast<T*>(y.data_ptr());
  auto* bytes = static_cast<std::byte*>(scratch.data_ptr());
  const WorkerPool serial(1);
  at::parallel_for(0, rows, kRowsPerPiece, [&](std::int64_t begin, std::int64_t end) {
    kernels::int8Linear<T>(matrixOf<const T>(from + begin * in, in, end - begin), weights, bias,
                           matrixOf<T>(to + begin * out, out, end - begin), bytes + begin * rowBytes, serial);
  });
}

} // namespace

bool canBeBytes(const at::Tensor& weight) {
  return fused::serves(weight) && weight.dim() == 2 && weight.size(1) <= kernels::kMaxInt8Inputs;
}

ByteWeights bytesOf(const at::Tensor& weight) {
  KINORA_CHECK(canBeBytes(weight));
  const at::Tensor source = weight.to(at::kFloat).contiguous();
  const std::int64_t out = source.size(0);
  const std::int64_t in = source.size(1);
  ByteWeights made{at::empty({out, in}, source.options().dtype(at::kChar)), at::empty({out}, source.options()),
                   at::empty({out}, source.options().dtype(at::kInt)), weight.scalar_type()};
  const WorkerPool serial(1);
  kernels::quantiseWeights(matrixOf<const float>(source.const_data_ptr(), in, out),
                           matrixOf<std::int8_t>(made.values.data_ptr(), in, out), made.scales.data_ptr<float>(),
                           made.sums.data_ptr<std::int32_t>(), serial);
  return made;
}

at::Tensor linear(const at::Tensor& x, const ByteWeights& weights, const at::Tensor& bias) {
  const std::int64_t out = weights.values.size(0);
  const std::int64_t in = weights.values.size(1);
  KINORA_CHECK(x.size(-1) == in && bias.scalar_type() == at::kFloat && bias.is_contiguous());
  const at::Tensor source = x.to(weights.type).contiguous();
  at::DimVector shape(source.sizes());
  shape.back() = out;
  at::Tensor y = at::empty(shape, source.options());
  const kernels::Int8Weights kept{matrixOf<const std::int8_t>(weights.values.const_data_ptr(), in, out),
                                  weights.scales.const_data_ptr<float>(), weights.sums.const_data_ptr<std::int32_t>()};
  if (weights.type == at::kFloat)
    multiply<float>(source, kept, bias.const_data_ptr<float>(), y);
  else
    multiply<kernels::BFloat16>(source, kept, bias.const_data_ptr<float>(), y);
  return y;
}

} // namespace kinora::inference
