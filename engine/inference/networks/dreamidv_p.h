// SPDX-License-Identifier: Apache-2.0
// Hides DreamID-V, a Wan transformer that swaps a face: it sees noise, the source video and a mask side by side on 48
// channels, and a reference picture as frame 0 of its token sequence. The full model also looks at a pose video.
//
// Source: the public DreamID-V networks (arXiv 2601.01425). Letters as in wan_dit_p.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <stop_token>

#include <ATen/core/Tensor.h>

#include "engine/inference/networks/rope_p.h"
#include "engine/inference/networks/wan_dit_p.h"

namespace kinora::inference {

struct DreamIdVConfig {
  WanConfig wan{.inChannels = 48};
  std::int64_t referenceChannels = 16;
  std::array<std::int64_t, 4> poseWidths{128, 256, 512, 512}; // channels of the pose network; used by the full model

  [[nodiscard]] static DreamIdVConfig faster() { return {}; }
  [[nodiscard]] static DreamIdVConfig full();
};

// Pose pictures to tokens: two convolutions along time for each pixel (81 -> 41 -> 21 frames), then four over space
// with three halvings, then patches of 2 x 2.
struct PoseProjector {
  [[nodiscard]] static PoseProjector load(WeightTable table, const DreamIdVConfig& config);
  // pose [B, 3, T, H, W] in 0..1 -> [B, L, D]; H and W are eight times the latent's.
  [[nodiscard]] at::Tensor forward(const at::Tensor& pose) const;
  // The first step: [B * H * W, 3, F].
  [[nodiscard]] at::Tensor foldTime(const at::Tensor& pose) const;

  std::array<Linear, 2> time;  // weights [3, 3, 3]
  std::array<Linear, 4> space; // weights [out, in, 3, 3]
  Linear out;
};

struct DreamIdV {
  // Takes and ignores the tensors that the full model's file carries unused (cross_attn.k_pose, v_pose, norm_k_pose,
  // pose_gate).
  [[nodiscard]] static DreamIdV load(WeightTable& table, const DreamIdVConfig& config);

  // Reference latent [B, 16, 1, h, w] -> [B, (h/2) * (w/2), D] float32.
  [[nodiscard]] at::Tensor referenceTokens(const at::Tensor& latent) const;
  // Tokens of a chunk: noise, source video and mask latents, each [B, 16, F, h, w] -> [B, L, D].
  [[nodiscard]] at::Tensor videoTokens(const at::Tensor& x, const at::Tensor& video, const at::Tensor& mask) const;
  // The reference is frame 0, the video frames 1, 2, ..
  [[nodiscard]] const Rope& rope() const { return rope_; }

  struct Inputs {
    at::Tensor x, video, mask; // [B, 16, F, h, w]
    at::Tensor reference;      // [B, 16, 1, h, w]; zeros for the unconditional pass
    at::Tensor pose;           // tokens of the pose projector; undefined for Faster
    std::int64_t padTo = 0;    // pads the video tokens with zeros to this number
  };
  // One bidirectional pass -> [B, 16, F, h, w] float32.
  [[nodiscard]] at::Tensor forward(const Inputs& inputs, const WanTime& time, const WanPrompt& prompt,
                                   const std::stop_token& stop = {}, const Probe& probe = {}) const;

  WanDit wan;
  Linear referenceConv; // weight [D, 16, 2, 2]
  std::optional<PoseProjector> pose;

 private:
  explicit DreamIdV(std::int64_t headDim) : rope_(headDim, Rope::Angles::Float32) {}
  Rope rope_;
};

// DreamID-V's guidance starts at the conditional result: c + strength * (c - u); 4 here is 5 of the usual formula.
[[nodiscard]] at::Tensor dreamIdVGuidance(const at::Tensor& conditional, const at::Tensor& unconditional,
                                          double strength);

} // namespace kinora::inference
