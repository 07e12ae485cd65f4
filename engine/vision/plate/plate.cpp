// SPDX-License-Identifier: Apache-2.0
#include "engine/vision/plate/plate_p.h"

#include <algorithm>

#include "engine/vision/plate/fill_p.h"

namespace kinora::vision {

Plate::Plate(const Grid<Pixel>& photo, const Grid<std::uint8_t>& hole, int margin) : margin_(margin) {
  pixels_ = Grid<Pixel>(photo.width + 2 * margin, photo.height + 2 * margin);
  missing_ = Grid<std::uint8_t>(pixels_.size(), margin > 0 ? 1 : 0);
  Grid<std::uint8_t> known(pixels_.size());
  for (int y = 0; y < photo.height; ++y) {
    const Pixel* from = photo.row(y);
    const std::uint8_t* gap = hole.row(y);
    std::copy_n(from, photo.width, pixels_.row(y + margin) + margin);
    std::uint8_t* missing = missing_.row(y + margin) + margin;
    std::uint8_t* there = known.row(y + margin) + margin;
    for (int x = 0; x < photo.width; ++x) {
      missing[x] = gap[x] ? 1 : 0;
      there[x] = gap[x] ? 0 : 255;
    }
  }
  textured_ = std::none_of(missing_.data.begin(), missing_.data.end(), [](std::uint8_t m) { return m != 0; });
  if (!textured_)
    pushPull(pixels_, known);
}

Result<void> Plate::addTexture(const WorkerPool& pool, const std::stop_token& stop) {
  if (textured_)
    return {};
  if (auto filled = patchFill(pixels_, missing_, pool, stop); !filled)
    return filled;
  textured_ = true;
  return {};
}

} // namespace kinora::vision
