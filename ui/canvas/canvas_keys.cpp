// SPDX-License-Identifier: Apache-2.0
// The canvas by keyboard: from item to item, points moved by arrows, paths walked with a cross.
#include "ui/canvas/canvas_view.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include <QKeyEvent>

#include "engine/document/edit.h"
#include "ui/canvas/canvas_accessible.h"
#include "ui/canvas/new_track.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/paint_settings.h"
#include "ui/session/project_session.h"

namespace kinora::ui {
namespace {

namespace edit = document::edit;

constexpr int kWalkFrames = 6; // from one long mark of a path to the next
constexpr double kCrossPx = 12;

// One pixel; ten with Shift, a tenth with Alt. Nothing for other keys.
std::optional<Point> arrowStep(const QKeyEvent& event) {
  Point by;
  switch (event.key()) {
  case Qt::Key_Left:
    by.x = -1;
    break;
  case Qt::Key_Right:
    by.x = 1;
    break;
  case Qt::Key_Up:
    by.y = -1;
    break;
  case Qt::Key_Down:
    by.y = 1;
    break;
  default:
    return std::nullopt;
  }
  if (event.modifiers() & Qt::ControlModifier) // always a frame of the playhead
    return std::nullopt;
  return by * (event.modifiers() & Qt::ShiftModifier ? 10.F : event.modifiers() & Qt::AltModifier ? 0.1F : 1.F);
}

// Key events of some platforms have no time.
std::uint64_t nowMs() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

bool isEnter(const QKeyEvent& event) {
  return event.key() == Qt::Key_Return || event.key() == Qt::Key_Enter;
}

// The recorded time that the take shows at a time; goes on in real time after the end.
Duration recordedAt(const document::Track& track, Time at) {
  const Duration since = std::max(Duration{}, at - track.start);
  if (since >= track.duration || track.duration.ticks <= 0)
    return since;
  const double share = static_cast<double>(since.ticks) / static_cast<double>(track.duration.ticks);
  return Duration{std::llround(track.easing.at(share) * static_cast<double>(track.duration.ticks))};
}

} // namespace

document::TrackPtr CanvasView::focusedTrack() const {
  const TrackId id = context_.session.selection().current().focusedTrack();
  if (take_)
    for (const document::TrackPtr& track : take_->tracks)
      if (track->id == id)
        return track;
  return nullptr;
}

bool CanvasView::focusNextPrevChild(bool next) {
  const int direction = next ? 1 : -1;
  if (keyboard_ && take_) {
    const document::TrackPtr track = focusedTrack();
    const std::vector<std::size_t> points = selectedPoints();
    if (track && !points.empty()) {
      const std::size_t to = points.back() + static_cast<std::size_t>(direction); // wraps below zero: out of range
      if (to < track->points.size()) {
        stepPoint(direction);
        return true;
      }
    }
    if (stepItem(direction))
      return true;
  }
  return PictureSurface::focusNextPrevChild(next);
}

// Tracks front to back, then the camera. False at the end.
bool CanvasView::stepItem(int direction) {
  if (!take_)
    return false;
  std::vector<TrackId> items;
  for (const document::TrackPtr& track : take_->tracks)
    if (track->enabled)
      items.push_back(track->id);
  const Selection& selection = context_.session.selection().current();
  const auto count = static_cast<std::ptrdiff_t>(items.size()) + (take_->camera.empty() ? 0 : 1);
  std::ptrdiff_t now = direction > 0 ? -1 : count;
  if (selection.camera)
    now = static_cast<std::ptrdiff_t>(items.size());
  else if (const auto at = std::find(items.begin(), items.end(), selection.focusedTrack()); at != items.end())
    now = at - items.begin();
  now += direction;
  if (now < 0 || now >= count)
    return false;
  keyboard_ = true;
  stopWalk();
  if (now == static_cast<std::ptrdiff_t>(items.size()))
    selectCamera();
  else
    context_.session.selection().selectTrack(items[static_cast<std::size_t>(now)]);
  announce();
  return true;
}

void CanvasView::stepPoint(int direction) {
  const document::TrackPtr track = focusedTrack();
  if (!track)
    return;
  const std::vector<std::size_t> points = selectedPoints();
  const auto last = static_cast<std::ptrdiff_t>(track->points.size()) - 1;
  const std::ptrdiff_t now =
      points.empty() ? (direction > 0 ? -1 : last + 1) : static_cast<std::ptrdiff_t>(points.back());
  keyboard_ = true;
  selectPoints(track->id, {static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(now + direction, 0, last))});
  layerDirty_ = true;
  announce();
}

