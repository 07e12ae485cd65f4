// SPDX-License-Identifier: Apache-2.0
// Small picture helpers: halving, bilinear growing, box means.
#pragma once

#include "engine/vision/grid_p.h"

namespace kinora::vision {

// Mean of 2 x 2; an odd last row or column counts double. Sides round up.
[[nodiscard]] Grid<Pixel> halved(const Grid<Pixel>& g);
[[nodiscard]] Grid<float> halved(const Grid<float>& g);
// Bilinear with pixel centres at .5.
[[nodiscard]] Grid<float> resized(const Grid<float>& g, Size size);
// Mean over (2 radius + 1)^2 pixels, of those inside of the picture.
[[nodiscard]] Grid<float> boxMean(const Grid<float>& g, int radius);

} // namespace kinora::vision
