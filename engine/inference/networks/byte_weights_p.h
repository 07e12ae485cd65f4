// SPDX-License-Identifier: Apache-2.0
// Hides a linear layer whose weights are kept as bytes and whose inputs become bytes on the way in (dynamic int8):
// a quarter of the memory of float32, and an answer that is only near the float one. Processor only.
//
// Source: kernels/int8_linear.h, which has the maths.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace kinora::inference {

struct ByteWeights {
  at::Tensor values;                // [out, in] int8
  at::Tensor scales;                // [out] float32: weight = value * scale
  at::Tensor sums;                  // [out] int32
  at::ScalarType type = at::kFloat; // of the weight they were made of: the run type

  [[nodiscard]] bool defined() const { return values.defined(); }
};

// Whether weights of this kind can become bytes: on the processor, float32 or bfloat16, at most 65,000 inputs.
[[nodiscard]] bool canBeBytes(const at::Tensor& weight);

// weight [out, in]
[[nodiscard]] ByteWeights bytesOf(const at::Tensor& weight);

// x [.., in], bias [out] float32 -> [.., out] in the run type. A row of x gives the same bits wherever it stands and
// whatever the number of threads.
[[nodiscard]] at::Tensor linear(const at::Tensor& x, const ByteWeights& weights, const at::Tensor& bias);

} // namespace kinora::inference