bool CanvasView::nudge(const QKeyEvent& event) {
  const std::optional<Point> by = arrowStep(event);
  const std::vector<TrackId> tracks = selectedTracks();
  if (!by || !take_ || tracks.empty() || pressed_)
    return false;
  const std::vector<std::size_t> points = selectedPoints();
  if (points.empty() && context_.paint.tool() != Tool::Select && !keyboard_)
    return false; // the playhead's
  if (points.empty())
    return context_.session.apply(
        tr("Move"), [&](const document::DocumentPtr& doc) { return edit::moveTracks(doc, take_->id, tracks, *by); });
  return context_.session.apply(tr("Move points"), [&](const document::DocumentPtr& doc) {
    return edit::movePoints(doc, take_->id, tracks.back(), points, *by);
  });
}

bool CanvasView::itemKey(const QKeyEvent& event) {
  if (!take_ || pressed_)
    return false;
  const bool alt = event.modifiers() & Qt::AltModifier;
  const document::TrackPtr track = focusedTrack();
  const bool hasPoint = !selectedPoints().empty();
  switch (event.key()) {
  case Qt::Key_Tab:
  case Qt::Key_Backtab: // only with Ctrl does it come here
    return PictureSurface::focusNextPrevChild(event.key() == Qt::Key_Tab && !(event.modifiers() & Qt::ShiftModifier));
  case Qt::Key_Up:
  case Qt::Key_Down:
    if (!alt || hasPoint || walking_)
      return false;
    static_cast<void>(stepItem(event.key() == Qt::Key_Down ? 1 : -1));
    return true;
  case Qt::Key_PageUp:
  case Qt::Key_PageDown:
    if (!track)
      return false;
    stepPoint(event.key() == Qt::Key_PageDown ? 1 : -1);
    return true;
  case Qt::Key_Return:
  case Qt::Key_Enter:
    if (!track || hasPoint)
      return false;
    stepPoint(1);
    return true;
  case Qt::Key_Insert:
  case Qt::Key_Plus:
    if (!track || track->kind == document::TrackKind::Pin || event.modifiers() & Qt::ControlModifier)
      return false;
    addPointAtCross();
    return true;
  case Qt::Key_Period:
  case Qt::Key_Comma:
    if (!hasPoint || alt)
      return false;
    movePointInTime(event.key() == Qt::Key_Period ? 1 : -1);
    return true;
  default:
    return false;
  }
}

void CanvasView::addPointAtCross() {
  const document::TrackPtr track = focusedTrack();
  const Duration at = recordedAt(*track, playhead());
  const Point place = walking_ ? cross_ : drawnPosition(*track, playhead());
  bool visible = true;
  for (const document::TrackPoint& point : track->points)
    if (point.at <= at)
      visible = point.visible;
  if (!context_.session.apply(tr("Add point"), [&](const document::DocumentPtr& doc) {
        return edit::insertPoint(doc, take_->id, track->id, {at, place, visible});
      }))
    return;
  keyboard_ = true;
  if (const document::TrackPtr now = focusedTrack())
    for (std::size_t i = 0; i < now->points.size(); ++i)
      if (now->points[i].at == at && !walking_)
        selectPoints(now->id, {i});
  announce();
}

void CanvasView::movePointInTime(int frames) {
  const document::TrackPtr track = focusedTrack();
  const std::size_t i = selectedPoints().back();
  const Duration step = context_.session.document()->frame.rate.frameDuration();
  const document::TrackPoint old = track->points[i];
  const Duration at{old.at.ticks + frames * step.ticks};
  const bool isFree =
      at >= Duration{} && (i == 0 || at > track->points[i - 1].at) &&
      (i + 1 == track->points.size() ? track->start + at <= Time{} + take_->length : at < track->points[i + 1].at);
  if (!isFree || track->points.size() < 2) {
    tell(tr("The point has no room to move in time."));
    return;
  }
  context_.session.apply(frames > 0 ? tr("Point later") : tr("Point earlier"),
                         [&](const document::DocumentPtr& doc) -> Result<document::DocumentPtr> {
                           auto moved = edit::insertPoint(doc, take_->id, track->id, {at, old.position, old.visible});
                           const std::size_t left = frames > 0 ? i : i + 1;
                           return moved ? edit::removePoints(*moved, take_->id, track->id, std::array{left}) : moved;
                         });
  selectPoints(track->id, {i});
  announce();
}

