// SPDX-License-Identifier: Apache-2.0
// The disc of morphology.h.
#pragma once

#include <cstdint>
#include <vector>

namespace kinora::kernels {

// For every row offset 0 … floor(radius) of the disc, how far it reaches to either side. Made on the host for both
// back-ends.
[[nodiscard]] std::vector<std::int32_t> discReach(float radius);

} // namespace kinora::kernels
