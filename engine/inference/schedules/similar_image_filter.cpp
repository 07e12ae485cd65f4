// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/schedules/similar_image_filter_p.h"

#include <algorithm>

#include <fmt/format.h>

#include <ATen/ATen.h>

namespace kinora::inference {

Result<SimilarImageFilter> SimilarImageFilter::make(double threshold, int mostSkips) {
  if (!(threshold >= -1 && threshold <= 1) || mostSkips < 0)
    return fail(
        ErrorCode::InvalidArgument,
        fmt::format("A filter of similar pictures with threshold {} and at most {} skips cannot be made: choose "
                    "-1 to 1 and at least 0.",
                    threshold, mostSkips));
  return SimilarImageFilter(threshold, mostSkips);
}

bool SimilarImageFilter::keep(const at::Tensor& picture, double uniform) {
  const at::Tensor flat = picture.to(at::kFloat).flatten();
  if (!last_.defined() || last_.sizes() != flat.sizes()) {
    last_ = flat.clone();
    return true;
  }
  double skipProbability = 0;
  if (threshold_ < 1) {
    const double similarity = at::cosine_similarity(last_, flat, 0, 1e-6).item<double>();
    skipProbability = std::max(0.0, 1 - (1 - similarity) / (1 - threshold_));
  }
  if (skipProbability >= uniform) {
    if (skips_ <= mostSkips_) {
      ++skips_;
      return false;
    }
    skips_ = 0;
  }
  last_.copy_(flat);
  return true;
}

void SimilarImageFilter::reset() {
  last_ = at::Tensor();
  skips_ = 0;
}

} // namespace kinora::inference
