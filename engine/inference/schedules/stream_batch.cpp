// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/schedules/stream_batch_p.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/inference/schedules/schedule_p.h"

namespace kinora::inference {

Result<StreamBatch> StreamBatch::make(const StreamBatchConfig& config) {
  const auto times = lcmTimesteps(config.inferenceSteps, config.originalSteps);
  if (!times)
    return fail(times);
  const auto table = AlphaTable::make(config.betas);
  if (!table)
    return fail(table);
  const std::vector<int>& indices = config.stepIndices;
  const bool rising = std::adjacent_find(indices.begin(), indices.end(), std::greater_equal<>()) == indices.end();
  if (indices.empty() || !rising || indices.front() < 0 || indices.back() >= config.inferenceSteps)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("A stream of {} steps cannot be made: name rising step indices from 0 to {}.",
                            indices.size(), config.inferenceSteps - 1));
  if (config.pictures < 1 || config.pictures > 64)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("A stream of {} pictures a call cannot be made: choose 1 to 64.", config.pictures));
  if (!std::isfinite(config.guidanceScale) || !std::isfinite(config.delta) || !(config.timestepScaling > 0) ||
      !std::isfinite(config.timestepScaling))
    return fail(ErrorCode::InvalidArgument,
                fmt::format("A stream with guidance {}, delta {} and timestep scaling {} cannot be made: choose finite "
                            "numbers, the last above 0.",
                            config.guidanceScale, config.delta, config.timestepScaling));
  StreamBatch batch;
  batch.config_ = config;
  batch.guided_ = config.guidance != StreamGuidance::None && config.guidanceScale > 1;
  std::vector<float> signal;
  std::vector<float> noise;
  std::vector<float> skip;
  std::vector<float> out;
  for (const int index : indices) {
    const int t = (*times)[static_cast<std::size_t>(index)];
    batch.timesteps_.push_back(t);
    signal.push_back(static_cast<float>(std::sqrt((*table)[t])));
    noise.push_back(static_cast<float>(std::sqrt(1 - (*table)[t])));
    const BoundaryScaling scaling = boundaryScaling(t, config.timestepScaling);
    skip.push_back(static_cast<float>(scaling.skip));
    out.push_back(static_cast<float>(scaling.out));
  }
  batch.signal_ = at::tensor(signal, at::kFloat);
  batch.noise_ = at::tensor(noise, at::kFloat);
  batch.skip_ = at::tensor(skip, at::kFloat);
  batch.out_ = at::tensor(out, at::kFloat);

  const auto add = [&](int t, bool negative) {
    batch.rowTimesteps_.insert(batch.rowTimesteps_.end(), static_cast<std::size_t>(config.pictures), t);
    batch.rowIsNegative_.insert(batch.rowIsNegative_.end(), static_cast<std::size_t>(config.pictures), negative);
  };
  if (batch.guided_ && config.guidance == StreamGuidance::Full) {
    for (const int t : batch.timesteps_)
      add(t, true);
  } else if (batch.guided_ && config.guidance == StreamGuidance::OneTimeNegative) {
    add(batch.timesteps_.front(), true);
  }
  for (const int t : batch.timesteps_)
    add(t, false);
  return batch;
}

at::Tensor StreamBatch::rows(const at::Tensor& perStep) const {
  return perStep.to(initNoise_.options()).repeat_interleave(config_.pictures).reshape({-1, 1, 1, 1});
}

