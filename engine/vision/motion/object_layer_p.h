// SPDX-License-Identifier: Apache-2.0
// An object cut out of the picture: premultiplied colours, known a little beyond its edge so that none of the
// background shows as a halo.
#pragma once

#include <vector>

#include "engine/base/geometry.h"
#include "engine/vision/grid_p.h"

namespace kinora::vision {

struct ObjectLayer {
  Grid<float> alpha;       // size of the frame
  Grid<Pixel> colours;     // premultiplied, only the part `crop` of the frame
  Rect crop;               // empty: there is no object
  Grid<std::uint8_t> hole; // size of the frame: what it uncovers when it moves, a little wider than alpha
  Rect holeBounds;
};

// Pixels with less alpha than this belong to the background.
inline constexpr float kLeastAlpha = .08F;

[[nodiscard]] ObjectLayer makeObjectLayer(const Grid<Pixel>& photo, Grid<float> alpha);

// A soft disc of radius grip round each centre.
[[nodiscard]] Grid<float> discMatte(Size size, const std::vector<Point>& centres, float grip);

} // namespace kinora::vision
