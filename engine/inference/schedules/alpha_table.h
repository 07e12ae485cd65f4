// SPDX-License-Identifier: Apache-2.0
// Hides the 1000-entry table of the variance-preserving schedules (Stable Diffusion): alpha-bar, the share of signal
// power that is left at a timestep.
//
// Maths: beta_i between start and end, linear in sqrt(beta) ("scaled linear") or in beta; alphaBar_t = prod (1 - beta).
#pragma once

#include <vector>

#include "engine/base/result.h"

namespace kinora::inference {

struct BetaConfig {
  double start = 0.00085;
  double end = 0.012;
  bool scaledLinear = true; // false: linear
};

// [any] Every function; the table never changes.
class AlphaTable {
 public:
  static constexpr int kSteps = 1000;

  // InvalidArgument unless 0 < start <= end < 1.
  [[nodiscard]] static Result<AlphaTable> make(const BetaConfig& config = {});

  // alpha-bar of timestep 0..999, strictly falling, within (0, 1).
  [[nodiscard]] double operator[](int timestep) const { return alphas_.at(static_cast<std::size_t>(timestep)); }
  [[nodiscard]] const std::vector<double>& values() const { return alphas_; }

 private:
  AlphaTable() = default;
  std::vector<double> alphas_;
};

} // namespace kinora::inference
