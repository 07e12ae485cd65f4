// SPDX-License-Identifier: Apache-2.0
// The timeline: clips on lanes in Edit, the paths of the take in Paint, over one ruler with playhead and marks.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include <QImage>
#include <QScrollBar>
#include <QTimer>
#include <QWidget>

#include "engine/document/document.h"
#include "engine/runtime/event.h"
#include "ui/session/ui_context.h"
#include "ui/timeline/timeline_layout.h"

class QMenu;

namespace kinora::ui {

// [gui] Every drag is shown at once and is one undo step; Esc restores. Paints only what is in sight.
class TimelineView : public QWidget {
  Q_OBJECT
 public:
  explicit TimelineView(const UiContext& context, QWidget* parent = nullptr);

  void setContent(TimelineContent content);
  [[nodiscard]] TimelineContent content() const { return content_; }
  [[nodiscard]] const TimelineLayout& timelineLayout() const { return layout_; }
  // Where a clip or path lies now; empty when it is not shown.
  [[nodiscard]] QRectF clipRect(ClipId id) const;
  [[nodiscard]] QRectF trackRect(TrackId id) const;
  void zoom(double factor);
  void fit();

  [[nodiscard]] QSize sizeHint() const override { return {900, 220}; }
  [[nodiscard]] QSize minimumSizeHint() const override { return {300, 90}; }

 protected:
  bool event(QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;

 private:
  enum class Part { None, Ruler, Header, Eye, Lock, Body, Start, End, SpanStart, SpanEnd };
  struct Hit {
    Part part = Part::None;
    std::optional<std::size_t> row;
    document::ClipPtr clip;   // under the pointer, on a lane
    document::TrackPtr track; // of the row, when the pointer is on its bar
    TimeRange span;           // the hidden one whose edge is under the pointer, on the take's time line
  };
  enum class Drag {
    None,
    Scrub,
    Pan,
    Marquee,
    Clips,
    ClipStart,
    ClipEnd,
    Track,
    TrackStart,
    TrackEnd,
    SpanStart,
    SpanEnd
  };

  void connectActions();
  void takeDocument();
  void layOut();
  void updateScrollBars();
  [[nodiscard]] Hit hit(QPointF at) const;
  [[nodiscard]] Time toFrame(Time t) const;
  // The time nearest to t within reach that things stick to; remembers it for the dashed line.
  [[nodiscard]] Time snapped(Time t, bool inverted, const std::vector<ClipId>& except);
  void dragTo(QPointF at, Qt::KeyboardModifiers modifiers);
  void dragClips(Time pointer, QPointF at, Qt::KeyboardModifiers modifiers);
  void dragTrack(Time pointer, Qt::KeyboardModifiers modifiers);
  void dragSpan(Time pointer, Qt::KeyboardModifiers modifiers);
  void endDrag(bool keep);
  void pressRow(const Hit& hit, Qt::KeyboardModifiers modifiers);
  void splitAt(const document::ClipPtr& clip, Time at);
  void deleteSelection();
  void selectNeighbour(int direction);
  void nudge(int frames);
  void showPlayhead();
  void askForThumbnail(const document::MediaItem& media);
  [[nodiscard]] document::ClipPtr focusedClip() const;
  // Menus (timeline_menu.cpp)
  void fillClipMenu(QMenu& menu);
  void fillLaneMenu(QMenu& menu, const document::LanePtr& lane);
  void fillTrackMenu(QMenu& menu, const document::TrackPtr& track);
  void fillTimeMenu(QMenu& menu, Time at);

  void paintRuler(QPainter& painter);
  void paintCache(QPainter& painter);
  void paintRows(QPainter& painter);
  void paintHeader(QPainter& painter, const TimelineRow& row, const QRectF& rect) const;
  void paintLane(QPainter& painter, const TimelineRow& row, const QRectF& rect);
  void paintClip(QPainter& painter, const document::Clip& clip, const QRectF& rect, bool selected);
  void paintTake(QPainter& painter, const QRectF& rect);
  void paintTrackRow(QPainter& painter, const document::Track& track, const QRectF& rect) const;
  void paintCamera(QPainter& painter, const QRectF& rect) const;
  void paintTimes(QPainter& painter);

  UiContext context_;
  TimelineLayout layout_;
  TimelineContent content_ = TimelineContent::Motion;
  document::DocumentPtr document_;
  document::TakePtr take_;
  QScrollBar* across_;
  QScrollBar* down_;
  bool fitted_ = true; // until somebody zooms

  Drag drag_ = Drag::None;
  QPointF pressedAt_;
  Time pressedTime_;
  Hit pressed_;
  bool moved_ = false;
  QRectF marquee_;
  std::optional<Time> snapLine_;
  QString dragText_;

  bool blade_ = false;
  QPointF pointer_{-1, -1};
  std::map<TakeId, runtime::TakeProgress> progress_;
  QTimer hatchTimer_; // moves the pattern of what is being made
  double hatchShift_ = 0;
  std::map<MediaId, QImage> thumbnails_;
  std::map<std::uint64_t, MediaId> asked_;
};

} // namespace kinora::ui
