// SPDX-License-Identifier: Apache-2.0
// Hides the UNet of Stable Diffusion 1.5, 2.1 and their fine-tunes: noisy latents, a time and a text in, the prediction
// (noise or v) out. A hook may read and replace what happens inside its attention.
//
// Source of the maths: the public latent-diffusion code (keys as below "model.diffusion_model") and diffusers'
// UNet2DConditionModel.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/inference/weights/weight_table_p.h"

namespace kinora::inference {

struct SdUnetConfig { // the defaults are SD 1.5: 686 tensors, 859,520,964 parameters
  std::int64_t inChannels = 4;
  std::int64_t outChannels = 4;
  std::vector<std::int64_t> channels = {320, 640, 1280, 1280}; // of each level, finest first
  std::vector<std::int64_t> heads = {8, 8, 8, 8};              // of each level
  std::vector<bool> downAttention = {true, true, true, false}; // levels of the way down that look at the text
  std::vector<bool> upAttention = {false, true, true, true};   // of the way up, coarsest first
  std::int64_t layersPerLevel = 2;                             // one more on the way up
  std::int64_t textWidth = 768;
  std::int64_t normGroups = 32;
  bool linearProjection = false; // SD 2.x: around the transformer a linear layer instead of a 1x1 convolution
  bool upcastAttention = false;  // scores in float32 (SD 2.1 at 768 overflows float16)

  // SD 2.1: 686 tensors, 865,910,724 parameters.
  [[nodiscard]] static SdUnetConfig sd21();
};

// Which attention of the network.
struct AttentionSite {
  int index = 0;      // counts in the order of the forward pass, 0 … 31 in SD: even self, odd cross
  bool cross = false; // keys and values from the text
  std::int64_t heads = 0;
  std::int64_t height = 0; // of the picture at this level
  std::int64_t width = 0;
};

// Sees the network at work and may replace tensors in place of its own. Every function does nothing by default.
class SdUnetHook {
 public:
  virtual ~SdUnetHook() = default;
  // Before the scores: q [B, heads, Lq, d], k and v [B, heads, Lk, d].
  virtual void projections(const AttentionSite&, at::Tensor& /*q*/, at::Tensor& /*k*/, at::Tensor& /*v*/) {}
  // Whether map() is to be called here: the map has to be built, which fused attention avoids.
  [[nodiscard]] virtual bool wantsMap(const AttentionSite&) { return false; }
  // Softmaxed, [B, heads, Lq, Lk].
  virtual void map(const AttentionSite&, at::Tensor& /*probabilities*/) {}
  // What the attention adds to its input, [B, Lq, C].
  virtual void output(const AttentionSite&, at::Tensor& /*added*/) {}
  // A named place: "time_sinusoid", "time_emb", "conv_in", "downN_resnetM", "downN_attnM", "downN_downsample", "mid",
  // "mid_ff" (what the feed-forward of the middle adds), "upN" (after its upsampler).
  virtual void features(const std::string& /*place*/, at::Tensor& /*tensor*/) {}
};

struct SdUnet {
  struct Norm {
    at::Tensor weight, bias;
  };
  struct Layer { // linear or convolution; the bias may be undefined
    at::Tensor weight, bias;
  };
  struct Resnet {
    Norm norm1;
    Layer conv1, time;
    Norm norm2;
    Layer conv2, shortcut; // shortcut is undefined when the channels stay
  };
  struct Attention {
    at::Tensor q, k, v; // no bias
    Layer out;
  };
  struct Transformer {
    Norm norm;
    Layer projectIn;
    Norm norm1, norm2, norm3;
    Attention self, cross;
    Layer expand, contract; // [8C, C]: values and gates; [C, 4C]
    Layer projectOut;
    std::int64_t heads = 0;
  };
  struct Stage { // one step of the way down or up
    std::vector<Resnet> resnets;
    std::vector<Transformer> transformers; // as many as resnets, or none
    Layer resample;                        // to the next level; undefined at the end
  };

  SdUnetConfig config;
  Layer time1, time2;
  Layer convIn;
  std::vector<Stage> down;
  Stage middle; // two resnets, one transformer between them
  std::vector<Stage> up;
  Norm normOut;
  Layer convOut;

  [[nodiscard]] static SdUnet load(WeightTable& table, const SdUnetConfig& config = {});

  // latents [B, Cin, h, w], timesteps [B] (0 … 999), text [B, L, textWidth] -> [B, Cout, h, w] in the type of the
  // weights. h and w may be odd.
  [[nodiscard]] at::Tensor forward(const at::Tensor& latents, const at::Tensor& timesteps, const at::Tensor& text,
                                   SdUnetHook* hook = nullptr) const;
};

} // namespace kinora::inference
