// SPDX-License-Identifier: Apache-2.0
// The arithmetic of splat.h: where a pixel lands, how depths are compared, and sums that do not care about order.
#pragma once

#include "kernels/shared/pixel_p.h"
#include "kernels/shared/warp_p.h"
#include "kernels/splat.h"

namespace kinora::kernels {

// Where the pixel at (x, y) lands: 1/256 pixels from the centre of dst's pixel 0.
struct Landing {
  std::int32_t x, y;
  bool valid;
};

KINORA_HD Landing landingOf(std::int32_t x, std::int32_t y, Float2 flow, float depth) {
  return {fixedFromShift(x, flow.x), fixedFromShift(y, flow.y),
          isFinite(flow.x) && isFinite(flow.y) && isFinite(depth)};
}

// The pixel that holds a landing.
KINORA_HD std::int32_t nearestPixel(std::int32_t fixed) {
  return (fixed + kFractionOne / 2) >> kFractionBits;
}

// Integers in the order of the floats; both zeros are one.
KINORA_HD std::uint32_t orderedDepth(float depth) {
  const std::uint32_t bits = bitsOf(depth + 0.0f);
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

KINORA_HD float depthOfOrdered(std::uint32_t ordered) {
  return floatOf((ordered & 0x80000000u) != 0 ? ordered & 0x7fffffffu : ~ordered);
}

inline constexpr std::uint32_t kNoDepth = 0xffffffffu;
inline constexpr std::uint64_t kNobody = ~std::uint64_t{0};

KINORA_HD std::uint64_t splatKey(float depth, std::uint32_t index) {
  return static_cast<std::uint64_t>(orderedDepth(depth)) << 32 | index;
}

KINORA_HD std::int32_t cornerX(std::int32_t fixed, int corner) {
  return (fixed >> kFractionBits) + (corner & 1);
}

KINORA_HD std::int32_t cornerY(std::int32_t fixed, int corner) {
  return (fixed >> kFractionBits) + (corner >> 1);
}

// How much of a landing goes to one of its four corners; the four add up to 65536.
KINORA_HD std::uint32_t cornerWeight(std::int32_t x, std::int32_t y, int corner) {
  const std::int32_t fx = x & kFractionMask;
  const std::int32_t fy = y & kFractionMask;
  return static_cast<std::uint32_t>(((corner & 1) != 0 ? fx : kFractionOne - fx) *
                                    ((corner >> 1) != 0 ? fy : kFractionOne - fy));
}

// Whether a contribution at this depth is seen where the nearest lies at front (an ordered depth).
KINORA_HD bool isSeen(float depth, std::uint32_t front, float tolerance) {
  return depth <= depthOfOrdered(front) + tolerance;
}

// Sums of weighted channels and of the weights. 64 bits hold every sum of 8-bit pictures, and of half floats up to 1
// from eight million pixels on one; unsigned, so that negative halves are two's complements.
struct SplatSum {
  std::uint64_t r, g, b, a, weight;
};

// A channel as an integer: bytes (straight: times alpha) as they are, halves in units of 2^-24, in which all are whole.
struct SplatValue {
  std::int64_t r, g, b, a;
};

KINORA_HD SplatValue splatValue(Rgba8 p, AlphaMode alpha) {
  const std::int64_t f = alpha == AlphaMode::Straight ? p.a : 1;
  return {p.r * f, p.g * f, p.b * f, p.a};
}

KINORA_HD std::int64_t halfUnits(float value) {
  const float finite = isFinite(value) ? value : 0.0f;
  return static_cast<std::int64_t>(finite * 16777216.0f);
}

KINORA_HD SplatValue splatValue(Rgba16F p, AlphaMode alpha) {
  Float4 v = Channels<Rgba16F>::load(p);
  if (alpha == AlphaMode::Straight)
    v = weightedByAlpha(v);
  return {halfUnits(v.r), halfUnits(v.g), halfUnits(v.b), halfUnits(v.a)};
}

KINORA_HD double asDouble(std::uint64_t sum) {
  return static_cast<double>(static_cast<std::int64_t>(sum));
}

KINORA_HD Rgba8 splatPixel(const SplatSum& s, AlphaMode alpha, Rgba8) {
  if (s.weight == 0)
    return Rgba8{};
  const std::uint64_t divisor = alpha == AlphaMode::Straight ? s.a : s.weight;
  if (divisor == 0)
    return Rgba8{};
  const auto mean = [divisor](std::uint64_t sum) { return static_cast<std::uint8_t>((sum + divisor / 2) / divisor); };
  return {mean(s.r), mean(s.g), mean(s.b), static_cast<std::uint8_t>((s.a + s.weight / 2) / s.weight)};
}

KINORA_HD Rgba16F splatPixel(const SplatSum& s, AlphaMode alpha, Rgba16F) {
  if (s.weight == 0)
    return Rgba16F{};
  constexpr double kUnit = 1.0 / 16777216.0;
  const double weight = static_cast<double>(s.weight);
  const double divisor = alpha == AlphaMode::Straight ? asDouble(s.a) : weight / kUnit;
  if (!(divisor > 0))
    return Rgba16F{};
  const auto mean = [divisor](std::uint64_t sum) { return floatToHalf(static_cast<float>(asDouble(sum) / divisor)); };
  return {mean(s.r), mean(s.g), mean(s.b), floatToHalf(static_cast<float>(asDouble(s.a) / weight * kUnit))};
}

KINORA_HD std::uint8_t coverageOf(std::uint64_t weight) {
  const std::uint64_t whole = weight < 65536u ? weight : 65536u;
  return static_cast<std::uint8_t>((whole * 255u + 32768u) >> 16);
}

} // namespace kinora::kernels
