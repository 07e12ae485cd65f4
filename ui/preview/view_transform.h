// SPDX-License-Identifier: Apache-2.0
// Hides the arithmetic between pixels of a picture, logical pixels of a widget and device pixels of a screen.
#pragma once

#include <QPointF>
#include <QSizeF>

#include "engine/gpu/presenter.h"

namespace kinora::ui {

// [gui] widget = scale * picture + offset, in logical pixels.
struct ViewTransform {
  double scale = 1;
  QPointF offset;
  double devicePixelRatio = 1;

  // Shows the whole picture in the middle of the widget.
  [[nodiscard]] static ViewTransform fit(QSizeF picture, QSizeF widget, double devicePixelRatio);
  [[nodiscard]] QPointF toWidget(QPointF picture) const { return picture * scale + offset; }
  [[nodiscard]] QPointF toPicture(QPointF widget) const { return (widget - offset) / scale; }
  // anchor (widget) keeps the pixel that is under it.
  [[nodiscard]] ViewTransform zoomed(double factor, QPointF anchor) const;
  // In device pixels; at 1:1 the picture starts on a whole pixel, so that it passes unfiltered.
  [[nodiscard]] gpu::PictureTransform toDevice() const;
  friend bool operator==(const ViewTransform&, const ViewTransform&) = default;
};

} // namespace kinora::ui
