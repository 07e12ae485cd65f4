// SPDX-License-Identifier: Apache-2.0
// Hides which keys a transformer's query may see and at which positions: the whole clip, a mask, or a cache of earlier
// chunks (engine/inference/streaming). A network calls attend() once per layer and knows no more about it.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include <ATen/core/Tensor.h>

namespace kinora::inference {

// Receives named intermediate results; used to compare networks with their references.
using Probe = std::function<void(std::string_view name, const at::Tensor& value)>;

class SelfAttention {
 public:
  virtual ~SelfAttention() = default;
  // q, k, v of the new tokens before RoPE, [B, L, heads, d] -> [B, L, heads, d].
  [[nodiscard]] virtual at::Tensor attend(std::int64_t layer, const at::Tensor& q, const at::Tensor& k,
                                          const at::Tensor& v) = 0;
};

// All tokens see each other, or what a mask allows. Tokens behind the phases are padding: they are not turned and
// nobody sees them.
class FullAttention : public SelfAttention {
 public:
  // phases complex64 [L, d / 2]; mask undefined or bool [L, L], true where row may see column.
  explicit FullAttention(at::Tensor phases, at::Tensor mask = {}, Probe probe = {});

  [[nodiscard]] at::Tensor attend(std::int64_t layer, const at::Tensor& q, const at::Tensor& k,
                                  const at::Tensor& v) override;

 private:
  at::Tensor phases_;
  at::Tensor mask_;
  Probe probe_; // roped_q, roped_k of layer 0
};

// Masks over frames: bool [frames, frames]. Blocks of perBlock frames see themselves and everything before; with
// firstAlone the first frame is a block of its own; with local >= 0 a block sees only the last `local` frames up to its
// own end. Source: the training masks of CausVid and Self-Forcing.
[[nodiscard]] at::Tensor blockCausalMask(std::int64_t frames, std::int64_t perBlock, bool firstAlone = false,
                                         std::int64_t local = -1);
// Over [clean | noisy], 2 * frames: a clean block sees clean blocks up to itself, a noisy block sees itself and the
// clean blocks before it.
[[nodiscard]] at::Tensor teacherForcingMask(std::int64_t frames, std::int64_t perBlock);
// The same over tokens.
[[nodiscard]] at::Tensor tokenMask(const at::Tensor& frameMask, std::int64_t tokensPerFrame);

} // namespace kinora::inference
