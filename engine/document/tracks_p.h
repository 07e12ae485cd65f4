// SPDX-License-Identifier: Apache-2.0
// What the readers of track files share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/result.h"
#include "engine/document/tracks_file.h"

namespace kinora::document {

inline constexpr std::int64_t kMaxTrackFrames = 100'000;
inline constexpr std::uint64_t kMaxTrackPoints = 10'000'000;

// Makes a pin of a track: it rests at its first point, and points that say nothing new go away.
void becomePin(Track& track);
[[nodiscard]] bool allPointsEqual(const Track& track);

// Errors: corrupt, unsupported, invalidArgument.
[[nodiscard]] Result<TrackSet> tracksFromNpy(std::span<const std::byte> file, Size size, FrameRate rate);
[[nodiscard]] Result<TrackSet> tracksFromNpz(std::span<const std::byte> file, Size size, FrameRate rate);

} // namespace kinora::document
