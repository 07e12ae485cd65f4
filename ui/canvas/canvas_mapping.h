// SPDX-License-Identifier: Apache-2.0
// Where a pixel of the picture lies on the canvas and back, through clip placement, camera and view.
#pragma once

#include <QPointF>
#include <QRectF>
#include <QTransform>

#include "engine/base/geometry.h"
#include "engine/document/document.h"

namespace kinora::ui {

// [gui] A similarity from pixels of the picture to logical pixels of the canvas.
class CanvasMapping {
 public:
  CanvasMapping() = default;
  explicit CanvasMapping(const QTransform& pictureToView);

  [[nodiscard]] QPointF toView(Point picture) const;
  [[nodiscard]] Point toPicture(QPointF view) const;
  [[nodiscard]] QPolygonF toView(const QRectF& pictureRect) const;
  // Canvas pixels per pixel of the picture; never 0.
  [[nodiscard]] double scale() const { return scale_; }
  [[nodiscard]] const QTransform& transform() const { return toView_; }

  friend bool operator==(const CanvasMapping& a, const CanvasMapping& b) { return a.toView_ == b.toView_; }

 private:
  QTransform toView_;
  QTransform toPicture_;
  double scale_ = 1;
};

// Pixels of the picture to pixels of the frame: fitted into it, then scaled and moved as the clip says (no clip: only
// fitted).
[[nodiscard]] QTransform placementInFrame(Size picture, Size frame, const document::Clip* clip);

// What a camera pose does to a picture, in the picture's own pixels.
[[nodiscard]] QTransform cameraTransform(const CameraPose& pose, Size picture);

} // namespace kinora::ui
