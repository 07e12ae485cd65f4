// SPDX-License-Identifier: Apache-2.0
#include "ui/canvas/track_geometry.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/document/sampling.h"

namespace kinora::ui {
namespace {

constexpr std::int64_t kMaxTicks = 20'000;
constexpr int kLongTickEvery = 6;
constexpr double kPointRadiusPx = 8;

double distance(Point a, Point b) {
  return std::hypot(static_cast<double>(a.x) - static_cast<double>(b.x),
                    static_cast<double>(a.y) - static_cast<double>(b.y));
}

Point lerp(Point a, Point b, double s) {
  return {static_cast<float>(static_cast<double>(a.x) + (static_cast<double>(b.x) - static_cast<double>(a.x)) * s),
          static_cast<float>(static_cast<double>(a.y) + (static_cast<double>(b.y) - static_cast<double>(a.y)) * s)};
}

// The track with the whole drawn motion. Copying the points would dominate for long paths, so only when needed.
document::SampledPosition sampleDrawn(const document::Track& track, Time at) {
  if (track.strength == 1.0F)
    return document::sampleTrack(track, at);
  document::Track whole = track;
  whole.strength = 1;
  return document::sampleTrack(whole, at);
}

double pathLength(const document::Track& track) {
  double sum = 0;
  for (std::size_t i = 1; i < track.points.size(); ++i)
    sum += distance(track.points[i - 1].position, track.points[i].position);
  return sum;
}

} // namespace

Point drawnPosition(const document::Track& track, Time at) {
  return sampleDrawn(track, at).at;
}

std::vector<TimingTick> timingTicks(const document::Track& track, FrameRate rate) {
  std::vector<TimingTick> ticks;
  if (track.points.size() < 2 || track.duration.ticks <= 0 || !rate.isValid())
    return ticks;
  document::Track whole = track;
  whole.strength = 1;
  const Time end = track.start + track.duration;
  std::int64_t first = rate.frameAt(track.start);
  if (rate.timeOf(first) < track.start)
    ++first;
  const std::int64_t last = std::min(rate.frameAt(end), first + kMaxTicks - 1);
  ticks.reserve(static_cast<std::size_t>(std::max<std::int64_t>(0, last - first + 1)));
  const Duration step = rate.frameDuration();
  Point across{0, 1};
  for (std::int64_t frame = first; frame <= last; ++frame) {
    const Time at = rate.timeOf(frame);
    const document::SampledPosition here = document::sampleTrack(whole, at);
    const Time before = std::max(track.start, at - step);
    const Time after = std::min(end, at + step);
    const Point a = document::sampleTrack(whole, before).at;
    const Point b = document::sampleTrack(whole, after).at;
    const double length = distance(a, b);
    if (length > 1e-3) // at rest the last direction holds
      across = {static_cast<float>(-(static_cast<double>(b.y) - static_cast<double>(a.y)) / length),
                static_cast<float>((static_cast<double>(b.x) - static_cast<double>(a.x)) / length)};
    if (here.visible)
      ticks.push_back({here.at, across, frame % kLongTickEvery == 0});
  }
  return ticks;
}

QRectF trackBounds(const document::Track& track) {
  if (track.points.empty())
    return {};
  float left = track.points.front().position.x;
  float right = left;
  float top = track.points.front().position.y;
  float bottom = top;
  for (const document::TrackPoint& point : track.points) {
    left = std::min(left, point.position.x);
    right = std::max(right, point.position.x);
    top = std::min(top, point.position.y);
    bottom = std::max(bottom, point.position.y);
  }
  return QRectF(QPointF(static_cast<double>(left), static_cast<double>(top)),
                QPointF(static_cast<double>(right), static_cast<double>(bottom)));
}

double trackSpeed(const document::Track& track, Time at) {
  if (track.points.size() < 2 || track.duration.ticks <= 0)
    return 0;
  const Time end = track.start + track.duration;
  if (at < track.start || at > end)
    return pathLength(track) / track.duration.seconds();
  const Duration half{kTicksPerSecond / 20}; // over a tenth of a second, so that the number can be read
  const Time before = std::max(track.start, at - half);
  const Time after = std::min(end, at + half);
  if (after <= before)
    return 0;
  return distance(drawnPosition(track, before), drawnPosition(track, after)) / (after - before).seconds();
}

std::optional<TrackHit> hitTrack(const document::Track& track, const CanvasMapping& mapping, QPointF view,
                                 double radius) {
  if (track.points.empty())
    return std::nullopt;
  std::optional<TrackHit> best;
  const auto offer = [&](double d, Duration at, Point position) {
    if (d <= radius && (!best || d < best->distance))
      best = TrackHit{track.id, std::nullopt, at, position, d};
  };
  QPointF previous = mapping.toView(track.points.front().position);
  offer(std::hypot(view.x() - previous.x(), view.y() - previous.y()), track.points.front().at,
        track.points.front().position);
  for (std::size_t i = 1; i < track.points.size(); ++i) {
    const QPointF next = mapping.toView(track.points[i].position);
    const QPointF along = next - previous;
    const double lengthSquared = QPointF::dotProduct(along, along);
    double s = 0;
    if (lengthSquared > 0)
      s = std::clamp(QPointF::dotProduct(view - previous, along) / lengthSquared, 0.0, 1.0);
    const QPointF near = previous + along * s;
    const Duration a = track.points[i - 1].at;
    const Duration b = track.points[i].at;
    offer(std::hypot(view.x() - near.x(), view.y() - near.y()),
          Duration{a.ticks + std::llround(static_cast<double>(b.ticks - a.ticks) * s)},
          lerp(track.points[i - 1].position, track.points[i].position, s));
    previous = next;
  }
  if (!best)
    return best;
  double nearest = std::min(radius, kPointRadiusPx);
  for (std::size_t i = 0; i < track.points.size(); ++i) {
    const QPointF at = mapping.toView(track.points[i].position);
    const double d = std::hypot(view.x() - at.x(), view.y() - at.y());
    if (d <= nearest) {
      nearest = d;
      best->point = i;
    }
  }
  if (best->point) {
    best->at = track.points[*best->point].at;
    best->position = track.points[*best->point].position;
  }
  return best;
}

std::optional<TrackHit> hitTracks(const document::Take& take, const CanvasMapping& mapping, QPointF view, double radius,
                                  std::span<const TrackId> preferred) {
  std::optional<TrackHit> best;
  bool bestPreferred = false;
  const double reach = radius / mapping.scale();
  const Point at = mapping.toPicture(view);
  const QPointF spot(static_cast<double>(at.x), static_cast<double>(at.y));
  for (const document::TrackPtr& track : take.tracks) {
    if (!track->enabled)
      continue;
    const bool isPreferred = std::find(preferred.begin(), preferred.end(), track->id) != preferred.end();
    if (best && (bestPreferred || !isPreferred))
      continue;
    if (!trackBounds(*track).adjusted(-reach, -reach, reach, reach).contains(spot))
      continue;
    if (const std::optional<TrackHit> hit = hitTrack(*track, mapping, view, radius)) {
      best = hit;
      bestPreferred = isPreferred;
    }
  }
  return best;
}

std::vector<document::TrackPoint> simplified(const std::vector<document::TrackPoint>& points, double tolerance) {
  if (points.size() < 3)
    return points;
  std::vector<bool> keep(points.size(), false);
  keep.front() = keep.back() = true;
  for (std::size_t i = 1; i < points.size(); ++i)
    if (points[i].visible != points[i - 1].visible)
      keep[i] = true;
  // Splits the span at the point that straight motion in time misses most, until none is missed by more.
  std::vector<std::pair<std::size_t, std::size_t>> open;
  std::size_t from = 0;
  for (std::size_t i = 1; i < points.size(); ++i)
    if (keep[i]) {
      open.emplace_back(from, i);
      from = i;
    }
  while (!open.empty()) {
    const auto [first, last] = open.back();
    open.pop_back();
    const double span = static_cast<double>(points[last].at.ticks - points[first].at.ticks);
    double worst = tolerance;
    std::size_t split = 0;
    for (std::size_t i = first + 1; i < last; ++i) {
      const double s = span > 0 ? static_cast<double>(points[i].at.ticks - points[first].at.ticks) / span : 0.0;
      const double miss = distance(points[i].position, lerp(points[first].position, points[last].position, s));
      if (miss > worst) {
        worst = miss;
        split = i;
      }
    }
    if (split != 0) {
      keep[split] = true;
      open.emplace_back(first, split);
      open.emplace_back(split, last);
    }
  }
  std::vector<document::TrackPoint> result;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (keep[i])
      result.push_back(points[i]);
  return result;
}

} // namespace kinora::ui
