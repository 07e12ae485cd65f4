// SPDX-License-Identifier: Apache-2.0
// One pixel of composite.h.
#pragma once

#include "kernels/shared/pixel_p.h"

namespace kinora::kernels {

KINORA_HD float usableOpacity(float opacity) {
  if (!(opacity > 0.0f))
    return 0.0f;
  return opacity < 1.0f ? opacity : 1.0f;
}

// The lower picture's weight falls out of d + (s - d) * a / A with A = a + b (1 - a): at a = 0 and a = 1 every step is
// exact, so whole alphas copy without a special case.
KINORA_HD Rgba8 overStraight(Rgba8 s, Rgba8 d, float opacity) {
  const float a = static_cast<float>(s.a) / 255.0f * opacity;
  const float b = static_cast<float>(d.a) / 255.0f;
  const float both = a + b * (1.0f - a);
  const float w = a / (both > 0.0f ? both : 1.0f);
  const auto mix = [w](std::uint8_t sc, std::uint8_t dc) {
    const float lower = static_cast<float>(dc);
    return toByte(lower + (static_cast<float>(sc) - lower) * w);
  };
  return {mix(s.r, d.r), mix(s.g, d.g), mix(s.b, d.b), toByte(both * 255.0f)};
}

KINORA_HD Rgba8 overPremultiplied(Rgba8 s, Rgba8 d, float opacity) {
  const float rest = 1.0f - static_cast<float>(s.a) / 255.0f * opacity;
  const auto add = [&](std::uint8_t sc, std::uint8_t dc) {
    return toByte(static_cast<float>(sc) * opacity + static_cast<float>(dc) * rest);
  };
  return {add(s.r, d.r), add(s.g, d.g), add(s.b, d.b), add(s.a, d.a)};
}

KINORA_HD Rgba16F overStraight(Rgba16F s, Rgba16F d, float opacity) {
  const float alpha = halfToFloat(s.a) * opacity;
  const float a = alpha > 0.0f ? (alpha < 1.0f ? alpha : 1.0f) : 0.0f;
  if (a == 0.0f)
    return d;
  if (a == 1.0f)
    return {s.r, s.g, s.b, floatToHalf(1.0f)};
  const float b = halfToFloat(d.a);
  const float both = a + b * (1.0f - a);
  const float w = a / (both > 0.0f ? both : 1.0f);
  const auto mix = [w](Half sc, Half dc) {
    const float lower = halfToFloat(dc);
    return floatToHalf(lower + (halfToFloat(sc) - lower) * w);
  };
  return {mix(s.r, d.r), mix(s.g, d.g), mix(s.b, d.b), floatToHalf(both)};
}

KINORA_HD Rgba16F overPremultiplied(Rgba16F s, Rgba16F d, float opacity) {
  const float alpha = halfToFloat(s.a) * opacity;
  const float a = alpha > 0.0f ? (alpha < 1.0f ? alpha : 1.0f) : 0.0f;
  const bool nothing = ((s.r.bits | s.g.bits | s.b.bits | s.a.bits) & 0x7fff) == 0 || opacity == 0.0f;
  if (nothing)
    return d;
  if (a == 1.0f && opacity == 1.0f)
    return {s.r, s.g, s.b, floatToHalf(1.0f)};
  const float rest = 1.0f - a;
  const auto add = [&](Half sc, Half dc) { return floatToHalf(halfToFloat(sc) * opacity + halfToFloat(dc) * rest); };
  return {add(s.r, d.r), add(s.g, d.g), add(s.b, d.b), add(s.a, d.a)};
}

} // namespace kinora::kernels
