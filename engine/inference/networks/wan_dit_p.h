// SPDX-License-Identifier: Apache-2.0
// Hides the Wan diffusion transformer: 2.1 text-to-video, image-to-video (CLIP branch), the control and track layouts
// (more input channels), 2.2 TI2V (a timestep for every token), and the blocks of DreamID-V.
//
// Source: the public Wan 2.1 and 2.2 networks; key names are those of their checkpoints. What a token may see is the
// business of a SelfAttention: causal models have the same tensors as the base model.
// Letters: B rows, C channels, F latent frames, h and w latent height and width, D width, L = F * (h/2) * (w/2) tokens
// (frame, row, column), T the number of different timesteps of a row (1, F or L).
#pragma once

#include <cstdint>
#include <stop_token>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/inference/networks/byte_weights_p.h"
#include "engine/inference/networks/self_attention_p.h"
#include "engine/inference/weights/lora_p.h"
#include "engine/inference/weights/weight_table_p.h"

namespace kinora::inference {

struct WanConfig {
  std::int64_t inChannels = 16;
  std::int64_t outChannels = 16;
  std::int64_t dim = 1536;
  std::int64_t ffnDim = 8960;
  std::int64_t frequencyDim = 256;
  std::int64_t textDim = 4096;
  std::int64_t heads = 12;
  std::int64_t layers = 30;
  double eps = 1e-6;
  std::int64_t imageDim = 0;       // width of the CLIP tokens; 0: no image branch
  std::int64_t imagePositions = 0; // learned positions of the CLIP tokens (first-and-last-frame models: 514)
  bool poseAttention = false;      // second keys and values in self-attention (DreamID-V full)

  [[nodiscard]] std::int64_t headDim() const { return dim / heads; }

  // The published sizes.
  [[nodiscard]] static WanConfig t2v1B() { return {}; }
  [[nodiscard]] static WanConfig t2v14B();
  [[nodiscard]] static WanConfig i2v14B();
  [[nodiscard]] static WanConfig funInpaint1B(); // 36 channels, CLIP
  [[nodiscard]] static WanConfig funControl1B(); // 48 channels, CLIP
  [[nodiscard]] static WanConfig track1B();      // 52 channels: noisy 16 | mask 4 | first frame 16 | track 16; CLIP
  [[nodiscard]] static WanConfig ti2v5B();       // Wan 2.2
};

// How the element-wise work between the matrix products is done.
enum class Compute {
  Library, // operator by operator, as the references do; any device and type
  Fused,   // by our kernels where they serve the tensors (fused_p.h), else as Library
};

struct Linear {
  at::Tensor weight; // [out, in]; undefined when the layer is kept as bytes
  at::Tensor bias;   // [out]; float32 beside bytes
  ByteWeights bytes = {};
  [[nodiscard]] static Linear load(WeightTable table, std::int64_t in, std::int64_t out, bool float32 = false);
  [[nodiscard]] at::Tensor operator()(const at::Tensor& x) const;
};

// The timesteps of one pass.
struct WanTime {
  at::Tensor e;          // [B, T, D] float32
  at::Tensor modulation; // [B, T, 6, D] float32
};

// Keys and values of the prompt (and of the reference picture) in every layer: computed once for a prompt, used by all
// passes. [B or 1, tokens, heads, d].
struct WanPrompt {
  struct Layer {
    at::Tensor k, v;
    at::Tensor imageK, imageV; // undefined without an image branch
  };
  std::vector<Layer> layers;
};

struct WanDit {
  struct Norms {
    at::Tensor q, k;
  };
  struct Block {
    at::Tensor modulation; // [1, 6, D] float32
    Linear q, k, v, o;
    Norms norms;
    at::Tensor norm3Weight, norm3Bias; // [D] float32
    Linear crossQ, crossK, crossV, crossO;
    Norms crossNorms;
    Linear imageK, imageV; // undefined tensors without an image branch
    at::Tensor imageNormK;
    Linear ffnIn, ffnOut;
    Linear poseK, poseV; // DreamID-V full
    at::Tensor poseNormK, poseGate;
  };

  [[nodiscard]] static WanDit load(WeightTable& table, const WanConfig& config);

  // From now on with these LoRA files beside the weights (none: without). Prompts are to be computed anew. Unsupported
  // when a file changes more than the linear layers of the blocks: merge it with withLora() instead.
  [[nodiscard]] Result<void> useLora(const std::vector<LoraUse>& uses);

  // From now on with the linear layers of the blocks as bytes (dynamic int8), their float weights given up: a quarter
  // of the memory, numbers that are only near. The embeddings and the head stay as they are; a LoRA can work beside,
  // not be merged any more. Prompts are to be computed anew. Unsupported, and nothing changed, for other devices
  // than the processor and other types than float32 and bfloat16.
  [[nodiscard]] Result<void> quantise();

