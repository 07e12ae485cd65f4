// SPDX-License-Identifier: Apache-2.0
#include "kernels/convert.h"

#include "kernels/cuda/launch_p.h"
#include "kernels/shared/convert_p.h"

namespace kinora::kernels::cuda {
namespace {

struct Convert {
  template <class Pixel>
  __device__ auto operator()(Pixel p) const {
    return convertPixel(p);
  }
};

struct Premultiply {
  template <class Pixel>
  __device__ Pixel operator()(Pixel p) const {
    return premultiplied(p);
  }
};

struct Unpremultiply {
  template <class Pixel>
  __device__ Pixel operator()(Pixel p) const {
    return unpremultiplied(p);
  }
};

template <class From, class To, class Change>
struct EachPixel {
  ImageView<const From> src;
  ImageView<To> dst;

  __device__ void operator()(int x, int y) const { pixelOf(dst, x, y) = Change{}(pixelOf(src, x, y)); }
};

template <class Change, class From, class To>
Status eachPixel(const ImageView<const From>& src, const ImageView<To>& dst, Stream stream) {
  if (!sameShape(src, dst))
    return mismatch();
  return forPixels(dst.width, dst.height, stream, EachPixel<From, To, Change>{src, dst});
}

} // namespace

Status convert(ConstImageView<Rgba8> src, ImageView<Rgba16F> dst, Stream stream) {
  return eachPixel<Convert>(src, dst, stream);
}

Status convert(ConstImageView<Rgba16F> src, ImageView<Rgba8> dst, Stream stream) {
  return eachPixel<Convert>(src, dst, stream);
}

Status premultiply(ConstImageView<Rgba8> src, ImageView<Rgba8> dst, Stream stream) {
  return eachPixel<Premultiply>(src, dst, stream);
}

Status premultiply(ConstImageView<Rgba16F> src, ImageView<Rgba16F> dst, Stream stream) {
  return eachPixel<Premultiply>(src, dst, stream);
}

Status unpremultiply(ConstImageView<Rgba8> src, ImageView<Rgba8> dst, Stream stream) {
  return eachPixel<Unpremultiply>(src, dst, stream);
}

Status unpremultiply(ConstImageView<Rgba16F> src, ImageView<Rgba16F> dst, Stream stream) {
  return eachPixel<Unpremultiply>(src, dst, stream);
}

} // namespace kinora::kernels::cuda
