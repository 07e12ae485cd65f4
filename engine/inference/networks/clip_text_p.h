// SPDX-License-Identifier: Apache-2.0
// Hides the CLIP text transformers that condition Stable Diffusion: ViT-L/14 (SD 1.5) and OpenCLIP ViT-H/14 (SD 2.x),
// which differ in size, activation and key names only.
//
// Source of the maths: the public CLIP and OpenCLIP models.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/inference/networks/clip_layers_p.h"
#include "engine/inference/weights/weight_table_p.h"

namespace kinora::inference {

struct ClipTextConfig { // the defaults are ViT-L/14: 196 tensors, 123,060,480 parameters
  std::int64_t vocabulary = 49408;
  std::int64_t positions = 77;
  std::int64_t width = 768;
  std::int64_t feedForward = 3072;
  std::int64_t heads = 12;
  std::int64_t layers = 12;
  ClipActivation activation = ClipActivation::QuickGelu;
  double epsilon = 1e-5;
  std::int64_t endOfText = 49407; // the row that stands for the whole text

  // The text model of SD 2.x: 23 of the 24 layers, 372 tensors, 340,387,840 parameters in transformers' names.
  [[nodiscard]] static ClipTextConfig openClipH();
};

struct ClipTextOutput {
  std::vector<at::Tensor> hidden; // [B, L, D]: 0 the embeddings, i the output of layer i; filled when asked for
  at::Tensor lastHidden;          // [B, L, D]: final norm of the last layer: what the UNet takes
  at::Tensor penultimateNormed;   // [B, L, D]: final norm of the layer before (clip skip 2)
  at::Tensor pooled;              // [B, D]: lastHidden at the first end-of-text token
};

struct ClipText {
  ClipTextConfig config;
  at::Tensor tokens;    // [V, D]
  at::Tensor positions; // [77, D]
  std::vector<ClipLayer> layers;
  at::Tensor normWeight, normBias;

  // Names "text_model.embeddings…": transformers' files and the original SD 1.5 below
  // "cond_stage_model.transformer".
  [[nodiscard]] static ClipText load(WeightTable& table, const ClipTextConfig& config = {});
  // Names "transformer.resblocks…": OpenCLIP's files and the original SD 2.x below "cond_stage_model.model". Layers
  // past config.layers, the projection and the logit scale are left unused.
  [[nodiscard]] static ClipText loadOpenClip(WeightTable& table, const ClipTextConfig& config);

  // ids [B, L] int64, L <= positions. Causal; padding is ordinary text to this model.
  [[nodiscard]] ClipTextOutput forward(const at::Tensor& ids, bool keepHidden = false) const;
};

} // namespace kinora::inference
