// SPDX-License-Identifier: Apache-2.0
// Tracks as files: kinora.tracks JSON in and out, NumPy arrays of point trackers in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/document/document.h"

namespace kinora::document {

// Tracks with the picture size and frame grid that their numbers refer to.
struct TrackSet {
  Size size;
  FrameRate rate;
  std::int64_t frames = 0;
  std::vector<Track> tracks; // ids as in the file (1.. for arrays)
};

// [any] By ending: .json ("kinora.tracks/1"), .npy [T,N,2] or [T,N,3] (third = visibility), .npz with "tracks" (or
// "arr_0", "pred_tracks") [T,N,2] or [1,T,N,2] and optionally "visibility" ("vis", "pred_visibility") [T,N].
// Arrays hold neither size nor rate: given by the caller. Errors: notFound, io, corrupt (file, track and field).
// Coordinates outside the picture are kept (up to ±1 000 000), NaN and infinity are refused, at most 20 000 tracks and
// 100 000 frames.
[[nodiscard]] Result<TrackSet> readTracks(const std::filesystem::path& path, Size size, FrameRate rate);
[[nodiscard]] Result<TrackSet> parseTracksJson(std::string_view json);

[[nodiscard]] Result<void> writeTracks(const TrackSet& tracks, const std::filesystem::path& path);
[[nodiscard]] std::string formatTracksJson(const TrackSet& tracks);

// The same tracks on a picture of another size.
[[nodiscard]] TrackSet scaledTo(TrackSet tracks, Size size);

// Tracks drawn on a frame, as tracks of the picture that stands in the middle of it, enlarged by scale (pixels of the
// frame to a pixel of the picture).
[[nodiscard]] TrackSet fromFrame(TrackSet tracks, Size picture, double scale);

} // namespace kinora::document
