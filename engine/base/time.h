// SPDX-License-Identifier: Apache-2.0
// Time without rounding: an integer count of 1/705 600 000 s, which divides every common frame and sample rate.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace kinora {

inline constexpr std::int64_t kTicksPerSecond = 705'600'000;

// A span of time in ticks; may be negative.
struct Duration {
  std::int64_t ticks = 0;

  static constexpr Duration zero() { return {}; }
  // Nearest tick; values beyond about ±13 000 000 000 s saturate, NaN gives zero.
  static Duration fromSeconds(double seconds);
  [[nodiscard]] constexpr double seconds() const {
    return static_cast<double>(ticks) / static_cast<double>(kTicksPerSecond);
  }

  friend constexpr auto operator<=>(Duration, Duration) = default;
  friend constexpr Duration operator+(Duration a, Duration b) { return {a.ticks + b.ticks}; }
  friend constexpr Duration operator-(Duration a, Duration b) { return {a.ticks - b.ticks}; }
  friend constexpr Duration operator*(Duration a, std::int64_t n) { return {a.ticks * n}; }
  constexpr Duration operator-() const { return {-ticks}; }
};

// A point on a time line, counted from that line's start.
struct Time {
  std::int64_t ticks = 0;

  static Time fromSeconds(double seconds) { return {Duration::fromSeconds(seconds).ticks}; }
  [[nodiscard]] constexpr double seconds() const { return Duration{ticks}.seconds(); }

  friend constexpr auto operator<=>(Time, Time) = default;
  friend constexpr Time operator+(Time t, Duration d) { return {t.ticks + d.ticks}; }
  friend constexpr Time operator-(Time t, Duration d) { return {t.ticks - d.ticks}; }
  friend constexpr Duration operator-(Time a, Time b) { return {a.ticks - b.ticks}; }
};

// Frames per second as a fraction. Valid when 0 < num, den and 1/100 <= rate <= 1000.
struct FrameRate {
  std::int32_t num = 24;
  std::int32_t den = 1;

  [[nodiscard]] bool isValid() const;
  [[nodiscard]] constexpr double hertz() const { return static_cast<double>(num) / static_cast<double>(den); }
  // Index of the frame that is shown at t: frame n covers [timeOf(n), timeOf(n + 1)).
  [[nodiscard]] std::int64_t frameAt(Time t) const;
  // First tick of frame n, rounded up, so that frameAt(timeOf(n)) == n for every rate.
  [[nodiscard]] Time timeOf(std::int64_t frame) const;
  // Number of frames whose start lies in [0, d).
  [[nodiscard]] std::int64_t framesIn(Duration d) const;
  [[nodiscard]] Duration frameDuration() const { return timeOf(1) - Time{}; }

  friend constexpr bool operator==(FrameRate, FrameRate) = default;
};

// Half open: start <= t < start + length.
struct TimeRange {
  Time start;
  Duration length;

  [[nodiscard]] constexpr Time end() const { return start + length; }
  [[nodiscard]] constexpr bool contains(Time t) const { return start <= t && t < end(); }
  friend constexpr bool operator==(TimeRange, TimeRange) = default;
};

// "00:00:02:03": hours, minutes, seconds, frames (non-drop, rounded frame rate).
[[nodiscard]] std::string timecode(Time t, FrameRate rate);

} // namespace kinora
