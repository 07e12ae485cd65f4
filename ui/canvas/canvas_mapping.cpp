// SPDX-License-Identifier: Apache-2.0
#include "ui/canvas/canvas_mapping.h"

#include <QPolygonF>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace kinora::ui {

CanvasMapping::CanvasMapping(const QTransform& pictureToView) {
  bool invertible = false;
  const QTransform inverse = pictureToView.inverted(&invertible);
  if (!invertible)
    return;
  toView_ = pictureToView;
  toPicture_ = inverse;
  scale_ = std::sqrt(std::abs(pictureToView.determinant()));
}

QPointF CanvasMapping::toView(Point picture) const {
  return toView_.map(QPointF(static_cast<double>(picture.x), static_cast<double>(picture.y)));
}

Point CanvasMapping::toPicture(QPointF view) const {
  const QPointF p = toPicture_.map(view);
  return {static_cast<float>(p.x()), static_cast<float>(p.y())};
}

QPolygonF CanvasMapping::toView(const QRectF& pictureRect) const {
  return toView_.map(QPolygonF(pictureRect));
}

QTransform placementInFrame(Size picture, Size frame, const document::Clip* clip) {
  if (picture.isEmpty() || frame.isEmpty())
    return {};
  const double fit =
      std::min(static_cast<double>(frame.width) / picture.width, static_cast<double>(frame.height) / picture.height);
  const double scale = fit * (clip ? static_cast<double>(clip->scale) : 1.0);
  const double offsetX = clip ? static_cast<double>(clip->position.x) : 0.0;
  const double offsetY = clip ? static_cast<double>(clip->position.y) : 0.0;
  QTransform t;
  t.translate(frame.width / 2.0 + offsetX, frame.height / 2.0 + offsetY);
  t.scale(scale, scale);
  t.translate(-picture.width / 2.0, -picture.height / 2.0);
  return t;
}

QTransform cameraTransform(const CameraPose& pose, Size picture) {
  QTransform t;
  t.translate(picture.width / 2.0 + static_cast<double>(pose.panX) * picture.width,
              picture.height / 2.0 + static_cast<double>(pose.panY) * picture.width);
  t.rotateRadians(static_cast<double>(pose.rotation));
  t.scale(static_cast<double>(pose.zoom), static_cast<double>(pose.zoom));
  t.translate(-picture.width / 2.0, -picture.height / 2.0);
  return t;
}

} // namespace kinora::ui
