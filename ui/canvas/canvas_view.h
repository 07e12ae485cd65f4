// SPDX-License-Identifier: Apache-2.0
// The canvas of the Paint workspace: the moving picture with everything painted on it, under the tool in hand.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include <QElapsedTimer>
#include <QTimer>

#include "engine/document/diff.h"
#include "engine/runtime/event.h"
#include "ui/canvas/canvas_context.h"
#include "ui/canvas/canvas_tool.h"
#include "ui/canvas/picture_surface.h"
#include "ui/canvas/track_overlay.h"
#include "ui/session/selection.h"
#include "ui/session/ui_context.h"

class QMenu;

namespace kinora::ui {

// [gui] Nothing here waits for the engine: strokes, zoom and undo show at the next repaint.
class CanvasView : public PictureSurface, private CanvasContext {
  Q_OBJECT
 public:
  // Transport and device must outlive the view. device may be null: then the picture is painted by the processor.
  CanvasView(const UiContext& context, gpu::Device* device, gpu::FrameTransport& transport, QWidget* parent = nullptr);
  ~CanvasView() override;

  // "Canvas, rocket.jpg, 4 tracks".
  [[nodiscard]] QString spokenName() const;
  [[nodiscard]] const CanvasMapping& pictureMapping() const { return mapping_; }
  [[nodiscard]] const UiContext& uiContext() const { return context_; }
  [[nodiscard]] Size shownPictureSize() const { return pictureSize_; }
  // Milliseconds from the latest pointer event to the end of the repaint that showed it; negative: none yet.
  [[nodiscard]] double lastEchoMs() const { return lastEchoMs_; }

 Q_SIGNALS:
  // A sentence for the status bar; empty: nothing to say.
  void told(const QString& sentence);

 protected:
  void paintOverlay(QPainter& painter) override;
  void paintEvent(QPaintEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void tabletEvent(QTabletEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void keyReleaseEvent(QKeyEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  bool focusNextPrevChild(bool next) override;
  void leaveEvent(QEvent* event) override;
  void hideEvent(QHideEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;

 private:
  // CanvasContext
  [[nodiscard]] document::DocumentPtr document() const override;
  [[nodiscard]] document::TakePtr take() const override;
  [[nodiscard]] Size pictureSize() const override;
  [[nodiscard]] Time playhead() const override;
  [[nodiscard]] bool isPlaying() const override;
  [[nodiscard]] const PaintOptions& options() const override;
  [[nodiscard]] const CanvasMapping& mapping() const override { return mapping_; }
  [[nodiscard]] bool isOnObject(std::int32_t group, Point picture) const override;
  [[nodiscard]] std::vector<TrackId> selectedTracks() const override;
  void selectTracks(std::vector<TrackId> tracks) override;
  [[nodiscard]] std::vector<std::size_t> selectedPoints() const override;
  void selectPoints(TrackId track, std::vector<std::size_t> points) override;
  void selectCamera() override;
  void preview(const Result<document::DocumentPtr>& next, const QString& text) override;
  void dropPreview() override;
  bool commit(const Result<document::DocumentPtr>& next, const QString& text) override;
  void drag(const session::ControlSample& sample) override;
  void tell(const QString& sentence) override { Q_EMIT told(sentence); }
  void requestRepaint() override { update(); }
  void wakeIn(int ms) override;
  void panBy(QPointF view) override { PictureSurface::panBy(view); }
  void zoomAt(QPointF view, double factor) override { setZoom(zoom() * factor, view); }

  void connectActions();
  void takeDocument();
  void takeOptions();
  void updateMapping();
  void useTool(Tool tool);
  void askForPicture();
  void askForMatte();
  [[nodiscard]] bool showsMatte() const;
  // The untouched picture in place of the result: chosen, flipped to, or under the camera's frame.
  [[nodiscard]] bool showsPicture() const;
  void showViews();
  [[nodiscard]] CanvasTool& tool() const { return *tool_; }
  [[nodiscard]] CanvasPointer pointer(const QPointF& view, std::uint64_t atMs, Qt::KeyboardModifiers modifiers) const;
  [[nodiscard]] Time timelineTime(Time take) const;
  void updateCursor();
  void moved(const QPointF& view, std::uint64_t atMs, Qt::KeyboardModifiers modifiers, bool pressed);
  void endPointer();
  [[nodiscard]] document::TrackPtr focusedTrack() const;
  void deleteSelection();
  void noteEcho();
  void deleteCameraKey();
  // Hidden spans: X held or tapped lends the tool for one drag.
  void lendSpanTool(bool visible);
  void returnSpanTool();
  // Keyboard (canvas_keys.cpp)
  [[nodiscard]] bool nudge(const QKeyEvent& event);
  [[nodiscard]] bool itemKey(const QKeyEvent& event);
  [[nodiscard]] bool walkKey(const QKeyEvent& event);
  [[nodiscard]] bool stepItem(int direction);
  void stepPoint(int direction);
  void startWalk();
  void stopWalk();
  void dropWalkPoint();
  void recordWalk();
  void addPointAtCross();
  void movePointInTime(int frames);
  void hideSegment(bool visible);
  void announce();
  void paintKeyboard(QPainter& painter) const;
  // Menus (canvas_menu.cpp)
  void fillTrackMenu(QMenu& menu);
  void fillPointMenu(QMenu& menu);
  void fillEmptyMenu(QMenu& menu);
  // Parts of the overlay
  void paintTracks(QPainter& painter);
  void paintChips(QPainter& painter);
  void paintGuides(QPainter& painter) const;
  void paintCamera(QPainter& painter) const;
  void paintEmpty(QPainter& painter) const;

  UiContext context_;
  OverlayStyle style_;
  CanvasMapping mapping_;
  document::TakePtr take_;
  Size pictureSize_;
  QImage picture_; // the untouched one, once it was asked for
  MediaId pictureOf_;
  std::uint64_t pictureTag_ = 0;
  std::map<std::int32_t, QImage> mattes_; // Gray8, by group
  // What the matte that was asked for last is made of.
  struct MatteInputs {
    TakeId take;
    MediaId picture;
    std::int32_t group = 0;
    std::vector<std::tuple<std::int32_t, Point, float>> grips; // group, start and size of what is held
    std::vector<document::MatteEdit> edits;
    friend bool operator==(const MatteInputs&, const MatteInputs&) = default;
  };
  std::optional<MatteInputs> matteAsked_;

  std::unique_ptr<CanvasTool> tool_;
  QTimer toolTimer_;
  bool pressed_ = false;
  bool penDown_ = false;
  bool spaceDown_ = false;
  std::optional<QPointF> panFrom_;
  std::optional<QPointF> hand_; // where the pointer is
  TrackId hovered_;
  bool isSpacePan_ = false;
  bool flipped_ = false;
  bool spanKeyDown_ = false;
  bool spanUsed_ = false; // since the key went down

  bool keyboard_ = false; // the focused item was reached by keys: it has a ring
  bool walking_ = false;  // the arrows move the cross
  bool recordingWalk_ = false;
  Point cross_;
  TrackId walk_; // the path that the walk's points go to

  bool wasPlaying_ = false;
  Time dragFrom_; // on the timeline
  bool dragging_ = false;
  bool previewing_ = false;
  std::optional<runtime::LiveState> live_;

  // Paths as last painted: a stroke repaints only itself.
  QImage layer_;
  bool layerDirty_ = true;
  QElapsedTimer sinceEvent_;
  bool isEchoDue_ = false; // the next picture shows the event
  double lastEchoMs_ = -1;
};

} // namespace kinora::ui
