// SPDX-License-Identifier: Apache-2.0
#include "kernels/yuv_to_rgb.h"

#include <vector>

#include "engine/base/check.h"
#include "kernels/cpu/rows_p.h"
#include "kernels/shared/yuv_p.h"

namespace kinora::kernels {
namespace {

// Three quarters of the near row and one of the far row, four times over.
template <class Sample>
KINORA_INLINE void mixRows(const Sample* __restrict near, const Sample* __restrict far, std::int32_t* __restrict mixed,
                           std::int32_t count) {
  for (std::int32_t i = 0; i < count; ++i)
    mixed[i] = 3 * near[i] + far[i];
}

// The same for two kinds of samples that take turns.
template <class Sample>
KINORA_INLINE void mixRowPairs(const Sample* __restrict near, const Sample* __restrict far,
                               std::int32_t* __restrict first, std::int32_t* __restrict second, std::int32_t count) {
  for (std::int32_t i = 0; i < count; ++i) {
    first[i] = 3 * near[2 * i] + far[2 * i];
    second[i] = 3 * near[2 * i + 1] + far[2 * i + 1];
  }
}

// Doubles a row of n values: even places repeat one, odd places lie between two. The values double, too.
KINORA_INLINE void spreadRow(const std::int32_t* __restrict values, std::int32_t* __restrict out, std::int32_t n) {
  for (std::int32_t i = 0; i + 1 < n; ++i) {
    out[2 * i] = 2 * values[i];
    out[2 * i + 1] = values[i] + values[i + 1];
  }
  out[2 * n - 2] = 2 * values[n - 1];
  out[2 * n - 1] = 2 * values[n - 1];
}

template <class Sample, class Pixel>
KINORA_INLINE void colourRow(const ToRgb& factors, const Sample* __restrict luma, const std::int32_t* __restrict cb,
                             const std::int32_t* __restrict cr, Pixel* __restrict dst, std::int32_t width) {
  const ToRgb f = factors;
  for (std::int32_t x = 0; x < width; ++x)
    dst[x] = Channels<Pixel>::store(rgbOf(f, luma[x], cb[x], cr[x], Channels<Pixel>::kUnit));
}

// Chroma of one output row: two values for every sample, eight times over.
struct ChromaRow {
  std::int32_t* mixedCb;
  std::int32_t* mixedCr;
  std::int32_t* cb;
  std::int32_t* cr;
};

template <class Sample>
KINORA_INLINE void chromaRow(const YuvSamples<const Sample>& src, std::int32_t near, std::int32_t far,
                             std::int32_t count, const ChromaRow& to) {
  if (src.cb.step == 2) {
    mixRowPairs(src.cb.row(near), src.cb.row(far), to.mixedCb, to.mixedCr, count);
  } else {
    mixRows(src.cb.row(near), src.cb.row(far), to.mixedCb, count);
    mixRows(src.cr.row(near), src.cr.row(far), to.mixedCr, count);
  }
  spreadRow(to.mixedCb, to.cb, count);
  spreadRow(to.mixedCr, to.cr, count);
}

KINORA_CLONES void rowOf8(const YuvSamples<const std::uint8_t>& src, std::int32_t y, std::int32_t far,
                          const ToRgb& factors, const ChromaRow& scratch, Rgba8* dst) {
  chromaRow(src, y / 2, far, (src.width + 1) / 2, scratch);
  colourRow(factors, src.luma.row(y), scratch.cb, scratch.cr, dst, src.width);
}

KINORA_CLONES void rowOf8(const YuvSamples<const std::uint8_t>& src, std::int32_t y, std::int32_t far,
                          const ToRgb& factors, const ChromaRow& scratch, Rgba16F* dst) {
  chromaRow(src, y / 2, far, (src.width + 1) / 2, scratch);
  colourRow(factors, src.luma.row(y), scratch.cb, scratch.cr, dst, src.width);
}

KINORA_CLONES void rowOf16(const YuvSamples<const std::uint16_t>& src, std::int32_t y, std::int32_t far,
                           const ToRgb& factors, const ChromaRow& scratch, Rgba8* dst) {
  chromaRow(src, y / 2, far, (src.width + 1) / 2, scratch);
  colourRow(factors, src.luma.row(y), scratch.cb, scratch.cr, dst, src.width);
}

KINORA_CLONES void rowOf16(const YuvSamples<const std::uint16_t>& src, std::int32_t y, std::int32_t far,
                           const ToRgb& factors, const ChromaRow& scratch, Rgba16F* dst) {
  chromaRow(src, y / 2, far, (src.width + 1) / 2, scratch);
  colourRow(factors, src.luma.row(y), scratch.cb, scratch.cr, dst, src.width);
}

template <class Sample, class Pixel, class Row>
void convertRows(const ConstYuvView& view, YuvEncoding encoding, ImageView<Pixel> dst, const WorkerPool& pool,
                 const Row& row) {
  const YuvSamples<const Sample> src = samplesOf<const Sample>(view);
  const ToRgb factors = toRgbFactors(encoding, bitsOfFormat(view.format), Channels<Pixel>::kUnit);
  const std::int32_t chromaWidth = (view.width + 1) / 2;
  const std::int32_t chromaHeight = (view.height + 1) / 2;
  forRows(pool, view.height, view.width, [&](std::int32_t y0, std::int32_t y1) {
    std::vector<std::int32_t> scratch(6 * static_cast<std::size_t>(chromaWidth));
    const ChromaRow chroma{scratch.data(), scratch.data() + chromaWidth, scratch.data() + 2 * chromaWidth,
                           scratch.data() + 4 * chromaWidth};
    for (std::int32_t y = y0; y < y1; ++y)
      row(src, y, fartherChromaRow(y, chromaHeight), factors, chroma, dst.row(y));
  });
}

template <class Pixel>
void toRgb(const ConstYuvView& src, YuvEncoding encoding, ImageView<Pixel> dst, const WorkerPool& pool) {
  KINORA_CHECK(isYuv420(src.format) && src.width == dst.width && src.height == dst.height);
  if (bitsOfFormat(src.format) == 8)
    convertRows<std::uint8_t>(src, encoding, dst, pool, [](auto&&... with) { rowOf8(with...); });
  else
    convertRows<std::uint16_t>(src, encoding, dst, pool, [](auto&&... with) { rowOf16(with...); });
}

} // namespace

void yuvToRgb(const ConstYuvView& src, YuvEncoding encoding, ImageView<Rgba8> dst, const WorkerPool& pool) {
  toRgb(src, encoding, dst, pool);
}

void yuvToRgb(const ConstYuvView& src, YuvEncoding encoding, ImageView<Rgba16F> dst, const WorkerPool& pool) {
  toRgb(src, encoding, dst, pool);
}

} // namespace kinora::kernels
