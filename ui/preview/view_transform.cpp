// SPDX-License-Identifier: Apache-2.0
#include "ui/preview/view_transform.h"

#include <algorithm>
#include <cmath>

namespace kinora::ui {

ViewTransform ViewTransform::fit(QSizeF picture, QSizeF widget, double devicePixelRatio) {
  ViewTransform view;
  view.devicePixelRatio = devicePixelRatio;
  if (picture.isEmpty() || widget.isEmpty())
    return view;
  view.scale = std::min(widget.width() / picture.width(), widget.height() / picture.height());
  view.offset = {(widget.width() - picture.width() * view.scale) / 2,
                 (widget.height() - picture.height() * view.scale) / 2};
  return view;
}

ViewTransform ViewTransform::zoomed(double factor, QPointF anchor) const {
  ViewTransform view = *this;
  view.scale = std::clamp(scale * factor, 1. / 64, 64.);
  view.offset = anchor - toPicture(anchor) * view.scale;
  return view;
}

gpu::PictureTransform ViewTransform::toDevice() const {
  gpu::PictureTransform out;
  out.scale = static_cast<float>(scale * devicePixelRatio);
  const QPointF at = offset * devicePixelRatio;
  const bool onPixels = out.scale == 1;
  out.offsetX = static_cast<float>(onPixels ? std::round(at.x()) : at.x());
  out.offsetY = static_cast<float>(onPixels ? std::round(at.y()) : at.y());
  return out;
}

} // namespace kinora::ui
