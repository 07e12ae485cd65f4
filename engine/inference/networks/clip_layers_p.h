// SPDX-License-Identifier: Apache-2.0
// Hides the transformer layer that CLIP's text and image models are made of:
// x += attention(norm1(x)); x += fc2(activation(fc1(norm2(x)))).
#pragma once

#include <ATen/core/Tensor.h>

#include "engine/inference/weights/weight_table_p.h"

namespace kinora::inference {

enum class ClipActivation {
  QuickGelu, // x * sigmoid(1.702 x): the first CLIP models
  Gelu,      // erf: OpenCLIP
};

struct ClipLayer { // D width, F feed-forward width
  at::Tensor norm1Weight, norm1Bias;
  at::Tensor qkvWeight, qkvBias; // [3D, D], [3D]: queries, keys, values
  at::Tensor outWeight, outBias; // [D, D], [D]
  at::Tensor norm2Weight, norm2Bias;
  at::Tensor fc1Weight, fc1Bias, fc2Weight, fc2Bias; // [F, D], [F], [D, F], [D]

  // Names of transformers' files: layer_norm1, self_attn.{q,k,v,out}_proj, layer_norm2, mlp.fc1, mlp.fc2.
  [[nodiscard]] static ClipLayer loadTransformers(WeightTable& layer, std::int64_t width, std::int64_t feedForward);

  // x [B, L, D] -> [B, L, D]. Causal: a token sees itself and those before it.
  [[nodiscard]] at::Tensor forward(const at::Tensor& x, std::int64_t heads, double epsilon, ClipActivation activation,
                                   bool causal) const;
};

} // namespace kinora::inference
