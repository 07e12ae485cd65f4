// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/networks/clip_vision_p.h"

#include <string>

#include <ATen/ATen.h>

#include "engine/inference/networks/ops_p.h"

namespace kinora::inference {

ClipVision ClipVision::load(WeightTable& table, const ClipVisionConfig& config) {
  const std::int64_t d = config.width;
  const std::int64_t f = config.feedForward;
  WeightTable visual = table.under("visual");
  ClipVision model;
  model.config = config;
  model.classToken = visual.take("cls_embedding", {1, 1, d});
  model.patch = visual.take("patch_embedding.weight", {d, 3, config.patchSize, config.patchSize});
  model.positions = visual.take("pos_embedding", {1, config.tokens(), d});
  if (model.classToken.defined())
    model.classToken = model.classToken.view({d});
  if (model.positions.defined())
    model.positions = model.positions.squeeze(0);
  model.preWeight = visual.take("pre_norm.weight", {d});
  model.preBias = visual.take("pre_norm.bias", {d});
  WeightTable blocks = visual.under("transformer");
  for (std::int64_t i = 0; i < config.layers; ++i) {
    WeightTable block = blocks.under(std::to_string(i));
    ClipLayer layer;
    layer.norm1Weight = block.take("norm1.weight", {d});
    layer.norm1Bias = block.take("norm1.bias", {d});
    layer.qkvWeight = block.take("attn.to_qkv.weight", {3 * d, d});
    layer.qkvBias = block.take("attn.to_qkv.bias", {3 * d});
    layer.outWeight = block.take("attn.proj.weight", {d, d});
    layer.outBias = block.take("attn.proj.bias", {d});
    layer.norm2Weight = block.take("norm2.weight", {d});
    layer.norm2Bias = block.take("norm2.bias", {d});
    layer.fc1Weight = block.take("mlp.0.weight", {f, d});
    layer.fc1Bias = block.take("mlp.0.bias", {f});
    layer.fc2Weight = block.take("mlp.2.weight", {d, f});
    layer.fc2Bias = block.take("mlp.2.bias", {d});
    model.layers.push_back(std::move(layer));
  }
  for (const char* unused : {"post_norm.weight", "post_norm.bias", "head"})
    visual.ignore(unused);
  return model;
}

at::Tensor ClipVision::forward(const at::Tensor& image, ClipVisionTrace* trace) const {
  // Resized and normalised in float32: the picture is small, its rounding would be seen by every patch.
  const at::Tensor resized = at::upsample_bicubic2d(image.to(positions.device(), at::kFloat),
                                                    {config.imageSize, config.imageSize}, /*align_corners=*/false);
  const auto perChannel = [&](const std::array<double, 3>& values) {
    return at::tensor({values[0], values[1], values[2]}, at::kFloat).view({1, 3, 1, 1}).to(resized.device());
  };
  const at::Tensor normalised = (resized * 0.5 + 0.5 - perChannel(config.mean)) / perChannel(config.deviation);
  const at::Tensor patches =
      at::conv2d(normalised.to(patch.scalar_type()), patch, {}, config.patchSize).flatten(2).transpose(1, 2);
  at::Tensor x = at::cat({classToken.view({1, 1, -1}).expand({patches.size(0), 1, config.width}), patches}, 1);
  x = ops::layerNorm(x + positions, preWeight, preBias, config.epsilon);
  if (trace) {
    trace->resized = resized;
    trace->preprocessed = normalised;
    trace->preNormed = x;
  }
  at::Tensor result;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (i + 1 == layers.size()) {
      result = x;
      if (!trace)
        break; // the last block is not used
    }
    x = layers[i].forward(x, config.heads, config.epsilon, config.activation, /*causal=*/false);
    if (trace && i == 0)
      trace->firstBlock = x;
  }
  if (trace)
    trace->allBlocks = x;
  return result;
}

} // namespace kinora::inference
