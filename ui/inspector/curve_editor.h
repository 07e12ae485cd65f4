// SPDX-License-Identifier: Apache-2.0
// The speed of a path over its duration, with the two handles of its easing.
#pragma once

#include <vector>

#include <QWidget>

#include "engine/document/document.h"

namespace kinora::ui {

class ThemeSource;

// [gui] The filled curve is the measured speed in pixels per second; the line with handles is the easing (share of the
// duration to share of the way). Handles are dragged or moved with the arrow keys (Tab changes the handle); a
// double-click makes the speed as drawn again.
class CurveEditor : public QWidget {
  Q_OBJECT
 public:
  explicit CurveEditor(const ThemeSource& theme, QWidget* parent = nullptr);

  void setTrack(const document::Track& track);
  [[nodiscard]] const document::Easing& easing() const { return track_.easing; }

  [[nodiscard]] QSize sizeHint() const override;
  // Place of a handle (0 or 1) in the widget, for the pointer and for tests.
  [[nodiscard]] QPointF handlePosition(int handle) const;

 Q_SIGNALS:
  void gestureBegan();
  void easingEdited(const kinora::document::Easing& easing);
  void gestureEnded();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  bool focusNextPrevChild(bool next) override;

 private:
  [[nodiscard]] QRectF plot() const;
  [[nodiscard]] QPointF toWidget(double x, double y) const;
  void moveHandle(int handle, double x, double y);
  void measureSpeed();

  const ThemeSource& theme_;
  document::Track track_;
  std::vector<double> speed_; // pixels per second at equal times over the duration
  double topSpeed_ = 0;
  int handle_ = 0; // focused
  bool dragging_ = false;
};

} // namespace kinora::ui
