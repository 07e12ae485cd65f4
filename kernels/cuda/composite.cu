// SPDX-License-Identifier: Apache-2.0
#include "kernels/composite.h"

#include "kernels/cuda/launch_p.h"
#include "kernels/shared/composite_p.h"

namespace kinora::kernels::cuda {
namespace {

template <class Pixel>
struct Over {
  ImageView<const Pixel> src;
  ImageView<Pixel> dst;
  AlphaMode alpha;
  float opacity;

  __device__ void operator()(int x, int y) const {
    Pixel& d = pixelOf(dst, x, y);
    const Pixel s = pixelOf(src, x, y);
    d = alpha == AlphaMode::Straight ? overStraight(s, d, opacity) : overPremultiplied(s, d, opacity);
  }
};

template <class Pixel>
Status over(const ImageView<const Pixel>& src, const ImageView<Pixel>& dst, const CompositeOptions& options,
            Stream stream) {
  if (!sameShape(src, dst))
    return mismatch();
  return forPixels(dst.width, dst.height, stream, Over<Pixel>{src, dst, options.alpha, usableOpacity(options.opacity)});
}

} // namespace

Status composite(ConstImageView<Rgba8> src, ImageView<Rgba8> dst, const CompositeOptions& options, Stream stream) {
  return over(src, dst, options, stream);
}

Status composite(ConstImageView<Rgba16F> src, ImageView<Rgba16F> dst, const CompositeOptions& options, Stream stream) {
  return over(src, dst, options, stream);
}

} // namespace kinora::kernels::cuda
