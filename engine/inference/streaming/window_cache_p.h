// SPDX-License-Identifier: Apache-2.0
// Hides a cache of sink frames and a sliding window: Self-Forcing, CausVid, LongLive, Infinite-Forcing, MotionStream,
// DreamID-V with its reference picture as the sink, and attention sinks of language models (a frame of one token).
//
// Frames have a logical order, sinks first, then the window from old to new. When the cache is full the oldest frames
// behind the sinks leave. The references move the memory; here only the order changes, and the memory of the frames
// that leave is written by the frames that come: attention does not care where a key lies.
// Source: the public Self-Forcing, Infinite-Forcing and LongLive code; MotionStream (arXiv 2511.01266);
// Xiao et al., "Efficient Streaming Language Models with Attention Sinks" (arXiv 2309.17453).
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/inference/networks/rope_p.h"
#include "engine/inference/streaming/kv_cache_policy_p.h"
#include "engine/inference/streaming/kv_store_p.h"

namespace kinora::inference {

// How keys are kept.
enum class KeyForm {
  Roped,      // turned by their frame's number: the distance to the sinks grows, and so do positions
  Unroped,    // turned when read, by their place in the logical order: positions stay below the number of slots
  RopedSinks, // sinks turned once (their places never change), the window when read: the same numbers as Unroped
};

struct WindowRules {
  std::int64_t slots = 0;    // frames attended: sinks, window and the chunk being made
  std::int64_t sinks = 0;    // first frames, never evicted
  std::int64_t chunk = 3;    // the most frames a pass of next() brings; undo memory is taken for them
  bool evict = true;         // false: a cache for a whole clip, refuses to go on when it is full
  bool protectSinks = false; // repeated passes do not touch the sinks unless told to (LongLive)
  KeyForm keys = KeyForm::Roped;

  // local: frames seen, sinks and the current chunk included.
  [[nodiscard]] static WindowRules selfForcing(std::int64_t local, std::int64_t sinks);
  [[nodiscard]] static WindowRules causVid(std::int64_t frames);
  [[nodiscard]] static WindowRules infiniteForcing(std::int64_t local, std::int64_t sinks);
  [[nodiscard]] static WindowRules longLive(std::int64_t local, std::int64_t sinks);
  // "c3s1w1" is motionStream(3, 1, 1): chunk frames, sink chunks, window chunks before the current one.
  [[nodiscard]] static WindowRules motionStream(std::int64_t chunk, std::int64_t sinkChunks, std::int64_t windowChunks);
  // The reference picture is the sink; the window holds `window` video frames.
  [[nodiscard]] static WindowRules dreamIdV(std::int64_t window);
  // A language model: the first tokens and the last ones.
  [[nodiscard]] static WindowRules attentionSinks(std::int64_t sinks, std::int64_t window);
};

class WindowCache : public KvCachePolicy {
 public:
  // shape.slots and shape.undoSlots are set from the rules. rows x columns = tokens of a frame.
  WindowCache(const WindowRules& rules, KvShape shape, const Rope& rope, std::int64_t rows, std::int64_t columns);

  [[nodiscard]] Result<void> begin(const CachedPass& pass) override;
  // A pass over the sinks alone (a reference picture, at the start or exchanged later): they see only themselves.
  [[nodiscard]] Result<void> beginSinks(std::int64_t frames);
  [[nodiscard]] at::Tensor attend(std::int64_t layer, const at::Tensor& q, const at::Tensor& k,
                                  const at::Tensor& v) override;
  void reset() override;
  void mark() override;
  void revert() override;
  void commit() override { store_.release(); }
  [[nodiscard]] std::int64_t largestChunk() const override { return rules_.chunk; }
  [[nodiscard]] std::int64_t bytes() const override { return store_.bytes(); }
  [[nodiscard]] std::int64_t largestPosition() const override { return largestPosition_; }

  // Frames seen so far, and frames held.
  [[nodiscard]] std::int64_t seen() const { return book_.seen; }
  [[nodiscard]] std::int64_t held() const { return book_.held; }
  // In logical order, [rows, slots * S, heads, d], for comparison with references.
  [[nodiscard]] at::Tensor orderedKeys(std::int64_t layer) const;
  [[nodiscard]] at::Tensor orderedValues(std::int64_t layer) const;

 private:
  struct Book {
    std::vector<std::int64_t> order; // logical place -> slot
    std::int64_t seen = 0;
    std::int64_t held = 0;
  };
  // What attend() needs, the same for all layers.
  struct Plan {
    std::int64_t start = 0, frames = 0;
    bool spare = false;              // the sinks are not written
    std::vector<std::int64_t> slots; // slot of each new frame, -1: not written
    std::int64_t attended = 0;       // slots [0, attended) are looked at
    at::Tensor newPhases;            // of the new frames
    at::Tensor keptPhases;           // of the attended slots; behind the sinks only for RopedSinks
  };
  void plan(std::int64_t firstPlace, std::int64_t frames, std::int64_t firstWritten, std::int64_t start);
  [[nodiscard]] at::Tensor phasesAt(at::IntArrayRef positions);
  [[nodiscard]] at::Tensor ordered(const at::Tensor& buffer) const;

  WindowRules rules_;
  KvStore store_;
  Rope rope_;
  std::int64_t rows_, columns_;
  Book book_, marked_;
  Plan plan_;
  std::int64_t largestPosition_ = 0;
};

} // namespace kinora::inference
