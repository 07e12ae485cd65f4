// SPDX-License-Identifier: Apache-2.0
// Arithmetic on single pixels that the CPU and the CUDA kernels share, so that both give the same bits. It relies on
// IEEE arithmetic without contraction: the build sets -ffp-contract=off and -fmad=false.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/image_view.h"

#if defined(__CUDACC__)
#define KINORA_HD __host__ __device__ __forceinline__
#else
#define KINORA_HD inline __attribute__((always_inline))
#endif

namespace kinora::kernels {

KINORA_HD std::uint32_t bitsOf(float value) {
  std::uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

KINORA_HD float floatOf(std::uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

KINORA_HD float halfToFloat(Half half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half.bits & 0x8000u) << 16;
  const std::uint32_t rest = half.bits & 0x7fffu;
  const std::uint32_t normal = (rest << 13) + (112u << 23);
  const std::uint32_t special = (rest << 13) | 0x7f800000u;
  const std::uint32_t tiny = bitsOf(static_cast<float>(static_cast<std::int32_t>(rest)) * 5.9604644775390625e-8f);
  const std::uint32_t finite = rest < 0x400u ? tiny : normal;
  return floatOf(sign | (rest >= 0x7c00u ? special : finite));
}

// Rounds to nearest, ties to even; every not-a-number becomes the same one.
KINORA_HD Half floatToHalf(float value) {
  const std::uint32_t bits = bitsOf(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000u;
  const std::uint32_t rest = bits & 0x7fffffffu;
  const std::uint32_t normal = (rest - (112u << 23) + 0xfffu + ((rest >> 13) & 1u)) >> 13;
  // The last place of 0.5f is the smallest half: adding rounds, subtracting the bits leaves the answer.
  const std::uint32_t tiny = bitsOf(floatOf(rest < (113u << 23) ? rest : 0u) + 0.5f) - 0x3f000000u;
  const std::uint32_t special = rest > 0x7f800000u ? 0x7e00u : 0x7c00u;
  const std::uint32_t finite = rest < (113u << 23) ? tiny : normal;
  return {static_cast<std::uint16_t>(sign | (rest >= 0x47800000u ? special : finite))};
}

// Largest integer not above value; |value| < 2^31.
KINORA_HD std::int32_t floorToInt(float value) {
  const std::int32_t cut = static_cast<std::int32_t>(value);
  return cut - static_cast<std::int32_t>(value < static_cast<float>(cut));
}

// Rounds to 0..largest; not-a-number becomes 0.
KINORA_HD std::int32_t roundClamped(float value, std::int32_t largest) {
  const float moved = value + 0.5f;
  const float low = moved > 0.0f ? moved : 0.0f;
  const float top = static_cast<float>(largest);
  return static_cast<std::int32_t>(low < top ? low : top);
}

KINORA_HD std::uint8_t toByte(float value) {
  return static_cast<std::uint8_t>(roundClamped(value, 255));
}

KINORA_HD std::int32_t clampIndex(std::int32_t index, std::int32_t count) {
  const std::int32_t low = index < 0 ? 0 : index;
  return low < count ? low : count - 1;
}

// value / 255, rounded; value <= 255 * 255.
KINORA_HD std::uint32_t divide255(std::uint32_t value) {
  return (value + 128u + ((value + 128u) >> 8)) >> 8;
}

KINORA_HD bool isFinite(float value) {
  return (bitsOf(value) & 0x7f800000u) != 0x7f800000u;
}

// Four values on their way through a filter. Their unit is 1 / Channels<Pixel>::kUnit.
struct Float4 {
  float r, g, b, a;
};

KINORA_HD Float4 operator+(Float4 p, Float4 q) {
  return {p.r + q.r, p.g + q.g, p.b + q.b, p.a + q.a};
}

KINORA_HD Float4 operator*(Float4 p, float s) {
  return {p.r * s, p.g * s, p.b * s, p.a * s};
}

// How a pixel type turns into floats and back. store rounds and clamps as the type needs.
template <class Pixel>
struct Channels;

template <>
struct Channels<Rgba8> {
  static constexpr float kUnit = 255.0f;
  KINORA_HD static Float4 load(Rgba8 p) {
    return {static_cast<float>(p.r), static_cast<float>(p.g), static_cast<float>(p.b), static_cast<float>(p.a)};
  }
  KINORA_HD static Rgba8 store(Float4 p) { return {toByte(p.r), toByte(p.g), toByte(p.b), toByte(p.a)}; }
};

template <>
struct Channels<Rgba16F> {
  static constexpr float kUnit = 1.0f;
  KINORA_HD static Float4 load(Rgba16F p) {
    return {halfToFloat(p.r), halfToFloat(p.g), halfToFloat(p.b), halfToFloat(p.a)};
  }
  KINORA_HD static Rgba16F store(Float4 p) {
    return {floatToHalf(p.r), floatToHalf(p.g), floatToHalf(p.b), floatToHalf(p.a)};
  }
};

// Colours weighted by alpha (in units of the pixel type: alpha 255 multiplies by 255), so that sums can be divided by
// the sum of alphas afterwards.
KINORA_HD Float4 weightedByAlpha(Float4 p) {
  return {p.r * p.a, p.g * p.a, p.b * p.a, p.a};
}

KINORA_HD Float4 dividedByAlpha(Float4 p) {
  if (!(p.a > 0.0f))
    return {0, 0, 0, 0};
  return {p.r / p.a, p.g / p.a, p.b / p.a, p.a};
}

} // namespace kinora::kernels
