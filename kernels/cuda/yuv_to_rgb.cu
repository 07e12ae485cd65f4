// SPDX-License-Identifier: Apache-2.0
#include "kernels/yuv_to_rgb.h"

#include "kernels/cuda/launch_p.h"
#include "kernels/shared/yuv_p.h"

namespace kinora::kernels::cuda {
namespace {

template <class Sample, class Pixel>
struct ToRgbPixel {
  YuvSamples<const Sample> src;
  ImageView<Pixel> dst;
  ToRgb factors;

  // Eight times the chroma at (x, y): 3-1 between rows, then 1-1 between columns at odd places.
  __device__ int chromaAt(const Samples<const Sample>& plane, int x, int y) const {
    const int columns = (src.width + 1) / 2;
    const Sample* near = plane.row(y / 2);
    const Sample* far = plane.row(fartherChromaRow(y, (src.height + 1) / 2));
    const int left = plane.step * (x / 2);
    const int right = plane.step * clampIndex((x + 1) / 2, columns);
    return 3 * near[left] + far[left] + 3 * near[right] + far[right];
  }
  __device__ void operator()(int x, int y) const {
    pixelOf(dst, x, y) = Channels<Pixel>::store(
        rgbOf(factors, src.luma.row(y)[x], chromaAt(src.cb, x, y), chromaAt(src.cr, x, y), Channels<Pixel>::kUnit));
  }
};

template <class Pixel>
Status toRgb(const ConstYuvView& src, YuvEncoding encoding, const ImageView<Pixel>& dst, Stream stream) {
  if (!isYuv420(src.format) || src.width != dst.width || src.height != dst.height)
    return mismatch();
  const ToRgb factors = toRgbFactors(encoding, bitsOfFormat(src.format), Channels<Pixel>::kUnit);
  if (bitsOfFormat(src.format) == 8)
    return forPixels(dst.width, dst.height, stream,
                     ToRgbPixel<std::uint8_t, Pixel>{samplesOf<const std::uint8_t>(src), dst, factors});
  return forPixels(dst.width, dst.height, stream,
                   ToRgbPixel<std::uint16_t, Pixel>{samplesOf<const std::uint16_t>(src), dst, factors});
}

} // namespace

Status yuvToRgb(const ConstYuvView& src, YuvEncoding encoding, ImageView<Rgba8> dst, Stream stream) {
  return toRgb(src, encoding, dst, stream);
}

Status yuvToRgb(const ConstYuvView& src, YuvEncoding encoding, ImageView<Rgba16F> dst, Stream stream) {
  return toRgb(src, encoding, dst, stream);
}

} // namespace kinora::kernels::cuda
