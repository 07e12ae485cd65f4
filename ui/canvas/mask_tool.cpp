// SPDX-License-Identifier: Apache-2.0
// Mask brush and Eraser: correct what belongs to the object of the focused path.
#include <QCoreApplication>
#include <QPolygonF>

#include <cmath>
#include <utility>

#include "ui/canvas/new_track.h"
#include "ui/canvas/tools_p.h"
#include "ui/canvas/track_overlay.h"

namespace kinora::ui {
namespace {

constexpr double kStepPx = 1.5; // points of a stroke lie at least this far apart on the canvas
constexpr int kEchoAlpha = 110;

class MaskTool final : public CanvasTool {
 public:
  MaskTool(CanvasContext& context, bool adds) : CanvasTool(context), adds_(adds) {}

  void press(const CanvasPointer& pointer) override {
    if (!focused()) {
      context_.tell(QCoreApplication::translate("Canvas", "Select the path whose object is to be corrected."));
      return;
    }
    isOutline_ = pointer.modifiers.testFlag(Qt::AltModifier);
    diameter_ = context_.options().brushSize;
    points_ = {pointer.picture};
    context_.requestRepaint();
  }

  void move(const CanvasPointer& pointer) override {
    if (points_.empty())
      return;
    const Point away = pointer.picture - points_.back();
    if (std::hypot(static_cast<double>(away.x), static_cast<double>(away.y)) * context_.mapping().scale() < kStepPx)
      return;
    points_.push_back(pointer.picture);
    context_.requestRepaint();
  }

  void release(const CanvasPointer& pointer) override {
    move(pointer);
    finish();
  }
  void finish() override {
    if (points_.empty())
      return;
    std::vector<Point> points = std::exchange(points_, {});
    context_.requestRepaint();
    if (isOutline_ && points.size() < 3)
      return; // encloses nothing
    context_.commit(corrected(std::move(points)), adds_ ? QCoreApplication::translate("Canvas", "Paint mask")
                                                        : QCoreApplication::translate("Canvas", "Erase mask"));
  }

  bool cancel() override {
    const bool had = !points_.empty();
    points_.clear();
    context_.requestRepaint();
    return had;
  }
  [[nodiscard]] bool isBusy() const override { return !points_.empty(); }
  [[nodiscard]] Qt::CursorShape cursor() const override { return Qt::CrossCursor; }
  [[nodiscard]] double ringRadius() const override {
    return static_cast<double>(context_.options().brushSize) / 2 * context_.mapping().scale();
  }

  void paint(QPainter& painter, const OverlayStyle& style) const override {
    if (points_.empty())
      return;
    QPolygonF line;
    for (const Point& point : points_)
      line << context_.mapping().toView(point);
    QColor colour = adds_ ? style.accent : style.record;
    if (isOutline_) {
      QPolygonF closed = line;
      closed << line.front();
      paintCasedLine(painter, closed, colour, style, kCoreWidth, true);
      return;
    }
    colour.setAlpha(kEchoAlpha);
    const double width = static_cast<double>(diameter_) * context_.mapping().scale();
    if (line.size() == 1) {
      painter.setPen(Qt::NoPen);
      painter.setBrush(colour);
      painter.drawEllipse(line.front(), width / 2, width / 2);
      return;
    }
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(colour, width, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.drawPolyline(line);
  }

 private:
  [[nodiscard]] document::TrackPtr focused() const {
    const document::TakePtr take = context_.take();
    const std::vector<TrackId> selected = context_.selectedTracks();
    if (take && !selected.empty())
      for (const document::TrackPtr& track : take->tracks)
        if (track->id == selected.back() && track->kind == document::TrackKind::Path)
          return track;
    return nullptr;
  }

  [[nodiscard]] Result<document::DocumentPtr> corrected(std::vector<Point> points) const {
    document::DocumentPtr document = context_.document();
    const document::TakePtr take = context_.take();
    const document::TrackPtr track = focused();
    if (!track)
      return document;
    std::int32_t group = track->group;
    if (group == 0) { // a number of its own, so that the correction stays with it whatever paths come later
      group = freshGroup(*take);
      auto grouped = document::edit::setTrackGroup(document, take->id, track->id, group);
      if (!grouped)
        return grouped;
      document = std::move(*grouped);
    }
    const float radius = isOutline_ ? 0 : diameter_ / 2;
    return document::edit::addMatteEdit(document, take->id, {group, adds_, radius, std::move(points)});
  }

  bool adds_;
  bool isOutline_ = false;
  float diameter_ = 0;        // pixels of the picture
  std::vector<Point> points_; // while the button is held
};

} // namespace

std::unique_ptr<CanvasTool> makeMaskTool(CanvasContext& context, bool adds) {
  return std::make_unique<MaskTool>(context, adds);
}

} // namespace kinora::ui
