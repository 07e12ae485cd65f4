// SPDX-License-Identifier: Apache-2.0
// Hides the autoencoder of Stable Diffusion 1.x and 2.x (KL-f8): 4 latent channels at 1/8 of the picture.
//
// Source: the public latent-diffusion network; key names are those of its checkpoints. Pixels are -1..1.
// Letters: B rows, H and W pixels, h and w latents, Z latent channels.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/inference/networks/self_attention_p.h"
#include "engine/inference/weights/weight_table_p.h"

namespace kinora::inference {

struct SdVaeConfig {
  std::vector<std::int64_t> widths = {128, 256, 512, 512};
  std::int64_t resBlocks = 2; // per level of the encoder; the decoder has one more
  std::int64_t latentChannels = 4;
  std::int64_t groups = 32;
  double scale = 0.18215; // latents as the diffusion network sees them
  double eps = 1e-6;
};

struct SdVae {
  struct Conv {
    at::Tensor weight, bias; // channels last
  };
  struct Norm {
    at::Tensor weight, bias;
  };
  struct Res {
    Norm norm1, norm2;
    Conv conv1, conv2;
    Conv shortcut; // undefined when the widths agree
  };
  struct Attention {
    Norm norm;
    Conv q, k, v, out; // 1 x 1
  };
  struct Level {
    std::vector<Res> res;
    Conv resample; // undefined on the last level
  };
  struct Half {
    Conv in, out;
    Norm norm;
    Res middle1, middle2;
    Attention attention;
    std::vector<Level> levels; // in the order they are computed
  };
  struct Posterior {
    at::Tensor mean;   // [B, Z, h, w]
    at::Tensor logVar; // within -30..20
  };

  [[nodiscard]] static SdVae load(WeightTable& table, const SdVaeConfig& config);

  // [B, 3, H, W], H and W multiples of the stride (8); throws std::invalid_argument otherwise.
  [[nodiscard]] Posterior encode(const at::Tensor& image, const Probe& probe = {}) const;
  // What the diffusion network sees: the mean times the scale.
  [[nodiscard]] at::Tensor scaled(const Posterior& posterior) const { return posterior.mean * config.scale; }
  // [B, Z, h, w], unscaled -> [B, 3, H, W], not clamped.
  [[nodiscard]] at::Tensor decode(const at::Tensor& latents, const Probe& probe = {}) const;

  SdVaeConfig config;
  Half encoder, decoder;
  Conv quant, postQuant; // 1 x 1
};

} // namespace kinora::inference
