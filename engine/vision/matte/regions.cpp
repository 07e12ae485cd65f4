// SPDX-License-Identifier: Apache-2.0
#include "engine/vision/matte/regions_p.h"

#include <utility>

namespace kinora::vision {
namespace {

float distanceToSegment(Point p, Point a, Point b) {
  const Point d = b - a;
  const float length2 = d.x * d.x + d.y * d.y;
  const float t =
      length2 > 0 ? std::clamp(((p.x - a.x) * d.x + (p.y - a.y) * d.y) / length2, 0.0f, 1.0f) : 0.0f;
  return std::hypot(p.x - a.x - t * d.x, p.y - a.y - t * d.y);
}

// Range of pixels between two coordinates, inside of [0, size).
std::pair<int, int> pixelRange(float from, float to, int size) {
  const float limit = static_cast<float>(size);
  return {static_cast<int>(std::clamp(std::floor(from), 0.0f, limit)),
          static_cast<int>(std::clamp(std::ceil(to), 0.0f, limit))};
}

// Gathers a 4- or 8-connected part of equal value; visited marks what was seen.
void flood(const Grid<std::uint8_t>& label, int start, bool diagonal, Grid<std::uint8_t>& visited,
           std::vector<int>& part) {
  const std::uint8_t value = label.data[static_cast<std::size_t>(start)];
  part.assign(1, start);
  visited.data[static_cast<std::size_t>(start)] = 1;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const int x = part[i] % label.width;
    const int y = part[i] / label.width;
    for (int dy = -1; dy <= 1; ++dy)
      for (int dx = -1; dx <= 1; ++dx) {
        if ((dx == 0 && dy == 0) || (!diagonal && dx != 0 && dy != 0) || !label.contains(x + dx, y + dy))
          continue;
        const int other = (y + dy) * label.width + x + dx;
        const auto o = static_cast<std::size_t>(other);
        if (visited.data[o] == 0 && label.data[o] == value) {
          visited.data[o] = 1;
          part.push_back(other);
        }
      }
  }
}

} // namespace

void fillDisc(Grid<std::uint8_t>& g, Point centre, float radius, std::uint8_t value) {
  fillStroke(g, std::span(&centre, 1), radius, value);
}

void fillStroke(Grid<std::uint8_t>& g, std::span<const Point> points, float radius, std::uint8_t value) {
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Point a = points[i];
    const Point b = points[std::min(i + 1, points.size() - 1)];
    const auto [y0, y1] = pixelRange(std::min(a.y, b.y) - radius, std::max(a.y, b.y) + radius, g.height);
    const auto [x0, x1] = pixelRange(std::min(a.x, b.x) - radius, std::max(a.x, b.x) + radius, g.width);
    for (int y = y0; y < y1; ++y)
      for (int x = x0; x < x1; ++x)
        if (distanceToSegment({static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f}, a, b) <= radius)
          g.at(x, y) = value;
  }
}

void fillPolygon(Grid<std::uint8_t>& g, std::span<const Point> points, std::uint8_t value) {
  if (points.size() < 3)
    return;
  std::vector<float> crossings;
  for (int y = 0; y < g.height; ++y) {
    const float cy = static_cast<float>(y) + 0.5f;
    crossings.clear();
    for (std::size_t i = 0; i < points.size(); ++i) {
      const Point a = points[i];
      const Point b = points[(i + 1) % points.size()];
      if ((a.y <= cy) != (b.y <= cy))
        crossings.push_back(a.x + (cy - a.y) / (b.y - a.y) * (b.x - a.x));
    }
    std::sort(crossings.begin(), crossings.end());
    for (std::size_t i = 0; i + 1 < crossings.size(); i += 2) {
      const auto [x0, x1] = pixelRange(crossings[i] + 0.5f, crossings[i + 1] - 0.5f, g.width);
      for (int x = x0; x < x1; ++x)
        g.at(x, y) = value;
    }
  }
}

