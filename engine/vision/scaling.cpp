// SPDX-License-Identifier: Apache-2.0
#include "engine/vision/scaling_p.h"

namespace kinora::vision {
namespace {

template <class T, class Mean>
Grid<T> halvedBy(const Grid<T>& g, Mean mean) {
  Grid<T> out((g.width + 1) / 2, (g.height + 1) / 2);
  for (int y = 0; y < out.height; ++y) {
    const T* upper = g.row(2 * y);
    const T* lower = g.row(std::min(2 * y + 1, g.height - 1));
    T* to = out.row(y);
    for (int x = 0; x < out.width; ++x) {
      const int left = 2 * x;
      const int right = std::min(left + 1, g.width - 1);
      to[x] = mean(upper[left], upper[right], lower[left], lower[right]);
    }
  }
  return out;
}

} // namespace

Grid<Pixel> halved(const Grid<Pixel>& g) {
  return halvedBy(g, [](Pixel a, Pixel b, Pixel c, Pixel d) {
    const auto mean = [](int p, int q, int r, int s) { return static_cast<std::uint8_t>((p + q + r + s + 2) / 4); };
    return Pixel{mean(a.r, b.r, c.r, d.r), mean(a.g, b.g, c.g, d.g), mean(a.b, b.b, c.b, d.b),
                 mean(a.a, b.a, c.a, d.a)};
  });
}

Grid<float> halved(const Grid<float>& g) {
  return halvedBy(g, [](float a, float b, float c, float d) { return (a + b + c + d) * 0.25f; });
}

Grid<float> resized(const Grid<float>& g, Size size) {
  if (g.size() == size)
    return g;
  Grid<float> out(size);
  struct Tap {
    int first, second;
    float weight; // of the second
  };
  std::vector<Tap> taps(static_cast<std::size_t>(size.width));
  const auto tapAt = [](int i, int to, int from) {
    const float p = std::clamp((static_cast<float>(i) + 0.5f) * static_cast<float>(from) / static_cast<float>(to) - 0.5f,
                               0.0f, static_cast<float>(from - 1));
    const int first = static_cast<int>(p);
    return Tap{first, std::min(first + 1, from - 1), p - static_cast<float>(first)};
  };
  for (int x = 0; x < size.width; ++x)
    taps[static_cast<std::size_t>(x)] = tapAt(x, size.width, g.width);
  for (int y = 0; y < size.height; ++y) {
    const Tap v = tapAt(y, size.height, g.height);
    const float* a = g.row(v.first);
    const float* b = g.row(v.second);
    float* to = out.row(y);
    for (int x = 0; x < size.width; ++x) {
      const Tap& h = taps[static_cast<std::size_t>(x)];
      const float upper = a[h.first] + (a[h.second] - a[h.first]) * h.weight;
      const float lower = b[h.first] + (b[h.second] - b[h.first]) * h.weight;
      to[x] = upper + (lower - upper) * v.weight;
    }
  }
  return out;
}

Grid<float> boxMean(const Grid<float>& g, int radius) {
  Grid<float> rows(g.size());
  for (int y = 0; y < g.height; ++y) {
    const float* from = g.row(y);
    float* to = rows.row(y);
    // Whole sums per pixel, not running ones: no drift, and the window is small.
    for (int x = 0; x < g.width; ++x) {
      const int x0 = std::max(0, x - radius);
      const int x1 = std::min(g.width - 1, x + radius);
      float sum = 0;
      for (int i = x0; i <= x1; ++i)
        sum += from[i];
      to[x] = sum / static_cast<float>(x1 - x0 + 1);
    }
  }
  Grid<float> out(g.size());
  for (int y = 0; y < g.height; ++y) {
    const int y0 = std::max(0, y - radius);
    const int y1 = std::min(g.height - 1, y + radius);
    float* to = out.row(y);
    for (int i = y0; i <= y1; ++i) {
      const float* from = rows.row(i);
      for (int x = 0; x < g.width; ++x)
        to[x] += from[x];
    }
    const float scale = 1.0f / static_cast<float>(y1 - y0 + 1);
    for (int x = 0; x < g.width; ++x)
      to[x] *= scale;
  }
  return out;
}

} // namespace kinora::vision
