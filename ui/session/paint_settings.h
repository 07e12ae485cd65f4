// SPDX-License-Identifier: Apache-2.0
// How painting works at the moment: the tool and its options, and what the canvas shows. Option bar and canvas share
// it.
#pragma once

#include <optional>

#include <QObject>
#include <QPointF>
#include <QString>

namespace kinora::ui {

enum class Tool {
  Select,
  EditPoints,
  DrawPath,
  ClickPath,
  Pin,
  Camera,
  HideSpan,
  ShowSpan,
  MaskBrush,
  MaskEraser,
  Hand,
  Zoom,
};

enum class RecordMode { AsDrawn, ConstantSpeed, ToClipLength };
enum class PictureView { Result, Picture, SideBySide };
enum class MaskShape { Brush, Outline };

struct PaintOptions {
  float grip = 24;      // pixels of the picture
  float smooth = 0.35F; // 0..1
  float brushSize = 40; // diameter in pixels of the picture
  RecordMode records = RecordMode::AsDrawn;
  MaskShape maskShape = MaskShape::Brush;
  PictureView view = PictureView::Result;
  bool follow = true; // the picture follows while drawing
  bool grid = false;
  bool safeAreas = false;
  bool showMatte = false;
  bool generatorPosition = true; // the "now" ring
  int onionGhosts = 0;           // 0..8
  QString colour;                // of the next path; empty: the next of the palette

  friend bool operator==(const PaintOptions&, const PaintOptions&) = default;
};

// [gui]
class PaintSettings : public QObject {
  Q_OBJECT
 public:
  using QObject::QObject;

  // The tool in hand: the temporary one while its key is held.
  [[nodiscard]] Tool tool() const { return temporary_.value_or(tool_); }
  void setTool(Tool tool);
  void setTemporaryTool(std::optional<Tool> tool);

  [[nodiscard]] const PaintOptions& options() const { return options_; }
  void setOptions(const PaintOptions& options);

  // Zoom is the canvas's: the bar asks (0 = fit the picture) and shows what the canvas reports.
  void requestZoom(double factor) { Q_EMIT zoomRequested(factor); }
  void reportZoom(double factor);
  [[nodiscard]] double shownZoom() const { return shownZoom_; }
  // Place of the pointer in pixels of the picture, for the status bar; none when it is elsewhere.
  void reportPointer(std::optional<QPointF> at) { Q_EMIT pointerMoved(at.has_value(), at.value_or(QPointF())); }

 Q_SIGNALS:
  void toolChanged(kinora::ui::Tool tool);
  void optionsChanged(const kinora::ui::PaintOptions& options);
  void zoomRequested(double factor);
  void zoomShown(double factor);
  void pointerMoved(bool inside, const QPointF& at);

 private:
  Tool tool_ = Tool::DrawPath;
  std::optional<Tool> temporary_;
  PaintOptions options_;
  double shownZoom_ = 1;
};

} // namespace kinora::ui
