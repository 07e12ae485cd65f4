// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them, with a thin no-break space before the unit.
#pragma once

#include <cstdint>

#include <QString>

namespace kinora::ui {

[[nodiscard]] QString dash();                         // not measured
[[nodiscard]] QString milliseconds(double ms);        // "41 ms"
[[nodiscard]] QString framesPerSecond(double fps);    // "24 fps"
[[nodiscard]] QString byteSize(std::int64_t bytes);   // "1.9 GB", powers of 1000
[[nodiscard]] QString spokenDuration(double seconds); // "0:42", "3 min", "2 h 10 min"

} // namespace kinora::ui
