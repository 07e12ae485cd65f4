// SPDX-License-Identifier: Apache-2.0
// The background behind the objects: the photo with their holes filled, and a margin round it where a camera looks out.
#pragma once

#include <stop_token>

#include "engine/base/result.h"
#include "engine/base/worker_pool.h"
#include "engine/vision/grid_p.h"

namespace kinora::vision {

class Plate {
 public:
  Plate() = default;
  // Filled smoothly, at once. hole: not 0 where objects were. margin: pixels added on each side.
  Plate(const Grid<Pixel>& photo, const Grid<std::uint8_t>& hole, int margin);

  // Photo and margin; the photo's corner lies at (margin, margin).
  [[nodiscard]] const Grid<Pixel>& pixels() const { return pixels_; }
  [[nodiscard]] int margin() const { return margin_; }
  [[nodiscard]] bool isTextured() const { return textured_; }
  // Fills with texture of the surroundings. Errors: cancelled (the plate is then as before).
  [[nodiscard]] Result<void> addTexture(const WorkerPool& pool, const std::stop_token& stop);

 private:
  Grid<Pixel> pixels_;
  Grid<std::uint8_t> missing_; // not 0: not photo
  int margin_ = 0;
  bool textured_ = true; // nothing is missing
};

} // namespace kinora::vision
