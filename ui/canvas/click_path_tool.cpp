// SPDX-License-Identifier: Apache-2.0
// Click path: point after point, at constant speed to the end of the take.
#include <QCoreApplication>
#include <QPolygonF>

#include <cmath>
#include <utility>

#include "ui/canvas/new_track.h"
#include "ui/canvas/tools_p.h"
#include "ui/canvas/track_overlay.h"

namespace kinora::ui {
namespace {

constexpr double kHandlePx = 4; // a shorter drag sets no handle
constexpr int kPiecesPerSpan = 24;

// A clicked point; the path leaves it along `out` and arrives along its opposite.
struct Node {
  Point at;
  Point out;
};

// Cubic Bézier curves from node to node, straight where both have no handle.
std::vector<Point> flattened(const std::vector<Node>& nodes) {
  std::vector<Point> places;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (i > 0 && (nodes[i - 1].out != Point{} || nodes[i].out != Point{})) {
      const Point a = nodes[i - 1].at;
      const Point b = a + nodes[i - 1].out;
      const Point c = nodes[i].at - nodes[i].out;
      const Point d = nodes[i].at;
      for (int k = 1; k < kPiecesPerSpan; ++k) {
        const float t = static_cast<float>(k) / kPiecesPerSpan;
        const float s = 1 - t;
        places.push_back(a * (s * s * s) + b * (3 * s * s * t) + c * (3 * s * t * t) + d * (t * t * t));
      }
    }
    places.push_back(nodes[i].at);
  }
  return places;
}

class ClickPathTool final : public CanvasTool {
 public:
  using CanvasTool::CanvasTool;

  void press(const CanvasPointer& pointer) override {
    const document::TakePtr take = context_.take();
    if (!take)
      return;
    if (nodes_.empty()) {
      take_ = take->id;
      start_ = newTrackStart(context_);
      context_.tell(QCoreApplication::translate(
          "Canvas", "Click adds a point · Enter ends · Backspace removes the last point · Esc discards"));
    }
    nodes_.push_back({pointer.picture, {}});
    isHeld_ = true;
    hover_ = pointer.picture;
    context_.requestRepaint();
  }
  void move(const CanvasPointer& pointer) override {
    if (!isHeld_ || nodes_.empty())
      return;
    const Point out = pointer.picture - nodes_.back().at;
    const bool isFar =
        std::hypot(static_cast<double>(out.x), static_cast<double>(out.y)) * context_.mapping().scale() >= kHandlePx;
    nodes_.back().out = isFar ? out : Point{};
    context_.requestRepaint();
  }
  void release(const CanvasPointer& pointer) override {
    move(pointer);
    isHeld_ = false;
  }
  void hover(const CanvasPointer& pointer) override {
    hover_ = pointer.picture;
    if (!nodes_.empty())
      context_.requestRepaint();
  }
  void doubleClick(const CanvasPointer&) override { finish(); } // its first click set the point
  bool key(int key, Qt::KeyboardModifiers modifiers) override {
    if (nodes_.empty() || modifiers & (Qt::ControlModifier | Qt::AltModifier))
      return false;
    switch (key) {
    case Qt::Key_Return:
    case Qt::Key_Enter:
      finish();
      return true;
    case Qt::Key_Backspace:
      nodes_.pop_back();
      isHeld_ = false;
      context_.requestRepaint();
      return true;
    default:
      return false;
    }
  }
  bool cancel() override {
    const bool had = !nodes_.empty();
    nodes_.clear();
    isHeld_ = false;
    context_.requestRepaint();
    return had;
  }
  void finish() override {
    const std::vector<Point> places = flattened(std::exchange(nodes_, {}));
    isHeld_ = false;
    context_.requestRepaint();
    const document::TakePtr take = context_.take();
    if (places.size() < 2 || !take || take->id != take_)
      return;
    document::Track track = newTrack(*take, document::TrackKind::Path, context_.options());
    track.start = start_;
    track = evenTrack(std::move(track), places, *take);
    if (track.points.size() > 1) // not all on one spot
      commitNewTrack(context_, std::move(track), QCoreApplication::translate("Canvas", "Click path"));
  }
  [[nodiscard]] bool isBusy() const override { return !nodes_.empty(); }
  [[nodiscard]] Qt::CursorShape cursor() const override { return Qt::CrossCursor; }

  void paint(QPainter& painter, const OverlayStyle& style) const override {
    const document::TakePtr take = context_.take();
    if (nodes_.empty() || !take)
      return;
    const CanvasMapping& mapping = context_.mapping();
    const QColor colour = style.trackColour(newTrack(*take, document::TrackKind::Path, context_.options()).colour);
    QPolygonF line;
    for (const Point& place : flattened(nodes_))
      line << mapping.toView(place);
    if (!isHeld_)
      paintCasedLine(painter, QPolygonF{line.back(), mapping.toView(hover_)}, colour, style, 1.3, true);
    paintCasedLine(painter, line, colour, style, kCoreWidth);
    if (nodes_.back().out != Point{})
      paintCasedLine(painter,
                     QPolygonF{mapping.toView(nodes_.back().at - nodes_.back().out),
                               mapping.toView(nodes_.back().at + nodes_.back().out)},
                     style.text, style, 1);
    painter.setPen(QPen(style.casing, 1.3));
    for (const Node& node : nodes_) {
      const QPointF at = mapping.toView(node.at);
      painter.setBrush(&node == &nodes_.back() ? style.accent : style.text);
      painter.drawRect(QRectF(at.x() - 3.5, at.y() - 3.5, 7, 7));
    }
  }

 private:
  std::vector<Node> nodes_;
  TakeId take_;
  Time start_;
  Point hover_;
  bool isHeld_ = false;
};

} // namespace

std::unique_ptr<CanvasTool> makeClickPathTool(CanvasContext& context) {
  return std::make_unique<ClickPathTool>(context);
}

} // namespace kinora::ui
