// SPDX-License-Identifier: Apache-2.0
// How paths, pins, chips and frames look on a picture: a coloured core in a dark casing that reads on anything.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <QColor>
#include <QFont>
#include <QImage>
#include <QPainter>
#include <QPolygonF>
#include <QString>

#include "ui/canvas/canvas_mapping.h"
#include "ui/canvas/track_geometry.h"
#include "ui/session/theme.h"

namespace kinora::ui {

// Colours and fonts of the overlay, taken from a theme once per change.
struct OverlayStyle {
  explicit OverlayStyle(const Theme& theme);
  [[nodiscard]] QColor trackColour(const std::string& id) const;

  Theme theme;
  QColor casing; // with its 75 %
  QColor chip;   // with its 88 %
  QColor text;
  QColor now;
  QColor focus;
  QColor accent;
  QColor record;
  QFont font;
};

inline constexpr double kCoreWidth = 2.6;
inline constexpr double kCasingWidth = 1.3; // on each side of the core

struct TrackLook {
  bool isSelected = false;
  bool isHovered = false;
  bool isFocused = false;   // keyboard focus: ring
  bool isRecording = false; // the end is the hand
  bool showPoints = false;  // squares on every point
  bool isPlain = false;     // one thin line, for crowds
  std::span<const std::size_t> selectedPoints;
  std::optional<std::size_t> focusedPoint;
};

// [gui] Everything below paints in logical pixels of the canvas. Paths and pins as their kind says.
void paintTrack(QPainter& painter, const document::Track& track, FrameRate rate, const CanvasMapping& mapping,
                const OverlayStyle& style, const TrackLook& look);

// A label on the picture with its left edge at `left` (middle height), kept inside `within` when that is not empty.
QRectF paintChip(QPainter& painter, QPointF left, const OverlayStyle& style, const QString& text, const QColor& dot,
                 const QRectF& within = {});
[[nodiscard]] QRectF chipRect(QPointF left, const OverlayStyle& style, const QString& text, bool hasDot,
                              const QRectF& within);

// Double violet ring: where the generator is.
void paintGeneratorRing(QPainter& painter, QPointF at, const OverlayStyle& style);
// Dashed white frame with corner squares.
void paintCameraFrame(QPainter& painter, const QPolygonF& frame, const OverlayStyle& style, bool handles);
// A line with casing; dashed for outlines of selections.
void paintCasedLine(QPainter& painter, const QPolygonF& line, const QColor& colour, const OverlayStyle& style,
                    double width, bool dashed = false);
void paintMarquee(QPainter& painter, const QRectF& rect, const OverlayStyle& style);

// "Rocket  412 px/s", "behind · 1.0–1.7 s".
[[nodiscard]] QString speedText(const std::string& name, double pixelsPerSecond);
[[nodiscard]] QString behindText(Time from, Time to);

// A matte (Gray8) as tinted 45° hatch with an outline, in pixels of the picture; empty without an object.
[[nodiscard]] QImage mattePicture(const QImage& matte, const QColor& colour, int largestSide);

} // namespace kinora::ui
