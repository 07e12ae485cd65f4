// SPDX-License-Identifier: Apache-2.0
// Where tracks and camera are at a time: recorded points, easing, strength and hidden spans worked out.
#pragma once

#include <vector>

#include "engine/base/geometry.h"
#include "engine/base/time.h"
#include "engine/document/document.h"

namespace kinora::document {

struct SampledPosition {
  Point at;
  bool visible = true;
};

// [any] t on the take's time line.
[[nodiscard]] SampledPosition sampleTrack(const Track& track, Time t);
// One entry per frame; frames [0, frames) of the rate.
[[nodiscard]] std::vector<SampledPosition> sampleTrack(const Track& track, FrameRate rate, std::int64_t frames);
// Interpolated between keys (zoom geometrically, the rest linearly, eased in and out); identity without keys.
[[nodiscard]] CameraPose sampleCamera(const std::vector<CameraKey>& keys, Time t);
// Tracks that take part: enabled, and if any is solo only those that are.
[[nodiscard]] std::vector<TrackPtr> activeTracks(const Take& take);

} // namespace kinora::document
