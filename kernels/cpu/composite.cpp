// SPDX-License-Identifier: Apache-2.0
#include "kernels/composite.h"

#include "engine/base/check.h"
#include "kernels/cpu/lanes_p.h"
#include "kernels/cpu/rows_p.h"
#include "kernels/shared/composite_p.h"

namespace kinora::kernels {
namespace {

constexpr Half kHalfOne{0x3c00};

std::uint32_t packed(const Rgba8* pixel) {
  std::uint32_t bits;
  std::memcpy(&bits, pixel, sizeof bits);
  return bits;
}

// Two channels at a time in the halves of a word: s + d * (255 - alpha) / 255 rounded, saturated at 255. Rounding
// never meets a tie (255 is odd), so this is overPremultiplied at opacity 1, bit for bit.
KINORA_CLONES void overPremultipliedRow(const Rgba8* __restrict src, Rgba8* __restrict dst, std::int32_t width) {
  constexpr std::uint32_t kLanes = 0x00ff00ffu;
  for (std::int32_t x = 0; x < width; ++x) {
    const std::uint32_t s = packed(src + x);
    const std::uint32_t d = packed(dst + x);
    const std::uint32_t rest = 255u - (s >> 24);
    std::uint32_t low = (d & kLanes) * rest + 0x00800080u;
    low = ((low + ((low >> 8) & kLanes)) >> 8) & kLanes;
    std::uint32_t high = ((d >> 8) & kLanes) * rest + 0x00800080u;
    high = ((high + ((high >> 8) & kLanes)) >> 8) & kLanes;
    low += s & kLanes;
    high += (s >> 8) & kLanes;
    low = (low | ((low >> 8) & 0x00010001u) * 255u) & kLanes;
    high = (high | ((high >> 8) & 0x00010001u) * 255u) & kLanes;
    const std::uint32_t out = low | (high << 8);
    std::memcpy(static_cast<void*>(dst + x), &out, sizeof out);
  }
}

KINORA_CLONES void overPremultipliedFadedRow(const Rgba8* __restrict src, Rgba8* __restrict dst, std::int32_t width,
                                             float opacity) {
  for (std::int32_t x = 0; x < width; ++x)
    dst[x] = overPremultiplied(src[x], dst[x], opacity);
}

KINORA_CLONES void overStraightRow(const Rgba8* __restrict src, Rgba8* __restrict dst, std::int32_t width,
                                   float opacity) {
  for (std::int32_t x = 0; x < width; ++x)
    dst[x] = overStraight(src[x], dst[x], opacity);
}

float within01(float a) {
  const float low = a > 0.0f ? a : 0.0f;
  return low < 1.0f ? low : 1.0f;
}

// overPremultiplied and overStraight with four lanes. The ends copy: halves may hold what arithmetic would change.
void overPremultipliedRow16(const Rgba16F* __restrict src, Rgba16F* __restrict dst, std::int32_t width, float opacity) {
  if (opacity == 0.0f)
    return;
  for (std::int32_t x = 0; x < width; ++x) {
    const Rgba16F s = src[x];
    if (((s.r.bits | s.g.bits | s.b.bits | s.a.bits) & 0x7fff) == 0)
      continue;
    const Lanes faded = lanesOf(s) * opacity;
    const float a = within01(faded[3]);
    if (a == 1.0f && opacity == 1.0f)
      dst[x] = {s.r, s.g, s.b, kHalfOne};
    else
      dst[x] = storedHalves(faded + lanesOf(dst[x]) * (1.0f - a));
  }
}

void overStraightRow16(const Rgba16F* __restrict src, Rgba16F* __restrict dst, std::int32_t width, float opacity) {
  for (std::int32_t x = 0; x < width; ++x) {
    const Rgba16F s = src[x];
    const Lanes upper = lanesOf(s);
    const float a = within01(upper[3] * opacity);
    if (a == 0.0f)
      continue;
    if (a == 1.0f) {
      dst[x] = {s.r, s.g, s.b, kHalfOne};
      continue;
    }
    const Lanes lower = lanesOf(dst[x]);
    const float both = a + lower[3] * (1.0f - a);
    Lanes mixed = lower + (upper - lower) * (a / (both > 0.0f ? both : 1.0f));
    mixed[3] = both;
    dst[x] = storedHalves(mixed);
  }
}

template <class Pixel, class Row>
void eachRow(ConstImageView<Pixel> src, ImageView<Pixel> dst, const WorkerPool& pool, Row row) {
  KINORA_CHECK(sameShape(src, dst));
  forRows(pool, dst.height, dst.width, [&](std::int32_t y0, std::int32_t y1) {
    for (std::int32_t y = y0; y < y1; ++y)
      row(src.row(y), dst.row(y), dst.width);
  });
}

} // namespace

void composite(ConstImageView<Rgba8> src, ImageView<Rgba8> dst, const CompositeOptions& options,
               const WorkerPool& pool) {
  const float opacity = usableOpacity(options.opacity);
  eachRow(src, dst, pool, [&](const Rgba8* from, Rgba8* to, std::int32_t width) {
    if (options.alpha == AlphaMode::Straight)
      overStraightRow(from, to, width, opacity);
    else if (opacity == 1.0f)
      overPremultipliedRow(from, to, width);
    else
      overPremultipliedFadedRow(from, to, width, opacity);
  });
}

void composite(ConstImageView<Rgba16F> src, ImageView<Rgba16F> dst, const CompositeOptions& options,
               const WorkerPool& pool) {
  const float opacity = usableOpacity(options.opacity);
  eachRow(src, dst, pool, [&](const Rgba16F* from, Rgba16F* to, std::int32_t width) {
    if (options.alpha == AlphaMode::Straight)
      overStraightRow16(from, to, width, opacity);
    else
      overPremultipliedRow16(from, to, width, opacity);
  });
}

} // namespace kinora::kernels
