// SPDX-License-Identifier: Apache-2.0
// Hides how the tensor library spells the few operators that every network here shares, and which of its kernels
// serves them; the only place to look when the library's version changes.
#pragma once

#include <cstdint>
#include <optional>

#include <ATen/core/Tensor.h>

namespace kinora::inference::ops {

// x [.., in], weight [out, in], bias [out] or undefined. Computes in the type of the weight, gives that type back.
[[nodiscard]] at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias = {});

// softmax(q k^T * scale + mask) v. q [B, Lq, heads, d], k and v [B, Lk, heads, d or dv] -> [B, Lq, heads, dv].
// mask: undefined, bool (true: may look) or float (added), of a shape that expands to [B, heads, Lq, Lk].
// scale: 1/sqrt(d) unless given (UMT5 uses 1).
[[nodiscard]] at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                   const at::Tensor& mask = {}, std::optional<double> scale = std::nullopt);

// x / sqrt(mean(x^2) + eps) over the last axis in float32, then cast to x's type, then times weight.
[[nodiscard]] at::Tensor rmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps);

// LayerNorm over the last axis in float32, cast back to x's type; weight and bias may be undefined.
[[nodiscard]] at::Tensor layerNorm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double eps);

// GroupNorm over channels (axis 1).
[[nodiscard]] at::Tensor groupNorm(const at::Tensor& x, std::int64_t groups, const at::Tensor& weight,
                                   const at::Tensor& bias, double eps);

// LayerNorm(x) * (1 + scale) + shift without affine parameters, in float32. x [B, T * n, D]; scale, shift [B, T, D]:
// one modulation for each run of n tokens.
[[nodiscard]] at::Tensor layerNormModulate(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift,
                                           double eps);

// x + y * gate. x, y [B, T * n, D], gate [B, T, D]. The result has x's type.
[[nodiscard]] at::Tensor addGated(const at::Tensor& x, const at::Tensor& y, const at::Tensor& gate);

[[nodiscard]] at::Tensor silu(const at::Tensor& x);
[[nodiscard]] at::Tensor geluTanh(const at::Tensor& x);
[[nodiscard]] at::Tensor geluErf(const at::Tensor& x);
// x * sigmoid(1.702 x), the activation of OpenAI's CLIP.
[[nodiscard]] at::Tensor quickGelu(const at::Tensor& x);

// [cos(p w_0..) | sin(p w_0..)] with w_i = period^(-i / (dim / 2)), computed in float64, given as float32.
// positions [..] -> [.., dim]. Source: the Transformer's sinusoids in the order of the Wan and DDPM networks.
[[nodiscard]] at::Tensor sinusoid(const at::Tensor& positions, std::int64_t dim, double period = 10000.0);

} // namespace kinora::inference::ops
