// SPDX-License-Identifier: Apache-2.0
// The one currency for sound: planar float samples in [-1, 1] with rate and time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "engine/base/time.h"

namespace kinora {

// [any] Immutable and cheap to copy.
class AudioBlock {
 public:
  AudioBlock() = default;
  // samples: channel after channel, channels * frames values.
  AudioBlock(std::vector<float> samples, std::int32_t channels, std::int32_t sampleRate, Time time)
      : samples_(std::make_shared<const std::vector<float>>(std::move(samples))), channels_(channels),
        sampleRate_(sampleRate), time_(time) {}

  [[nodiscard]] bool isNull() const { return !samples_; }
  [[nodiscard]] std::int32_t channels() const { return channels_; }
  [[nodiscard]] std::int32_t sampleRate() const { return sampleRate_; }
  [[nodiscard]] Time time() const { return time_; }
  [[nodiscard]] std::size_t frames() const {
    return channels_ > 0 && samples_ ? samples_->size() / static_cast<std::size_t>(channels_) : 0;
  }
  [[nodiscard]] std::span<const float> channel(std::int32_t c) const {
    return {samples_->data() + static_cast<std::size_t>(c) * frames(), frames()};
  }

 private:
  std::shared_ptr<const std::vector<float>> samples_;
  std::int32_t channels_ = 0;
  std::int32_t sampleRate_ = 0;
  Time time_;
};

} // namespace kinora
