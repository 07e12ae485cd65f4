// SPDX-License-Identifier: Apache-2.0
// The weights of a one-dimensional filter, for every place it is applied to. Made on the host for both back-ends.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/resize.h"

namespace kinora::kernels {

// Output i is the sum over k < count[i] of weights[offset[i] + k] * input[first[i] + k]. Weights sum to 1; what a
// filter wants beyond the edges is given to the edge.
struct Taps {
  std::vector<std::int32_t> first;
  std::vector<std::int32_t> count;
  std::vector<std::int32_t> offset;
  std::vector<float> weights;
};

[[nodiscard]] Taps resizeTaps(std::int32_t from, std::int32_t to, Filter filter);
[[nodiscard]] Taps gaussianTaps(std::int32_t length, float sigma);

} // namespace kinora::kernels
