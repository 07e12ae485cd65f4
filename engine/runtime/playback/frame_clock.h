// SPDX-License-Identifier: Apache-2.0
// Which frame is due at which moment: absolute deadlines from one anchor, so that errors never add up.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>

#include "engine/base/time.h"
#include "engine/runtime/plan/plan.h"

namespace kinora::runtime {

class FrameClock {
 public:
  using Steady = std::chrono::steady_clock;

  void play(Steady::time_point now, std::int64_t frame, double speed, FrameRate rate) {
    anchor_ = now;
    anchorFrame_ = frame;
    speed_ = speed;
    rate_ = rate;
  }
  // Frames since the anchor, in the direction of play; grows by speed * rate a second.
  [[nodiscard]] std::int64_t elapsed(Steady::time_point now) const {
    const std::chrono::duration<double> passed = now - anchor_;
    // A whisker of tolerance: a wake-up at the deadline counts as having reached it.
    return static_cast<std::int64_t>(std::floor(passed.count() * std::abs(speed_) * rate_.hertz() + 1e-4));
  }
  // When the n-th frame after the anchor is due.
  [[nodiscard]] Steady::time_point due(std::int64_t n) const {
    const double seconds = static_cast<double>(n) / (std::abs(speed_) * rate_.hertz());
    return anchor_ + std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(seconds));
  }
  // Frame of the timeline n steps after the anchor: round and round when looping, else up to the end.
  [[nodiscard]] std::int64_t frame(std::int64_t n, FrameRange range, bool loop) const {
    const std::int64_t plain = anchorFrame_ + (speed_ < 0 ? -n : n);
    if (range.count() <= 0)
      return 0;
    if (!loop)
      return plain < range.first ? range.first : (plain >= range.end ? range.end - 1 : plain);
    const std::int64_t offset = (plain - range.first) % range.count();
    return range.first + (offset < 0 ? offset + range.count() : offset);
  }
  // True when the n-th frame lies past the end of a range that is not looped.
  [[nodiscard]] bool isPastEnd(std::int64_t n, FrameRange range) const {
    const std::int64_t plain = anchorFrame_ + (speed_ < 0 ? -n : n);
    return plain < range.first || plain >= range.end;
  }

 private:
  Steady::time_point anchor_{};
  std::int64_t anchorFrame_ = 0;
  double speed_ = 1;
  FrameRate rate_;
};

} // namespace kinora::runtime
