// SPDX-License-Identifier: Apache-2.0
// Hides which live pictures need not be computed because they look like the last one that was.
//
// Maths: StreamDiffusion v1. s = cosine of the flattened pictures; a picture is skipped with probability
// max(0, 1 - (1 - s) / (1 - threshold)). After mostSkips + 1 skips (counted over the whole stream, as the reference
// does) one picture is kept whatever it shows.
#pragma once

#include <ATen/core/Tensor.h>

#include "engine/base/result.h"

namespace kinora::inference {

class SimilarImageFilter {
 public:
  // InvalidArgument unless threshold is within -1..1 and mostSkips >= 0. Threshold 1 keeps every picture.
  [[nodiscard]] static Result<SimilarImageFilter> make(double threshold = 0.98, int mostSkips = 10);

  // True if the next keep() compares and so uses its random number (false for the first picture).
  [[nodiscard]] bool wantsRandom() const { return last_.defined(); }
  // Should this picture be computed? uniform: a random number of [0, 1).
  [[nodiscard]] bool keep(const at::Tensor& picture, double uniform);
  void reset();

 private:
  SimilarImageFilter(double threshold, int mostSkips) : threshold_(threshold), mostSkips_(mostSkips) {}
  double threshold_;
  int mostSkips_;
  int skips_ = 0;
  at::Tensor last_; // the last picture kept, flat float32
};

} // namespace kinora::inference
