// SPDX-License-Identifier: Apache-2.0
// Pointer and keys of the canvas.
#include "ui/canvas/canvas_view.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include <QApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QTabletEvent>
#include <QWheelEvent>

#include "engine/document/edit.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/paint_settings.h"
#include "ui/session/project_session.h"

namespace kinora::ui {
namespace {

constexpr double kHoverReachPx = 9;
constexpr double kWheelZoom = 1.15; // per notch

} // namespace

CanvasPointer CanvasView::pointer(const QPointF& view, std::uint64_t atMs, Qt::KeyboardModifiers modifiers) const {
  CanvasPointer result;
  result.view = view;
  result.picture = mapping_.toPicture(view);
  result.atMs = static_cast<std::int64_t>(atMs);
  result.stampNs =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
  result.modifiers = modifiers;
  return result;
}

void CanvasView::useTool(Tool next) {
  if (tool_)
    tool().finish();
  tool_ = makeCanvasTool(next, *this);
  pressed_ = penDown_ = false;
  if (next != Tool::DrawPath)
    stopWalk();
  layerDirty_ = true;
  askForPicture();
  askForMatte();
  showViews();
  updateCursor();
  update();
}

void CanvasView::updateCursor() {
  if (panFrom_)
    setCursor(Qt::ClosedHandCursor);
  else if (spaceDown_)
    setCursor(Qt::OpenHandCursor);
  else
    setCursor(take_ ? tool().cursor() : Qt::ArrowCursor);
}

void CanvasView::mousePressEvent(QMouseEvent* event) {
  sinceEvent_.start();
  setFocus(Qt::MouseFocusReason);
  if (event->button() == Qt::MiddleButton || (event->button() == Qt::LeftButton && spaceDown_)) {
    panFrom_ = event->position();
    isSpacePan_ = spaceDown_;
    updateCursor();
    return;
  }
  if (event->button() != Qt::LeftButton || !take_ || penDown_)
    return;
  stopWalk();
  if (std::exchange(keyboard_, false))
    layerDirty_ = true;
  if (pressed_) // its release got lost
    endPointer();
  pressed_ = true;
  tool().press(pointer(event->position(), event->timestamp(), event->modifiers()));
  updateCursor();
  update();
}

void CanvasView::moved(const QPointF& view, std::uint64_t atMs, Qt::KeyboardModifiers modifiers, bool pressed) {
  sinceEvent_.start();
  hand_ = view;
  const Point at = mapping_.toPicture(view);
  const bool inside = take_ && at.x >= 0 && at.y >= 0 && at.x < static_cast<float>(pictureSize_.width) &&
                      at.y < static_cast<float>(pictureSize_.height);
  context_.paint.reportPointer(
      inside ? std::optional<QPointF>(QPointF(static_cast<double>(at.x), static_cast<double>(at.y))) : std::nullopt);
  const CanvasPointer now = pointer(view, atMs, modifiers);
  if (pressed) {
    tool().move(now);
  } else if (take_) {
    tool().hover(now);
    const Tool kind = context_.paint.tool();
    TrackId under;
    if (kind == Tool::Select || kind == Tool::EditPoints)
      if (const auto hit = hitTracks(*take_, mapping_, view, kHoverReachPx, selectedTracks()))
        under = hit->track;
    if (under != hovered_) {
      hovered_ = under;
      layerDirty_ = true;
    }
  }
  update();
}

void CanvasView::mouseMoveEvent(QMouseEvent* event) {
  if (panFrom_) {
    PictureSurface::panBy(event->position() - *panFrom_);
    panFrom_ = event->position();
    return;
  }
  if (pressed_ && !(event->buttons() & Qt::LeftButton)) // the release got lost: the window was away
    endPointer();
  if (!penDown_)
    moved(event->position(), event->timestamp(), event->modifiers(), pressed_);
}

void CanvasView::mouseReleaseEvent(QMouseEvent* event) {
  sinceEvent_.start();
  if (panFrom_ && (event->button() == Qt::MiddleButton || event->button() == Qt::LeftButton)) {
    panFrom_.reset();
    updateCursor();
    return;
  }
  if (event->button() != Qt::LeftButton || !pressed_)
    return;
  pressed_ = false;
  tool().release(pointer(event->position(), event->timestamp(), event->modifiers()));
  spanUsed_ = true;
  if (!spanKeyDown_)
    returnSpanTool();
  updateCursor();
  update();
}

void CanvasView::endPointer() {
  pressed_ = penDown_ = false;
  tool().finish();
  returnSpanTool();
  updateCursor();
  update();
}

void CanvasView::lendSpanTool(bool visible) {
  if (!take_ || pressed_ || penDown_)
    return;
  if (keyboard_ && hasFocus() && !selectedPoints().empty()) {
    hideSegment(visible);
    return;
  }
  spanKeyDown_ = true;
  spanUsed_ = false;
  qApp->installEventFilter(this);
  context_.paint.setTemporaryTool(visible ? Tool::ShowSpan : Tool::HideSpan);
}

void CanvasView::returnSpanTool() {
  const Tool tool = context_.paint.tool();
  if (tool == Tool::HideSpan || tool == Tool::ShowSpan)
    context_.paint.setTemporaryTool(std::nullopt);
}

void CanvasView::mouseDoubleClickEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton || !take_ || spaceDown_)
    return mousePressEvent(event);
  pressed_ = true;
  tool().doubleClick(pointer(event->position(), event->timestamp(), event->modifiers()));
  update();
}

