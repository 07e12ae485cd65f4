// SPDX-License-Identifier: Apache-2.0
// When the take shows what was recorded: the easing of a track turned round.
#pragma once

#include <vector>

#include "engine/document/document.h"

namespace kinora::ui {

// [gui] On the take's time line.
[[nodiscard]] Time shownTime(const document::Track& track, Duration recorded);
// Where the track is "behind", in order; the last one may reach to its end.
[[nodiscard]] std::vector<TimeRange> hiddenSpans(const document::Track& track);

} // namespace kinora::ui
