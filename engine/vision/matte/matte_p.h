// SPDX-License-Identifier: Apache-2.0
// From clicks and corrections to the matte of an object: prior, colour mixtures and graph cut from coarse to fine, then
// a soft edge.
#pragma once

#include <stop_token>
#include <vector>

#include "engine/base/result.h"
#include "engine/session/motion_session.h"
#include "engine/vision/grid_p.h"
#include "engine/vision/matte/matte_prior.h"

namespace kinora::vision {

// All in pixels of the picture here.
struct MatteTask {
  const Grid<Pixel>* picture = nullptr;
  std::vector<Point> positives;
  std::vector<Point> negatives;
  std::vector<session::MatteCorrection> corrections; // of this object, in order
};

// Alpha 0..1 in the picture's size. All 0 when neither a positive nor an added area lies in the picture.
[[nodiscard]] Result<Grid<float>> makeMatte(const MatteTask& task, const MattePrior& prior, const std::stop_token& stop);

// Alpha pulled onto the edges of a picture (He, Sun, Tang 2010, three colour channels). Same sizes.
[[nodiscard]] Grid<float> guidedFilter(const Grid<Pixel>& guide, const Grid<float>& alpha, int radius, float epsilon);

} // namespace kinora::vision
