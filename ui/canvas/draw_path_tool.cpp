// SPDX-License-Identifier: Apache-2.0
#include "ui/canvas/draw_path_tool.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

#include "ui/canvas/new_track.h"
#include "ui/canvas/track_overlay.h"

namespace kinora::ui {
namespace {

constexpr int kPenLiftMs = 250;
// A longer gap between two events means that the hand rested: nothing is sent while it does.
constexpr std::int64_t kRestMs = 40;
constexpr std::int64_t kSampleMs = 8;
constexpr double kDotPx = 3; // a drag that stays within this many canvas pixels is a click

Duration fromMs(std::int64_t ms) {
  return Duration{ms * (kTicksPerSecond / 1000)};
}

} // namespace

std::optional<DrawPathTool::Recording> DrawPathTool::recording() const {
  if (state_ == State::Idle)
    return std::nullopt;
  return Recording{track_.id, track_.points.back().at, &track_.points, track_.start};
}

double DrawPathTool::ringRadius() const {
  return static_cast<double>(context_.options().grip) * context_.mapping().scale();
}

void DrawPathTool::press(const CanvasPointer& pointer) {
  const document::TakePtr take = context_.take();
  if (!take)
    return;
  if (state_ == State::Lifted) { // a short lift of the pen: the stroke goes on
    context_.wakeIn(-1);
    state_ = State::Drawing;
    append(pointer);
    return;
  }
  if (state_ == State::Drawing)
    return;
  track_ = newTrack(*take, document::TrackKind::Path, context_.options());
  if (pointer.modifiers & Qt::ControlModifier)
    for (const document::TrackPtr& other : take->tracks) {
      const std::vector<TrackId> selected = context_.selectedTracks();
      if (other->kind == document::TrackKind::Path && other->group != 0 &&
          std::find(selected.begin(), selected.end(), other->id) != selected.end() &&
          context_.isOnObject(other->group, pointer.picture)) {
        track_.group = other->group;
        track_.colour = other->colour;
        break;
      }
    }
  // The id that adding it will give, so that the engine follows the same track before and after the release.
  track_.id = TrackId{context_.document()->nextId};
  track_.start = newTrackStart(context_);
  track_.points = {{Duration{}, pointer.picture, true}};
  pressedMs_ = pointer.atMs;
  state_ = State::Drawing;
  send(session::ControlPhase::Begin, pointer.stampNs);
  context_.requestRepaint();
}

void DrawPathTool::append(const CanvasPointer& pointer) {
  document::TrackPoint& last = track_.points.back();
  const Duration at = std::max(last.at, fromMs(pointer.atMs - pressedMs_));
  if (at == last.at) {
    if (track_.points.size() > 1) // two events in one millisecond: the newer place counts
      last.position = pointer.picture;
  } else {
    if (at - last.at > fromMs(kRestMs))
      track_.points.push_back({at - fromMs(kSampleMs), last.position, true});
    track_.points.push_back({at, pointer.picture, true});
  }
  send(session::ControlPhase::Move, pointer.stampNs);
  context_.requestRepaint();
}

void DrawPathTool::send(session::ControlPhase phase, std::int64_t stampNs) {
  lastStampNs_ = stampNs;
  if (!context_.options().follow)
    return;
  const document::TakePtr take = context_.take();
  if (!take)
    return;
  const FrameRate rate = context_.document()->frame.rate;
  session::ControlSample sample;
  sample.phase = phase;
  sample.track = track_.id;
  sample.group = track_.group;
  sample.wholeObject = track_.moves == document::TrackMoves::Object;
  sample.grip = track_.grip;
  sample.frame = std::clamp<std::int64_t>(rate.frameAt(track_.start + track_.points.back().at), 0,
                                          std::max<std::int64_t>(0, rate.framesIn(take->length) - 1));
  sample.at = track_.points.back().position;
  sample.stampNs = stampNs;
  context_.drag(sample);
}

void DrawPathTool::move(const CanvasPointer& pointer) {
  if (state_ == State::Drawing)
    append(pointer);
}

void DrawPathTool::release(const CanvasPointer& pointer) {
  if (state_ != State::Drawing)
    return;
  append(pointer);
  if (pointer.isPen) {
    state_ = State::Lifted;
    context_.wakeIn(kPenLiftMs);
    return;
  }
  end();
}

void DrawPathTool::timeout() {
  if (state_ == State::Lifted)
    end();
}

void DrawPathTool::finish() {
  if (state_ != State::Idle)
    end();
}

bool DrawPathTool::cancel() {
  if (state_ == State::Idle)
    return false;
  context_.wakeIn(-1);
  send(session::ControlPhase::Cancel, lastStampNs_);
  state_ = State::Idle;
  track_.points.clear();
  context_.requestRepaint();
  return true;
}

bool DrawPathTool::isDot() const {
  const double scale = context_.mapping().scale();
  const Point first = track_.points.front().position;
  return std::all_of(track_.points.begin(), track_.points.end(), [&](const document::TrackPoint& point) {
    const Point away = point.position - first;
    return std::hypot(static_cast<double>(away.x), static_cast<double>(away.y)) * scale < kDotPx;
  });
}

void DrawPathTool::end() {
  const document::TakePtr take = context_.take();
  const bool dot = isDot();
  // A dot leaves no path that the live picture could go on to.
  context_.wakeIn(-1);
  send(dot ? session::ControlPhase::Cancel : session::ControlPhase::End, lastStampNs_);
  state_ = State::Idle;
  document::Track drawn = std::move(track_);
  track_ = {};
  context_.requestRepaint();
  if (!take)
    return;
  if (dot) { // a click holds the place
    document::Track pin = newTrack(*take, document::TrackKind::Pin, context_.options());
    pin.points = {drawn.points.front()};
    commitNewTrack(context_, std::move(pin), QCoreApplication::translate("Canvas", "Add pin"));
    return;
  }
  commitNewTrack(context_, keptTrack(std::move(drawn), *take, context_.options()),
                 QCoreApplication::translate("Canvas", "Draw path"));
}

void DrawPathTool::paint(QPainter& painter, const OverlayStyle& style) const {
  if (state_ == State::Idle)
    return;
  document::Track shown = track_;
  shown.duration = shown.points.back().at;
  TrackLook look;
  look.isRecording = true;
  paintTrack(painter, shown, context_.document()->frame.rate, context_.mapping(), style, look);
  const QPointF hand = context_.mapping().toView(shown.points.back().position);
  paintChip(painter, hand + QPointF(26, 0), style,
            speedText(shown.name, trackSpeed(shown, shown.start + shown.duration)), style.trackColour(shown.colour));
}

} // namespace kinora::ui
