// SPDX-License-Identifier: Apache-2.0
// Limits and rules of single parts, shared by edits, reading and validate().
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/document/document.h"

namespace kinora::document::rules {

inline constexpr std::int64_t kMaxTicks = 10'000'000 * kTicksPerSecond; // below 2^53: exact in every JSON reader
inline constexpr std::uint64_t kMaxId = (std::uint64_t{1} << 53) - 1;
inline constexpr float kMaxCoordinate = 1'000'000;
inline constexpr std::int32_t kMaxMediaEdge = 1'000'000;
inline constexpr std::int32_t kMaxFrameEdge = 16'384;
inline constexpr std::size_t kMaxNameBytes = 4'096;
inline constexpr std::size_t kMaxTextBytes = 1 << 20;
inline constexpr std::size_t kMaxTracks = 20'000;
inline constexpr std::size_t kMaxPoints = 100'000;
inline constexpr std::size_t kMaxParts = 100'000; // media, takes, lanes, clips of a lane, markers, camera keys

[[nodiscard]] bool isUtf8(std::string_view text);
// Holds for the rule "finite"; true also for a point outside the limits.
[[nodiscard]] bool isFinite(Point p);
[[nodiscard]] Point clamped(Point p);
[[nodiscard]] bool isTime(Time t);         // 0 .. kMaxTicks
[[nodiscard]] bool isDuration(Duration d); // 0 .. kMaxTicks

// what: "The name of the take". Errors: invalidArgument.
[[nodiscard]] Result<void> checkText(std::string_view text, std::size_t maxBytes, std::string_view what);
// Each checks what can be said of the part alone; references and overlaps are validate()'s.
[[nodiscard]] Result<void> checkFrame(const FrameSettings& frame);
[[nodiscard]] Result<void> checkMedia(const MediaItem& item);
[[nodiscard]] Result<void> checkTrack(const Track& track);
[[nodiscard]] Result<void> checkTake(const Take& take); // without its tracks
[[nodiscard]] Result<void> checkClip(const Clip& clip);
[[nodiscard]] Result<void> checkLane(const Lane& lane); // without its clips
[[nodiscard]] Result<void> checkMarker(const Marker& marker);
[[nodiscard]] Result<void> checkMarks(Time in, Time out);
[[nodiscard]] bool laneTakes(LaneKind lane, ClipKind clip, MediaKind media);

} // namespace kinora::document::rules
