// SPDX-License-Identifier: Apache-2.0
// The shape of a painted path: its ticks in time, its nearest place to a cursor, its speed.
#pragma once

#include <QPointF>
#include <QRectF>

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/time.h"
#include "engine/document/document.h"
#include "ui/canvas/canvas_mapping.h"
#include "ui/session/track_times.h"

namespace kinora::ui {

// A cross mark where the path is at one frame; its distance to the next is the speed.
struct TimingTick {
  Point at;            // pixels of the picture
  Point normal;        // unit length, across the path
  bool isLong = false; // every sixth frame
};

// [gui] Ticks at the frames of the take that fall into the path, without those in hidden spans. At most 20 000.
[[nodiscard]] std::vector<TimingTick> timingTicks(const document::Track& track, FrameRate rate);

// Smallest rectangle around the points, in pixels of the picture.
[[nodiscard]] QRectF trackBounds(const document::Track& track);

// Place on the drawn path (strength not applied) at a time of the take.
[[nodiscard]] Point drawnPosition(const document::Track& track, Time at);

// Pixels of the picture per second at a time of the take; the mean where the path rests at that time.
[[nodiscard]] double trackSpeed(const document::Track& track, Time at);

// Nearest place of a path to a spot on the canvas.
struct TrackHit {
  TrackId track;
  std::optional<std::size_t> point; // when the spot lies on a point
  Duration at;                      // recorded time of the nearest place, from the track's start
  Point position;                   // that place
  double distance = 0;              // canvas pixels
};

[[nodiscard]] std::optional<TrackHit> hitTrack(const document::Track& track, const CanvasMapping& mapping, QPointF view,
                                               double radius);
// The frontmost hit of enabled tracks; tracks in `preferred` win over others.
[[nodiscard]] std::optional<TrackHit> hitTracks(const document::Take& take, const CanvasMapping& mapping, QPointF view,
                                                double radius, std::span<const TrackId> preferred);

// Drops points that straight motion in time between their neighbours reproduces within `tolerance` pixels. Points
// where visibility changes stay.
[[nodiscard]] std::vector<document::TrackPoint> simplified(const std::vector<document::TrackPoint>& points,
                                                           double tolerance);

} // namespace kinora::ui
