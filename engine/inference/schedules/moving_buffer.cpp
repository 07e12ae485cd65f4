// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/schedules/moving_buffer_p.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/inference/schedules/flow_grid_p.h"

namespace kinora::inference {

Result<MovingBuffer> MovingBuffer::make(const MovingBufferConfig& config) {
  const auto within = [](int value, int least, int most) { return value >= least && value <= most; };
  if (!within(config.referenceFrames, 0, 4096) || !within(config.chunks, 1, 1000) ||
      !within(config.chunkFrames, 1, 4096) || !within(config.microSteps, 1, 1000) ||
      config.referenceFrames + std::int64_t{config.chunks} * config.chunkFrames > 4096)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("A moving buffer of {} reference frames and {} chunks of {} frames with {} steps each "
                            "cannot be made: choose at least one of each and at most 4096 frames.",
                            config.referenceFrames, config.chunks, config.chunkFrames, config.microSteps));
  const std::int64_t total = std::int64_t{config.chunks} * config.microSteps;
  if (auto sound = checkFlow(static_cast<int>(std::min<std::int64_t>(total, 1001)), config.shift); !sound)
    return fail(sound);
  MovingBuffer buffer;
  buffer.config_ = config;
  for (const double raw : linearGrid(1, 0, static_cast<int>(total) + 1))
    buffer.sigmas_.push_back(static_cast<float>(shifted(raw, config.shift)));
  buffer.sigmas_.back() = 0;
  return buffer;
}

std::vector<float> MovingBuffer::frameSigmas(int micro) const {
  if (micro < 0 || micro > config_.microSteps)
    throw std::invalid_argument(fmt::format("a round has no micro step {}", micro));
  std::vector<float> levels(static_cast<std::size_t>(config_.referenceFrames), 0.0F);
  for (int chunk = 0; chunk < config_.chunks; ++chunk) {
    const int step = (config_.chunks - 1 - chunk) * config_.microSteps + micro;
    levels.insert(levels.end(), static_cast<std::size_t>(config_.chunkFrames), sigmas_[static_cast<std::size_t>(step)]);
  }
  return levels;
}

void MovingBuffer::step(at::Tensor& buffer, const at::Tensor& flow, int micro) const {
  if (buffer.size(0) != frames() || flow.sizes() != buffer.sizes())
    throw std::invalid_argument("the moving buffer has another shape");
  const std::vector<float> before = frameSigmas(micro);
  const std::vector<float> after = frameSigmas(micro + 1);
  for (int frame = config_.referenceFrames; frame < frames(); frame += config_.chunkFrames) {
    const auto i = static_cast<std::size_t>(frame);
    buffer.narrow(0, frame, config_.chunkFrames)
        .add_(flow.narrow(0, frame, config_.chunkFrames), static_cast<double>(after[i]) - before[i]);
  }
}

at::Tensor MovingBuffer::advance(at::Tensor& buffer, const at::Tensor& noise) const {
  const std::int64_t chunk = config_.chunkFrames;
  if (buffer.size(0) != frames() || noise.size(0) != chunk)
    throw std::invalid_argument("the moving buffer or the noise that enters it has another length");
  at::Tensor finished = buffer.narrow(0, config_.referenceFrames, chunk).clone();
  buffer.narrow(0, 0, frames() - chunk).copy_(buffer.narrow(0, chunk, frames() - chunk).clone());
  buffer.narrow(0, frames() - chunk, chunk).copy_(noise);
  return finished;
}

} // namespace kinora::inference
