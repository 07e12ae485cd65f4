// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/networks/umt5_p.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <ATen/ATen.h>

#include "engine/inference/networks/ops_p.h"

namespace kinora::inference {
namespace {

// float16 overflows in the deep layers; bfloat16 and float32 do not.
void clampHalf(at::Tensor& x) {
  if (x.scalar_type() != at::kHalf || !x.isinf().any().item<bool>())
    return;
  constexpr double kLargest = 65504.0 - 1000.0;
  x.clamp_(-kLargest, kLargest);
}

// [buckets, heads] -> [heads, L, L], entry (i, j) for query i and key j.
at::Tensor positionBias(const at::Tensor& table, std::int64_t length, const Umt5Config& config) {
  // Only the distance counts: 2L - 1 rows are looked up, then spread.
  std::vector<std::int64_t> buckets(static_cast<std::size_t>(2 * length - 1));
  for (std::int64_t i = 0; i < 2 * length - 1; ++i)
    buckets[static_cast<std::size_t>(i)] = relativePositionBucket(i - (length - 1), config.buckets, config.maxDistance);
  const at::Tensor rows = table.index_select(0, at::tensor(buckets, at::kLong).to(table.device()));
  const at::Tensor places = at::arange(length, at::TensorOptions().dtype(at::kLong).device(table.device()));
  const at::Tensor index = places.unsqueeze(0) - places.unsqueeze(1) + (length - 1); // j - i
  return rows.index_select(0, index.reshape(-1)).view({length, length, -1}).permute({2, 0, 1}).contiguous();
}

} // namespace

std::int64_t relativePositionBucket(std::int64_t distance, std::int64_t buckets, std::int64_t maxDistance) {
  const std::int64_t half = buckets / 2;
  const std::int64_t exact = half / 2; // so many near distances have a bucket of their own
  const std::int64_t base = distance > 0 ? half : 0;
  const std::int64_t far = std::abs(distance);
  if (far < exact)
    return base + far;
  // float32, as the reference: a distance on the edge of two buckets must fall to the same side.
  const float share = std::log(static_cast<float>(far) / static_cast<float>(exact)) /
                      static_cast<float>(std::log(static_cast<double>(maxDistance) / static_cast<double>(exact)));
  const auto step = static_cast<std::int64_t>(share * static_cast<float>(half - exact));
  return base + std::min(exact + step, half - 1);
}

Umt5Encoder Umt5Encoder::load(WeightTable& table, const Umt5Config& config) {
  const std::int64_t d = config.width;
  const std::int64_t a = config.attentionWidth;
  Umt5Encoder encoder;
  encoder.config = config;
  encoder.tokens = table.take("token_embedding.weight", {config.vocabulary, d});
  if (config.sharedPositions)
    encoder.sharedPositions = table.take("pos_embedding.embedding.weight", {config.buckets, config.heads});
  WeightTable blocks = table.under("blocks");
  for (std::int64_t i = 0; i < config.layers; ++i) {
    WeightTable block = blocks.under(std::to_string(i));
    Block loaded;
    loaded.norm1 = block.take("norm1.weight", {d});
    loaded.q = block.take("attn.q.weight", {a, d});
    loaded.k = block.take("attn.k.weight", {a, d});
    loaded.v = block.take("attn.v.weight", {a, d});
    loaded.o = block.take("attn.o.weight", {d, a});
    loaded.norm2 = block.take("norm2.weight", {d});
    loaded.gate = block.take("ffn.gate.0.weight", {config.feedForward, d});
    loaded.fc1 = block.take("ffn.fc1.weight", {config.feedForward, d});
    loaded.fc2 = block.take("ffn.fc2.weight", {d, config.feedForward});
    if (!config.sharedPositions)
      loaded.positions = block.take("pos_embedding.embedding.weight", {config.buckets, config.heads});
    encoder.blocks.push_back(std::move(loaded));
  }
  encoder.norm = table.take("norm.weight", {d});
  return encoder;
}

at::Tensor Umt5Encoder::forward(const at::Tensor& ids, const at::Tensor& mask, Umt5Trace* trace) const {
  const std::int64_t batch = ids.size(0);
  const std::int64_t length = ids.size(1);
  const std::int64_t headSize = config.attentionWidth / config.heads;
  at::Tensor x = at::embedding(tokens, ids.to(tokens.device())); // [B, L, D]
  if (trace)
    trace->embeddings = x;
  // A key that does not count gets the lowest score there is. Nothing is hidden when every token counts.
  const double lowest = x.scalar_type() == at::kHalf       ? -65504.0
                        : x.scalar_type() == at::kBFloat16 ? -3.3895313892515355e38
                                                           : std::numeric_limits<float>::lowest();
  at::Tensor hidden;
  if (!mask.all().item<bool>())
    hidden = mask.to(x.device()).eq(0).view({batch, 1, 1, length});
  at::Tensor bias = sharedPositions.defined() ? positionBias(sharedPositions, length, config) : at::Tensor();
  for (const Block& block : blocks) {
    if (block.positions.defined())
      bias = positionBias(block.positions, length, config); // [H, L, L]
    if (trace && !trace->firstBias.defined())
      trace->firstBias = bias;
    at::Tensor n = ops::rmsNorm(x, block.norm1, config.epsilon);
    const auto heads = [&](const at::Tensor& weight) {
      return ops::linear(n, weight).view({batch, length, config.heads, headSize});
    };
    at::Tensor added = bias.unsqueeze(0); // to the scores
    if (hidden.defined())
      added = added.masked_fill(hidden, lowest);
    // No 1/sqrt(head size): UMT5 has it in its weights.
    const at::Tensor mixed = ops::attention(heads(block.q), heads(block.k), heads(block.v), added, 1.0)
                                 .reshape({batch, length, config.attentionWidth});
    x = x + ops::linear(mixed, block.o);
    clampHalf(x);
    n = ops::rmsNorm(x, block.norm2, config.epsilon);
    x = x + ops::linear(ops::linear(n, block.fc1) * ops::geluTanh(ops::linear(n, block.gate)), block.fc2);
    clampHalf(x);
    if (trace)
      trace->blockOut.push_back(x);
  }
  return ops::rmsNorm(x, norm, config.epsilon);
}

at::Tensor Umt5Encoder::encode(const std::vector<std::int64_t>& ids) const {
  const at::Tensor row = at::tensor(ids, at::kLong).unsqueeze(0);
  return forward(row, at::ones_like(row)).squeeze(0);
}

at::Tensor zeroPaddedPrompt(const at::Tensor& rows, std::int64_t length) {
  at::Tensor padded = at::zeros({length, rows.size(1)}, rows.options());
  const std::int64_t count = std::min(length, rows.size(0));
  padded.narrow(0, 0, count).copy_(rows.narrow(0, 0, count));
  return padded;
}

} // namespace kinora::inference
