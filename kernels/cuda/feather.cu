// SPDX-License-Identifier: Apache-2.0
#include "kernels/feather.h"

#include "kernels/cuda/separable_p.cuh"
#include "kernels/shared/feather_p.h"

namespace kinora::kernels::cuda {
namespace {

// Rows to the nearest pixel of each side in the same column, at most cap.
struct Steps {
  std::uint16_t toInside, toOutside;
};

struct LookAlongColumn {
  ImageView<const Gray8> src;
  Steps* steps;
  int cap;

  __device__ void operator()(int x, int y) const {
    const bool inside = isInside(pixelOf(src, x, y));
    int other = cap;
    for (int k = 1; k < cap; ++k) {
      const bool above = y - k >= 0 && isInside(pixelOf(src, x, y - k)) != inside;
      const bool below = y + k < src.height && isInside(pixelOf(src, x, y + k)) != inside;
      if (above || below) {
        other = k;
        break;
      }
    }
    const auto far = static_cast<std::uint16_t>(other);
    steps[static_cast<std::size_t>(y) * static_cast<std::size_t>(src.width) + static_cast<std::size_t>(x)] =
        inside ? Steps{0, far} : Steps{far, 0};
  }
};

struct LookAlongRow {
  ImageView<const Gray8> src;
  const Steps* steps;
  ImageView<Gray8> dst;
  int cap;
  int reach;
  float width;

  __device__ void operator()(int x, int y) const {
    const bool inside = isInside(pixelOf(src, x, y));
    const Steps* row = steps + static_cast<std::size_t>(y) * static_cast<std::size_t>(src.width);
    int nearest = kFar;
    for (int k = -reach; k <= reach; ++k) {
      if (x + k < 0 || x + k >= src.width)
        continue;
      const int step = inside ? row[x + k].toOutside : row[x + k].toInside;
      const int squared = step < cap ? step * step + k * k : kFar;
      nearest = squared < nearest ? squared : nearest;
    }
    pixelOf(dst, x, y) = featherValue(inside, nearest, width);
  }
};

} // namespace

Status feather(ConstImageView<Gray8> src, ImageView<Gray8> dst, float width, Stream stream) {
  if (!sameShape(src, dst) || !(width >= 0) || !(width <= kMaxFeatherWidth))
    return mismatch();
  const int reach = featherReach(width);
  const Scratch steps(sizeof(Steps) * static_cast<std::size_t>(src.width) * static_cast<std::size_t>(src.height),
                      stream);
  return inTurn([&] { return steps.status(); },
                [&] {
                  return forPixels(src.width, src.height, stream, LookAlongColumn{src, steps.as<Steps>(), reach + 1});
                },
                [&] {
                  return forPixels(src.width, src.height, stream,
                                   LookAlongRow{src, steps.as<Steps>(), dst, reach + 1, reach, usableWidth(width)});
                });
}

Status blur(ConstImageView<Gray8> src, ImageView<Gray8> dst, float sigma, Stream stream) {
  if (!sameShape(src, dst) || !(sigma >= 0) || !(sigma <= kMaxBlurSigma))
    return mismatch();
  if (src.isEmpty())
    return {};
  if (sigma == 0)
    return copyPicture(src, dst, stream);
  return filterSeparably(src, dst, gaussianTaps(src.width, sigma), gaussianTaps(src.height, sigma),
                         AlphaMode::Premultiplied, stream);
}

} // namespace kinora::kernels::cuda
