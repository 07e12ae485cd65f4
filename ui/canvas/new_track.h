// SPDX-License-Identifier: Apache-2.0
// What a freshly painted path or pin is called, coloured and grouped, and how recorded points become a track.
#pragma once

#include "ui/canvas/canvas_context.h"

namespace kinora::ui {

// [gui] A track without points: next name ("Path 3", "Pin 1"), next colour, a group of its own for paths.
[[nodiscard]] document::Track newTrack(const document::Take& take, document::TrackKind kind,
                                       const PaintOptions& options);

// A group number that no track of the take uses.
[[nodiscard]] std::int32_t freshGroup(const document::Take& take);

// Where a new path begins: at the playhead when it stands with room after it, else at the start.
[[nodiscard]] Time newTrackStart(const CanvasContext& context);

// A recorded track as it is kept: fitted into the take, with its speed as the options say, smoothed, without points
// that add nothing.
[[nodiscard]] document::Track keptTrack(document::Track recorded, const document::Take& take,
                                        const PaintOptions& options);

// The track through these places at constant speed, from its start to the end of the take.
[[nodiscard]] document::Track evenTrack(document::Track track, const std::vector<Point>& places,
                                        const document::Take& take);

// Adds the track in front and selects it; one undo step. True when it went through.
bool commitNewTrack(CanvasContext& context, document::Track track, const QString& text);

} // namespace kinora::ui
