// SPDX-License-Identifier: Apache-2.0
// Values as people type them: sizes, frame rates, ranges, points. Each parser says what it would take instead.
#pragma once

#include <string_view>
#include <vector>

#include "engine/base/geometry.h"
#include "engine/base/result.h"
#include "engine/base/time.h"
#include "engine/runtime/export_request.h"

namespace kinora::cli {

// "512x512"; both sides 2 to 16384.
[[nodiscard]] Result<Size> parseSize(std::string_view text);
// "24", "23.976", "30000/1001".
[[nodiscard]] Result<FrameRate> parseFrameRate(std::string_view text);
// "fit" or "fill".
[[nodiscard]] Result<runtime::Framing> parseFraming(std::string_view text);
// "A-B": frames ("0-47", both shown), seconds ("1.5s-3s") or timecodes ("00:00:01:00-00:00:02:00").
[[nodiscard]] Result<TimeRange> parseRange(std::string_view text, FrameRate rate);
// "x,y;x,y"; finite numbers.
[[nodiscard]] Result<std::vector<Point>> parsePoints(std::string_view text);

} // namespace kinora::cli
