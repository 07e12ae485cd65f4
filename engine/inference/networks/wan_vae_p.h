// SPDX-License-Identifier: Apache-2.0
// Hides the video autoencoders of Wan: 2.1 (16 latent channels, 1/8) and 2.2 (48 channels, 1/16, residual stages behind
// a pixel unshuffle), whole and as streams that remember the last frames of every causal convolution.
//
// Source: the public Wan 2.1 and 2.2 networks; key names are those of their checkpoints. Pixels are -1..1. The first
// frame of a stream is one latent, every further latent is four frames.
// Letters: B rows, F pixel frames, f latent frames, H and W pixels, h and w latents, Z latent channels.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/inference/networks/self_attention_p.h"
#include "engine/inference/weights/weight_table_p.h"

namespace kinora::inference {

struct WanVaeConfig {
  std::int64_t dim = 96;
  std::int64_t decoderDim = 96;
  std::int64_t latentChannels = 16;
  std::vector<std::int64_t> widths = {1, 2, 4, 4}; // per stage, times dim
  std::int64_t resBlocks = 2;
  std::vector<bool> temporalDown = {false, true, true};
  std::int64_t patch = 1;       // pixel unshuffle
  bool residualStages = false;  // 2.2: stages are nested and have parameter-free shortcuts
  std::vector<float> mean, std; // of each latent channel

  [[nodiscard]] static WanVaeConfig wan21();
  [[nodiscard]] static WanVaeConfig wan22();
  [[nodiscard]] std::int64_t spatialStride() const;  // 8 or 16
  [[nodiscard]] std::int64_t temporalStride() const; // 4
};

struct WanVae {
  // Kernel 3 x 3 x 3 or 3 x 1 x 1 over time, or 1 x 1 x 1.
  struct Conv {
    at::Tensor weight; // [out, in, kt, kh, kw], channels last
    at::Tensor bias;
  };
  struct Res {
    at::Tensor norm1, norm2; // float32 [C]
    Conv conv1, conv2;
    Conv shortcut; // undefined when the widths agree
  };
  struct Attention {
    at::Tensor norm; // float32 [C]
    at::Tensor qkvWeight, qkvBias, projWeight, projBias;
  };
  struct Resample {
    bool up = false;
    bool temporal = false;
    at::Tensor weight, bias; // 3 x 3, per frame
    Conv time;               // temporal only
  };
  struct Stage {
    std::vector<Res> res;
    std::vector<Resample> resample; // none or one
    std::int64_t in = 0, out = 0;
    std::int64_t timeFactor = 1, spaceFactor = 1; // of the shortcut of residual stages; 0: no shortcut
    std::vector<std::string> names;               // of res and resample, for probes
    std::string name;
  };
  struct Half {
    Conv first;
    std::vector<Stage> stages;
    Res middle0, middle2;
    Attention middle1;
    at::Tensor headNorm;
    Conv head;
  };

  [[nodiscard]] static WanVae load(WeightTable& table, const WanVaeConfig& config);

  // [B, 3, F, H, W] -> mean of the posterior [B, Z, f, h, w], not normalised. F = 1 + 4 n, H and W multiples of the
  // stride; throws std::invalid_argument otherwise.
  [[nodiscard]] at::Tensor encode(const at::Tensor& video) const;
  // [B, Z, f, h, w], not normalised -> [B, 3, 1 + 4 (f - 1), H, W], not clamped.
  [[nodiscard]] at::Tensor decode(const at::Tensor& latents) const;
  // What the diffusion networks see: (mu - mean) / std, and back.
  [[nodiscard]] at::Tensor normalise(const at::Tensor& mu) const;
  [[nodiscard]] at::Tensor denormalise(const at::Tensor& z) const;

  WanVaeConfig config;
  Half encoder, decoder;
  Conv quant, postQuant; // conv1 and conv2 of the checkpoint, 1 x 1 x 1
};

// What one direction of a stream remembers: the last two input frames of every causal convolution, written in place.
struct WanVaeMemory {
  std::vector<at::Tensor> slots; // in the order of the network
  bool first = true;             // nothing was seen yet
};

// One stream; one thread at a time. The network must outlive it. A call of another size than before throws
// std::invalid_argument; reset() starts anew.
class WanVaeEncoder {
 public:
  explicit WanVaeEncoder(const WanVae& network, Probe probe = {}) : network_(network), probe_(std::move(probe)) {}
  // First call: 1 + 4 n frames; later calls: 4 n. -> [B, Z, latents, h, w], not normalised. The frames of a call (all
  // but the very first) go through in one pass.
  [[nodiscard]] at::Tensor encode(const at::Tensor& frames);
  void reset() { memory_ = {}; }
  [[nodiscard]] const WanVaeMemory& memory() const { return memory_; }

 private:
  const WanVae& network_;
  Probe probe_; // encoder.downsamples.5 … of every pass
  WanVaeMemory memory_;
};

class WanVaeDecoder {
 public:
  explicit WanVaeDecoder(const WanVae& network, Probe probe = {}) : network_(network), probe_(std::move(probe)) {}
  // Any number of latents, not normalised. The first of the stream gives one frame, every other four; not clamped.
  [[nodiscard]] at::Tensor decode(const at::Tensor& latents);
  void reset() { memory_ = {}; }
  [[nodiscard]] const WanVaeMemory& memory() const { return memory_; }

 private:
  const WanVae& network_;
  Probe probe_;
  WanVaeMemory memory_;
};

} // namespace kinora::inference
