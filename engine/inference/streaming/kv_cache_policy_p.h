// SPDX-License-Identifier: Apache-2.0
// Hides which earlier frames a causal video model still sees, where their keys lie, and which positions they have.
//
// One pass of a network: begin() says which frames come, attend() is called for every layer. The passes of one chunk
// (denoising steps and the clean pass) repeat the same frames and overwrite their keys. mark() before a chunk, then
// commit(), or revert() after a cancelled one: it leaves the cache as it was.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/result.h"
#include "engine/inference/networks/self_attention_p.h"

namespace kinora::inference {

struct CachedPass {
  std::vector<std::int64_t> starts; // first latent frame of each row, counted from the start of the stream
  std::int64_t frames = 0;          // new frames of each row
  bool rewriteSinks = false;        // may a pass over known frames replace the sinks (a new prompt)?
};

class KvCachePolicy : public SelfAttention {
 public:
  // [inference] InvalidArgument when the pass does not fit the cache, or when a cache without eviction is full.
  [[nodiscard]] virtual Result<void> begin(const CachedPass& pass) = 0;
  // Forgets everything.
  virtual void reset() = 0;
  virtual void mark() = 0;
  virtual void revert() = 0;
  virtual void commit() = 0; // what was made since mark() stays
  // The most frames one chunk may have and still be given back by revert().
  [[nodiscard]] virtual std::int64_t largestChunk() const = 0;
  // Memory taken, constant.
  [[nodiscard]] virtual std::int64_t bytes() const = 0;
  // The largest position given to a rotary embedding so far.
  [[nodiscard]] virtual std::int64_t largestPosition() const = 0;
};

} // namespace kinora::inference
