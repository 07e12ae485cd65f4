// SPDX-License-Identifier: Apache-2.0
// Follows points through a film, and measures how well a film follows given tracks.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

#include "engine/base/geometry.h"
#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/session/motion_session.h"

namespace kinora::vision {

// Gives the next frame of a film (Rgba8 or Gray8, host, all of one size), nothing at its end.
using FrameProvider = std::function<Result<std::optional<Image>>()>;

struct EstimatedTrack {
  std::vector<session::TrackPosition> positions; // one per frame; an unseen point keeps its last place
};

struct EstimatedTracks {
  Size size; // of the film
  std::int64_t frameCount = 0;
  std::vector<EstimatedTrack> tracks; // in the order of the points asked for
};

// Centres of a grid of columns x rows cells over a picture.
[[nodiscard]] std::vector<Point> gridPoints(Size size, int columns, int rows);

// [any] Follows points of the first frame by pyramidal Lucas-Kanade steps (Bouguet 2001) from frame to frame; a point is
// unseen from where stepping back misses it by more than a pixel, or where it leaves the picture. Errors:
// invalidArgument (no point, a point that is not finite or outside the picture, frames of different sizes, no frame),
// cancelled, and the provider's.
[[nodiscard]] Result<EstimatedTracks> estimateTracks(const FrameProvider& frames, const std::vector<Point>& points,
                                                     std::stop_token stop = {});

struct TrackError {
  double mean = 0; // end-point error in pixels of the film, over all tracked points and frames
  double median = 0;
  double p95 = 0;
  double percentTracked = 0; // of the visible positions asked for
  std::int64_t samples = 0;
};

// [any] Compares where a film's points went with where tracks wanted them. wanted: positions in pixels of the film, per
// track one per frame; tracks start where positions[0] says. Hidden positions are left out. Errors as estimateTracks.
[[nodiscard]] Result<TrackError> measureTracks(const FrameProvider& frames,
                                               const std::vector<std::vector<session::TrackPosition>>& wanted,
                                               std::stop_token stop = {});

} // namespace kinora::vision
