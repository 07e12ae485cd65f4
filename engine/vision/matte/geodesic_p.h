// SPDX-License-Identifier: Apache-2.0
// Distances that grow with every step and with every change of colour on the way: shortest paths over a picture.
#pragma once

#include <span>
#include <vector>

#include "engine/base/geometry.h"
#include "engine/vision/grid_p.h"

namespace kinora::vision {

// The picture that paths lead over: up to three channels of 0..255.
struct GeodesicGround {
  // costs[d]: step from a pixel to its right, lower, lower right and lower left neighbour.
  Grid<float> right, down, downRight, downLeft;
};

// Step cost sqrt(l^2 + 9 (lambda / 255)^2 |difference|^2), l the length of the step in pixels.
[[nodiscard]] GeodesicGround geodesicGround(const Grid<Pixel>& picture, float lambda);
[[nodiscard]] GeodesicGround geodesicGround(const Grid<float>& values, float lambda); // one channel

// Distance from the seeds: discs of `radius` round the points at 0, the outermost ring of pixels at `border` (negative:
// none). Chamfer sweeps in four directions, two rounds.
[[nodiscard]] Grid<float> geodesicDistance(const GeodesicGround& ground, std::span<const Point> seeds, float radius,
                                           float border);

} // namespace kinora::vision
