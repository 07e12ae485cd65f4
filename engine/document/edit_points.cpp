// SPDX-License-Identifier: Apache-2.0
// Edits of a track's points.
#include "engine/document/edit_p.h"

#include <cmath>

#include "engine/document/points_p.h"
#include "engine/document/timing_p.h"

namespace kinora::document {

void setTimes(std::vector<TrackPoint>& points, const std::vector<std::int64_t>& wanted, Duration duration) {
  KINORA_CHECK(points.size() == wanted.size());
  const auto count = static_cast<std::int64_t>(points.size());
  KINORA_CHECK(duration.ticks + 1 >= count);
  std::int64_t least = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    // Room is kept for the points that follow.
    const std::int64_t most = duration.ticks - (count - 1 - i);
    const auto index = static_cast<std::size_t>(i);
    points[index].at.ticks = std::clamp(wanted[index], least, most);
    least = points[index].at.ticks + 1;
  }
}

Result<void> stretch(Track& track, Duration duration) {
  if (duration.ticks + 1 < static_cast<std::int64_t>(track.points.size()))
    return edit::refuse(fmt::format("The track “{}” has {} points, too many for a duration of {} s.", track.name,
                                    track.points.size(), duration.seconds()));
  const Duration old = track.duration;
  track.duration = duration;
  if (old == duration || old.ticks == 0)
    return {};
  const double factor = static_cast<double>(duration.ticks) / static_cast<double>(old.ticks);
  std::vector<std::int64_t> wanted;
  wanted.reserve(track.points.size());
  for (const TrackPoint& p : track.points)
    wanted.push_back(p.at == old ? duration.ticks : std::llround(static_cast<double>(p.at.ticks) * factor));
  setTimes(track.points, wanted, duration);
  return {};
}

