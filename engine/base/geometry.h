// SPDX-License-Identifier: Apache-2.0
// Sizes and points in pixels. Origin at the top-left corner of the picture; pixel centres lie at .5.
#pragma once

#include <cstdint>

namespace kinora {

struct Size {
  std::int32_t width = 0;
  std::int32_t height = 0;

  [[nodiscard]] constexpr bool isEmpty() const { return width <= 0 || height <= 0; }
  [[nodiscard]] constexpr std::int64_t area() const { return static_cast<std::int64_t>(width) * height; }
  friend constexpr bool operator==(Size, Size) = default;
};

struct Point {
  float x = 0;
  float y = 0;

  friend constexpr bool operator==(Point, Point) = default;
  friend constexpr Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
  friend constexpr Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
  friend constexpr Point operator*(Point a, float s) { return {a.x * s, a.y * s}; }
};

// A camera over a picture: what the frame shows is the picture zoomed about the frame's centre, then rotated
// (radians, clockwise on screen), then moved by pan (in frame widths: .1 moves the picture right by a tenth).
struct CameraPose {
  float zoom = 1;
  float panX = 0;
  float panY = 0;
  float rotation = 0;

  [[nodiscard]] constexpr bool isIdentity() const { return zoom == 1 && panX == 0 && panY == 0 && rotation == 0; }
  friend constexpr bool operator==(CameraPose, CameraPose) = default;
};

} // namespace kinora
