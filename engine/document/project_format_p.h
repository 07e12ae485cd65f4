// SPDX-License-Identifier: Apache-2.0
// Words of the project file that reading and writing share.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "engine/document/document.h"
#include "engine/document/json_p.h"

namespace kinora::document {

inline constexpr std::string_view kProjectFamily = "kinora.project";

inline constexpr auto kMediaKinds = std::to_array<std::pair<MediaKind, std::string_view>>(
    {{MediaKind::Picture, "picture"}, {MediaKind::Video, "video"}, {MediaKind::Sound, "sound"}});
inline constexpr auto kTrackKinds =
    std::to_array<std::pair<TrackKind, std::string_view>>({{TrackKind::Path, "path"}, {TrackKind::Pin, "pin"}});
inline constexpr auto kTrackMoves = std::to_array<std::pair<TrackMoves, std::string_view>>(
    {{TrackMoves::Object, "object"}, {TrackMoves::Point, "point"}});
inline constexpr auto kClipKinds =
    std::to_array<std::pair<ClipKind, std::string_view>>({{ClipKind::Media, "media"}, {ClipKind::Take, "take"}});
inline constexpr auto kLaneKinds =
    std::to_array<std::pair<LaneKind, std::string_view>>({{LaneKind::Picture, "picture"}, {LaneKind::Sound, "sound"}});

} // namespace kinora::document