namespace edit {
namespace {

// Sorted, without repeats, all of them there.
Result<std::vector<std::size_t>> checkedIndices(const Track& track, std::span<const std::size_t> points) {
  std::vector<std::size_t> indices(points.begin(), points.end());
  std::sort(indices.begin(), indices.end());
  indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
  if (!indices.empty() && indices.back() >= track.points.size())
    return fail(ErrorCode::NotFound, fmt::format("The track “{}” has {} points; there is no point {}.", track.name,
                                                 track.points.size(), indices.back() + 1));
  return indices;
}

// A point at this time with the place that the path has there; replaces one that is there already.
std::size_t pinDown(Track& track, Duration at, bool visible) {
  TrackPoint point = pointAt(track, at);
  point.visible = visible;
  const auto place = std::lower_bound(track.points.begin(), track.points.end(), at,
                                      [](const TrackPoint& p, Duration d) { return p.at < d; });
  const auto index = static_cast<std::size_t>(place - track.points.begin());
  if (place != track.points.end() && place->at == at)
    *place = point;
  else
    track.points.insert(place, point);
  return index;
}

bool staysPut(const Track& track) {
  return std::all_of(track.points.begin(), track.points.end(),
                     [&](const TrackPoint& p) { return p.position == track.points.front().position; });
}

// A track that stays in one place has no timing of its own: it may start earlier and last longer to hold the range.
void makeRoom(Track& track, TimeRange range) {
  track.easing = {};
  if (range.start <= track.start) {
    const Duration earlier = track.start - Time{};
    for (TrackPoint& p : track.points)
      p.at = p.at + earlier;
    track.duration = track.duration + earlier;
    track.start = {};
  }
  track.duration = std::max(track.duration, range.end() - track.start);
}

} // namespace

Result<DocumentPtr> moveTracks(Doc doc, TakeId take, std::span<const TrackId> ids, Point by) {
  if (!rules::isFinite(by))
    return refuse("Tracks cannot be moved by something that is not a number.");
  return changeTake(doc, take, [&](Take& t) -> Result<void> {
    const auto places = placesOf(t, ids);
    if (!places)
      return fail(places);
    for (const std::size_t place : *places) {
      auto done = changeTrackAt(t, place, Locked::Refuse, [&](Track& track) -> Result<void> {
        for (TrackPoint& p : track.points)
          p.position = rules::clamped(p.position + by);
        return {};
      });
      if (!done)
        return done;
    }
    return {};
  });
}

Result<DocumentPtr> movePoints(Doc doc, TakeId take, TrackId id, std::span<const std::size_t> points, Point by) {
  if (!rules::isFinite(by))
    return refuse("Points cannot be moved by something that is not a number.");
  return changeTrack(doc, take, id, Locked::Refuse, [&](Track& track) -> Result<void> {
    auto indices = checkedIndices(track, points);
    if (!indices)
      return fail(indices);
    if (track.kind == TrackKind::Pin && !indices->empty()) {
      for (TrackPoint& p : track.points)
        p.position = rules::clamped(p.position + by);
      return {};
    }
    for (const std::size_t i : *indices)
      track.points[i].position = rules::clamped(track.points[i].position + by);
    return {};
  });
}

Result<DocumentPtr> insertPoint(Doc doc, TakeId take, TrackId id, TrackPoint point) {
  return changeTrack(doc, take, id, Locked::Refuse, [&](Track& track) -> Result<void> {
    if (track.kind == TrackKind::Pin)
      return refuse(fmt::format("The pin “{}” stays in one place. Draw a path to move something.", track.name));
    if (!rules::isDuration(point.at))
      return refuse(fmt::format("The track “{}” cannot have a point at {} s.", track.name, point.at.seconds()));
    auto position = checkedPoint(point.position, fmt::format("A point of the track “{}”", track.name));
    if (!position)
      return fail(position);
    track.duration = std::max(track.duration, point.at);
    const std::size_t index = pinDown(track, point.at, point.visible);
    track.points[index].position = *position;
    return {};
  });
}

Result<DocumentPtr> removePoints(Doc doc, TakeId take, TrackId id, std::span<const std::size_t> points) {
  return changeTrack(doc, take, id, Locked::Refuse, [&](Track& track) -> Result<void> {
    auto indices = checkedIndices(track, points);
    if (!indices)
      return fail(indices);
    if (indices->size() == track.points.size())
      return refuse(
          fmt::format("The track “{}” keeps at least one point. Remove the whole track instead.", track.name));
    std::vector<TrackPoint> kept;
    kept.reserve(track.points.size() - indices->size());
    std::size_t next = 0;
    for (std::size_t i = 0; i < track.points.size(); ++i) {
      if (next < indices->size() && (*indices)[next] == i)
        ++next;
      else
        kept.push_back(track.points[i]);
    }
    track.points = std::move(kept);
    return {};
  });
}

Result<DocumentPtr> setTrackVisibility(Doc doc, TakeId take, TrackId id, TimeRange range, bool visible) {
  if (!rules::isTime(range.start) || !rules::isDuration(range.length) || !rules::isTime(range.end()) ||
      range.length.ticks == 0)
    return refuse(fmt::format("Visibility needs a span of time; {} s to {} s is none.", range.start.seconds(),
                              range.start.seconds() + range.length.seconds()));
  return changeTrack(doc, take, id, Locked::Refuse, [&](Track& track) -> Result<void> {
    const bool still = staysPut(track);
    if (still)
      makeRoom(track, range);
    const Time end = track.start + track.duration;
    const bool toEnd = !still && range.end() >= end;
    if (range.start > end || range.end() <= track.start)
      return refuse(fmt::format("The track “{}” lasts from {} s to {} s, outside that span.", track.name,
                                track.start.seconds(), end.seconds()));
    const Duration from = recordedTime(track, range.start);
    const Duration to = recordedTime(track, range.end());
    if (from.ticks > 0 && track.points.front().at > from)
      pinDown(track, {}, track.points.front().visible); // what comes before the span stays as it was
    const bool after = pointAt(track, to).visible;
    if (!toEnd && to > from)
      pinDown(track, to, after);
    for (TrackPoint& p : track.points)
      if (p.at >= from && (toEnd || p.at < to))
        p.visible = visible;
    if (toEnd || to > from)
      pinDown(track, from, visible);
    return {};
  });
}

Result<DocumentPtr> reverseTrack(Doc doc, TakeId take, TrackId id) {
  return changeTrack(doc, take, id, Locked::Refuse, [&](Track& track) -> Result<void> {
    const std::size_t count = track.points.size();
    std::vector<TrackPoint> points(count);
    for (std::size_t i = 0; i < count; ++i) {
      const TrackPoint& p = track.points[count - 1 - i];
      // A span between two points belongs to the earlier one, which now is the other.
      const bool visible = i + 1 < count ? track.points[count - 2 - i].visible : track.points.front().visible;
      points[i] = {track.duration - p.at, p.position, visible};
    }
    track.points = std::move(points);
    const Easing old = track.easing;
    if (!old.isLinear())
      track.easing = {{1 - old.second[0], 1 - old.second[1]}, {1 - old.first[0], 1 - old.first[1]}};
    return {};
  });
}

Result<DocumentPtr> smoothTrack(Doc doc, TakeId take, TrackId id, float strength) {
  if (!(strength >= 0 && strength <= 1))
    return refuse(fmt::format("The strength of smoothing must lie between 0 and 1; it is {}.", strength));
  return changeTrack(doc, take, id, Locked::Refuse, [&](Track& track) -> Result<void> {
    const auto count = static_cast<std::int64_t>(track.points.size());
    if (count < 3)
      return {};
    // The width follows the number of points, so that a dense stroke and one of a few clicks both lose their jitter.
    const double sigma = std::clamp(0.03 * static_cast<double>(count), 1.0, 64.0);
    const auto reach = static_cast<std::int64_t>(std::ceil(3 * sigma));
    std::vector<double> weights;
    for (std::int64_t k = -reach; k <= reach; ++k)
      weights.push_back(std::exp(-0.5 * static_cast<double>(k * k) / (sigma * sigma)));
    const std::vector<TrackPoint> old = track.points;
    // Beyond an end the path goes on mirrored through that end, which therefore stays where it is.
    const auto place = [&](std::int64_t i) -> std::pair<double, double> {
      const auto at = [&](std::int64_t k) { return old[static_cast<std::size_t>(k)].position; };
      if (i < 0) {
        const Point end = at(0);
        const Point p = at(std::min(-i, count - 1));
        return {2.0 * end.x - p.x, 2.0 * end.y - p.y};
      }
      if (i >= count) {
        const Point end = at(count - 1);
        const Point p = at(std::max<std::int64_t>(2 * (count - 1) - i, 0));
        return {2.0 * end.x - p.x, 2.0 * end.y - p.y};
      }
      return {at(i).x, at(i).y};
    };
    for (std::int64_t i = 1; i + 1 < count; ++i) {
      double x = 0;
      double y = 0;
      double sum = 0;
      for (std::int64_t k = -reach; k <= reach; ++k) {
        const double w = weights[static_cast<std::size_t>(k + reach)];
        const auto [px, py] = place(i + k);
        x += w * px;
        y += w * py;
        sum += w;
      }
      const Point p = old[static_cast<std::size_t>(i)].position;
      track.points[static_cast<std::size_t>(i)].position = rules::clamped(
          {static_cast<float>(p.x + strength * (x / sum - p.x)), static_cast<float>(p.y + strength * (y / sum - p.y))});
    }
    return {};
  });
}

Result<DocumentPtr> constantSpeed(Doc doc, TakeId take, TrackId id) {
  return changeTrack(doc, take, id, Locked::Refuse, [&](Track& track) -> Result<void> {
    const std::size_t count = track.points.size();
    track.easing = {};
    if (count < 2)
      return {};
    std::vector<double> travelled(count, 0);
    for (std::size_t i = 1; i < count; ++i) {
      const Point step = track.points[i].position - track.points[i - 1].position;
      travelled[i] = travelled[i - 1] + std::hypot(static_cast<double>(step.x), static_cast<double>(step.y));
    }
    const double whole = travelled.back();
    std::vector<std::int64_t> wanted(count);
    for (std::size_t i = 0; i < count; ++i) {
      const double share = whole > 0 ? travelled[i] / whole : static_cast<double>(i) / static_cast<double>(count - 1);
      wanted[i] = std::llround(share * static_cast<double>(track.duration.ticks));
    }
    setTimes(track.points, wanted, track.duration);
    return {};
  });
}

} // namespace edit
} // namespace kinora::document
