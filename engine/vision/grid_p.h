// SPDX-License-Identifier: Apache-2.0
// Values on a pixel grid, packed row after row: the working currency inside this module.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/geometry.h"
#include "kernels/image_view.h"

namespace kinora::vision {

template <class T>
struct Grid {
  int width = 0;
  int height = 0;
  std::vector<T> data;

  Grid() = default;
  Grid(int w, int h, T value = {})
      : width(w), height(h), data(static_cast<std::size_t>(w) * static_cast<std::size_t>(h), value) {}
  explicit Grid(Size size, T value = {}) : Grid(size.width, size.height, value) {}

  [[nodiscard]] Size size() const { return {width, height}; }
  [[nodiscard]] bool isEmpty() const { return data.empty(); }
  [[nodiscard]] bool contains(int x, int y) const { return x >= 0 && y >= 0 && x < width && y < height; }
  [[nodiscard]] T* row(int y) { return data.data() + static_cast<std::ptrdiff_t>(y) * width; }
  [[nodiscard]] const T* row(int y) const { return data.data() + static_cast<std::ptrdiff_t>(y) * width; }
  [[nodiscard]] T& at(int x, int y) { return row(y)[x]; }
  [[nodiscard]] const T& at(int x, int y) const { return row(y)[x]; }
  [[nodiscard]] const T& clamped(int x, int y) const {
    return row(std::clamp(y, 0, height - 1))[std::clamp(x, 0, width - 1)];
  }
  [[nodiscard]] kernels::ImageView<T> view() { return kernels::packedView(data.data(), width, height); }
  [[nodiscard]] kernels::ConstImageView<T> view() const {
    return kernels::packedView<const T>(data.data(), width, height);
  }
};

using Pixel = kernels::Rgba8;
using kernels::Rect;

// Column and row of the pixel that holds a point; false when that lies outside of size.
inline bool pixelAt(Point p, Size size, int& x, int& y) {
  if (!(p.x >= 0 && p.y >= 0 && p.x < static_cast<float>(size.width) && p.y < static_cast<float>(size.height)))
    return false;
  x = static_cast<int>(p.x);
  y = static_cast<int>(p.y);
  return true;
}

inline std::uint8_t toByte(float v) {
  return static_cast<std::uint8_t>(std::clamp(v, 0.0f, 255.0f) + 0.5f);
}

} // namespace kinora::vision
