// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/networks/clip_text_p.h"

#include <string>

#include <ATen/ATen.h>

#include "engine/inference/networks/ops_p.h"

namespace kinora::inference {
namespace {

ClipText emptyModel(WeightTable& table, const ClipTextConfig& config, std::string_view tokens,
                    std::string_view positions, std::string_view finalNorm) {
  ClipText model;
  model.config = config;
  model.tokens = table.take(tokens, {config.vocabulary, config.width});
  model.positions = table.take(positions, {config.positions, config.width});
  model.normWeight = table.take(std::string(finalNorm) + ".weight", {config.width});
  model.normBias = table.take(std::string(finalNorm) + ".bias", {config.width});
  return model;
}

} // namespace

ClipTextConfig ClipTextConfig::openClipH() {
  return {.width = 1024, .feedForward = 4096, .heads = 16, .layers = 23, .activation = ClipActivation::Gelu};
}

ClipText ClipText::load(WeightTable& table, const ClipTextConfig& config) {
  WeightTable text = table.under("text_model");
  ClipText model = emptyModel(text, config, "embeddings.token_embedding.weight", "embeddings.position_embedding.weight",
                              "final_layer_norm");
  text.ignore("embeddings.position_ids"); // 0 … 76, kept by older files
  WeightTable layers = text.under("encoder").under("layers");
  for (std::int64_t i = 0; i < config.layers; ++i) {
    WeightTable layer = layers.under(std::to_string(i));
    model.layers.push_back(ClipLayer::loadTransformers(layer, config.width, config.feedForward));
  }
  return model;
}

ClipText ClipText::loadOpenClip(WeightTable& table, const ClipTextConfig& config) {
  const std::int64_t d = config.width;
  ClipText model = emptyModel(table, config, "token_embedding.weight", "positional_embedding", "ln_final");
  WeightTable blocks = table.under("transformer").under("resblocks");
  for (std::int64_t i = 0; i < config.layers; ++i) {
    WeightTable block = blocks.under(std::to_string(i));
    ClipLayer layer;
    layer.norm1Weight = block.take("ln_1.weight", {d});
    layer.norm1Bias = block.take("ln_1.bias", {d});
    layer.qkvWeight = block.take("attn.in_proj_weight", {3 * d, d});
    layer.qkvBias = block.take("attn.in_proj_bias", {3 * d});
    layer.outWeight = block.take("attn.out_proj.weight", {d, d});
    layer.outBias = block.take("attn.out_proj.bias", {d});
    layer.norm2Weight = block.take("ln_2.weight", {d});
    layer.norm2Bias = block.take("ln_2.bias", {d});
    layer.fc1Weight = block.take("mlp.c_fc.weight", {config.feedForward, d});
    layer.fc1Bias = block.take("mlp.c_fc.bias", {config.feedForward});
    layer.fc2Weight = block.take("mlp.c_proj.weight", {d, config.feedForward});
    layer.fc2Bias = block.take("mlp.c_proj.bias", {d});
    model.layers.push_back(std::move(layer));
  }
  // The dropped last layer, and what only image-text matching uses.
  const std::string firstUnused = std::to_string(config.layers);
  for (const std::string& name : blocks.names()) {
    if (name.substr(0, name.find('.')) == firstUnused)
      blocks.ignore(name);
  }
  table.ignore("text_projection");
  table.ignore("logit_scale");
  table.ignore("attn_mask");
  return model;
}

ClipTextOutput ClipText::forward(const at::Tensor& ids, bool keepHidden) const {
  const std::int64_t length = ids.size(1);
  const at::Tensor rows = ids.to(tokens.device());
  at::Tensor x = at::embedding(tokens, rows) + positions.narrow(0, 0, length);
  ClipTextOutput output;
  const auto normed = [&](const at::Tensor& hidden) {
    return ops::layerNorm(hidden, normWeight, normBias, config.epsilon);
  };
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (keepHidden)
      output.hidden.push_back(x);
    if (i + 1 == layers.size())
      output.penultimateNormed = normed(x);
    x = layers[i].forward(x, config.heads, config.epsilon, config.activation, /*causal=*/true);
  }
  if (keepHidden)
    output.hidden.push_back(x);
  output.lastHidden = normed(x);
  const at::Tensor ends = rows.eq(config.endOfText).to(at::kInt).argmax(1); // the first one
  output.pooled = output.lastHidden.gather(1, ends.view({-1, 1, 1}).expand({-1, 1, config.width})).squeeze(1);
  return output;
}

} // namespace kinora::inference
