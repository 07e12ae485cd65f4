// SPDX-License-Identifier: Apache-2.0
#include "kernels/rgb_to_yuv.h"

#include <vector>

#include "engine/base/check.h"
#include "kernels/cpu/rows_p.h"
#include "kernels/shared/yuv_p.h"

namespace kinora::kernels {
namespace {

// A row's colours as three rows of floats.
struct Planes {
  float* r;
  float* g;
  float* b;
};

template <class Pixel>
KINORA_INLINE void splitRow(const Pixel* __restrict src, const Planes& to, std::int32_t width) {
  float* __restrict r = to.r;
  float* __restrict g = to.g;
  float* __restrict b = to.b;
  for (std::int32_t x = 0; x < width; ++x) {
    const Float4 v = Channels<Pixel>::load(src[x]);
    r[x] = v.r;
    g[x] = v.g;
    b[x] = v.b;
  }
}

template <class Sample>
KINORA_INLINE void lumaRow(const ToYuv& factors, const Planes& from, Sample* __restrict dst, std::int32_t width) {
  const ToYuv f = factors;
  const float* __restrict r = from.r;
  const float* __restrict g = from.g;
  const float* __restrict b = from.b;
  for (std::int32_t x = 0; x < width; ++x)
    dst[x] = static_cast<Sample>(lumaOf(f, r[x], g[x], b[x]));
}

// Halves the columns of two added rows with weights 1-2-1 round every second one; the edges are repeated.
KINORA_INLINE void gather(const float* __restrict upper, const float* __restrict lower, float* __restrict out,
                          std::int32_t width) {
  const std::int32_t count = (width + 1) / 2;
  const auto both = [&](std::int32_t x) { return upper[x] + lower[x]; };
  const std::int32_t right = width > 1 ? 1 : 0;
  out[0] = both(0) + 2 * both(0) + both(right);
  for (std::int32_t i = 1; i < width / 2; ++i)
    out[i] = both(2 * i - 1) + 2 * both(2 * i) + both(2 * i + 1);
  if (width % 2 != 0 && count > 1)
    out[count - 1] = both(width - 2) + 2 * both(width - 1) + both(width - 1);
}

// Two rows of colours to one row of chroma.
template <class Sample>
KINORA_INLINE void chromaRow(const ToYuv& factors, const Planes& upper, const Planes& lower, const Planes& sums,
                             Sample* cb, Sample* cr, std::int32_t step, std::int32_t width) {
  const ToYuv f = factors;
  gather(upper.r, lower.r, sums.r, width);
  gather(upper.g, lower.g, sums.g, width);
  gather(upper.b, lower.b, sums.b, width);
  const std::int32_t count = (width + 1) / 2;
  if (step == 2) {
    for (std::int32_t i = 0; i < count; ++i) {
      cb[2 * i] = static_cast<Sample>(cbOf(f, sums.r[i], sums.g[i], sums.b[i]));
      cr[2 * i] = static_cast<Sample>(crOf(f, sums.r[i], sums.g[i], sums.b[i]));
    }
    return;
  }
  for (std::int32_t i = 0; i < count; ++i)
    cb[i] = static_cast<Sample>(cbOf(f, sums.r[i], sums.g[i], sums.b[i]));
  for (std::int32_t i = 0; i < count; ++i)
    cr[i] = static_cast<Sample>(crOf(f, sums.r[i], sums.g[i], sums.b[i]));
}

// Two rows of pixels, or the last one twice.
struct RowPair {
  std::int32_t y;
  bool single;
};

template <class Sample, class Pixel>
KINORA_INLINE void pairOfRows(const Pixel* first, const Pixel* second, const YuvSamples<Sample>& dst, RowPair rows,
                              const ToYuv& factors, const Planes& upper, const Planes& lower, const Planes& sums) {
  splitRow(first, upper, dst.width);
  splitRow(second, lower, dst.width);
  lumaRow(factors, upper, dst.luma.row(rows.y), dst.width);
  if (!rows.single)
    lumaRow(factors, lower, dst.luma.row(rows.y + 1), dst.width);
  chromaRow(factors, upper, lower, sums, dst.cb.row(rows.y / 2), dst.cr.row(rows.y / 2), dst.cb.step, dst.width);
}

KINORA_CLONES void rowsTo8(const Rgba8* first, const Rgba8* second, const YuvSamples<std::uint8_t>& dst, RowPair rows,
                           const ToYuv& factors, const Planes& upper, const Planes& lower, const Planes& sums) {
  pairOfRows(first, second, dst, rows, factors, upper, lower, sums);
}

KINORA_CLONES void rowsTo8(const Rgba16F* first, const Rgba16F* second, const YuvSamples<std::uint8_t>& dst,
                           RowPair rows, const ToYuv& factors, const Planes& upper, const Planes& lower,
                           const Planes& sums) {
  pairOfRows(first, second, dst, rows, factors, upper, lower, sums);
}

KINORA_CLONES void rowsTo16(const Rgba8* first, const Rgba8* second, const YuvSamples<std::uint16_t>& dst, RowPair rows,
                            const ToYuv& factors, const Planes& upper, const Planes& lower, const Planes& sums) {
  pairOfRows(first, second, dst, rows, factors, upper, lower, sums);
}

KINORA_CLONES void rowsTo16(const Rgba16F* first, const Rgba16F* second, const YuvSamples<std::uint16_t>& dst,
                            RowPair rows, const ToYuv& factors, const Planes& upper, const Planes& lower,
                            const Planes& sums) {
  pairOfRows(first, second, dst, rows, factors, upper, lower, sums);
}

template <class Sample, class Pixel, class Rows>
void convertRows(ConstImageView<Pixel> src, YuvEncoding encoding, const YuvView& view, const WorkerPool& pool,
                 const Rows& convert) {
  const YuvSamples<Sample> dst = samplesOf<Sample>(view);
  const ToYuv factors = toYuvFactors(encoding, bitsOfFormat(view.format), Channels<Pixel>::kUnit);
  const auto width = static_cast<std::size_t>(src.width);
  forRows(pool, (src.height + 1) / 2, 2 * static_cast<std::int64_t>(src.width), [&](std::int32_t p0, std::int32_t p1) {
    std::vector<float> scratch(9 * width);
    const auto planes = [&](std::size_t at) {
      return Planes{scratch.data() + at * width, scratch.data() + (at + 1) * width, scratch.data() + (at + 2) * width};
    };
    for (std::int32_t pair = p0; pair < p1; ++pair) {
      const RowPair rows{2 * pair, 2 * pair + 1 == src.height};
      convert(src.row(rows.y), src.row(rows.single ? rows.y : rows.y + 1), dst, rows, factors, planes(0), planes(3),
              planes(6));
    }
  });
}

template <class Pixel>
void toYuv(ConstImageView<Pixel> src, YuvEncoding encoding, const YuvView& dst, const WorkerPool& pool) {
  KINORA_CHECK(isYuv420(dst.format) && src.width == dst.width && src.height == dst.height);
  if (bitsOfFormat(dst.format) == 8)
    convertRows<std::uint8_t>(src, encoding, dst, pool, [](auto&&... with) { rowsTo8(with...); });
  else
    convertRows<std::uint16_t>(src, encoding, dst, pool, [](auto&&... with) { rowsTo16(with...); });
}

} // namespace

void rgbToYuv(ConstImageView<Rgba8> src, YuvEncoding encoding, const YuvView& dst, const WorkerPool& pool) {
  toYuv(src, encoding, dst, pool);
}

void rgbToYuv(ConstImageView<Rgba16F> src, YuvEncoding encoding, const YuvView& dst, const WorkerPool& pool) {
  toYuv(src, encoding, dst, pool);
}

} // namespace kinora::kernels
