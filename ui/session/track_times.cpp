// SPDX-License-Identifier: Apache-2.0
#include "ui/session/track_times.h"

#include <optional>
#include <utility>

namespace kinora::ui {

Time shownTime(const document::Track& track, Duration recorded) {
  if (track.duration.ticks <= 0 || track.easing.isLinear())
    return track.start + recorded;
  const double wanted = static_cast<double>(recorded.ticks) / static_cast<double>(track.duration.ticks);
  double low = 0;
  double high = 1;
  for (int i = 0; i < 50; ++i) {
    const double middle = (low + high) / 2;
    (track.easing.at(middle) < wanted ? low : high) = middle;
  }
  return track.start + Duration::fromSeconds(track.duration.seconds() * (low + high) / 2);
}

std::vector<TimeRange> hiddenSpans(const document::Track& track) {
  std::vector<TimeRange> spans;
  std::optional<Time> from;
  for (const document::TrackPoint& point : track.points) {
    if (!point.visible && !from)
      from = shownTime(track, point.at);
    if (point.visible && from) {
      const Time start = *std::exchange(from, std::nullopt);
      spans.push_back({start, shownTime(track, point.at) - start});
    }
  }
  if (from)
    spans.push_back({*from, track.start + track.duration - *from});
  return spans;
}

} // namespace kinora::ui
