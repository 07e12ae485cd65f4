// SPDX-License-Identifier: Apache-2.0
// First guess of what an object is, from a few clicks; the cut that follows makes it exact.
#pragma once

#include <functional>
#include <stop_token>
#include <vector>

#include "engine/base/geometry.h"
#include "engine/base/image.h"
#include "engine/base/result.h"

namespace kinora::vision {

// What is known of one object. Points are pixels of the picture given here (a scaled-down copy of the user's).
struct MatteClues {
  Image picture;                // Rgba8, host
  std::vector<Point> positives; // on the object
  std::vector<Point> negatives; // not on it
};

// Probability of "object" per pixel, row after row, width * height values in [0, 1]. Called on the inference thread or
// on helpers of the pool, for several objects at once: must not keep state between calls. Errors pass on.
using MattePrior = std::function<Result<std::vector<float>>(const MatteClues&, std::stop_token)>;

// Geodesic distances from the clicks over the picture and over the likelihood of the clicked colours (after Bai and
// Sapiro 2007, Criminisi et al. 2008), no training.
[[nodiscard]] MattePrior classicalMattePrior();

} // namespace kinora::vision
