// SPDX-License-Identifier: Apache-2.0
// Hides which pixels of an overlay changed: whoever paints it says at most where it may have.
#pragma once

#include <functional>
#include <vector>

#include <QImage>
#include <QRegion>

#include "engine/gpu/presenter.h"

class QPainter;

namespace kinora::ui {

// [gui] A picture of a widget's size in device pixels, premultiplied RGBA8, and the part of it that nobody took yet.
class OverlayLayer {
 public:
  using Paint = std::function<void(QPainter&)>;
  // Paints anew what lies in `dirty` (logical pixels), or everything after a change of size.
  void repaint(QSize logical, double devicePixelRatio, const QRegion& dirty, const Paint& paint);
  void clear();

  [[nodiscard]] const QImage& image() const { return image_; }
  // Device pixels that differ from what was taken last.
  [[nodiscard]] std::vector<gpu::PixelRect> changed() const;
  void taken() { changed_ = {}; }

 private:
  void compare(const QRect& device);

  QImage image_;
  QImage next_; // painted here first
  QRegion changed_;
};

} // namespace kinora::ui
