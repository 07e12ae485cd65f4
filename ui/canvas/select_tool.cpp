// SPDX-License-Identifier: Apache-2.0
// Select and Edit points.
#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <optional>

#include "ui/canvas/new_track.h"
#include "ui/canvas/tools_p.h"
#include "ui/canvas/track_overlay.h"

namespace kinora::ui {
namespace {

constexpr double kReachPx = 9;
constexpr double kDragPx = 3; // less is a click

bool isFar(QPointF a, QPointF b) {
  return std::hypot(a.x() - b.x(), a.y() - b.y()) >= kDragPx;
}

// What both tools share: a click selects, a drag moves what was hit or opens a marquee.
class MoveTool : public CanvasTool {
 public:
  using CanvasTool::CanvasTool;

  void press(const CanvasPointer& pointer) override {
    const document::TakePtr take = context_.take();
    if (!take)
      return;
    before_ = context_.document();
    from_ = pointer;
    const std::vector<TrackId> selected = context_.selectedTracks();
    const std::optional<TrackHit> hit = hitTracks(*take, context_.mapping(), pointer.view, kReachPx, selected);
    if (hit) {
      state_ = State::Pressed;
      pressedOn(*hit, pointer);
    } else {
      state_ = State::Marquee;
      marquee_ = QRectF(pointer.view, QSizeF());
    }
    context_.requestRepaint();
  }

  void move(const CanvasPointer& pointer) override {
    if (state_ == State::Pressed && isFar(pointer.view, from_.view)) {
      state_ = State::Moving;
      before_ = context_.document();
      begun(from_.modifiers);
    }
    if (state_ == State::Moving) {
      by_ = pointer.picture - from_.picture;
      if (pointer.modifiers & Qt::ShiftModifier) // along one axis
        (std::abs(by_.x) > std::abs(by_.y) ? by_.y : by_.x) = 0;
      context_.preview(moved(by_), text());
    } else if (state_ == State::Marquee) {
      marquee_ = QRectF(from_.view, pointer.view).normalized();
      context_.requestRepaint();
    }
  }

  void release(const CanvasPointer& pointer) override {
    move(pointer);
    const State state = state_;
    finish();
    if (state == State::Marquee) {
      if (isFar(marquee_.topLeft(), marquee_.bottomRight()))
        framed(marquee_, pointer.modifiers);
      else
        clickedNothing(pointer.modifiers);
    }
  }

  void finish() override {
    if (std::exchange(state_, State::Idle) == State::Moving && context_.commit(moved(by_), text()))
      ended();
    before_.reset();
    context_.requestRepaint();
  }

  bool cancel() override {
    const State state = std::exchange(state_, State::Idle);
    if (state == State::Moving)
      context_.dropPreview();
    before_.reset();
    context_.requestRepaint();
    return state != State::Idle;
  }
  [[nodiscard]] bool isBusy() const override { return state_ != State::Idle; }
  void paint(QPainter& painter, const OverlayStyle& style) const override {
    if (state_ == State::Marquee && isFar(marquee_.topLeft(), marquee_.bottomRight()))
      paintMarquee(painter, marquee_, style);
  }

 protected:
  virtual void pressedOn(const TrackHit& hit, const CanvasPointer& pointer) = 0;
  // A drag begins, with before_ as the document that it changes; its result was kept.
  virtual void begun(Qt::KeyboardModifiers modifiers) { (void)modifiers; }
  virtual void ended() {}
  [[nodiscard]] virtual Result<document::DocumentPtr> moved(Point by) const = 0;
  [[nodiscard]] virtual QString text() const = 0;
  virtual void framed(const QRectF& view, Qt::KeyboardModifiers modifiers) = 0;
  virtual void clickedNothing(Qt::KeyboardModifiers modifiers) {
    if (!(modifiers & (Qt::ControlModifier | Qt::ShiftModifier)))
      context_.selectTracks({});
  }

  document::DocumentPtr before_; // of the press or of the drag's begin

 private:
  enum class State { Idle, Pressed, Moving, Marquee };
  State state_ = State::Idle;
  CanvasPointer from_;
  Point by_; // as last shown
  QRectF marquee_;
};

class SelectTool final : public MoveTool {
 public:
  using MoveTool::MoveTool;

