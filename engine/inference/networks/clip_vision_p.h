// SPDX-License-Identifier: Apache-2.0
// Hides the CLIP image encoder (ViT-H/14) that shows Wan's image-to-video models their first frame.
//
// Source of the maths: the public Wan 2.1 code (keys "visual…" of its CLIP file) and OpenCLIP ViT-H/14.
#pragma once

#include <array>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/inference/networks/clip_layers_p.h"
#include "engine/inference/weights/weight_table_p.h"

namespace kinora::inference {

struct ClipVisionConfig { // the defaults are ViT-H/14: 392 tensors, 632,076,800 parameters
  std::int64_t imageSize = 224;
  std::int64_t patchSize = 14;
  std::int64_t width = 1280;
  std::int64_t feedForward = 5120;
  std::int64_t outputWidth = 1024; // of the unused projection
  std::int64_t heads = 16;
  std::int64_t layers = 32;
  ClipActivation activation = ClipActivation::Gelu;
  double epsilon = 1e-5;
  std::array<double, 3> mean = {0.48145466, 0.4578275, 0.40821073};
  std::array<double, 3> deviation = {0.26862954, 0.26130258, 0.27577711};

  [[nodiscard]] std::int64_t tokens() const { return (imageSize / patchSize) * (imageSize / patchSize) + 1; }
};

struct ClipVisionTrace {
  at::Tensor resized;      // [B, 3, S, S], still -1..1
  at::Tensor preprocessed; // [B, 3, S, S], normalised
  at::Tensor preNormed;    // [B, T, D]
  at::Tensor firstBlock;   // [B, T, D]
  at::Tensor allBlocks;    // [B, T, D]: the last block too, which the models do not use
};

struct ClipVision {
  ClipVisionConfig config;
  at::Tensor classToken; // [D]
  at::Tensor patch;      // [D, 3, P, P], no bias
  at::Tensor positions;  // [T, D], class token first
  at::Tensor preWeight, preBias;
  std::vector<ClipLayer> layers;

  // Names "visual…"; the projection and the last norm are left unused.
  [[nodiscard]] static ClipVision load(WeightTable& table, const ClipVisionConfig& config = {});
  // image [B, 3, H, W], -1..1 RGB of any size -> [B, T, D]: the block before the last, class token first, not normed.
  [[nodiscard]] at::Tensor forward(const at::Tensor& image, ClipVisionTrace* trace = nullptr) const;
};

} // namespace kinora::inference
