// SPDX-License-Identifier: Apache-2.0
// Hides how one chunk of a video comes into being: noise, denoising passes, a clean pass that leaves the chunk's keys
// in the cache, chunk out. One loop for all causal recipes; they differ in the cache policy and in the schedule.
//
// Source: the rollouts of CausVid, Self-Forcing and LongLive, and the sequential mode of StreamDiffusionV2 (no clean
// pass, latents mixed with noise come in).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/inference/schedules/flow_transport_p.h"
#include "engine/inference/streaming/causal_network_p.h"
#include "engine/inference/streaming/kv_cache_policy_p.h"

namespace kinora::inference {

struct ChunkSchedule {
  std::vector<float> times;       // of the denoising passes, as given to the network (warped, not rounded)
  bool cleanPass = true;          // a last pass on the finished chunk
  float cleanTime = 0;            // its time ("context noise")
  std::int64_t historyFrames = 0; // clean frames kept for recache()
  std::int64_t refreshAt = 0;     // frame number at which numbering goes back; 0: never
  std::int64_t refreshTo = 0;
  bool staysRefreshed = false; // every later chunk gets that number too, as the published package does
};

// The frame numbers a stream gives its chunks: ascending, until they go back.
class FrameNumbers {
 public:
  FrameNumbers(const ChunkSchedule& schedule, std::int64_t start)
      : refreshAt_(schedule.refreshAt), refreshTo_(schedule.refreshTo), stays_(schedule.staysRefreshed), next_(start) {}
  // Where the next chunk would start if numbers never went back.
  [[nodiscard]] std::int64_t next() const { return next_; }
  // The number the next chunk gets.
  [[nodiscard]] std::int64_t upcoming() const { return goesBack() ? refreshTo_ : next_; }
  // The chunk was made.
  void advance(std::int64_t frames) {
    refreshed_ = goesBack() || refreshed_;
    next_ = upcoming() + frames;
  }

 private:
  [[nodiscard]] bool goesBack() const { return refreshAt_ > 0 && (next_ >= refreshAt_ || (stays_ && refreshed_)); }
  std::int64_t refreshAt_, refreshTo_;
  bool stays_;
  bool refreshed_ = false;
  std::int64_t next_;
};

// Fresh noise of a chunk's shape for the step that comes next.
using Renoise = std::function<at::Tensor(std::int64_t step, const at::Tensor& like)>;

enum class PassKind { Denoise, Clean, Prefill, Recache };
// One finished pass, for statistics and comparison with references.
struct PassReport {
  PassKind kind = PassKind::Denoise;
  std::int64_t chunk = 0; // counted from 0; prefills and re-caches have their own counts
  std::int64_t step = 0;
  float time = 0;
  std::int64_t start = 0;    // first latent frame
  at::Tensor x, flow, clean; // clean: denoising passes only
};
using PassObserver = std::function<void(const PassReport&)>;

// [inference] All functions. After an error the cache, the position and the history are as before the call.
class ChunkLoop {
 public:
  // start: first frame of the stream (1 behind DreamID-V's reference).
  ChunkLoop(CausalNetwork& network, KvCachePolicy& cache, const FlowTransport& transport, ChunkSchedule schedule,
            std::int64_t start = 0);

  void observe(PassObserver observer) { observer_ = std::move(observer); }
  // Where the next chunk starts.
  [[nodiscard]] std::int64_t position() const { return numbers_.next(); }

  // x [B, F, C, h, w]: noise, or a latent mixed with noise. -> the clean chunk, float32. firstTime replaces the first
  // of the schedule's times from now on (StreamDiffusionV2's noise controller).
  [[nodiscard]] Result<at::Tensor> next(const at::Tensor& x, const Renoise& renoise, const std::stop_token& stop = {},
                                        std::optional<float> firstTime = std::nullopt);

  // Puts clean latents [B, F, C, h, w] in front of what comes next, as one block.
  [[nodiscard]] Result<void> prefill(const at::Tensor& clean, const std::stop_token& stop = {});

  // After the network got a new prompt: passes the last clean frames (at most historyFrames) through it once more, all
  // at once, so that the cache speaks of the new prompt. The frames see each other, without a causal mask. When it was
  // cancelled the cache is between two prompts: call it again before the next chunk.
  [[nodiscard]] Result<void> recache(bool rewriteSinks, const std::stop_token& stop = {});

  // A new stream.
  void restart(std::int64_t start = 0);

 private:
  [[nodiscard]] Result<at::Tensor> chunk(at::Tensor x, const Renoise& renoise, const std::stop_token& stop);
  [[nodiscard]] Result<at::Tensor> pass(const at::Tensor& x, float time, std::int64_t start, bool rewriteSinks,
                                        const std::stop_token& stop);
  void remember(const at::Tensor& clean);
  void tell(PassReport report) const;

  CausalNetwork& network_;
  KvCachePolicy& cache_;
  const FlowTransport& transport_;
  ChunkSchedule schedule_;
  PassObserver observer_;
  FrameNumbers numbers_;
  std::int64_t chunks_ = 0;
  std::int64_t prefills_ = 0;
  std::int64_t recaches_ = 0;
  std::deque<at::Tensor> history_; // clean chunks, oldest first
};

} // namespace kinora::inference