void StreamBatch::start(const at::Tensor& noise) {
  if (!noise.defined() || noise.dim() != 4 || noise.size(0) != std::int64_t{steps()} * config_.pictures)
    throw std::invalid_argument("the noise of a stream has one row for each step and picture");
  const std::int64_t pictures = config_.pictures;
  initNoise_ = noise.clone();
  nextInitNoise_ = initNoise_.roll({-pictures}, {0});
  rowSignal_ = rows(signal_);
  rowNoise_ = rows(noise_);
  rowSkip_ = rows(skip_);
  rowOut_ = rows(out_);
  const at::Tensor one = at::ones({1}, signal_.options());
  nextSignal_ = rows(at::cat({signal_.slice(0, 1), one}));
  nextNoise_ = rows(at::cat({noise_.slice(0, 1), one}));
  stock_ = at::zeros_like(initNoise_);
  batch_ = at::zeros_like(initNoise_);
  buffer_ = steps() > 1 ? at::zeros_like(initNoise_.slice(0, pictures)) : at::Tensor();
  const std::int64_t extra = static_cast<std::int64_t>(rowTimesteps_.size()) - initNoise_.size(0);
  if (extra > 0) {
    std::vector<std::int64_t> shape = initNoise_.sizes().vec();
    shape[0] += extra;
    input_ = at::zeros(shape, initNoise_.options());
  } else {
    input_ = batch_;
  }
  entered_ = false;
}

at::Tensor StreamBatch::noisy(const at::Tensor& latent) const {
  const std::int64_t pictures = config_.pictures;
  return latent * rowSignal_.slice(0, 0, pictures) + initNoise_.slice(0, 0, pictures) * rowNoise_.slice(0, 0, pictures);
}

const at::Tensor& StreamBatch::enter(const at::Tensor& noisy) {
  if (!initNoise_.defined() || entered_)
    throw std::logic_error("a stream batch takes pictures after start() and after each leave()");
  const std::int64_t pictures = config_.pictures;
  const at::Tensor fresh = batch_.slice(0, 0, pictures);
  if (noisy.sizes() != fresh.sizes())
    throw std::invalid_argument("the picture does not fit the stream's noise");
  fresh.copy_(noisy);
  if (steps() > 1) {
    batch_.slice(0, pictures).copy_(buffer_);
    // The noise of every picture moves on with it.
    stock_.copy_(at::cat({initNoise_.slice(0, 0, pictures), stock_.slice(0, 0, -pictures)}));
  }
  if (!input_.is_same(batch_)) {
    const std::int64_t extra = input_.size(0) - batch_.size(0);
    input_.slice(0, 0, extra).copy_(batch_.slice(0, 0, extra));
    input_.slice(0, extra).copy_(batch_);
  }
  entered_ = true;
  return input_;
}

at::Tensor StreamBatch::denoised(const at::Tensor& epsilon, const at::Tensor& x) const {
  return (x - epsilon * rowNoise_) / rowSignal_ * rowOut_ + x * rowSkip_;
}

at::Tensor StreamBatch::leave(const at::Tensor& epsilon) {
  if (!entered_)
    throw std::logic_error("a stream batch gives pictures after enter()");
  if (epsilon.sizes() != input_.sizes())
    throw std::invalid_argument("the network's answer does not fit the rows it was given");
  entered_ = false;
  const std::int64_t pictures = config_.pictures;
  at::Tensor prediction = epsilon;
  const bool stocked =
      config_.guidance == StreamGuidance::SelfNegative || config_.guidance == StreamGuidance::OneTimeNegative;
  if (guided_) {
    at::Tensor unconditional;
    if (config_.guidance == StreamGuidance::Full) {
      unconditional = epsilon.slice(0, 0, batch_.size(0));
      prediction = epsilon.slice(0, batch_.size(0));
    } else {
      if (config_.guidance == StreamGuidance::OneTimeNegative) {
        stock_.slice(0, 0, pictures).copy_(epsilon.slice(0, 0, pictures));
        prediction = epsilon.slice(0, pictures);
      }
      unconditional = stock_ * config_.delta;
    }
    prediction = unconditional + (prediction - unconditional) * config_.guidanceScale;
  }
  const at::Tensor clean = denoised(prediction, batch_);
  if (stocked) {
    const at::Tensor change = denoised(prediction, stock_ * rowNoise_) * nextSignal_ / nextNoise_;
    at::add_out(stock_, nextInitNoise_, change);
  }
  if (steps() > 1) {
    buffer_.copy_(clean.slice(0, 0, -pictures)).mul_(rowSignal_.slice(0, pictures));
    if (config_.addNoise)
      buffer_.addcmul_(initNoise_.slice(0, pictures), rowNoise_.slice(0, pictures));
  }
  return clean.slice(0, -pictures);
}

} // namespace kinora::inference
