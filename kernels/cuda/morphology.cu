// SPDX-License-Identifier: Apache-2.0
#include "kernels/morphology.h"

#include "kernels/cuda/launch_p.h"
#include "kernels/shared/morphology_p.h"

namespace kinora::kernels::cuda {
namespace {

// Erosion is dilation of the inverse.
struct LargestInDisc {
  ImageView<const Gray8> src;
  ImageView<Gray8> dst;
  const std::int32_t* reach;
  int rows;
  int inverse;

  __device__ void operator()(int x, int y) const {
    int largest = 0;
    for (int dy = 1 - rows; dy < rows; ++dy) {
      if (y + dy < 0 || y + dy >= src.height)
        continue;
      const int side = reach[dy < 0 ? -dy : dy];
      const int begin = x - side > 0 ? x - side : 0;
      const int end = x + side < src.width - 1 ? x + side : src.width - 1;
      for (int i = begin; i <= end; ++i) {
        const int value = pixelOf(src, i, y + dy) ^ inverse;
        largest = value > largest ? value : largest;
      }
    }
    pixelOf(dst, x, y) = static_cast<Gray8>(largest ^ inverse);
  }
};

Status dilateBy(const ImageView<const Gray8>& src, const ImageView<Gray8>& dst, float radius, int inverse,
                Stream stream) {
  if (!sameShape(src, dst) || !(radius >= 0) || !(radius <= kMaxMorphologyRadius))
    return mismatch();
  const std::vector<std::int32_t> reach = discReach(radius);
  const std::size_t bytes = sizeof(std::int32_t) * reach.size();
  const Scratch memory(bytes, stream);
  return inTurn([&] { return memory.status(); }, [&] { return memory.upload(reach.data(), bytes); },
                [&] {
                  return forPixels(
                      dst.width, dst.height, stream,
                      LargestInDisc{src, dst, memory.as<std::int32_t>(), static_cast<int>(reach.size()), inverse});
                });
}

} // namespace

Status dilate(ConstImageView<Gray8> src, ImageView<Gray8> dst, float radius, Stream stream) {
  return dilateBy(src, dst, radius, 0, stream);
}

Status erode(ConstImageView<Gray8> src, ImageView<Gray8> dst, float radius, Stream stream) {
  return dilateBy(src, dst, radius, 255, stream);
}

} // namespace kinora::kernels::cuda
