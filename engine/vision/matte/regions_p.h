// SPDX-License-Identifier: Apache-2.0
// Shapes and connected regions on label pictures.
#pragma once

#include <span>

#include "engine/base/geometry.h"
#include "engine/vision/grid_p.h"

namespace kinora::vision {

void fillDisc(Grid<std::uint8_t>& g, Point centre, float radius, std::uint8_t value);
void fillStroke(Grid<std::uint8_t>& g, std::span<const Point> points, float radius, std::uint8_t value);
// Closed, even-odd.
void fillPolygon(Grid<std::uint8_t>& g, std::span<const Point> points, std::uint8_t value);

// Pixels within `reach` (octagon distance) of one that is not 0.
[[nodiscard]] Grid<std::uint8_t> grown(const Grid<std::uint8_t>& g, int reach);
// Pixels whose whole surroundings of `reach` have this value.
[[nodiscard]] Grid<std::uint8_t> shrunk(const Grid<std::uint8_t>& g, std::uint8_t value, int reach);
[[nodiscard]] Grid<std::uint8_t> complementOf(const Grid<std::uint8_t>& g);

// Clears parts of label (8-connected) in which forced has nowhere this value.
void keepSeeded(Grid<std::uint8_t>& label, const Grid<std::uint8_t>& forced, std::uint8_t value);
// Sets enclosed gaps of at most `area` pixels (4-connected) in which forced has nowhere this value.
void fillSmallHoles(Grid<std::uint8_t>& label, int area, const Grid<std::uint8_t>& forced, std::uint8_t value);

// Smallest rectangle round all values >= least.
template <class T>
[[nodiscard]] Rect boundsOf(const Grid<T>& g, T least) {
  int x0 = g.width;
  int y0 = g.height;
  int x1 = -1;
  int y1 = -1;
  for (int y = 0; y < g.height; ++y) {
    const T* row = g.row(y);
    for (int x = 0; x < g.width; ++x)
      if (row[x] >= least) {
        x0 = std::min(x0, x);
        x1 = std::max(x1, x);
        y0 = std::min(y0, y);
        y1 = y;
      }
  }
  return x1 < x0 ? Rect{} : Rect{x0, y0, x1 - x0 + 1, y1 - y0 + 1};
}

} // namespace kinora::vision
