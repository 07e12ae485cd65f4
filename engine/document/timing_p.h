// SPDX-License-Identifier: Apache-2.0
// A track's recorded time: what its points are written in, before the timing curve.
#pragma once

#include "engine/document/document.h"

namespace kinora::document {

// Recorded time that is shown at t of the take, in [0, duration].
[[nodiscard]] Duration recordedTime(const Track& track, Time t);
// Place and visibility at a recorded time, before strength.
[[nodiscard]] TrackPoint pointAt(const Track& track, Duration recorded);

} // namespace kinora::document
