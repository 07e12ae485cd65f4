// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/schedules/flow_grid_p.h"

#include <fmt/format.h>

namespace kinora::inference {

double shifted(double raw, double shift) {
  return shift * raw / (1 + (shift - 1) * raw);
}

std::vector<double> linearGrid(double first, double last, int count) {
  std::vector<double> grid;
  grid.reserve(static_cast<std::size_t>(count));
  const double step = count > 1 ? (last - first) / (count - 1) : 0;
  for (int i = 0; i < count; ++i)
    grid.push_back(first + step * i);
  return grid;
}

Result<void> checkSteps(int steps) {
  if (steps < 1 || steps > 1000)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("A schedule of {} steps cannot be made: choose 1 to 1000.", steps));
  return {};
}

Result<void> checkFlow(int steps, double shift) {
  if (auto sound = checkSteps(steps); !sound)
    return sound;
  if (!(shift >= 0.001 && shift <= 1000))
    return fail(ErrorCode::InvalidArgument,
                fmt::format("A schedule with shift {} cannot be made: choose 0.001 to 1000.", shift));
  return {};
}

} // namespace kinora::inference
