// SPDX-License-Identifier: Apache-2.0
// Hides nothing: small arithmetic shared by the schedules on flow.
#pragma once

#include <vector>

#include "engine/base/result.h"

namespace kinora::inference {

// s raw / (1 + (s - 1) raw).
[[nodiscard]] double shifted(double raw, double shift);
// count numbers from first to last, both included; one number: first.
[[nodiscard]] std::vector<double> linearGrid(double first, double last, int count);
// InvalidArgument unless steps is within 1..1000 and shift within 0.001..1000.
[[nodiscard]] Result<void> checkFlow(int steps, double shift);
[[nodiscard]] Result<void> checkSteps(int steps);

} // namespace kinora::inference
