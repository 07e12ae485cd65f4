// SPDX-License-Identifier: Apache-2.0
// Arithmetic on the rows of a network that the CPU and the CUDA kernels share, so that both give the same bits.
#pragma once

#include "kernels/matrix.h"
#include "kernels/shared/pixel_p.h"

namespace kinora::kernels {

// Partial sums of a row: element i belongs to sum i % kPartialSums, then halves are added until one is left.
inline constexpr int kPartialSums = 32;

KINORA_HD float toFloat(float value) {
  return value;
}

KINORA_HD float toFloat(BFloat16 value) {
  return floatOf(static_cast<std::uint32_t>(value.bits) << 16);
}

template <class T>
KINORA_HD T fromFloat(float value);

template <>
KINORA_HD float fromFloat<float>(float value) {
  return value;
}

// Rounds to nearest, ties to even; not-a-number stays one.
template <>
KINORA_HD BFloat16 fromFloat<BFloat16>(float value) {
  const std::uint32_t bits = bitsOf(value);
  const std::uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const bool nan = (bits & 0x7fffffffu) > 0x7f800000u;
  return {static_cast<std::uint16_t>(nan ? 0x7fc0u : rounded)};
}

// e^x, relative error below 3e-7; x is cut to where the answer is a normal number.
KINORA_HD float exponential(float x) {
  const float low = x > -87.0f ? x : -87.0f;
  const float cut = low < 88.0f ? low : 88.0f;
  const float shifted = cut * 1.44269504f + 12582912.0f; // adding 1.5 * 2^23 rounds to an integer
  const float n = shifted - 12582912.0f;
  const float r = (cut - n * 0.693145752f) - n * 1.42860677e-6f; // ln 2 in two parts
  float p = 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  return p * floatOf(static_cast<std::uint32_t>(static_cast<std::int32_t>(n) + 127) << 23);
}

KINORA_HD float silu(float x) {
  return x / (1.0f + exponential(-x));
}

// 1 + tanh(u) = 2 / (1 + e^(-2u)).
KINORA_HD float geluTanh(float x) {
  const float twice = 1.59576912f * (x + 0.044715f * (x * x * x));
  return x / (1.0f + exponential(-twice));
}

// What an element becomes on its way to a byte; inverse is 127 / largest magnitude, or 0.
KINORA_HD std::int8_t quantised(float value, float inverse) {
  const float scaled = value * inverse;
  const float low = scaled > -127.0f ? scaled : -127.0f; // not-a-number becomes -127
  const float cut = low < 127.0f ? low : 127.0f;
  return static_cast<std::int8_t>(static_cast<std::int32_t>((cut + 12582912.0f) - 12582912.0f));
}

KINORA_HD float inverseScale(float largest) {
  return largest > 0.0f ? 127.0f / largest : 0.0f;
}

} // namespace kinora::kernels
