// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/schedules/flow_table.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

namespace kinora::inference {

Result<FlowTable> FlowTable::make(double shift) {
  if (!std::isfinite(shift) || shift <= 0)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("A noise schedule with shift {} cannot be made: choose a shift above 0.", shift));
  FlowTable table;
  table.shift_ = shift;
  table.sigmas_.reserve(kSteps);
  table.timesteps_.reserve(kSteps);
  const float step = 1.0F / kSteps;
  const auto s = static_cast<float>(shift);
  const auto less = static_cast<float>(shift - 1);
  for (int i = 0; i < kSteps; ++i) {
    // Counted from the nearer end, which keeps both halves exact in float32.
    const float raw = 2 * i <= kSteps ? 1.0F - step * static_cast<float>(i) : step * static_cast<float>(kSteps - i);
    table.sigmas_.push_back(s * raw / (1.0F + less * raw));
    table.timesteps_.push_back(table.sigmas_.back() * 1000.0F);
  }
  for (int i = 1; i < kSteps; ++i) {
    if (!(table.sigmas_[i] < table.sigmas_[i - 1]) || table.sigmas_[i] <= 0)
      return fail(ErrorCode::InvalidArgument,
                  fmt::format("A noise schedule with shift {} cannot be made: its entries cannot be told apart in "
                              "float32. Choose a shift between 0.01 and 100.",
                              shift));
  }
  return table;
}

std::size_t FlowTable::nearest(float t) const {
  std::size_t best = 0;
  float least = std::abs(timesteps_[0] - t);
  for (std::size_t i = 1; i < timesteps_.size(); ++i) {
    const float distance = std::abs(timesteps_[i] - t);
    if (distance < least) {
      least = distance;
      best = i;
    }
  }
  return best;
}

Result<std::vector<float>> FlowTable::warped(std::span<const int> steps) const {
  std::vector<float> times;
  times.reserve(steps.size());
  for (const int step : steps) {
    if (step < 0 || step > kSteps)
      return fail(ErrorCode::InvalidArgument,
                  fmt::format("A list of denoising steps holds {}: every step lies between 0 and 1000.", step));
    times.push_back(step == 0 ? 0.0F : timesteps_[static_cast<std::size_t>(kSteps - step)]);
  }
  return times;
}

std::vector<float> FlowTable::trainingWeights() const {
  std::vector<double> bell;
  bell.reserve(timesteps_.size());
  for (const float t : timesteps_) {
    const double from = (t - 500.0) / 1000.0;
    bell.push_back(std::exp(-2 * from * from));
  }
  const double least = *std::min_element(bell.begin(), bell.end());
  for (double& w : bell)
    w -= least;
  const double scale = kSteps / std::accumulate(bell.begin(), bell.end(), 0.0);
  std::vector<float> weights;
  weights.reserve(bell.size());
  for (const double w : bell)
    weights.push_back(static_cast<float>(w * scale));
  return weights;
}

} // namespace kinora::inference
