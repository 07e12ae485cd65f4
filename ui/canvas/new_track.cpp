// SPDX-License-Identifier: Apache-2.0
#include "ui/canvas/new_track.h"

#include <QCoreApplication>

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/document/edit.h"
#include "ui/canvas/track_geometry.h"

namespace kinora::ui {
namespace {

constexpr std::array<const char*, 8> kColours{"amber", "sky", "mint", "pink", "coral", "violet", "lemon", "white"};
constexpr Duration kLeastRoom{kTicksPerSecond / 2};
constexpr double kSimplifyPx = 0.5;

// Gaussian over the recorded time; the ends stay where they were drawn. strength 1 = a quarter of a second.
void smooth(std::vector<document::TrackPoint>& points, float strength) {
  if (points.size() < 3 || strength <= 0)
    return;
  const double sigma = 0.25 * static_cast<double>(strength) / 2;
  const std::vector<document::TrackPoint> raw = points;
  std::size_t from = 0;
  for (std::size_t i = 1; i + 1 < raw.size(); ++i) {
    const double here = raw[i].at.seconds();
    // Narrower near the ends, so that the path still begins and ends where it did.
    const double room = std::min(here - raw.front().at.seconds(), raw.back().at.seconds() - here);
    const double width = std::min(sigma, room / 2);
    if (width <= 0)
      continue;
    while (from + 1 < i && here - raw[from].at.seconds() > 3 * sigma)
      ++from;
    double x = 0;
    double y = 0;
    double weights = 0;
    for (std::size_t j = from; j < raw.size(); ++j) {
      const double away = raw[j].at.seconds() - here;
      if (away > 3 * width)
        break;
      if (away < -3 * width)
        continue;
      // Each sample stands for the time around it: a slow stretch has no more say than a fast one.
      const double span =
          0.5 * (raw[std::min(j + 1, raw.size() - 1)].at.seconds() - raw[j > 0 ? j - 1 : 0].at.seconds());
      const double weight = std::exp(-0.5 * away * away / (width * width)) * std::max(span, 1e-6);
      x += weight * static_cast<double>(raw[j].position.x);
      y += weight * static_cast<double>(raw[j].position.y);
      weights += weight;
    }
    if (weights > 0)
      points[i].position = {static_cast<float>(x / weights), static_cast<float>(y / weights)};
  }
}

void stretch(document::Track& track, Duration duration) {
  const double factor =
      track.duration.ticks > 0 ? static_cast<double>(duration.ticks) / static_cast<double>(track.duration.ticks) : 1.0;
  for (document::TrackPoint& point : track.points)
    point.at = Duration{std::llround(static_cast<double>(point.at.ticks) * factor)};
  track.duration = duration;
  track.points.back().at = duration;
}

void spreadEvenly(document::Track& track) {
  std::vector<double> along(track.points.size(), 0);
  for (std::size_t i = 1; i < track.points.size(); ++i) {
    const Point step = track.points[i].position - track.points[i - 1].position;
    along[i] = along[i - 1] + std::hypot(static_cast<double>(step.x), static_cast<double>(step.y));
  }
  if (along.back() <= 0)
    return;
  for (std::size_t i = 0; i < track.points.size(); ++i)
    track.points[i].at = Duration{std::llround(static_cast<double>(track.duration.ticks) * along[i] / along.back())};
  // Places without way between them share one time; the first of each is enough.
  auto sameTime = [](const document::TrackPoint& a, const document::TrackPoint& b) { return a.at == b.at; };
  track.points.erase(std::unique(track.points.begin(), track.points.end(), sameTime), track.points.end());
}

} // namespace

std::int32_t freshGroup(const document::Take& take) {
  std::int32_t highest = 0;
  for (const document::TrackPtr& track : take.tracks)
    highest = std::max(highest, track->group);
  for (const document::MatteEdit& edit : take.matteEdits)
    highest = std::max(highest, edit.group);
  return highest + 1;
}

document::Track newTrack(const document::Take& take, document::TrackKind kind, const PaintOptions& options) {
  document::Track track;
  track.kind = kind;
  track.grip = options.grip;
  const bool isPin = kind == document::TrackKind::Pin;
  int number = 1;
  const auto nameOf = [&](int n) {
    return (isPin ? QCoreApplication::translate("Canvas", "Pin %1") : QCoreApplication::translate("Canvas", "Path %1"))
        .arg(n)
        .toStdString();
  };
  const auto isTaken = [&](const std::string& name) {
    return std::any_of(take.tracks.begin(), take.tracks.end(), [&](const auto& t) { return t->name == name; });
  };
  // Names count on from the number of tracks of the kind: no search through thousands of names for the first free one.
  std::size_t sameKind = 0;
  for (const document::TrackPtr& other : take.tracks)
    sameKind += other->kind == kind ? 1 : 0;
  number = static_cast<int>(sameKind) + 1;
  while (isTaken(nameOf(number)))
    ++number;
  track.name = nameOf(number);
  if (isPin) {
    track.colour = "white";
    return track;
  }
  track.colour = options.colour.isEmpty() ? kColours[sameKind % kColours.size()] : options.colour.toStdString();
  track.group = freshGroup(take);
  return track;
}

Time newTrackStart(const CanvasContext& context) {
  const document::TakePtr take = context.take();
  if (!take || context.isPlaying())
    return {};
  const Time at = context.playhead();
  if (at < Time{} || Time{} + take->length - at < kLeastRoom)
    return {};
  return at;
}

document::Track keptTrack(document::Track recorded, const document::Take& take, const PaintOptions& options) {
  if (recorded.points.empty())
    return recorded;
  recorded.duration = recorded.points.back().at;
  if (recorded.duration.ticks <= 0 || recorded.points.size() < 2) {
    recorded.points.resize(1);
    recorded.duration = {};
    return recorded;
  }
  smooth(recorded.points, options.smooth);
  if (options.records == RecordMode::ConstantSpeed)
    spreadEvenly(recorded);
  const Duration room = take.length - (recorded.start - Time{});
  if (room.ticks > 0 && (options.records == RecordMode::ToClipLength || recorded.duration > room))
    stretch(recorded, room);
  recorded.points = simplified(recorded.points, kSimplifyPx);
  return recorded;
}

document::Track evenTrack(document::Track track, const std::vector<Point>& places, const document::Take& take) {
  track.duration = std::max(Duration{}, Time{} + take.length - track.start);
  track.points.clear();
  for (const Point& place : places)
    track.points.push_back({Duration{}, place, true});
  spreadEvenly(track);
  if (track.points.size() < 2 || track.points.back().at <= Duration{}) {
    track.points.resize(1);
    track.duration = {};
  }
  return track;
}

bool commitNewTrack(CanvasContext& context, document::Track track, const QString& text) {
  const document::TakePtr take = context.take();
  if (!take)
    return false;
  Result<document::edit::Made<TrackId>> made = document::edit::addTrack(context.document(), take->id, std::move(track));
  if (!made)
    return context.commit(Result<document::DocumentPtr>(fail(made)), text);
  const TrackId id = made->id;
  if (!context.commit(made->document, text))
    return false;
  context.selectTracks({id});
  return true;
}

} // namespace kinora::ui
