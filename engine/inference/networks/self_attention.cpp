// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/networks/self_attention_p.h"

#include <utility>

#include <ATen/ATen.h>

#include "engine/inference/networks/ops_p.h"
#include "engine/inference/networks/rope_p.h"

namespace kinora::inference {
namespace {

at::Tensor rotateFront(const at::Tensor& x, const at::Tensor& phases) {
  const std::int64_t tokens = phases.size(0);
  if (tokens == x.size(1))
    return rotate(x, phases);
  return at::cat({rotate(x.narrow(1, 0, tokens), phases), x.narrow(1, tokens, x.size(1) - tokens)}, 1);
}

// The block each frame belongs to.
at::Tensor blockOf(std::int64_t frames, std::int64_t perBlock, bool firstAlone) {
  const at::Tensor index = at::arange(frames, at::TensorOptions().dtype(at::kLong));
  return firstAlone ? at::floor_divide(index + (perBlock - 1), perBlock) : at::floor_divide(index, perBlock);
}

} // namespace

FullAttention::FullAttention(at::Tensor phases, at::Tensor mask, Probe probe)
    : phases_(std::move(phases)), mask_(std::move(mask)), probe_(std::move(probe)) {}

at::Tensor FullAttention::attend(std::int64_t layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  const at::Tensor turnedQ = rotateFront(q, phases_);
  const at::Tensor turnedK = rotateFront(k, phases_);
  if (probe_ && layer == 0) {
    probe_("roped_q", turnedQ);
    probe_("roped_k", turnedK);
  }
  const std::int64_t real = phases_.size(0);
  return ops::attention(turnedQ, turnedK.narrow(1, 0, real), v.narrow(1, 0, real), mask_);
}

at::Tensor blockCausalMask(std::int64_t frames, std::int64_t perBlock, bool firstAlone, std::int64_t local) {
  const at::Tensor block = blockOf(frames, perBlock, firstAlone);
  const at::Tensor end = ((block + 1) * perBlock - (firstAlone ? perBlock - 1 : 0)).clamp_max(frames).unsqueeze(1);
  const at::Tensor key = at::arange(frames, block.options()).unsqueeze(0);
  at::Tensor mask = key < end;
  if (local >= 0)
    mask = mask & (key >= end - local);
  return mask;
}

at::Tensor teacherForcingMask(std::int64_t frames, std::int64_t perBlock) {
  const at::Tensor block = blockOf(frames, perBlock, false);
  const at::Tensor query = block.unsqueeze(1);
  const at::Tensor key = block.unsqueeze(0);
  const at::Tensor cleanRows = at::cat({key <= query, at::zeros({frames, frames}, at::kBool)}, 1);
  const at::Tensor noisyRows = at::cat({key < query, key == query}, 1);
  return at::cat({cleanRows, noisyRows}, 0);
}

at::Tensor tokenMask(const at::Tensor& frameMask, std::int64_t tokensPerFrame) {
  return frameMask.repeat_interleave(tokensPerFrame, 0).repeat_interleave(tokensPerFrame, 1);
}

} // namespace kinora::inference
