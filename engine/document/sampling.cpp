// SPDX-License-Identifier: Apache-2.0
#include "engine/document/sampling.h"

#include <algorithm>
#include <cmath>

#include "engine/document/timing_p.h"

namespace kinora::document {
namespace {

// Cubic Bézier from 0 to 1 with control values a and b, at parameter s, and its slope there.
double bezier(double a, double b, double s) {
  const double r = 1 - s;
  return 3 * r * r * s * a + 3 * r * s * s * b + s * s * s;
}

double bezierSlope(double a, double b, double s) {
  const double r = 1 - s;
  return 3 * r * r * a + 6 * r * s * (b - a) + 3 * s * s * (1 - b);
}

// Parameter at which the x curve reaches x: Newton's steps, kept within a bracket that halves when they leave it.
double solve(double a, double b, double x) {
  double low = 0;
  double high = 1;
  double s = x;
  for (int i = 0; i < 64; ++i) {
    const double error = bezier(a, b, s) - x;
    if (std::abs(error) < 1e-12 || high - low < 1e-14)
      break;
    (error > 0 ? high : low) = s;
    const double slope = bezierSlope(a, b, s);
    const double next = slope > 1e-9 ? s - error / slope : low;
    s = next > low && next < high ? next : (low + high) / 2;
  }
  return s;
}

} // namespace

double Easing::at(double x) const {
  if (!(x > 0))
    return 0;
  if (x >= 1)
    return 1;
  if (isLinear())
    return x;
  return std::clamp(bezier(first[1], second[1], solve(first[0], second[0], x)), 0.0, 1.0);
}

Duration recordedTime(const Track& track, Time t) {
  if (t <= track.start)
    return {};
  const Duration local = t - track.start; // start is never negative: no overflow
  if (local >= track.duration)
    return track.duration;
  if (track.easing.isLinear())
    return local;
  const auto whole = static_cast<double>(track.duration.ticks);
  return {std::llround(track.easing.at(static_cast<double>(local.ticks) / whole) * whole)};
}

TrackPoint pointAt(const Track& track, Duration recorded) {
  const auto& points = track.points;
  const auto after = std::upper_bound(points.begin(), points.end(), recorded,
                                      [](Duration d, const TrackPoint& p) { return d < p.at; });
  if (after == points.begin())
    return {recorded, points.front().position, points.front().visible};
  const TrackPoint& a = *(after - 1);
  if (after == points.end() || recorded == a.at)
    return {recorded, a.position, a.visible};
  const TrackPoint& b = *after;
  const double share = static_cast<double>((recorded - a.at).ticks) / static_cast<double>((b.at - a.at).ticks);
  const auto mix = [share](float from, float to) {
    return static_cast<float>(from + share * (static_cast<double>(to) - from));
  };
  return {recorded, {mix(a.position.x, b.position.x), mix(a.position.y, b.position.y)}, a.visible};
}

SampledPosition sampleTrack(const Track& track, Time t) {
  const TrackPoint p = pointAt(track, recordedTime(track, t));
  if (track.strength == 1)
    return {p.position, p.visible};
  const Point first = track.points.front().position;
  return {first + (p.position - first) * track.strength, p.visible};
}

std::vector<SampledPosition> sampleTrack(const Track& track, FrameRate rate, std::int64_t frames) {
  std::vector<SampledPosition> positions;
  positions.reserve(static_cast<std::size_t>(std::max<std::int64_t>(frames, 0)));
  for (std::int64_t frame = 0; frame < frames; ++frame)
    positions.push_back(sampleTrack(track, rate.timeOf(frame)));
  return positions;
}

CameraPose sampleCamera(const std::vector<CameraKey>& keys, Time t) {
  if (keys.empty())
    return {};
  const auto after = std::upper_bound(keys.begin(), keys.end(), t, [](Time v, const CameraKey& k) { return v < k.at; });
  if (after == keys.begin())
    return keys.front().pose;
  if (after == keys.end() || t == (after - 1)->at)
    return (after - 1)->pose;
  const CameraKey& a = *(after - 1);
  const CameraKey& b = *after;
  const double x = static_cast<double>((t - a.at).ticks) / static_cast<double>((b.at - a.at).ticks);
  const double share = x * x * (3 - 2 * x); // starts and stops at rest
  const auto mix = [share](float from, float to) {
    return static_cast<float>(from + share * (static_cast<double>(to) - from));
  };
  CameraPose pose;
  pose.zoom = static_cast<float>(a.pose.zoom * std::pow(static_cast<double>(b.pose.zoom) / a.pose.zoom, share));
  pose.panX = mix(a.pose.panX, b.pose.panX);
  pose.panY = mix(a.pose.panY, b.pose.panY);
  pose.rotation = mix(a.pose.rotation, b.pose.rotation);
  return pose;
}

std::vector<TrackPtr> activeTracks(const Take& take) {
  const bool anySolo =
      std::any_of(take.tracks.begin(), take.tracks.end(), [](const TrackPtr& t) { return t->enabled && t->solo; });
  std::vector<TrackPtr> active;
  for (const TrackPtr& track : take.tracks)
    if (track->enabled && (track->solo || !anySolo))
      active.push_back(track);
  return active;
}

} // namespace kinora::document
