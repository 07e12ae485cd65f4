// SPDX-License-Identifier: Apache-2.0
#include "engine/base/time.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace kinora {
namespace {

__extension__ typedef __int128 Wide; // ticks * rate does not fit 64 bits for long projects

std::int64_t clampToInt64(Wide v) {
  constexpr auto lo = static_cast<Wide>(std::numeric_limits<std::int64_t>::min());
  constexpr auto hi = static_cast<Wide>(std::numeric_limits<std::int64_t>::max());
  return static_cast<std::int64_t>(std::clamp(v, lo, hi));
}

Wide floorDiv(Wide a, Wide b) {
  const Wide q = a / b;
  return (a % b != 0 && (a < 0) != (b < 0)) ? q - 1 : q;
}

} // namespace

Duration Duration::fromSeconds(double seconds) {
  if (std::isnan(seconds))
    return {};
  const double ticks = std::nearbyint(seconds * static_cast<double>(kTicksPerSecond));
  constexpr double limit = 9.2e18;
  return {static_cast<std::int64_t>(std::clamp(ticks, -limit, limit))};
}

bool FrameRate::isValid() const {
  return num > 0 && den > 0 && static_cast<std::int64_t>(num) * 100 >= den &&
         static_cast<std::int64_t>(num) <= static_cast<std::int64_t>(den) * 1000;
}

std::int64_t FrameRate::frameAt(Time t) const {
  return clampToInt64(floorDiv(static_cast<Wide>(t.ticks) * num, static_cast<Wide>(kTicksPerSecond) * den));
}

Time FrameRate::timeOf(std::int64_t frame) const {
  const Wide n = static_cast<Wide>(frame) * den * kTicksPerSecond;
  return {clampToInt64(-floorDiv(-n, num))};
}

std::int64_t FrameRate::framesIn(Duration d) const {
  return d.ticks <= 0 ? 0 : frameAt(Time{d.ticks - 1}) + 1;
}

std::string timecode(Time t, FrameRate rate) {
  const std::int64_t perSecond = std::max<std::int64_t>(1, std::llround(rate.hertz()));
  std::int64_t frame = rate.frameAt(t);
  const char* sign = "";
  if (frame < 0) {
    sign = "-";
    frame = -frame;
  }
  const std::int64_t seconds = frame / perSecond;
  return fmt::format("{}{:02}:{:02}:{:02}:{:02}", sign, seconds / 3600, seconds / 60 % 60, seconds % 60,
                     frame % perSecond);
}

} // namespace kinora
