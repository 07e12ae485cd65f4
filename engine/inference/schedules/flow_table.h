// SPDX-License-Identifier: Apache-2.0
// Hides the 1000-entry noise table of flow matching: sigma (share of noise, 1 down to almost 0) and timestep
// (1000 * sigma), warped by a shift.
//
// Maths: raw_i = 1 - i/1000, sigma_i = s raw_i / (1 + (s - 1) raw_i) in float32, as the published Self-Forcing
// scheduler does. The last entry is not 0: time 0 means sigma 0.0050 at shift 5.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/base/result.h"

namespace kinora::inference {

// [any] Every function; the table never changes.
class FlowTable {
 public:
  static constexpr int kSteps = 1000;

  // InvalidArgument unless shift is finite and > 0.
  [[nodiscard]] static Result<FlowTable> make(double shift);

  [[nodiscard]] double shift() const { return shift_; }
  // kSteps entries, strictly falling.
  [[nodiscard]] const std::vector<float>& sigmas() const { return sigmas_; }
  [[nodiscard]] const std::vector<float>& timesteps() const { return timesteps_; }

  // The entry whose timestep lies nearest to t, the first of two equally near ones.
  [[nodiscard]] std::size_t nearest(float t) const;
  [[nodiscard]] float sigmaOf(float t) const { return sigmas_[nearest(t)]; }

  // Training steps (1000 = pure noise … 0) as warped timesteps: timesteps()[1000 - step], and 0 for step 0.
  // InvalidArgument for a step outside 0..1000.
  [[nodiscard]] Result<std::vector<float>> warped(std::span<const int> steps) const;

  // Loss weight per entry, mean 1: a Gaussian around t = 500 minus its least value.
  [[nodiscard]] std::vector<float> trainingWeights() const;

 private:
  FlowTable() = default;
  double shift_ = 1;
  std::vector<float> sigmas_;
  std::vector<float> timesteps_;
};

} // namespace kinora::inference