Grid<std::uint8_t> grown(const Grid<std::uint8_t>& g, int reach) {
  // Steps of a cross and of a square in turn make an octagon.
  Grid<std::uint8_t> now = g;
  for (std::uint8_t& v : now.data)
    v = v != 0 ? 1 : 0;
  for (int step = 0; step < reach; ++step) {
    Grid<std::uint8_t> next = now;
    const bool square = step % 2 == 1;
    Grid<std::uint8_t> wide;
    if (square) {
      wide = now;
      for (int y = 0; y < g.height; ++y) {
        const std::uint8_t* from = now.row(y);
        std::uint8_t* to = wide.row(y);
        for (int x = 1; x < g.width; ++x)
          to[x] |= from[x - 1];
        for (int x = 0; x + 1 < g.width; ++x)
          to[x] |= from[x + 1];
      }
    }
    const Grid<std::uint8_t>& vertical = square ? wide : now;
    for (int y = 0; y < g.height; ++y) {
      std::uint8_t* to = next.row(y);
      const std::uint8_t* from = now.row(y);
      for (int x = 1; x < g.width; ++x)
        to[x] |= from[x - 1];
      for (int x = 0; x + 1 < g.width; ++x)
        to[x] |= from[x + 1];
      if (y > 0)
        for (int x = 0; x < g.width; ++x)
          to[x] |= vertical.row(y - 1)[x];
      if (y + 1 < g.height)
        for (int x = 0; x < g.width; ++x)
          to[x] |= vertical.row(y + 1)[x];
    }
    now = std::move(next);
  }
  return now;
}

Grid<std::uint8_t> complementOf(const Grid<std::uint8_t>& g) {
  Grid<std::uint8_t> out(g.size());
  for (std::size_t i = 0; i < g.data.size(); ++i)
    out.data[i] = g.data[i] == 0 ? 1 : 0;
  return out;
}

Grid<std::uint8_t> shrunk(const Grid<std::uint8_t>& g, std::uint8_t value, int reach) {
  Grid<std::uint8_t> outside(g.size());
  bool any = false;
  for (std::size_t i = 0; i < g.data.size(); ++i) {
    outside.data[i] = g.data[i] == value ? 0 : 1;
    any = any || g.data[i] == value;
  }
  if (!any)
    return Grid<std::uint8_t>(g.size());
  return complementOf(grown(outside, reach));
}

void keepSeeded(Grid<std::uint8_t>& label, const Grid<std::uint8_t>& forced, std::uint8_t value) {
  Grid<std::uint8_t> visited(label.size());
  std::vector<int> part;
  for (std::size_t i = 0; i < label.data.size(); ++i) {
    if (label.data[i] == 0 || visited.data[i] != 0)
      continue;
    flood(label, static_cast<int>(i), true, visited, part);
    const bool seeded = std::any_of(part.begin(), part.end(), [&](int p) {
      return forced.data[static_cast<std::size_t>(p)] == value;
    });
    if (!seeded)
      for (const int p : part)
        label.data[static_cast<std::size_t>(p)] = 0;
  }
}

void fillSmallHoles(Grid<std::uint8_t>& label, int area, const Grid<std::uint8_t>& forced, std::uint8_t value) {
  Grid<std::uint8_t> visited(label.size());
  std::vector<int> part;
  for (std::size_t i = 0; i < label.data.size(); ++i) {
    if (label.data[i] != 0 || visited.data[i] != 0)
      continue;
    flood(label, static_cast<int>(i), false, visited, part);
    if (static_cast<int>(part.size()) > area)
      continue;
    const bool open = std::any_of(part.begin(), part.end(), [&](int p) {
      const int x = p % label.width;
      const int y = p / label.width;
      return x == 0 || y == 0 || x == label.width - 1 || y == label.height - 1 ||
             forced.data[static_cast<std::size_t>(p)] == value;
    });
    if (!open)
      for (const int p : part)
        label.data[static_cast<std::size_t>(p)] = 1;
  }
}

} // namespace kinora::vision
