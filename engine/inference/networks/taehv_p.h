// SPDX-License-Identifier: Apache-2.0
// Hides the small video autoencoders for Wan's latents (TAEHV: taew2_1 with 16 channels at 1/8, taew2_2 with 48 at
// 1/16, and the larger "super" decoder), whole and as streams with one remembered frame in every memory block.
//
// Source: the public TAEHV networks; key names are those of their checkpoints. Pixels are 0..1, latents as the
// diffusion network gives them (normalised).
// Letters: N rows, T pixel frames, t latents, H and W pixels, h and w latents, Z latent channels.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/inference/networks/self_attention_p.h"
#include "engine/inference/weights/weight_table_p.h"

namespace kinora::inference {

struct TaehvConfig {
  std::int64_t encoderWidth = 64;
  std::array<std::int64_t, 4> decoderWidths = {256, 128, 64, 64};
  std::int64_t latentChannels = 16;
  std::int64_t patch = 1; // pixel unshuffle
  std::array<bool, 3> encoderTimeDown = {true, true, false};
  std::array<bool, 3> decoderTimeUp = {false, true, true}; // fewer than the file was trained for: a cheaper preview
  bool superDecoder = false;

  [[nodiscard]] static TaehvConfig taew21() { return {}; }
  [[nodiscard]] static TaehvConfig taew21Super();
  [[nodiscard]] static TaehvConfig taew22();
  [[nodiscard]] std::int64_t framesPerLatentIn() const;                                // 4
  [[nodiscard]] std::int64_t framesPerLatentOut() const;                               // 4
  [[nodiscard]] std::int64_t framesToTrim() const { return framesPerLatentOut() - 1; } // of the first latent
  [[nodiscard]] std::int64_t spatialStride() const { return 8 * patch; }
};

struct Taehv {
  enum class Kind { Conv, Relu, Clamp, Memory, SuperMemory, Pool, Grow, Upsample, Shuffle, GrowUpsampled };
  struct Layer {
    Kind kind = Kind::Relu;
    std::string name;               // "decoder.3"
    std::vector<at::Tensor> weight; // channels last; Conv, Pool, Grow 1; memory blocks 3
    std::vector<at::Tensor> bias;   // undefined where there is none
    std::int64_t stride = 1;        // of space for Conv, of time for Pool and Grow
  };

  [[nodiscard]] static Taehv load(WeightTable& table, const TaehvConfig& config);

  // Joins upsampling, growing and the convolution behind them in the decoder to one kernel on the small picture: 20 %
  // less work, equal up to rounding; the layers in between are gone. The super decoder has none to join.
  void joinUpsampling();

  // [N, T, 3, H, W] -> [N, t, Z, h, w]; the tail is filled up by repeating the last frame.
  [[nodiscard]] at::Tensor encode(const at::Tensor& video) const;
  // [N, t, Z, h, w] -> [N, t * 4 - 3, 3, H, W] within 0..1. All latents at once: memory grows with t; a stream does
  // not.
  [[nodiscard]] at::Tensor decode(const at::Tensor& latents) const;

  TaehvConfig config;
  std::vector<Layer> encoder, decoder;
};

// What one direction of a stream remembers, in tensors written in place: one frame of each memory block, the frames
// that wait for their pool.
struct TaehvMemory {
  std::vector<at::Tensor> slots; // one for each layer; undefined where nothing is kept
  std::vector<std::int64_t> waiting;
  bool first = true;
};

// One stream; one thread at a time. The network must outlive it. Any number of frames a call, the result does not
// depend on how they are cut. A call of another size than before throws std::invalid_argument; reset() starts anew.
class TaehvEncoder {
 public:
  explicit TaehvEncoder(const Taehv& network, Probe probe = {}) : network_(network), probe_(std::move(probe)) {}
  // [N, T, 3, H, W] -> the latents that are complete, [N, t >= 0, Z, h, w].
  [[nodiscard]] at::Tensor encode(const at::Tensor& frames);
  // Completes the last latent by repeating the last frame: t = 0 or 1. Only reset() may follow.
  [[nodiscard]] at::Tensor flush();
  void reset();

 private:
  const Taehv& network_;
  Probe probe_;
  TaehvMemory memory_;
  at::Tensor last_; // the last frame seen
  std::int64_t seen_ = 0;
};

class TaehvDecoder {
 public:
  explicit TaehvDecoder(const Taehv& network, Probe probe = {}) : network_(network), probe_(std::move(probe)) {}
  // [N, t, Z, h, w] -> [N, T, 3, H, W] within 0..1: four frames a latent, one for the first of the stream.
  [[nodiscard]] at::Tensor decode(const at::Tensor& latents);
  void reset() { memory_ = {}; }
  [[nodiscard]] const TaehvMemory& memory() const { return memory_; }

 private:
  const Taehv& network_;
  Probe probe_; // every layer, and "decoder" for the frames before clamping, trimming and shuffling; [N * T, C, H, W]
  TaehvMemory memory_;
};

} // namespace kinora::inference
