// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/inference/schedules/flow_grid_p.h"
#include "engine/inference/schedules/flow_table.h"
#include "engine/inference/schedules/schedule_p.h"

namespace kinora::inference {
namespace {

class FlowEuler : public Schedule {
 public:
  explicit FlowEuler(const FlowEulerConfig& config) {
    const double least = shifted(1.0 / 1000, config.shift);
    for (const double raw : linearGrid(1, least, config.steps)) {
      sigmas_.push_back(static_cast<float>(shifted(raw, config.shift)));
      timesteps_.push_back(sigmas_.back() * 1000.0F);
    }
    sigmas_.push_back(0);
  }

 protected:
  at::Tensor advance(const at::Tensor& sample, const at::Tensor& output, int index, const at::Tensor&) override {
    const auto i = static_cast<std::size_t>(index);
    return sample + output * (sigmas_[i + 1] - sigmas_[i]);
  }
};

class FewStep : public Schedule {
 public:
  FewStep(const FlowTable& table, std::vector<float> times) {
    timesteps_ = std::move(times);
    for (const float t : timesteps_)
      sigmas_.push_back(table.sigmaOf(t));
    sigmas_.push_back(0);
  }
  [[nodiscard]] bool wantsNoise(int index) const override { return index + 1 < steps(); }

 protected:
  at::Tensor advance(const at::Tensor& sample, const at::Tensor& output, int index, const at::Tensor& noise) override {
    const auto i = static_cast<std::size_t>(index);
    const at::Tensor clean =
        (sample.to(at::kDouble) - output.to(at::kDouble) * static_cast<double>(sigmas_[i])).to(output.scalar_type());
    if (!wantsNoise(index))
      return clean;
    return clean * (1.0F - sigmas_[i + 1]) + noise * sigmas_[i + 1];
  }
};

} // namespace

ScheduleResult makeFlowEuler(const FlowEulerConfig& config) {
  if (auto sound = checkFlow(config.steps, config.shift); !sound)
    return fail(sound);
  return std::make_unique<FlowEuler>(config);
}

ScheduleResult makeFewStep(const FewStepConfig& config) {
  const auto table = FlowTable::make(config.shift);
  if (!table)
    return fail(table);
  auto times = table->warped(config.steps); // checks the range in both cases
  if (!times)
    return fail(times);
  if (!config.warp)
    times->assign(config.steps.begin(), config.steps.end());
  const bool falling =
      std::adjacent_find(config.steps.begin(), config.steps.end(), std::less_equal<>()) == config.steps.end();
  if (config.steps.empty() || !falling)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("A list of {} denoising steps cannot be used: name at least one, from high to low.",
                            config.steps.size()));
  return std::make_unique<FewStep>(*table, std::move(*times));
}

} // namespace kinora::inference
