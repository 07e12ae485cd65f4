// SPDX-License-Identifier: Apache-2.0
// Hides the UMT5 encoder: token ids in, one vector a token out. Wan's models are told what to show by these vectors.
//
// Source of the maths: the public Wan 2.1 text encoder (keys as in models_t5_umt5-xxl-enc-bf16) and UMT5.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/inference/weights/weight_table_p.h"

namespace kinora::inference {

struct Umt5Config { // the defaults are UMT5-XXL: 242 tensors, 5,680,910,336 parameters
  std::int64_t vocabulary = 256384;
  std::int64_t width = 4096;
  std::int64_t attentionWidth = 4096; // heads * head size
  std::int64_t feedForward = 10240;
  std::int64_t heads = 64;
  std::int64_t layers = 24;
  std::int64_t buckets = 32;      // of relative positions, half of them for each direction
  std::int64_t maxDistance = 128; // tokens; everything further shares the last bucket
  bool sharedPositions = false;   // one table of relative positions for all layers
  double epsilon = 1e-6;
};

// What lies between ids and result, for replaying golden cases.
struct Umt5Trace {
  at::Tensor embeddings;            // [B, L, D]
  at::Tensor firstBias;             // [heads, L, L], block 0
  std::vector<at::Tensor> blockOut; // [B, L, D] each
};

struct Umt5Encoder {
  struct Block {
    at::Tensor norm1, q, k, v, o; // [D]; [A, D] three times; [D, A]
    at::Tensor norm2;             // [D]
    at::Tensor gate, fc1, fc2;    // [F, D] twice; [D, F]
    at::Tensor positions;         // [buckets, heads], undefined when shared
  };

  Umt5Config config;
  at::Tensor tokens; // [V, D]
  at::Tensor sharedPositions;
  std::vector<Block> blocks;
  at::Tensor norm; // [D]

  [[nodiscard]] static Umt5Encoder load(WeightTable& table, const Umt5Config& config = {});

  // ids [B, L] int64, mask [B, L] int64 (1 where a token counts) -> [B, L, D] in the type of the weights. Rows past a
  // prompt's length hold numbers that mean nothing.
  [[nodiscard]] at::Tensor forward(const at::Tensor& ids, const at::Tensor& mask, Umt5Trace* trace = nullptr) const;

  // The embeddings of one prompt, without padding: ids [n] -> [n, D]. Equal to the first n rows of forward() on padded
  // ids, for n/512 of its work.
  [[nodiscard]] at::Tensor encode(const std::vector<std::int64_t>& ids) const;
};

// What Wan's transformers take: rows [n, D] below `length` slots, the rest zero -> [length, D].
[[nodiscard]] at::Tensor zeroPaddedPrompt(const at::Tensor& rows, std::int64_t length);

// Bucket of the distance key - query, 0 <= bucket < buckets.
[[nodiscard]] std::int64_t relativePositionBucket(std::int64_t distance, std::int64_t buckets,
                                                  std::int64_t maxDistance);

} // namespace kinora::inference
