// SPDX-License-Identifier: Apache-2.0
// What colours an object and its surroundings have: kernel densities of a few samples, and Gaussian mixtures of regions.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "engine/base/geometry.h"
#include "engine/vision/grid_p.h"

namespace kinora::vision {

// P_F of every pixel: kernel density of colours round the positives over the sum with that of the border ring and of
// colours round the negatives, tabulated on 16^3 colours.
[[nodiscard]] Grid<float> colourLikelihood(const Grid<Pixel>& picture, std::span<const Point> positives,
                                           std::span<const Point> negatives);

// Five Gaussians. Fitted by splitting the widest cluster along its main axis (Orchard and Bouman 1991), so no chance is
// involved.
class ColourMixture {
 public:
  // Fewer colours than Gaussians are fine; none gives a mixture that finds every colour equally (un)likely.
  void fit(std::span<const Pixel> colours);
  // Log density of the best Gaussian.
  [[nodiscard]] float logLikelihood(Pixel colour) const;

 private:
  struct Gaussian {
    std::array<float, 3> mean{};
    std::array<float, 6> inverse{}; // xx xy xz yy yz zz
    float offset = 0;               // log(weight) - .5 log det
  };
  std::vector<Gaussian> gaussians_;
};

} // namespace kinora::vision
