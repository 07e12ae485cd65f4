// SPDX-License-Identifier: Apache-2.0
// Hides the small autoencoder for Stable Diffusion's latents (TAESD): 4 channels at 1/8 of the picture.
//
// Source: the public TAESD network; key names are those of its checkpoints with "encoder." and "decoder." in front.
// Pixels are 0..1, latents as the diffusion network sees them (scaled).
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/inference/weights/weight_table_p.h"

namespace kinora::inference {

struct TaesdConfig {
  std::int64_t width = 64;
  std::int64_t latentChannels = 4; // 16 for SD 3 and Flux
};

struct Taesd {
  enum class Kind { Conv, Block, Clamp, Relu, Upsample };
  struct Layer {
    Kind kind = Kind::Conv;
    std::vector<at::Tensor> weight; // channels last; Conv 1, Block 3
    std::vector<at::Tensor> bias;   // undefined where there is none
    std::int64_t stride = 1;
  };

  [[nodiscard]] static Taesd load(WeightTable& table, const TaesdConfig& config);

  // [B, 3, H, W], H and W multiples of 8 -> [B, Z, h, w]; throws std::invalid_argument otherwise.
  [[nodiscard]] at::Tensor encode(const at::Tensor& image) const;
  // [B, Z, h, w] -> [B, 3, H, W] within 0..1.
  [[nodiscard]] at::Tensor decode(const at::Tensor& latents) const;

  TaesdConfig config;
  std::vector<Layer> encoder, decoder;
};

} // namespace kinora::inference
