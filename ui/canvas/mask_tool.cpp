// SPDX-License-Identifier: Apache-2.0
// Mask brush and Eraser: correct what belongs to the object of the focused path.
#include <QCoreApplication>
#include <QPolygonF>

#include <algorithm>
#include <cmath>
#include <utility>

#include "ui/canvas/new_track.h"
#include "ui/canvas/tools_p.h"
#include "ui/canvas/track_overlay.h"

namespace kinora::ui {
namespace {

constexpr double kStepPx = 1.5; // points of a stroke lie at least this far apart on the canvas
constexpr int kEchoAlpha = 110;
constexpr float kPressureSteps = 8; // sizes that the pressure of a pen chooses from

// A stretch of a stroke with one size.
struct Run {
  float diameter = 0; // pixels of the picture
  std::vector<Point> points;
};

class MaskTool final : public CanvasTool {
 public:
  MaskTool(CanvasContext& context, bool adds) : CanvasTool(context), adds_(adds) {}

  void press(const CanvasPointer& pointer) override {
    if (!focused()) {
      context_.tell(QCoreApplication::translate("Canvas", "Select the path whose object is to be corrected."));
      return;
    }
    isOutline_ = pointer.modifiers.testFlag(Qt::AltModifier);
    runs_ = {{diameterOf(pointer), {pointer.picture}}};
    context_.requestRepaint();
  }

  void move(const CanvasPointer& pointer) override {
    if (!runs_.empty())
      extend(pointer.picture, diameterOf(pointer));
  }

  void release(const CanvasPointer& pointer) override {
    if (!runs_.empty()) // a pen that is lifted has no pressure any more
      extend(pointer.picture, runs_.back().diameter);
    finish();
  }
  void finish() override {
    const std::vector<Run> runs = std::exchange(runs_, {});
    context_.requestRepaint();
    if (runs.empty() || (isOutline_ && runs.front().points.size() < 3))
      return; // an outline of less encloses nothing
    context_.commit(corrected(runs), adds_ ? QCoreApplication::translate("Canvas", "Paint mask")
                                           : QCoreApplication::translate("Canvas", "Erase mask"));
  }

  bool cancel() override {
    const bool had = !runs_.empty();
    runs_.clear();
    context_.requestRepaint();
    return had;
  }
  [[nodiscard]] bool isBusy() const override { return !runs_.empty(); }
  [[nodiscard]] Qt::CursorShape cursor() const override { return Qt::CrossCursor; }
  [[nodiscard]] double ringRadius() const override {
    return static_cast<double>(context_.options().brushSize) / 2 * context_.mapping().scale();
  }

  void paint(QPainter& painter, const OverlayStyle& style) const override {
    for (const Run& run : runs_)
      paintRun(painter, run, style);
  }

 private:
  // The pressure of a pen is the size.
  [[nodiscard]] float diameterOf(const CanvasPointer& pointer) const {
    const float share =
        std::clamp(std::ceil(static_cast<float>(pointer.pressure) * kPressureSteps), 1.F, kPressureSteps);
    return context_.options().brushSize * share / kPressureSteps;
  }

  void extend(Point to, float diameter) {
    const Point last = runs_.back().points.back();
    const Point away = to - last;
    if (std::hypot(static_cast<double>(away.x), static_cast<double>(away.y)) * context_.mapping().scale() < kStepPx)
      return;
    if (diameter != runs_.back().diameter && !isOutline_)
      runs_.push_back({diameter, {last}});
    runs_.back().points.push_back(to);
    context_.requestRepaint();
  }

  void paintRun(QPainter& painter, const Run& run, const OverlayStyle& style) const {
    QPolygonF line;
    for (const Point& point : run.points)
      line << context_.mapping().toView(point);
    QColor colour = adds_ ? style.accent : style.record;
    if (isOutline_) {
      QPolygonF closed = line;
      closed << line.front();
      paintCasedLine(painter, closed, colour, style, kCoreWidth, true);
      return;
    }
    colour.setAlpha(kEchoAlpha);
    const double width = static_cast<double>(run.diameter) * context_.mapping().scale();
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

  [[nodiscard]] document::TrackPtr focused() const {
    const document::TakePtr take = context_.take();
    const std::vector<TrackId> selected = context_.selectedTracks();
    if (take && !selected.empty())
      for (const document::TrackPtr& track : take->tracks)
        if (track->id == selected.back() && track->kind == document::TrackKind::Path)
          return track;
    return nullptr;
  }

  [[nodiscard]] Result<document::DocumentPtr> corrected(const std::vector<Run>& runs) const {
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
    for (const Run& run : runs) {
      const float radius = isOutline_ ? 0 : run.diameter / 2;
      auto edited = document::edit::addMatteEdit(document, take->id, {group, adds_, radius, run.points, {}});
      if (!edited)
        return edited;
      document = std::move(*edited);
    }
    return document;
  }

  bool adds_;
  bool isOutline_ = false;
  std::vector<Run> runs_; // while the button is held
};

} // namespace

std::unique_ptr<CanvasTool> makeMaskTool(CanvasContext& context, bool adds) {
  return std::make_unique<MaskTool>(context, adds);
}

} // namespace kinora::ui