void CanvasView::tabletEvent(QTabletEvent* event) {
  event->accept();
  if (!take_ || spaceDown_)
    return event->ignore();
  CanvasPointer pen = pointer(event->position(), event->timestamp(), event->modifiers());
  pen.isPen = true;
  pen.pressure = event->pressure();
  switch (event->type()) {
  case QEvent::TabletPress:
    setFocus(Qt::MouseFocusReason);
    stopWalk();
    penDown_ = true;
    qApp->installEventFilter(this); // hears when the pen goes away
    tool().press(pen);
    break;
  case QEvent::TabletRelease:
    if (std::exchange(penDown_, false))
      tool().release(pen);
    spanUsed_ = true;
    if (!spanKeyDown_)
      returnSpanTool();
    break;
  default:
    if (!penDown_)
      return moved(event->position(), event->timestamp(), event->modifiers(), false);
    sinceEvent_.start();
    hand_ = event->position();
    tool().move(pen);
  }
  update();
}

void CanvasView::wheelEvent(QWheelEvent* event) {
  const double notches = event->angleDelta().y() / 120.0;
  if (notches != 0)
    setZoom(zoom() * std::pow(kWheelZoom, notches), event->position());
  event->accept();
}

void CanvasView::leaveEvent(QEvent* event) {
  PictureSurface::leaveEvent(event);
  hand_.reset();
  if (hovered_.isValid())
    layerDirty_ = true;
  hovered_ = {};
  context_.paint.reportPointer(std::nullopt);
  update();
}

void CanvasView::hideEvent(QHideEvent* event) {
  PictureSurface::hideEvent(event);
  if (pressed_ || penDown_)
    endPointer();
}

void CanvasView::focusInEvent(QFocusEvent* event) {
  PictureSurface::focusInEvent(event);
  const Qt::FocusReason reason = event->reason();
  if (reason == Qt::TabFocusReason || reason == Qt::BacktabFocusReason || reason == Qt::ShortcutFocusReason) {
    keyboard_ = true;
    layerDirty_ = true;
    announce();
  }
  update();
}

void CanvasView::focusOutEvent(QFocusEvent* event) {
  PictureSurface::focusOutEvent(event);
  spaceDown_ = false;
  if (event->reason() != Qt::PopupFocusReason && event->reason() != Qt::MenuBarFocusReason) {
    stopWalk();
    if (std::exchange(keyboard_, false))
      layerDirty_ = true;
  }
  if (!pressed_ && !penDown_)
    returnSpanTool();
  panFrom_.reset();
  updateCursor();
  update();
}

void CanvasView::deleteCameraKey() {
  const FrameRate rate = context_.session.document()->frame.rate;
  const std::int64_t frame = rate.frameAt(playhead());
  std::vector<document::CameraKey> keys = take_->camera;
  if (std::erase_if(keys, [&](const document::CameraKey& key) { return rate.frameAt(key.at) == frame; }) == 0) {
    tell(tr("There is no camera key at the playhead."));
    return;
  }
  context_.session.apply(tr("Delete camera key"), [&](const document::DocumentPtr& doc) {
    return document::edit::setCamera(doc, take_->id, keys);
  });
}

void CanvasView::deleteSelection() {
  if (take_ && context_.session.selection().current().camera)
    return deleteCameraKey();
  if (!take_ || selectedTracks().empty())
    return;
  const std::vector<TrackId> tracks = selectedTracks();
  const std::vector<std::size_t> points = selectedPoints();
  const auto focused = std::find_if(take_->tracks.begin(), take_->tracks.end(),
                                    [&](const document::TrackPtr& track) { return track->id == tracks.back(); });
  if (!points.empty() && focused != take_->tracks.end() && points.size() < (*focused)->points.size()) {
    if (context_.session.apply(tr("Delete points"), [&](const document::DocumentPtr& doc) {
          return document::edit::removePoints(doc, take_->id, tracks.back(), points);
        }))
      context_.session.selection().selectPoints(tracks.back(), {});
    return;
  }
  context_.session.apply(tr("Delete paths"), [&](const document::DocumentPtr& doc) {
    return document::edit::removeTracks(doc, take_->id, tracks);
  });
}

void CanvasView::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Space) {
    if (!event->isAutoRepeat()) {
      spaceDown_ = true;
      isSpacePan_ = false;
      updateCursor();
    }
    event->ignore(); // the window plays when nothing was dragged
    return;
  }
  if (event->key() == Qt::Key_Escape) {
    if (panFrom_)
      panFrom_.reset();
    else if (tool().cancel())
      pressed_ = penDown_ = recordingWalk_ = false;
    else if (context_.paint.tool() == Tool::HideSpan || context_.paint.tool() == Tool::ShowSpan)
      returnSpanTool();
    else if (walking_)
      stopWalk();
    else if (!selectedPoints().empty())
      selectPoints(selectedTracks().back(), {});
    else
      context_.session.selection().clearTracks();
    updateCursor();
    update();
    return;
  }
  if (take_ && tool().key(event->key(), event->modifiers())) {
    update();
    return;
  }
  if (walkKey(*event) || itemKey(*event) || nudge(*event))
    return;
  PictureSurface::keyPressEvent(event);
}

void CanvasView::keyReleaseEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Space && !event->isAutoRepeat()) {
    spaceDown_ = false;
    updateCursor();
    if (std::exchange(isSpacePan_, false))
      return; // a pan, not a command
  }
  PictureSurface::keyReleaseEvent(event);
}

} // namespace kinora::ui
