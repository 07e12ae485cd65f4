// SPDX-License-Identifier: Apache-2.0
// Hides the stream batch of StreamDiffusionV2: all denoising steps of neighbouring chunks in one pass, each row one
// step further than the row before it, so that every tick costs one pass and gives one chunk.
//
// Source: the public StreamDiffusionV2 code (arXiv 2511.07399). A chunk that enters at tick k leaves at tick
// k + rows - 1. Rows that hold nothing yet are computed, as the reference does; their keys are overwritten in place.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/inference/schedules/flow_transport_p.h"
#include "engine/inference/streaming/causal_network_p.h"
#include "engine/inference/streaming/chunk_loop_p.h"
#include "engine/inference/streaming/ring_cache_p.h"

namespace kinora::inference {

class CausalBatch {
 public:
  // One row for each of schedule.times; the clean pass is not made. framesPerTick: latent frames of a chunk behind the
  // first. All must outlive the batch.
  CausalBatch(CausalNetwork& network, RingCache& cache, const FlowTransport& transport, ChunkSchedule schedule,
              std::int64_t framesPerTick = 1);

  // [inference] The first chunk [1, F, C, h, w], noise-mixed, goes through all steps alone -> clean; then the rows are
  // filled from it.
  [[nodiscard]] Result<at::Tensor> prepare(const at::Tensor& x, const Renoise& renoise,
                                           const std::stop_token& stop = {});
  // [inference] A further chunk [1, F, C, h, w], noise-mixed, told to the model as firstTime. -> the chunk that leaves,
  // or nothing while the rows fill. After an error everything is as before the call.
  [[nodiscard]] Result<std::optional<at::Tensor>> tick(const at::Tensor& x, float firstTime, const Renoise& renoise,
                                                       const std::stop_token& stop = {});

  // [rows, F, C, h, w]: noisy latents of the rows; the last one is what left.
  [[nodiscard]] const at::Tensor& rows() const { return rows_; }
  // Flow of the last tick, [rows, F, C, h, w].
  [[nodiscard]] const at::Tensor& lastFlow() const { return flow_; }
  [[nodiscard]] const std::vector<std::int64_t>& starts() const { return starts_; }
  // The frame number of the next chunk.
  [[nodiscard]] std::int64_t position() const { return numbers_.next(); }
  void observePreparation(PassObserver observer) { first_.observe(std::move(observer)); }

 private:
  CausalNetwork& network_;
  RingCache& cache_;
  const FlowTransport& transport_;
  ChunkSchedule schedule_;
  ChunkLoop first_;
  at::Tensor rows_, flow_;
  at::Tensor times_; // [rows, F] float32
  std::vector<std::int64_t> starts_;
  std::int64_t framesPerTick_ = 1;
  FrameNumbers numbers_;
  std::int64_t ticks_ = 0;
};

} // namespace kinora::inference
