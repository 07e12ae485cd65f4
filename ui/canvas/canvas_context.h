// SPDX-License-Identifier: Apache-2.0
// What a canvas tool may know and do: the take under the hands, the selection, one undo step at a time.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include <QPointF>
#include <QString>

#include "engine/base/result.h"
#include "engine/document/document.h"
#include "engine/session/motion_session.h"
#include "ui/canvas/canvas_mapping.h"
#include "ui/session/paint_settings.h"

namespace kinora::ui {

// One pointer event.
struct CanvasPointer {
  QPointF view;             // logical pixels of the canvas
  Point picture;            // pixels of the picture
  std::int64_t atMs = 0;    // time of the event on the device's clock
  std::int64_t stampNs = 0; // steady clock
  Qt::KeyboardModifiers modifiers;
  double pressure = 1;
  bool isPen = false;
};

// [gui] Implemented by the canvas; tests implement it without a window.
class CanvasContext {
 public:
  virtual ~CanvasContext() = default;

  // The document of the moment (with the gesture under way) and its take that is painted on; null without one.
  [[nodiscard]] virtual document::DocumentPtr document() const = 0;
  [[nodiscard]] virtual document::TakePtr take() const = 0;
  [[nodiscard]] virtual Size pictureSize() const = 0;
  [[nodiscard]] virtual Time playhead() const = 0; // on the take's time line
  [[nodiscard]] virtual bool isPlaying() const = 0;
  [[nodiscard]] virtual const PaintOptions& options() const = 0;
  [[nodiscard]] virtual const CanvasMapping& mapping() const = 0;
  // Whether a group's object covers a place of the picture, as far as its matte is known.
  [[nodiscard]] virtual bool isOnObject(std::int32_t group, Point picture) const = 0;

  // Tracks in the order they were selected, the last one is focused; points are indexes into the focused track.
  [[nodiscard]] virtual std::vector<TrackId> selectedTracks() const = 0;
  virtual void selectTracks(std::vector<TrackId> tracks) = 0;
  [[nodiscard]] virtual std::vector<std::size_t> selectedPoints() const = 0;
  virtual void selectPoints(TrackId track, std::vector<std::size_t> points) = 0;
  virtual void selectCamera() = 0;

  // Shown and played while a gesture goes on, without an undo step yet. `text` names the step.
  virtual void preview(const Result<document::DocumentPtr>& next, const QString& text) = 0;
  // Restores the document from before the first preview().
  virtual void dropPreview() = 0;
  // One undo step; ends what preview() began. An error is shown and changes nothing. True when it went through.
  virtual bool commit(const Result<document::DocumentPtr>& next, const QString& text) = 0;
  // Pointer samples of a live drag on the take.
  virtual void drag(const session::ControlSample& sample) = 0;
  // A sentence for the status bar.
  virtual void tell(const QString& sentence) = 0;
  virtual void requestRepaint() = 0;
  // Calls the active tool's timeout() once after this time; a new call replaces the old one, a negative time cancels.
  virtual void wakeIn(int ms) = 0;
  virtual void panBy(QPointF view) = 0;
  virtual void zoomAt(QPointF view, double factor) = 0;
};

} // namespace kinora::ui
