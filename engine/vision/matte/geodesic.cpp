// SPDX-License-Identifier: Apache-2.0
#include "engine/vision/matte/geodesic_p.h"

#include <limits>

namespace kinora::vision {
namespace {

template <class T, class Difference2>
GeodesicGround makeGround(const Grid<T>& g, float lambda, Difference2 difference2) {
  const float k = 9 * (lambda / 255) * (lambda / 255);
  GeodesicGround ground{Grid<float>(g.size()), Grid<float>(g.size()), Grid<float>(g.size()), Grid<float>(g.size())};
  for (int y = 0; y < g.height; ++y) {
    const T* row = g.row(y);
    const T* next = y + 1 < g.height ? g.row(y + 1) : nullptr;
    for (int x = 0; x < g.width; ++x) {
      if (x + 1 < g.width)
        ground.right.at(x, y) = std::sqrt(1 + k * difference2(row[x], row[x + 1]));
      if (next == nullptr)
        continue;
      ground.down.at(x, y) = std::sqrt(1 + k * difference2(row[x], next[x]));
      if (x + 1 < g.width)
        ground.downRight.at(x, y) = std::sqrt(2 + k * difference2(row[x], next[x + 1]));
      if (x > 0)
        ground.downLeft.at(x, y) = std::sqrt(2 + k * difference2(row[x], next[x - 1]));
    }
  }
  return ground;
}

void relaxDown(Grid<float>& d, const GeodesicGround& g) {
  const int w = d.width;
  for (int y = 0; y < d.height; ++y) {
    float* row = d.row(y);
    if (y > 0) {
      const float* above = d.row(y - 1);
      const float* down = g.down.row(y - 1);
      const float* downRight = g.downRight.row(y - 1);
      const float* downLeft = g.downLeft.row(y - 1);
      for (int x = 0; x < w; ++x)
        row[x] = std::min(row[x], above[x] + down[x]);
      for (int x = 1; x < w; ++x)
        row[x] = std::min(row[x], above[x - 1] + downRight[x - 1]);
      for (int x = 0; x + 1 < w; ++x)
        row[x] = std::min(row[x], above[x + 1] + downLeft[x + 1]);
    }
    const float* right = g.right.row(y);
    for (int x = 1; x < w; ++x)
      row[x] = std::min(row[x], row[x - 1] + right[x - 1]);
    for (int x = w - 2; x >= 0; --x)
      row[x] = std::min(row[x], row[x + 1] + right[x]);
  }
}

void relaxUp(Grid<float>& d, const GeodesicGround& g) {
  const int w = d.width;
  for (int y = d.height - 1; y >= 0; --y) {
    float* row = d.row(y);
    if (y + 1 < d.height) {
      const float* below = d.row(y + 1);
      const float* down = g.down.row(y);
      const float* downRight = g.downRight.row(y);
      const float* downLeft = g.downLeft.row(y);
      for (int x = 0; x < w; ++x)
        row[x] = std::min(row[x], below[x] + down[x]);
      for (int x = 0; x + 1 < w; ++x)
        row[x] = std::min(row[x], below[x + 1] + downRight[x]);
      for (int x = 1; x < w; ++x)
        row[x] = std::min(row[x], below[x - 1] + downLeft[x]);
    }
    const float* right = g.right.row(y);
    for (int x = w - 2; x >= 0; --x)
      row[x] = std::min(row[x], row[x + 1] + right[x]);
    for (int x = 1; x < w; ++x)
      row[x] = std::min(row[x], row[x - 1] + right[x - 1]);
  }
}

} // namespace

GeodesicGround geodesicGround(const Grid<Pixel>& picture, float lambda) {
  return makeGround(picture, lambda, [](Pixel a, Pixel b) {
    const int r = a.r - b.r;
    const int g = a.g - b.g;
    const int bl = a.b - b.b;
    return static_cast<float>(r * r + g * g + bl * bl);
  });
}

GeodesicGround geodesicGround(const Grid<float>& values, float lambda) {
  return makeGround(values, lambda, [](float a, float b) { return (a - b) * (a - b); });
}

Grid<float> geodesicDistance(const GeodesicGround& ground, std::span<const Point> seeds, float radius, float border) {
  // Far beyond every path, yet small enough that adding a step keeps it finite.
  Grid<float> d(ground.right.size(), 1e9f);
  if (border >= 0) {
    for (int x = 0; x < d.width; ++x)
      d.at(x, 0) = d.at(x, d.height - 1) = border;
    for (int y = 0; y < d.height; ++y)
      d.at(0, y) = d.at(d.width - 1, y) = border;
  }
  const int reach = static_cast<int>(std::ceil(radius));
  for (const Point& p : seeds) {
    int cx = 0;
    int cy = 0;
    if (!pixelAt(p, d.size(), cx, cy))
      continue;
    for (int y = cy - reach; y <= cy + reach; ++y)
      for (int x = cx - reach; x <= cx + reach; ++x) {
        const int dx = x - cx;
        const int dy = y - cy;
        if (d.contains(x, y) && static_cast<float>(dx * dx + dy * dy) <= radius * radius)
          d.at(x, y) = 0;
      }
  }
  for (int round = 0; round < 2; ++round) {
    relaxDown(d, ground);
    relaxUp(d, ground);
  }
  return d;
}

} // namespace kinora::vision
