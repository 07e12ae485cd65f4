// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/networks/clip_layers_p.h"

#include <array>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "engine/inference/networks/ops_p.h"

namespace kinora::inference {
namespace {

// One tensor of three; undefined when one of them is missing, which the table has noted.
at::Tensor joined(const std::array<at::Tensor, 3>& parts) {
  for (const at::Tensor& part : parts) {
    if (!part.defined())
      return {};
  }
  return at::cat({parts[0], parts[1], parts[2]}, 0);
}

} // namespace

ClipLayer ClipLayer::loadTransformers(WeightTable& table, std::int64_t d, std::int64_t feedForward) {
  ClipLayer layer;
  layer.norm1Weight = table.take("layer_norm1.weight", {d});
  layer.norm1Bias = table.take("layer_norm1.bias", {d});
  std::array<at::Tensor, 3> weights;
  std::array<at::Tensor, 3> biases;
  WeightTable attention = table.under("self_attn");
  constexpr std::array<const char*, 3> kParts = {"q_proj", "k_proj", "v_proj"};
  for (std::size_t i = 0; i < kParts.size(); ++i) {
    weights[i] = attention.take(std::string(kParts[i]) + ".weight", {d, d});
    biases[i] = attention.take(std::string(kParts[i]) + ".bias", {d});
  }
  layer.qkvWeight = joined(weights);
  layer.qkvBias = joined(biases);
  layer.outWeight = attention.take("out_proj.weight", {d, d});
  layer.outBias = attention.take("out_proj.bias", {d});
  layer.norm2Weight = table.take("layer_norm2.weight", {d});
  layer.norm2Bias = table.take("layer_norm2.bias", {d});
  layer.fc1Weight = table.take("mlp.fc1.weight", {feedForward, d});
  layer.fc1Bias = table.take("mlp.fc1.bias", {feedForward});
  layer.fc2Weight = table.take("mlp.fc2.weight", {d, feedForward});
  layer.fc2Bias = table.take("mlp.fc2.bias", {d});
  return layer;
}

at::Tensor ClipLayer::forward(const at::Tensor& x, std::int64_t heads, double epsilon, ClipActivation activation,
                              bool causal) const {
  const std::int64_t batch = x.size(0);
  const std::int64_t length = x.size(1);
  const std::int64_t d = x.size(2);
  at::Tensor n = ops::layerNorm(x, norm1Weight, norm1Bias, epsilon);
  const std::vector<at::Tensor> qkv =
      ops::linear(n, qkvWeight, qkvBias).view({batch, length, 3, heads, d / heads}).unbind(2);
  at::Tensor visible;
  if (causal)
    visible = at::ones({length, length}, x.options().dtype(at::kBool)).tril();
  const at::Tensor mixed = ops::attention(qkv[0], qkv[1], qkv[2], visible).reshape({batch, length, d});
  const at::Tensor y = x + ops::linear(mixed, outWeight, outBias);
  n = ops::linear(ops::layerNorm(y, norm2Weight, norm2Bias, epsilon), fc1Weight, fc1Bias);
  n = activation == ClipActivation::QuickGelu ? ops::quickGelu(n) : ops::geluErf(n);
  return y + ops::linear(n, fc2Weight, fc2Bias);
}

} // namespace kinora::inference
