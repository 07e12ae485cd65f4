// SPDX-License-Identifier: Apache-2.0
#include "kernels/rgb_to_yuv.h"

#include "kernels/cuda/launch_p.h"
#include "kernels/shared/yuv_p.h"

namespace kinora::kernels::cuda {
namespace {

// A thread makes one chroma sample and the four luma samples round it.
template <class Sample, class Pixel>
struct ToYuvBlock {
  ImageView<const Pixel> src;
  YuvSamples<Sample> dst;
  ToYuv factors;

  __device__ Float4 colourAt(int x, int y) const {
    return Channels<Pixel>::load(pixelOf(src, clampIndex(x, src.width), clampIndex(y, src.height)));
  }
  // Both rows of a column, in the CPU's order of sums.
  __device__ Float4 columnAt(int x, int y) const { return colourAt(x, y) + colourAt(x, y + 1); }

  __device__ void operator()(int i, int j) const {
    const int x = 2 * i;
    const int y = 2 * j;
    for (int dy = 0; dy < 2 && y + dy < src.height; ++dy)
      for (int dx = 0; dx < 2 && x + dx < src.width; ++dx) {
        const Float4 p = colourAt(x + dx, y + dy);
        dst.luma.row(y + dy)[x + dx] = static_cast<Sample>(lumaOf(factors, p.r, p.g, p.b));
      }
    const Float4 sum = columnAt(x - 1, y) + columnAt(x, y) * 2.0f + columnAt(x + 1, y);
    dst.cb.row(j)[i * dst.cb.step] = static_cast<Sample>(cbOf(factors, sum.r, sum.g, sum.b));
    dst.cr.row(j)[i * dst.cr.step] = static_cast<Sample>(crOf(factors, sum.r, sum.g, sum.b));
  }
};

template <class Pixel>
Status toYuv(const ImageView<const Pixel>& src, YuvEncoding encoding, const YuvView& dst, Stream stream) {
  if (!isYuv420(dst.format) || src.width != dst.width || src.height != dst.height)
    return mismatch();
  const ToYuv factors = toYuvFactors(encoding, bitsOfFormat(dst.format), Channels<Pixel>::kUnit);
  const int columns = (dst.width + 1) / 2;
  const int rows = (dst.height + 1) / 2;
  if (bitsOfFormat(dst.format) == 8)
    return forPixels(columns, rows, stream,
                     ToYuvBlock<std::uint8_t, Pixel>{src, samplesOf<std::uint8_t>(dst), factors});
  return forPixels(columns, rows, stream,
                   ToYuvBlock<std::uint16_t, Pixel>{src, samplesOf<std::uint16_t>(dst), factors});
}

} // namespace

Status rgbToYuv(ConstImageView<Rgba8> src, YuvEncoding encoding, const YuvView& dst, Stream stream) {
  return toYuv(src, encoding, dst, stream);
}

Status rgbToYuv(ConstImageView<Rgba16F> src, YuvEncoding encoding, const YuvView& dst, Stream stream) {
  return toYuv(src, encoding, dst, stream);
}

} // namespace kinora::kernels::cuda