 private:
  void pressedOn(const TrackHit& hit, const CanvasPointer& pointer) override {
    std::vector<TrackId> selected = context_.selectedTracks();
    const auto at = std::find(selected.begin(), selected.end(), hit.track);
    const bool isSelected = at != selected.end();
    if (pointer.modifiers & Qt::ControlModifier) {
      if (isSelected)
        selected.erase(at);
      else
        selected.push_back(hit.track);
      context_.selectTracks(selected);
    } else if (pointer.modifiers & Qt::ShiftModifier) {
      if (!isSelected)
        selected.push_back(hit.track);
      context_.selectTracks(selected);
    } else if (!isSelected) {
      context_.selectTracks({hit.track});
    } else { // the focused one is the last
      selected.erase(at);
      selected.push_back(hit.track);
      context_.selectTracks(selected);
    }
  }
  // With Alt copies move, each an object of its own.
  void begun(Qt::KeyboardModifiers modifiers) override {
    copies_.clear();
    if (!(modifiers & Qt::AltModifier))
      return;
    const TakeId id = context_.take()->id;
    const std::vector<TrackId> selected = context_.selectedTracks();
    const document::TakePtr take = before_->findTake(id);
    for (const document::TrackPtr& track : take->tracks) {
      if (std::find(selected.begin(), selected.end(), track->id) == selected.end())
        continue;
      document::Track copy = *track;
      if (copy.group != 0)
        copy.group = freshGroup(*before_->findTake(id));
      copy.name = QCoreApplication::translate("Canvas", "%1 copy").arg(QString::fromStdString(copy.name)).toStdString();
      copy.locked = false;
      auto made = document::edit::addTrack(before_, id, std::move(copy));
      if (!made)
        continue;
      before_ = made->document;
      copies_.push_back(made->id);
    }
  }
  void ended() override {
    if (!copies_.empty())
      context_.selectTracks(copies_);
  }
  Result<document::DocumentPtr> moved(Point by) const override {
    return document::edit::moveTracks(before_, context_.take()->id,
                                      copies_.empty() ? context_.selectedTracks() : copies_, by);
  }
  QString text() const override {
    return copies_.empty() ? QCoreApplication::translate("Canvas", "Move")
                           : QCoreApplication::translate("Canvas", "Duplicate");
  }
  void framed(const QRectF& view, Qt::KeyboardModifiers modifiers) override {
    std::vector<TrackId> chosen;
    if (modifiers & (Qt::ControlModifier | Qt::ShiftModifier))
      chosen = context_.selectedTracks();
    for (const document::TrackPtr& track : context_.take()->tracks) {
      const bool inside = std::any_of(track->points.begin(), track->points.end(), [&](const auto& point) {
        return view.contains(context_.mapping().toView(point.position));
      });
      if (track->enabled && inside && std::find(chosen.begin(), chosen.end(), track->id) == chosen.end())
        chosen.push_back(track->id);
    }
    context_.selectTracks(chosen);
  }

  std::vector<TrackId> copies_;
};

class EditPointsTool final : public MoveTool {
 public:
  using MoveTool::MoveTool;

 private:
  void pressedOn(const TrackHit& hit, const CanvasPointer& pointer) override {
    const std::vector<TrackId> selected = context_.selectedTracks();
    const bool isFocused = !selected.empty() && selected.back() == hit.track;
    if (!hit.point) {
      if (!isFocused) {
        context_.selectTracks({hit.track});
        return;
      }
      insert(hit);
      return;
    }
    std::vector<std::size_t> points = isFocused ? context_.selectedPoints() : std::vector<std::size_t>{};
    const auto at = std::find(points.begin(), points.end(), *hit.point);
    if (pointer.modifiers & Qt::ControlModifier) {
      if (at == points.end())
        points.push_back(*hit.point);
      else
        points.erase(at);
    } else if (pointer.modifiers & Qt::ShiftModifier) {
      if (at == points.end())
        points.push_back(*hit.point);
    } else if (at == points.end()) {
      points = {*hit.point};
    }
    context_.selectPoints(hit.track, std::move(points));
  }

  // A click on the line adds a point there and takes hold of it.
  void insert(const TrackHit& hit) {
    const document::TakePtr take = context_.take();
    const auto track = std::find_if(take->tracks.begin(), take->tracks.end(),
                                    [&](const document::TrackPtr& t) { return t->id == hit.track; });
    bool visible = true;
    for (const document::TrackPoint& point : (*track)->points)
      if (point.at <= hit.at)
        visible = point.visible;
    if (!context_.commit(document::edit::insertPoint(before_, take->id, hit.track, {hit.at, hit.position, visible}),
                         QCoreApplication::translate("Canvas", "Add point")))
      return;
    before_ = context_.document();
    const document::TakePtr now = context_.take();
    for (const document::TrackPtr& changed : now->tracks)
      if (changed->id == hit.track)
        for (std::size_t i = 0; i < changed->points.size(); ++i)
          if (changed->points[i].at == hit.at)
            context_.selectPoints(hit.track, {i});
  }

  Result<document::DocumentPtr> moved(Point by) const override {
    const std::vector<TrackId> tracks = context_.selectedTracks();
    const std::vector<std::size_t> points = context_.selectedPoints();
    if (tracks.empty() || points.empty())
      return before_;
    return document::edit::movePoints(before_, context_.take()->id, tracks.back(), points, by);
  }
  QString text() const override { return QCoreApplication::translate("Canvas", "Move points"); }
  void framed(const QRectF& view, Qt::KeyboardModifiers modifiers) override {
    const std::vector<TrackId> tracks = context_.selectedTracks();
    if (tracks.empty())
      return;
    std::vector<std::size_t> points;
    if (modifiers & (Qt::ControlModifier | Qt::ShiftModifier))
      points = context_.selectedPoints();
    for (const document::TrackPtr& track : context_.take()->tracks)
      if (track->id == tracks.back())
        for (std::size_t i = 0; i < track->points.size(); ++i)
          if (view.contains(context_.mapping().toView(track->points[i].position)))
            points.push_back(i);
    context_.selectPoints(tracks.back(), std::move(points));
  }
};

} // namespace

std::unique_ptr<CanvasTool> makeSelectTool(CanvasContext& context) {
  return std::make_unique<SelectTool>(context);
}
std::unique_ptr<CanvasTool> makeEditPointsTool(CanvasContext& context) {
  return std::make_unique<EditPointsTool>(context);
}

} // namespace kinora::ui
