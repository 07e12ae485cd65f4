// SPDX-License-Identifier: Apache-2.0
// Hides the partition of a moving buffer (StreamDiT, Kodaira et al. 2025): K clean reference frames, then N chunks of c
// frames whose noise rises with their place. A round of s micro steps makes the oldest chunk clean; it leaves (and
// becomes reference), the others move up, new noise enters. Every frame sees T = s N steps in all.
//
// A stream starts with noise in every place: the first N - 1 chunks that leave did not see all steps and are dropped.
// c = B, s = 1 is ordinary denoising with one step; c = 1, s = 1 the diagonal of FIFO-Diffusion.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/base/result.h"

namespace kinora::inference {

struct MovingBufferConfig {
  int referenceFrames = 0; // K
  int chunks = 4;          // N
  int chunkFrames = 4;     // c
  int microSteps = 1;      // s
  double shift = 1;        // of the flow schedule
};

// The table of the partition. [any] Every function.
class MovingBuffer {
 public:
  // InvalidArgument for counts below 1 (K below 0), more than 1000 steps or 4096 frames, shift <= 0.
  [[nodiscard]] static Result<MovingBuffer> make(const MovingBufferConfig& config);

  [[nodiscard]] int frames() const { return config_.referenceFrames + config_.chunks * config_.chunkFrames; } // B
  [[nodiscard]] int totalSteps() const { return config_.chunks * config_.microSteps; }                        // T
  // Noise level of each step, T + 1 numbers from 1 to 0.
  [[nodiscard]] const std::vector<float>& sigmas() const { return sigmas_; }
  // Noise level of each frame before micro step m of a round (m = s: after the last); reference frames 0.
  [[nodiscard]] std::vector<float> frameSigmas(int micro) const;

  // One Euler step of all frames: buffer [frames, …] and flow of its shape; in place.
  void step(at::Tensor& buffer, const at::Tensor& flow, int micro) const;
  // After the last micro step: gives a copy of the chunk that is clean now, moves the others up, the newest clean
  // frames into the reference, and puts noise [c, …] at the end; in place.
  [[nodiscard]] at::Tensor advance(at::Tensor& buffer, const at::Tensor& noise) const;

 private:
  MovingBuffer() = default;
  MovingBufferConfig config_;
  std::vector<float> sigmas_;
};

} // namespace kinora::inference
