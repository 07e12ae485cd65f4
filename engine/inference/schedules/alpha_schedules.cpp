// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/inference/schedules/flow_grid_p.h"
#include "engine/inference/schedules/schedule_p.h"

namespace kinora::inference {
namespace {

struct Split {
  at::Tensor clean;   // x0
  at::Tensor epsilon; // noise
};

// What the network said, as x0 and noise at a level of signal power `alpha`.
Split split(const at::Tensor& sample, const at::Tensor& output, double alpha, Prediction prediction) {
  const double signal = std::sqrt(alpha);
  const double noise = std::sqrt(1 - alpha);
  switch (prediction) {
  case Prediction::V:
    return {sample * signal - output * noise, output * signal + sample * noise};
  case Prediction::Sample:
    return {output, (sample - output * signal) / noise};
  case Prediction::Epsilon:
    break;
  }
  return {(sample - output * noise) / signal, output};
}

float noiseLevel(double alpha) {
  return static_cast<float>(std::sqrt(1 - alpha));
}

class Ddim : public Schedule {
 public:
  Ddim(const DdimConfig& config, const AlphaTable& table) : prediction_(config.prediction), eta_(config.eta) {
    const int stride = AlphaTable::kSteps / config.steps;
    const double last = config.alphaOneAtEnd ? 1 : table[0];
    for (int i = config.steps - 1; i >= 0; --i) {
      const int t = i * stride + config.offset;
      timesteps_.push_back(static_cast<float>(t));
      from_.push_back(table[t]);
      to_.push_back(t - stride >= 0 ? table[t - stride] : last);
      sigmas_.push_back(noiseLevel(from_.back()));
    }
    sigmas_.push_back(noiseLevel(to_.back()));
  }
  [[nodiscard]] bool wantsNoise(int) const override { return eta_ > 0; }

 protected:
  at::Tensor advance(const at::Tensor& sample, const at::Tensor& output, int index, const at::Tensor& noise) override {
    const auto i = static_cast<std::size_t>(index);
    const double from = from_[i];
    const double to = to_[i];
    const double variance = (1 - to) / (1 - from) * (1 - from / to);
    const double spread = eta_ * std::sqrt(std::max(0.0, variance));
    const Split parts = split(sample, output, from, prediction_);
    const at::Tensor next =
        parts.clean * std::sqrt(to) + parts.epsilon * std::sqrt(std::max(0.0, 1 - to - spread * spread));
    return spread > 0 ? next + noise * spread : next;
  }

 private:
  Prediction prediction_;
  double eta_;
  std::vector<double> from_; // alpha-bar before each step
  std::vector<double> to_;   // and after it
};

class DdimInversion : public Schedule {
 public:
  DdimInversion(const DdimConfig& config, const AlphaTable& table) : prediction_(config.prediction) {
    const int stride = AlphaTable::kSteps / config.steps;
    const double first = config.alphaOneAtEnd ? 1 : table[0];
    for (int i = 0; i < config.steps; ++i) {
      const int t = i * stride + config.offset;
      timesteps_.push_back(static_cast<float>(t));
      from_.push_back(t - stride >= 0 ? table[t - stride] : first);
      to_.push_back(table[t]);
      sigmas_.push_back(noiseLevel(from_.back()));
    }
    sigmas_.push_back(noiseLevel(to_.back()));
  }

 protected:
  at::Tensor advance(const at::Tensor& sample, const at::Tensor& output, int index, const at::Tensor&) override {
    const auto i = static_cast<std::size_t>(index);
    const Split parts = split(sample, output, from_[i], prediction_);
    return parts.clean * std::sqrt(to_[i]) + parts.epsilon * std::sqrt(1 - to_[i]);
  }