// From the focused point to the next; what the last one ends, on the last.
void CanvasView::hideSegment(bool visible) {
  const document::TrackPtr track = focusedTrack();
  if (!track || track->points.size() < 2)
    return;
  const std::size_t from = std::min(selectedPoints().back(), track->points.size() - 2);
  const bool shows = visible || !track->points[from].visible;
  const Time start = shownTime(*track, track->points[from].at);
  const Time end = shownTime(*track, track->points[from + 1].at);
  const Point place = track->points[std::min(selectedPoints().back(), track->points.size() - 1)].position;
  context_.session.apply(shows ? tr("Show span") : tr("Hide span"), [&](const document::DocumentPtr& doc) {
    return edit::setTrackVisibility(doc, take_->id, track->id, {start, end - start}, shows);
  });
  if (const document::TrackPtr now = focusedTrack()) // more points may have come before it
    for (std::size_t i = from; i < now->points.size(); ++i)
      if (now->points[i].position == place) {
        selectPoints(now->id, {i});
        break;
      }
  announce();
}

// ---- Walking ------------------------------------------------------------------------------------------------------

void CanvasView::startWalk() {
  if (!take_ || pictureSize_.isEmpty())
    return;
  if (!walking_)
    cross_ = {static_cast<float>(pictureSize_.width) / 2, static_cast<float>(pictureSize_.height) / 2};
  if (const document::TrackPtr track = focusedTrack())
    cross_ = drawnPosition(*track, playhead());
  walking_ = true;
  walk_ = {};
  context_.session.selection().clearTracks();
  tell(tr("Arrows move the cross · Enter drops a point · Ctrl+Enter records in real time · Esc ends"));
  update();
}

void CanvasView::stopWalk() {
  if (std::exchange(recordingWalk_, false))
    tool().finish();
  walking_ = false;
  walk_ = {};
  update();
}

bool CanvasView::walkKey(const QKeyEvent& event) {
  if (!walking_ || !take_ || pressed_)
    return false;
  if (isEnter(event)) {
    if (recordingWalk_ || event.modifiers() & Qt::ControlModifier)
      recordWalk();
    else
      dropWalkPoint();
    return true;
  }
  const std::optional<Point> by = arrowStep(event);
  if (!by || !selectedPoints().empty())
    return false;
  cross_ = {std::clamp(cross_.x + by->x, 0.F, static_cast<float>(pictureSize_.width)),
            std::clamp(cross_.y + by->y, 0.F, static_cast<float>(pictureSize_.height))};
  const QPointF view = mapping_.toView(cross_);
  if (recordingWalk_)
    tool().move(pointer(view, nowMs(), {}));
  context_.paint.reportPointer(QPointF(static_cast<double>(cross_.x), static_cast<double>(cross_.y)));
  update();
  return true;
}

// The first point begins a path at the playhead; each further one lies at the playhead, which goes on to the next long
// mark.
void CanvasView::dropWalkPoint() {
  const FrameRate rate = context_.session.document()->frame.rate;
  const document::TrackPtr track = focusedTrack();
  const Time at = playhead();
  if (!track || track->id != walk_) {
    document::Track made = newTrack(*take_, document::TrackKind::Path, options());
    made.start = at;
    made.points = {{Duration{}, cross_, true}};
    if (!commitNewTrack(*this, std::move(made), tr("Walk path")))
      return;
    walk_ = context_.session.selection().current().focusedTrack();
  } else {
    if (at < track->start) {
      tell(tr("The path begins later. Move the playhead on."));
      return;
    }
    if (!context_.session.apply(tr("Add point"), [&](const document::DocumentPtr& doc) {
          return edit::insertPoint(doc, take_->id, walk_, {at - track->start, cross_, true});
        }))
      return;
  }
  const Time last = rate.timeOf(std::max<std::int64_t>(0, rate.framesIn(take_->length) - 1));
  context_.engine.seek(timelineTime(std::min(last, rate.timeOf(rate.frameAt(at) + kWalkFrames))));
  announce();
}

void CanvasView::recordWalk() {
  const CanvasPointer now = pointer(mapping_.toView(cross_), nowMs(), {});
  recordingWalk_ = !recordingWalk_;
  if (recordingWalk_)
    tool().press(now);
  else
    tool().release(now);
  update();
}

void CanvasView::announce() {
  announceCanvasFocus(*this);
  update();
}

void CanvasView::paintKeyboard(QPainter& painter) const {
  if (walking_) {
    const QPointF at = mapping_.toView(cross_);
    for (const auto& [pen, colour] : {std::pair(4.6, style_.casing), std::pair(2.0, style_.focus)}) {
      painter.setPen(QPen(colour, pen));
      painter.drawLine(at - QPointF(kCrossPx, 0), at + QPointF(kCrossPx, 0));
      painter.drawLine(at - QPointF(0, kCrossPx), at + QPointF(0, kCrossPx));
    }
  }
  const Selection& selection = context_.session.selection().current();
  if (keyboard_ && hasFocus() && !selection.focusedTrack().isValid() && !selection.camera) {
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(style_.focus, 2));
    painter.drawRect(QRectF(rect()).adjusted(1, 1, -1, -1));
  }
}

} // namespace kinora::ui