  // text [B, n, textDim], zero-padded by the caller to the model's text length (512): padded rows are attended.
  // -> [B, n, D]
  [[nodiscard]] at::Tensor embedText(const at::Tensor& text) const;
  // CLIP tokens [B, 257, imageDim] -> [B, 257, D].
  [[nodiscard]] at::Tensor embedImage(const at::Tensor& tokens) const;
  // Both embedded; image may be undefined.
  [[nodiscard]] WanPrompt prompt(const at::Tensor& text, const at::Tensor& image = {}) const;

  // t [B], [B, F] or [B, L] in 0..1000, not rounded.
  [[nodiscard]] WanTime time(const at::Tensor& t) const;

  // x [B, C, F, h, w] -> [B, L, D] float32 (the residual stream stays float32 in every run type).
  [[nodiscard]] at::Tensor patchify(const at::Tensor& x) const;
  // Blocks; throws PassCancelled between two of them. pose [B, L, D] for DreamID-V full.
  [[nodiscard]] at::Tensor run(at::Tensor tokens, const WanTime& time, const WanPrompt& prompt,
                               SelfAttention& attention, const std::stop_token& stop = {}, const Probe& probe = {},
                               const at::Tensor& pose = {}) const;
  // [B, L, D] -> [B, L, 4 * Cout] float32.
  [[nodiscard]] at::Tensor head(const at::Tensor& tokens, const at::Tensor& e) const;
  // [B, L, 4 * Cout] -> [B, Cout, F, h, w].
  [[nodiscard]] at::Tensor unpatchify(const at::Tensor& tokens, std::int64_t frames, std::int64_t height,
                                      std::int64_t width) const;

  // All of it: x [B, C, F, h, w] -> flow [B, Cout, F, h, w] float32.
  [[nodiscard]] at::Tensor forward(const at::Tensor& x, const WanTime& time, const WanPrompt& prompt,
                                   SelfAttention& attention, const std::stop_token& stop = {}) const;

  WanConfig config;
  Compute compute = Compute::Library;
  at::Tensor patchWeight; // [D, Cin, 1, 2, 2]
  at::Tensor patchBias;
  Linear textIn, textOut;
  Linear timeIn, timeOut, timeProjection; // float32
  at::Tensor imageNormInWeight, imageNormInBias, imageNormOutWeight, imageNormOutBias, imagePositions;
  Linear imageIn, imageOut;
  std::vector<Block> blocks;
  at::Tensor headModulation; // [1, 2, D] float32
  Linear headLinear;         // float32
  LoraBranches lora;         // of the blocks' linear layers

 private:
  // A linear layer of a block and its LoRA branches; name: "self_attn.q".
  [[nodiscard]] at::Tensor through(const Linear& linear, const at::Tensor& x, std::int64_t layer,
                                   std::string_view name) const;
  [[nodiscard]] at::Tensor heads(const at::Tensor& x) const; // [B, L, D] -> [B, L, heads, d]
  [[nodiscard]] bool isFused() const;
  [[nodiscard]] bool isBytes() const;
  [[nodiscard]] const char* mergeAdvice() const;
  [[nodiscard]] at::ScalarType runType() const { return patchWeight.scalar_type(); }
  // One block; fused, x is changed in place.
  [[nodiscard]] at::Tensor runBlock(std::int64_t layer, at::Tensor x, const WanTime& time,
                                    const WanPrompt::Layer& prompt, SelfAttention& attention, const Probe& probe,
                                    const at::Tensor& pose) const;
  [[nodiscard]] at::Tensor runBlockFused(std::int64_t layer, at::Tensor x, const WanTime& time,
                                         const WanPrompt::Layer& prompt, SelfAttention& attention, const Probe& probe,
                                         const at::Tensor& pose) const;
  // What the token queries hear of the prompt and of the picture: before the output projection.
  [[nodiscard]] at::Tensor listen(const at::Tensor& crossQ, const WanPrompt::Layer& prompt) const;
};

// More input channels for a trained patch embedding: column group i of the result is `from` channels of the old weight,
// or zeros (from < 0). weight [D, C, 1, 2, 2]. Track models are made from control models this way: noisy 0:16 stays,
// the mask is new (zeros), the first frame takes the reference columns 32:48, the track the control columns 16:32.
struct ChannelGroup {
  std::int64_t from = -1; // first old channel, or -1
  std::int64_t count = 0;
};
[[nodiscard]] at::Tensor regroupPatchChannels(const at::Tensor& weight, const std::vector<ChannelGroup>& groups);

} // namespace kinora::inference
