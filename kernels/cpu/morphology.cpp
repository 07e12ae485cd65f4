// SPDX-License-Identifier: Apache-2.0
#include "kernels/morphology.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/base/check.h"
#include "kernels/cpu/rows_p.h"
#include "kernels/shared/morphology_p.h"

namespace kinora::kernels {
namespace {

// Erosion is dilation of the inverse: rows are inverted on their way in and out.
KINORA_CLONES void takeLarger(const Gray8* __restrict row, Gray8 inverse, Gray8* __restrict values,
                              std::int32_t width) {
  for (std::int32_t x = 0; x < width; ++x) {
    const Gray8 value = row[x] ^ inverse;
    values[x] = value > values[x] ? value : values[x];
  }
}

KINORA_CLONES void invertedCopy(const Gray8* __restrict row, Gray8 inverse, Gray8* __restrict values,
                                std::int32_t width) {
  for (std::int32_t x = 0; x < width; ++x)
    values[x] = row[x] ^ inverse;
}

// Each value becomes the largest of itself and its two neighbours. from has one more value on both sides.
KINORA_CLONES void widenByOne(const Gray8* __restrict from, Gray8* __restrict to, std::int32_t width) {
  for (std::int32_t x = 0; x < width; ++x) {
    const Gray8 sides = from[x - 1] > from[x + 1] ? from[x - 1] : from[x + 1];
    to[x] = sides > from[x] ? sides : from[x];
  }
}

// The disc as nested rows (Horner's rule for "largest of"): start with the middle row, which reaches farthest, widen by
// what it reaches more than the next one, take that row in, and so on; at last widen by what the outermost reaches.
void dilateBy(ConstImageView<Gray8> src, ImageView<Gray8> dst, float radius, Gray8 inverse, const WorkerPool& pool) {
  KINORA_CHECK(sameShape(src, dst) && radius >= 0 && radius <= kMaxMorphologyRadius);
  const std::vector<std::int32_t> reach = discReach(radius);
  const auto rows = static_cast<std::int32_t>(reach.size());
  const std::int64_t work = static_cast<std::int64_t>(src.width) * rows;
  forRows(pool, dst.height, work, [&](std::int32_t y0, std::int32_t y1) {
    // One value to the left and right that never wins.
    std::vector<Gray8> first(static_cast<std::size_t>(src.width) + 2, 0);
    std::vector<Gray8> second(first);
    Gray8* values = first.data() + 1;
    Gray8* widened = second.data() + 1;
    const auto widenBy = [&](std::int32_t steps) {
      for (std::int32_t i = 0; i < steps; ++i) {
        widenByOne(values, widened, src.width);
        std::swap(values, widened);
      }
    };
    for (std::int32_t y = y0; y < y1; ++y) {
      invertedCopy(src.row(y), inverse, values, src.width);
      for (std::int32_t k = 1; k < rows; ++k) {
        const auto i = static_cast<std::size_t>(k);
        widenBy(reach[i - 1] - reach[i]);
        if (y - k >= 0)
          takeLarger(src.row(y - k), inverse, values, src.width);
        if (y + k < src.height)
          takeLarger(src.row(y + k), inverse, values, src.width);
      }
      widenBy(reach.back());
      invertedCopy(values, inverse, dst.row(y), src.width);
    }
  });
}

} // namespace

std::vector<std::int32_t> discReach(float radius) {
  std::vector<std::int32_t> reach;
  const double squared = static_cast<double>(radius) * radius;
  for (std::int32_t dy = 0; dy * dy <= squared; ++dy) {
    std::int32_t dx = reach.empty() ? static_cast<std::int32_t>(radius) : reach.back();
    while (dx * dx + dy * dy > squared)
      --dx;
    reach.push_back(dx);
  }
  return reach;
}

void dilate(ConstImageView<Gray8> src, ImageView<Gray8> dst, float radius, const WorkerPool& pool) {
  dilateBy(src, dst, radius, 0, pool);
}

void erode(ConstImageView<Gray8> src, ImageView<Gray8> dst, float radius, const WorkerPool& pool) {
  dilateBy(src, dst, radius, 255, pool);
}

} // namespace kinora::kernels
