// SPDX-License-Identifier: Apache-2.0
// Hand, Zoom and Pin.
#include <QCoreApplication>

#include <cmath>

#include "ui/canvas/new_track.h"
#include "ui/canvas/tools_p.h"
#include "ui/canvas/track_overlay.h"

namespace kinora::ui {
namespace {

constexpr double kZoomStep = 1.5;
constexpr double kPinSpacingPx = 48; // canvas pixels between the pins of a painted row

class HandTool final : public CanvasTool {
 public:
  using CanvasTool::CanvasTool;
  void press(const CanvasPointer& pointer) override {
    from_ = pointer.view;
    held_ = true;
  }
  void move(const CanvasPointer& pointer) override {
    if (!held_)
      return;
    context_.panBy(pointer.view - from_);
    from_ = pointer.view;
  }
  void release(const CanvasPointer&) override { held_ = false; }
  bool cancel() override { return std::exchange(held_, false); }
  [[nodiscard]] bool isBusy() const override { return held_; }
  [[nodiscard]] Qt::CursorShape cursor() const override { return held_ ? Qt::ClosedHandCursor : Qt::OpenHandCursor; }

 private:
  QPointF from_;
  bool held_ = false;
};

class ZoomTool final : public CanvasTool {
 public:
  using CanvasTool::CanvasTool;
  void press(const CanvasPointer& pointer) override {
    context_.zoomAt(pointer.view, pointer.modifiers & Qt::AltModifier ? 1 / kZoomStep : kZoomStep);
  }
  void move(const CanvasPointer&) override {}
  void release(const CanvasPointer&) override {}
  bool cancel() override { return false; }
  [[nodiscard]] bool isBusy() const override { return false; }
  [[nodiscard]] Qt::CursorShape cursor() const override { return Qt::CrossCursor; }
};

// A click sets one pin, a drag a row of them; one undo step either way.
class PinTool final : public CanvasTool {
 public:
  using CanvasTool::CanvasTool;
  void press(const CanvasPointer& pointer) override {
    if (!context_.take())
      return;
    places_ = {pointer.picture};
    last_ = pointer.view;
    context_.requestRepaint();
  }
  void move(const CanvasPointer& pointer) override {
    const QPointF way = pointer.view - last_;
    if (places_.empty() || std::hypot(way.x(), way.y()) < kPinSpacingPx)
      return;
    places_.push_back(pointer.picture);
    last_ = pointer.view;
    context_.requestRepaint();
  }
  void release(const CanvasPointer&) override { finish(); }
  void finish() override {
    const std::vector<Point> places = std::exchange(places_, {});
    const document::TakePtr take = context_.take();
    if (places.empty() || !take)
      return;
    document::DocumentPtr next = context_.document();
    std::vector<TrackId> made;
    for (const Point& place : places) {
      document::Track pin = newTrack(*next->findTake(take->id), document::TrackKind::Pin, context_.options());
      pin.points = {{Duration{}, place, true}};
      Result<document::edit::Made<TrackId>> added = document::edit::addTrack(next, take->id, std::move(pin));
      if (!added) {
        context_.commit(fail(added), QString());
        return;
      }
      next = added->document;
      made.push_back(added->id);
    }
    const QString text = made.size() == 1 ? QCoreApplication::translate("Canvas", "Add pin")
                                          : QCoreApplication::translate("Canvas", "Add pins");
    if (context_.commit(next, text))
      context_.selectTracks(made);
  }
  bool cancel() override {
    const bool had = !places_.empty();
    places_.clear();
    return had;
  }
  [[nodiscard]] bool isBusy() const override { return !places_.empty(); }
  void paint(QPainter& painter, const OverlayStyle& style) const override {
    document::Track pin;
    pin.kind = document::TrackKind::Pin;
    pin.colour = "white";
    for (const Point& place : places_) {
      pin.points = {{Duration{}, place, true}};
      paintTrack(painter, pin, context_.document()->frame.rate, context_.mapping(), style, {});
    }
  }
  [[nodiscard]] Qt::CursorShape cursor() const override { return Qt::CrossCursor; }

 private:
  std::vector<Point> places_;
  QPointF last_;
};

} // namespace

std::unique_ptr<CanvasTool> makeHandTool(CanvasContext& context) {
  return std::make_unique<HandTool>(context);
}
std::unique_ptr<CanvasTool> makeZoomTool(CanvasContext& context) {
  return std::make_unique<ZoomTool>(context);
}
std::unique_ptr<CanvasTool> makePinTool(CanvasContext& context) {
  return std::make_unique<PinTool>(context);
}

std::unique_ptr<CanvasTool> makeCanvasTool(Tool tool, CanvasContext& context) {
  switch (tool) {
  case Tool::EditPoints:
    return makeEditPointsTool(context);
  case Tool::DrawPath:
    return std::make_unique<DrawPathTool>(context);
  case Tool::ClickPath:
    return makeClickPathTool(context);
  case Tool::Pin:
    return makePinTool(context);
  case Tool::Camera:
    return makeCameraTool(context);
  case Tool::HideSpan:
    return makeSpanTool(context, false);
  case Tool::ShowSpan:
    return makeSpanTool(context, true);
  case Tool::MaskBrush:
    return makeMaskTool(context, true);
  case Tool::MaskEraser:
    return makeMaskTool(context, false);
  case Tool::Hand:
    return makeHandTool(context);
  case Tool::Zoom:
    return makeZoomTool(context);
  case Tool::Select:
    break;
  }
  return makeSelectTool(context);
}

} // namespace kinora::ui
