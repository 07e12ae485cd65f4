// SPDX-License-Identifier: Apache-2.0
#include "ui/preview/overlay_layer.h"

#include <algorithm>
#include <cstring>

#include <QPainter>

namespace kinora::ui {
namespace {

// Pixels are compared in pieces of this size: small enough for a stroke, large enough for few uploads.
constexpr int kPieceWidth = 128;
constexpr int kPieceHeight = 32;
constexpr int kMostRects = 64; // beyond that one rectangle around all is cheaper

} // namespace

void OverlayLayer::clear() {
  image_ = {};
  next_ = {};
  changed_ = {};
}

void OverlayLayer::repaint(QSize logical, double devicePixelRatio, const QRegion& dirty, const Paint& paint) {
  const QSize pixels = (QSizeF(logical) * devicePixelRatio).toSize();
  if (pixels.isEmpty())
    return clear();
  const bool fresh = image_.size() != pixels || image_.devicePixelRatio() != devicePixelRatio;
  if (fresh) {
    image_ = QImage(pixels, QImage::Format_RGBA8888_Premultiplied);
    next_ = QImage(pixels, QImage::Format_RGBA8888_Premultiplied);
    image_.setDevicePixelRatio(devicePixelRatio);
    next_.setDevicePixelRatio(devicePixelRatio);
    changed_ = QRect(QPoint(), pixels);
  }
  const QRegion region = fresh ? QRegion(QRect(QPoint(), logical).adjusted(0, 0, 1, 1)) : dirty;
  if (region.isEmpty())
    return;
  {
    QPainter painter(&next_);
    painter.setClipRegion(region);
    painter.setCompositionMode(QPainter::CompositionMode_Clear);
    painter.fillRect(QRect(QPoint(), logical).adjusted(0, 0, 1, 1), Qt::transparent);
    painter.setCompositionMode(QPainter::CompositionMode_SourceOver);
    painter.setRenderHint(QPainter::Antialiasing);
    paint(painter);
  }
  if (fresh) {
    std::memcpy(image_.bits(), next_.constBits(), static_cast<std::size_t>(next_.sizeInBytes()));
    return;
  }
  for (const QRect& r : region) {
    const QRectF device(QPointF(r.topLeft()) * devicePixelRatio, QSizeF(r.size()) * devicePixelRatio);
    compare(device.toAlignedRect() & image_.rect());
  }
}

void OverlayLayer::compare(const QRect& device) {
  for (int top = device.top(); top <= device.bottom(); top += kPieceHeight) {
    const int height = std::min(kPieceHeight, device.bottom() + 1 - top);
    for (int left = device.left(); left <= device.right(); left += kPieceWidth) {
      const int width = std::min(kPieceWidth, device.right() + 1 - left);
      const auto bytes = static_cast<std::size_t>(width) * 4;
      bool differs = false;
      for (int y = top; y < top + height; ++y) {
        const uchar* from = next_.constScanLine(y) + left * 4;
        if (std::memcmp(image_.constScanLine(y) + left * 4, from, bytes) == 0)
          continue;
        std::memcpy(image_.scanLine(y) + left * 4, from, bytes);
        differs = true;
      }
      if (differs)
        changed_ += QRect(left, top, width, height);
    }
  }
}

std::vector<gpu::PixelRect> OverlayLayer::changed() const {
  std::vector<gpu::PixelRect> rects;
  const auto add = [&](const QRect& r) { rects.push_back({r.x(), r.y(), r.width(), r.height()}); };
  if (changed_.rectCount() > kMostRects)
    add(changed_.boundingRect());
  else
    std::for_each(changed_.begin(), changed_.end(), add);
  return rects;
}

} // namespace kinora::ui
