// SPDX-License-Identifier: Apache-2.0
// Moves a plane so that given points go to given places. Maths: Schaefer, McPhail, Warren 2006, "Image deformation
// using moving least squares", written with complex numbers: f(v) = a (v - p*) + q*, a = sum w q^ conj(p^) / sum w
// |p^|^2.
#pragma once

#include <span>
#include <vector>

#include "engine/base/geometry.h"
#include "engine/vision/grid_p.h"

namespace kinora::vision {

struct PointPair {
  Point from;
  Point to;
};

// One pair shifts; two or more turn and scale (similarity) or only turn (rigid).
class Deformation {
 public:
  Deformation(std::vector<PointPair> pairs, bool rigid);
  [[nodiscard]] Point map(Point v) const;
  [[nodiscard]] bool isShift() const { return pairs_.size() <= 1; }
  [[nodiscard]] std::size_t pairCount() const { return pairs_.size(); }

 private:
  std::vector<PointPair> pairs_;
  bool rigid_;
};

// What a camera shows, for a frame of a size: place in the frame <-> place in the picture of the same size.
class CameraView {
 public:
  CameraView(const CameraPose& pose, Size frame);
  [[nodiscard]] Point toPicture(Point inFrame) const;
  [[nodiscard]] Point toFrame(Point inPicture) const;

 private:
  float zoom_, cos_, sin_;
  Point centre_, pan_;
};

} // namespace kinora::vision
