// SPDX-License-Identifier: Apache-2.0
// Camera: a frame on the picture; a corner zooms, inside moves, outside turns, and the playhead gets a key.
#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/document/sampling.h"
#include "ui/canvas/camera_frame.h"
#include "ui/canvas/tools_p.h"
#include "ui/canvas/track_overlay.h"

namespace kinora::ui {
namespace {

constexpr double kCornerPx = 12;
constexpr double kDragPx = 3; // less is a click

double lengthOf(QPointF way) {
  return std::hypot(way.x(), way.y());
}

class CameraTool final : public CanvasTool {
 public:
  using CanvasTool::CanvasTool;

  void press(const CanvasPointer& pointer) override {
    const document::TakePtr take = context_.take();
    if (!take || context_.pictureSize().isEmpty())
      return;
    context_.selectCamera();
    at_ = context_.playhead();
    from_ = pointer;
    frame_ = frameOf(document::sampleCamera(take->camera, at_), context_.pictureSize());
    grip_ = gripAt(pointer.view);
  }
  void move(const CanvasPointer& pointer) override {
    if (grip_ == Grip::None || (!before_ && lengthOf(pointer.view - from_.view) < kDragPx))
      return;
    if (!before_)
      before_ = context_.document();
    to_ = pointer;
    context_.preview(edited(), text());
  }
  void release(const CanvasPointer& pointer) override {
    move(pointer);
    finish();
  }
  void finish() override {
    if (before_)
      context_.commit(edited(), text());
    before_.reset();
    grip_ = Grip::None;
  }
  void hover(const CanvasPointer& pointer) override { over_ = gripAt(pointer.view); }
  bool cancel() override {
    const bool had = grip_ != Grip::None;
    if (before_)
      context_.dropPreview();
    before_.reset();
    grip_ = Grip::None;
    return had;
  }
  [[nodiscard]] bool isBusy() const override { return grip_ != Grip::None; }
  [[nodiscard]] Qt::CursorShape cursor() const override {
    switch (grip_ != Grip::None ? grip_ : over_) {
    case Grip::Corner:
      return Qt::SizeFDiagCursor;
    case Grip::Inside:
      return Qt::SizeAllCursor;
    default:
      return Qt::CrossCursor;
    }
  }

 private:
  enum class Grip { None, Corner, Inside, Outside };

  [[nodiscard]] Grip gripAt(QPointF view) const {
    const document::TakePtr take = context_.take();
    if (!take || context_.pictureSize().isEmpty())
      return Grip::None;
    const QPolygonF outline = context_.mapping().transform().map(
        outlineOf(frameOf(document::sampleCamera(take->camera, context_.playhead()), context_.pictureSize()),
                  context_.pictureSize()));
    for (const QPointF& corner : outline)
      if (lengthOf(corner - view) <= kCornerPx)
        return Grip::Corner;
    return outline.containsPoint(view, Qt::OddEvenFill) ? Grip::Inside : Grip::Outside;
  }

  [[nodiscard]] Result<document::DocumentPtr> edited() const {
    const document::TakePtr take = before_->findTake(context_.take() ? context_.take()->id : TakeId{});
    if (!take)
      return before_;
    const auto place = [](const CanvasPointer& pointer) {
      return QPointF(static_cast<double>(pointer.picture.x), static_cast<double>(pointer.picture.y));
    };
    const QPointF then = place(from_) - frame_.centre;
    const QPointF now = place(to_) - frame_.centre;
    CameraFrame next = frame_;
    switch (grip_) {
    case Grip::Corner:
      next.scale =
          std::clamp(frame_.scale * lengthOf(now) / std::max(lengthOf(then), 1e-3), 1 / kMostZoom, 1 / kLeastZoom);
      break;
    case Grip::Inside:
      next.centre += now - then;
      break;
    default: {
      double by = std::atan2(now.y(), now.x()) - std::atan2(then.y(), then.x());
      if (to_.modifiers & Qt::ShiftModifier) // in steps of 15°
        by = std::round((frame_.turn + by) / (std::numbers::pi / 12)) * (std::numbers::pi / 12) - frame_.turn;
      next.turn = std::remainder(frame_.turn + by, 2 * std::numbers::pi);
    }
    }
    return document::edit::setCamera(before_, take->id,
                                     withKey(take->camera, at_, poseOf(next, context_.pictureSize())));
  }
  [[nodiscard]] QString text() const { return QCoreApplication::translate("Canvas", "Move camera"); }

  document::DocumentPtr before_; // once something is shown
  CanvasPointer from_;
  CanvasPointer to_;
  CameraFrame frame_; // of the press
  Time at_;
  Grip grip_ = Grip::None;
  Grip over_ = Grip::None;
};

} // namespace

std::unique_ptr<CanvasTool> makeCameraTool(CanvasContext& context) {
  return std::make_unique<CameraTool>(context);
}

} // namespace kinora::ui
