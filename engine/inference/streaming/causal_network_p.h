// SPDX-License-Identifier: Apache-2.0
// Hides which network predicts the flow of a chunk, its prompt and what else it is shown (first frame, tracks, source
// video), behind the one call that a chunk loop makes.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/inference/networks/dreamidv_p.h"
#include "engine/inference/networks/wan_dit_p.h"
#include "engine/inference/streaming/kv_cache_policy_p.h"
#include "engine/inference/streaming/window_cache_p.h"

namespace kinora::inference {

// What the network is shown beside the noise, for latent frames [first, first + count): [B, count, C, h, w].
using Condition = std::function<at::Tensor(std::int64_t first, std::int64_t count)>;

class CausalNetwork {
 public:
  virtual ~CausalNetwork() = default;
  // Fetches what belongs to these frames; called once at the start of a chunk, so that a condition may change between
  // chunks and not within one.
  virtual void prepare(std::int64_t first, std::int64_t count) = 0;
  // x [B, F, C, h, w], t [B, F] -> flow [B, F, Cout, h, w] float32. Writes the frames into the cache. Throws
  // PassCancelled.
  [[nodiscard]] virtual Result<at::Tensor> flow(const at::Tensor& x, const at::Tensor& t, const CachedPass& pass,
                                                KvCachePolicy& cache, const std::stop_token& stop) = 0;
};

// A cache shape for this network; slots are the policy's business.
[[nodiscard]] KvShape cacheShape(const WanDit& net, std::int64_t rows, std::int64_t tokensPerFrame);

// Any Wan layout: what the condition gives is put behind the noise on the channel axis.
class CausalWan : public CausalNetwork {
 public:
  CausalWan(const WanDit& net, WanPrompt prompt, Condition condition = {});
  // Takes effect with the next pass.
  void setPrompt(WanPrompt prompt) { prompt_ = std::move(prompt); }

  void prepare(std::int64_t first, std::int64_t count) override;
  [[nodiscard]] Result<at::Tensor> flow(const at::Tensor& x, const at::Tensor& t, const CachedPass& pass,
                                        KvCachePolicy& cache, const std::stop_token& stop) override;

 private:
  const WanDit& net_;
  WanPrompt prompt_;
  Condition condition_;
  at::Tensor shown_; // [B, C, F, h, w], undefined without a condition
};

// DreamID-V, made causal: the reference picture is frame 0 and the only sink, video frames are 1, 2, …. The condition
// gives source video and mask latents on 32 channels; it is asked for video frames from 0 on.
class CausalDreamIdV : public CausalNetwork {
 public:
  CausalDreamIdV(const DreamIdV& net, WanPrompt prompt, Condition condition);

  // Writes (or exchanges) the reference in the cache: [B, 16, 1, h, w], clean, at time 0.
  [[nodiscard]] Result<void> setReference(const at::Tensor& latent, WindowCache& cache, const std::stop_token& stop);

  void prepare(std::int64_t first, std::int64_t count) override;
  [[nodiscard]] Result<at::Tensor> flow(const at::Tensor& x, const at::Tensor& t, const CachedPass& pass,
                                        KvCachePolicy& cache, const std::stop_token& stop) override;

 private:
  const DreamIdV& net_;
  WanPrompt prompt_;
  Condition condition_;
  at::Tensor shown_; // [B, 32, F, h, w]
};

} // namespace kinora::inference
