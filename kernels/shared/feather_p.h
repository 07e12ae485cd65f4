// SPDX-License-Identifier: Apache-2.0
// The arithmetic of feather.h.
#pragma once

#if !defined(__CUDACC__)
#include <cmath>
#endif

#include "kernels/shared/pixel_p.h"

namespace kinora::kernels {

// Squared distances beyond this are "far": the ramp has ended.
inline constexpr std::int32_t kFar = 1 << 28;

KINORA_HD bool isInside(Gray8 value) {
  return value >= 128;
}

KINORA_HD float usableWidth(float width) {
  return width > 1.0f ? width : 1.0f;
}

// Pixels farther than this from the other side lie beyond the ramp.
KINORA_HD std::int32_t featherReach(float width) {
  return static_cast<std::int32_t>(usableWidth(width) * 0.5f + 0.5f) + 1;
}

// squared: the squared distance to the nearest centre of the other side, or kFar.
KINORA_HD Gray8 featherValue(bool inside, std::int32_t squared, float width) {
  const float distance = sqrtf(static_cast<float>(squared)) - 0.5f;
  const float signedDistance = inside ? distance : -distance;
  return toByte(255.0f * (0.5f + signedDistance / width));
}

} // namespace kinora::kernels
