// SPDX-License-Identifier: Apache-2.0
// Hides that what stands between the matrix products of a transformer block runs on our own kernels, one pass over
// memory each, instead of one library call for every operator. Processor only; ops_p.h has the same maths call by call.
//
// Letters: B rows, L tokens, D width, T modulations of a row (each for L / T tokens). The residual stream x is float32,
// contiguous and changed in place; branches are float32 or bfloat16. Work is split over the tensor library's threads.
#pragma once

#include <ATen/core/Tensor.h>

namespace kinora::inference::fused {

// Whether these functions serve tensors of this kind.
[[nodiscard]] bool serves(const at::Tensor& weight);

// norm(x) * (1 + scale) + shift, in the run type. x [B, L, D], scale and shift [B, T, D] float32.
[[nodiscard]] at::Tensor layerNormModulate(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift,
                                           double eps, at::ScalarType type);

// x += y * gate; gate undefined: 1.
void addGated(at::Tensor& x, const at::Tensor& y, const at::Tensor& gate);

// addGated, then layerNormModulate of the sum in y's type, in one pass.
[[nodiscard]] at::Tensor addGatedLayerNorm(at::Tensor& x, const at::Tensor& y, const at::Tensor& gate,
                                           const at::Tensor& scale, const at::Tensor& shift, double eps);

// x / rms(x) * weight over the last axis, in place. x [.., D] contiguous, weight [D] float32.
void rmsNorm(at::Tensor& x, const at::Tensor& weight, double eps);

// In place.
void geluTanh(at::Tensor& x);

// As rotate() of rope_p.h: x [B, L, heads, d] turned by phases [L, d / 2] complex64, into a new tensor.
[[nodiscard]] at::Tensor rotate(const at::Tensor& x, const at::Tensor& phases);

} // namespace kinora::inference::fused
