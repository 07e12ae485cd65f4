// SPDX-License-Identifier: Apache-2.0
// One pixel of convert.h.
#pragma once

#include "kernels/shared/pixel_p.h"

namespace kinora::kernels {

KINORA_HD Half byteToHalf(std::uint8_t value) {
  return floatToHalf(static_cast<float>(value) / 255.0f);
}

KINORA_HD std::uint8_t halfToByte(Half value) {
  return toByte(halfToFloat(value) * 255.0f);
}

KINORA_HD Rgba16F convertPixel(Rgba8 p) {
  return {byteToHalf(p.r), byteToHalf(p.g), byteToHalf(p.b), byteToHalf(p.a)};
}

KINORA_HD Rgba8 convertPixel(Rgba16F p) {
  return {halfToByte(p.r), halfToByte(p.g), halfToByte(p.b), halfToByte(p.a)};
}

KINORA_HD Rgba8 premultiplied(Rgba8 p) {
  const auto times = [&p](std::uint32_t c) { return static_cast<std::uint8_t>(divide255(c * p.a)); };
  return {times(p.r), times(p.g), times(p.b), p.a};
}

KINORA_HD Rgba16F premultiplied(Rgba16F p) {
  const float a = halfToFloat(p.a);
  return {floatToHalf(halfToFloat(p.r) * a), floatToHalf(halfToFloat(p.g) * a), floatToHalf(halfToFloat(p.b) * a), p.a};
}

KINORA_HD Rgba8 unpremultiplied(Rgba8 p) {
  // (255 c + a / 2) / a in floats: numerator and denominator are exact and a quotient that is not whole is at least
  // 1/510 away from one, so cutting gives the integer division's answer.
  const float a2 = p.a != 0 ? static_cast<float>(2 * p.a) : 1.0f;
  const bool visible = p.a != 0;
  const auto over = [&](std::int32_t c) {
    const float q = static_cast<float>(510 * c + p.a) / a2;
    return static_cast<std::uint8_t>(visible ? static_cast<std::int32_t>(q < 255.0f ? q : 255.0f) : 0);
  };
  return {over(p.r), over(p.g), over(p.b), p.a};
}

KINORA_HD Rgba16F unpremultiplied(Rgba16F p) {
  const float a = halfToFloat(p.a);
  const bool visible = a > 0.0f;
  const float divisor = visible ? a : 1.0f;
  const auto over = [&](Half c) { return floatToHalf(visible ? halfToFloat(c) / divisor : 0.0f); };
  return {over(p.r), over(p.g), over(p.b), p.a};
}

} // namespace kinora::kernels
