// SPDX-License-Identifier: Apache-2.0
// Hides how point tracks become latent-like channels: every track writes the embedding of its id into the cell it
// passes, frame by frame; four pixel frames are folded into a latent frame.
//
// Source: MotionStream (arXiv 2511.01266) and the public WanTrack encoder of FastVideo. Nothing drawn means zeros, so a
// head without biases says "no wish" where no track is.
#pragma once

#include <cstdint>
#include <utility>

#include <ATen/core/Tensor.h>

#include "engine/inference/weights/weight_table_p.h"

namespace kinora::inference {

struct TrackHeadConfig {
  std::int64_t idDim = 64;
  std::int64_t channels = 16;
  std::int64_t framesPerLatent = 4;
  std::int64_t maxTrackId = 100000;
  bool bias = false;
};

// The points of N tracks in T pixel frames.
struct TrackPoints {
  at::Tensor positions;  // [B, T, N, 2] x and y in 0..1, outside is moved to the border
  at::Tensor visibility; // [B, T, N] weight of a point: 1 visible, 0 hidden
  at::Tensor ids;        // [B, N] int64 in 0..maxTrackId; undefined: 0..N-1
};

struct TrackHead {
  [[nodiscard]] static TrackHead load(WeightTable& table, const TrackHeadConfig& config);

  // [cos | sin] of the angles in float32, as the reference has them: ids [..] -> [.., idDim].
  [[nodiscard]] at::Tensor embedIds(const at::Tensor& ids) const;
  // [B, idDim, T, height, width], zero where no point is; points in the same cell add up.
  [[nodiscard]] at::Tensor denseMap(const TrackPoints& points, std::int64_t height, std::int64_t width) const;
  // The latent frames of these pixel frames: [B, channels, ceil(T / 4), height, width]. At the start of a clip the
  // first pixel frame alone makes the first latent frame (three frames of zeros come before it); later T is a multiple
  // of 4.
  [[nodiscard]] at::Tensor forward(const TrackPoints& points, std::int64_t height, std::int64_t width,
                                   bool startOfClip) const;
  // The pixel frames [first, second) that latent frames [latent, latent + count) need: no future frame.
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> pixelFrames(std::int64_t latent, std::int64_t count) const;
  // forward() of a window cut out of a whole clip.
  [[nodiscard]] at::Tensor window(const TrackPoints& clip, std::int64_t latent, std::int64_t count, std::int64_t height,
                                  std::int64_t width) const;

  TrackHeadConfig config;
  at::Tensor fold;     // temporal_conv [channels, idDim, 4, 1, 1]
  at::Tensor foldBias; // undefined without biases
  at::Tensor mix;      // proj [channels, channels, 1, 1, 1]
  at::Tensor mixBias;

 private:
  [[nodiscard]] at::Tensor cells(const TrackPoints& points, std::int64_t height, std::int64_t width) const; // [B, T, N]
  [[nodiscard]] at::Tensor idsOf(const TrackPoints& points) const;                                          // [B, N]
};

} // namespace kinora::inference