 private:
  Prediction prediction_;
  std::vector<double> from_;
  std::vector<double> to_;
};

class Lcm : public Schedule {
 public:
  Lcm(const LcmConfig& config, const AlphaTable& table, const std::vector<int>& times)
      : prediction_(config.prediction) {
    for (const int t : times) {
      timesteps_.push_back(static_cast<float>(t));
      alphas_.push_back(table[t]);
      scalings_.push_back(boundaryScaling(t, config.timestepScaling));
      sigmas_.push_back(noiseLevel(alphas_.back()));
    }
    sigmas_.push_back(0);
  }
  [[nodiscard]] bool wantsNoise(int index) const override { return index + 1 < steps(); }

 protected:
  at::Tensor advance(const at::Tensor& sample, const at::Tensor& output, int index, const at::Tensor& noise) override {
    const auto i = static_cast<std::size_t>(index);
    const at::Tensor clean =
        split(sample, output, alphas_[i], prediction_).clean * scalings_[i].out + sample * scalings_[i].skip;
    if (!wantsNoise(index))
      return clean;
    return clean * std::sqrt(alphas_[i + 1]) + noise * std::sqrt(1 - alphas_[i + 1]);
  }

 private:
  Prediction prediction_;
  std::vector<double> alphas_;
  std::vector<BoundaryScaling> scalings_;
};

Result<AlphaTable> checkedTable(const DdimConfig& config) {
  if (auto sound = checkSteps(config.steps); !sound)
    return fail(sound);
  const int most = (config.steps - 1) * (AlphaTable::kSteps / config.steps) + config.offset;
  if (config.offset < 0 || most >= AlphaTable::kSteps)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("A schedule of {} steps with offset {} cannot be made: its timesteps leave 0..999. Choose "
                            "fewer steps or a smaller offset.",
                            config.steps, config.offset));
  if (!(config.eta >= 0 && config.eta <= 1))
    return fail(ErrorCode::InvalidArgument,
                fmt::format("A schedule with eta {} cannot be made: choose 0 to 1.", config.eta));
  return AlphaTable::make(config.betas);
}

} // namespace

ScheduleResult makeDdim(const DdimConfig& config) {
  const auto table = checkedTable(config);
  if (!table)
    return fail(table);
  return std::make_unique<Ddim>(config, *table);
}

ScheduleResult makeDdimInversion(const DdimConfig& config) {
  const auto table = checkedTable(config);
  if (!table)
    return fail(table);
  if (config.alphaOneAtEnd && config.prediction == Prediction::Sample)
    return fail(ErrorCode::InvalidArgument,
                "A DDIM inversion of a network that predicts the sample cannot start without noise: let it start at "
                "the level of timestep 0.");
  return std::make_unique<DdimInversion>(config, *table);
}

Result<std::vector<int>> lcmTimesteps(int steps, int originalSteps) {
  if (originalSteps < 1 || originalSteps > AlphaTable::kSteps || steps < 1 || steps > originalSteps)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("{} consistency steps out of {} cannot be made: choose 1 <= steps <= original steps <= "
                            "1000.",
                            steps, originalSteps));
  const int stride = AlphaTable::kSteps / originalSteps;
  std::vector<int> times;
  for (int i = 0; i < steps; ++i) {
    const int skipped = static_cast<int>(std::int64_t{i} * originalSteps / steps);
    times.push_back((originalSteps - skipped) * stride - 1);
  }
  return times;
}

BoundaryScaling boundaryScaling(int timestep, double timestepScaling) {
  constexpr double kData = 0.5;
  const double scaled = timestep * timestepScaling;
  const double power = scaled * scaled + kData * kData;
  return {kData * kData / power, scaled / std::sqrt(power)};
}

ScheduleResult makeLcm(const LcmConfig& config) {
  const auto times = lcmTimesteps(config.steps, config.originalSteps);
  if (!times)
    return fail(times);
  if (!(config.timestepScaling > 0 && config.timestepScaling <= 1e6))
    return fail(ErrorCode::InvalidArgument,
                fmt::format("A consistency schedule with timestep scaling {} cannot be made: choose more than 0.",
                            config.timestepScaling));
  const auto table = AlphaTable::make(config.betas);
  if (!table)
    return fail(table);
  return std::make_unique<Lcm>(config, *table, *times);
}

} // namespace kinora::inference
