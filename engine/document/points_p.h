// SPDX-License-Identifier: Apache-2.0
// Changes of a track's list of points that keep their times strictly ascending.
#pragma once

#include <vector>

#include "engine/base/result.h"
#include "engine/document/document.h"

namespace kinora::document {

// Gives points[i] the time nearest to wanted[i] (ascending, not strictly) within [0, duration] that keeps the order
// strict. Needs duration.ticks + 1 >= points.size().
void setTimes(std::vector<TrackPoint>& points, const std::vector<std::int64_t>& wanted, Duration duration);
// Scales the recorded times to a new duration. Errors: invalidArgument (shorter than one tick per step).
[[nodiscard]] Result<void> stretch(Track& track, Duration duration);

} // namespace kinora::document
