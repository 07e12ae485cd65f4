// SPDX-License-Identifier: Apache-2.0
#include "kernels/resize.h"

#include "kernels/cuda/separable_p.cuh"

namespace kinora::kernels::cuda {
namespace {

template <class Pixel>
Status resizeBy(const ImageView<const Pixel>& src, const ImageView<Pixel>& dst, const ResizeOptions& options,
                Stream stream) {
  if (src.isEmpty() || dst.isEmpty())
    return mismatch();
  if (sameShape(src, dst))
    return copyPicture(src, dst, stream);
  return filterSeparably(src, dst, resizeTaps(src.width, dst.width, options.filter),
                         resizeTaps(src.height, dst.height, options.filter), options.alpha, stream);
}

} // namespace

Status resize(ConstImageView<Rgba8> src, ImageView<Rgba8> dst, const ResizeOptions& options, Stream stream) {
  return resizeBy(src, dst, options, stream);
}

Status resize(ConstImageView<Rgba16F> src, ImageView<Rgba16F> dst, const ResizeOptions& options, Stream stream) {
  return resizeBy(src, dst, options, stream);
}

Status resize(ConstImageView<Gray8> src, ImageView<Gray8> dst, const ResizeOptions& options, Stream stream) {
  return resizeBy(src, dst, options, stream);
}

Status resize(ConstImageView<Gray32F> src, ImageView<Gray32F> dst, const ResizeOptions& options, Stream stream) {
  return resizeBy(src, dst, options, stream);
}

} // namespace kinora::kernels::cuda
