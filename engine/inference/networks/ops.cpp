// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/networks/ops_p.h"

#include <cmath>

#include <ATen/ATen.h>

namespace kinora::inference::ops {
namespace {

at::Tensor inFloat(const at::Tensor& x) {
  return x.scalar_type() == at::kDouble ? x : x.to(at::kFloat);
}

// [B, T * n, D] as [B, T, n, D].
at::Tensor byGroup(const at::Tensor& x, std::int64_t groups) {
  return x.reshape({x.size(0), groups, x.size(1) / groups, x.size(2)});
}

} // namespace

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return at::linear(x.to(weight.scalar_type()), weight, bias);
}

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& mask,
                     std::optional<double> scale) {
  std::optional<at::Tensor> bias;
  if (mask.defined())
    bias = mask.scalar_type() == at::kBool ? mask : mask.to(q.scalar_type());
  return at::scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), bias,
                                          /*dropout_p=*/0.0, /*is_causal=*/false, scale)
      .transpose(1, 2);
}

at::Tensor rmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  const at::Tensor wide = inFloat(x);
  return (wide * at::rsqrt(wide.square().mean(-1, /*keepdim=*/true) + eps)).to(x.scalar_type()) * weight;
}

at::Tensor layerNorm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double eps) {
  const at::Tensor wide = inFloat(x);
  const auto as = [&](const at::Tensor& parameter) {
    return parameter.defined() ? parameter.to(wide.scalar_type()) : parameter;
  };
  return at::layer_norm(wide, {x.size(-1)}, as(weight), as(bias), eps).to(x.scalar_type());
}

at::Tensor groupNorm(const at::Tensor& x, std::int64_t groups, const at::Tensor& weight, const at::Tensor& bias,
                     double eps) {
  return at::group_norm(x, groups, weight, bias, eps);
}

at::Tensor layerNormModulate(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift, double eps) {
  const at::Tensor normed = byGroup(at::layer_norm(inFloat(x), {x.size(-1)}, {}, {}, eps), scale.size(1));
  return at::addcmul(shift.unsqueeze(2), normed, (scale + 1).unsqueeze(2)).reshape(x.sizes());
}

at::Tensor addGated(const at::Tensor& x, const at::Tensor& y, const at::Tensor& gate) {
  const at::Tensor gated = byGroup(y.to(gate.scalar_type()), gate.size(1)) * gate.unsqueeze(2);
  return x + gated.reshape(x.sizes()).to(x.scalar_type());
}

at::Tensor silu(const at::Tensor& x) {
  return at::silu(x);
}

at::Tensor geluTanh(const at::Tensor& x) {
  return at::gelu(x, "tanh");
}

at::Tensor geluErf(const at::Tensor& x) {
  return at::gelu(x, "none");
}

at::Tensor quickGelu(const at::Tensor& x) {
  return x * at::sigmoid(x * 1.702);
}

at::Tensor sinusoid(const at::Tensor& positions, std::int64_t dim, double period) {
  const std::int64_t half = dim / 2;
  const auto wide = positions.options().dtype(at::kDouble);
  const at::Tensor rates = at::exp(at::arange(half, wide) * (-std::log(period) / static_cast<double>(half)));
  const at::Tensor angles = positions.to(at::kDouble).unsqueeze(-1) * rates;
  return at::cat({at::cos(angles), at::sin(angles)}, -1).to(at::kFloat);
}

} // namespace kinora::inference::ops
