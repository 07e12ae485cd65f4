// SPDX-License-Identifier: Apache-2.0
// Point trackers' arrays as tracks: layouts of CoTracker, Wan-Move and their kind.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "engine/document/npy_p.h"
#include "engine/document/rules_p.h"
#include "engine/document/tracks_p.h"
#include "engine/document/zip_p.h"

namespace kinora::document {
namespace {

constexpr std::uint64_t kMaxArrayBytes = 512 << 20;

std::string shapeText(const NpyArray& array) {
  std::string text;
  for (const std::uint64_t n : array.shape())
    text += (text.empty() ? "" : ", ") + std::to_string(n);
  return fmt::format("[{}]", text);
}

// Looks at [T,N,C] or [T,N] through an optional leading 1 and, for [T,N], an optional trailing 1.
class Grid {
 public:
  static std::optional<Grid> positions(const NpyArray& array) {
    return make(array, [&](std::size_t lead) {
      const auto& shape = array.shape();
      return shape.size() == lead + 3 && (shape.back() == 2 || shape.back() == 3);
    });
  }
  static std::optional<Grid> visibility(const NpyArray& array, std::uint64_t frames, std::uint64_t tracks) {
    return make(array, [&](std::size_t lead) {
      const auto& shape = array.shape();
      return (shape.size() == lead + 2 || (shape.size() == lead + 3 && shape.back() == 1)) && shape[lead] == frames &&
             shape[lead + 1] == tracks;
    });
  }
  [[nodiscard]] std::uint64_t frames() const { return array_->shape()[lead_]; }
  [[nodiscard]] std::uint64_t tracks() const { return array_->shape()[lead_ + 1]; }
  [[nodiscard]] bool hasThird() const { return array_->shape().size() == lead_ + 3 && array_->shape().back() == 3; }
  [[nodiscard]] double at(std::uint64_t frame, std::uint64_t track, std::uint64_t channel) const {
    const std::array<std::uint64_t, 4> index{0, frame, track, channel};
    return array_->at(std::span(index).subspan(1 - lead_, array_->shape().size()));
  }

 private:
  template <class Fits>
  static std::optional<Grid> make(const NpyArray& array, Fits&& fits) {
    // Without a leading 1 first: [1,N,2] is one frame of N tracks.
    for (const std::size_t lead : {std::size_t{0}, std::size_t{1}})
      if ((lead == 0 || (!array.shape().empty() && array.shape().front() == 1)) && fits(lead)) {
        Grid grid;
        grid.array_ = &array;
        grid.lead_ = lead;
        return grid;
      }
    return std::nullopt;
  }
  const NpyArray* array_ = nullptr;
  std::size_t lead_ = 0;
};

Result<TrackSet> tracksFrom(const NpyArray& positions, const NpyArray* visibility, Size size, FrameRate rate) {
  const auto grid = Grid::positions(positions);
  if (!grid)
    return fail(ErrorCode::Corrupt, fmt::format("Tracks must have the shape [frames, tracks, 2] or [frames, tracks, "
                                                "3]; the array is {}.",
                                                shapeText(positions)));
  const std::uint64_t frames = grid->frames();
  const std::uint64_t tracks = grid->tracks();
  if (frames == 0 || tracks == 0)
    return fail(ErrorCode::Corrupt, fmt::format("There are no points in an array of {}.", shapeText(positions)));
  if (frames > static_cast<std::uint64_t>(kMaxTrackFrames) || tracks > rules::kMaxTracks ||
      frames * tracks > kMaxTrackPoints)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("There may be at most {} frames, {} tracks and {} points; the array is {}.",
                            kMaxTrackFrames, rules::kMaxTracks, kMaxTrackPoints, shapeText(positions)));
  std::optional<Grid> shown;
  if (visibility != nullptr) {
    shown = Grid::visibility(*visibility, frames, tracks);
    if (!shown)
      return fail(ErrorCode::Corrupt, fmt::format("The visibility must have the shape [{}, {}]; it is {}.", frames,
                                                  tracks, shapeText(*visibility)));
  }
  TrackSet set{size, rate, static_cast<std::int64_t>(frames), {}};
  set.tracks.reserve(tracks);
  for (std::uint64_t n = 0; n < tracks; ++n) {
    Track track;
    track.id.value = n + 1;
    track.name = fmt::format("Track {}", n + 1);
    track.points.reserve(frames);
    for (std::uint64_t t = 0; t < frames; ++t) {
      const double x = grid->at(t, n, 0);
      const double y = grid->at(t, n, 1);
      const double seen = shown ? shown->at(t, n, 0) : grid->hasThird() ? grid->at(t, n, 2) : 1;
      if (!std::isfinite(x) || !std::isfinite(y) || !std::isfinite(seen))
        return fail(ErrorCode::Corrupt, "A coordinate is not a finite number.",
                    fmt::format("track {}, frame {}", n + 1, t));
      constexpr double limit = rules::kMaxCoordinate;
      track.points.push_back(
          {Duration{rate.timeOf(static_cast<std::int64_t>(t)).ticks},
           {static_cast<float>(std::clamp(x, -limit, limit)), static_cast<float>(std::clamp(y, -limit, limit))},
           seen >= 0.5});
    }
    track.duration = track.points.back().at;
    if (allPointsEqual(track))
      becomePin(track);
    if (auto rule = rules::checkTrack(track); !rule)
      return fail(ErrorCode::Corrupt, rule.error().message);
    set.tracks.push_back(std::move(track));
  }
  return set;
}

} // namespace

Result<TrackSet> tracksFromNpy(std::span<const std::byte> file, Size size, FrameRate rate) {
  const auto array = NpyArray::parse(file);
  if (!array)
    return fail(array);
  return tracksFrom(*array, nullptr, size, rate);
}

Result<TrackSet> tracksFromNpz(std::span<const std::byte> file, Size size, FrameRate rate) {
  const auto entries = zip::list(file);
  if (!entries)
    return fail(entries);
  const auto find = [&](std::initializer_list<std::string_view> names) -> const zip::Entry* {
    for (const std::string_view name : names)
      for (const zip::Entry& entry : *entries)
        if (entry.name == fmt::format("{}.npy", name))
          return &entry;
    return nullptr;
  };
  const auto extract = [&](const zip::Entry& entry) { return zip::extract(file, entry, kMaxArrayBytes); };
  const zip::Entry* tracks = find({"tracks", "pred_tracks", "arr_0"});
  if (tracks == nullptr)
    return fail(ErrorCode::Corrupt, "It holds no array named “tracks”, “pred_tracks” or “arr_0”.");
  const auto trackBytes = extract(*tracks);
  if (!trackBytes)
    return fail(trackBytes);
  const auto positions = NpyArray::parse(*trackBytes);
  if (!positions)
    return fail(positions.error().code, positions.error().message, tracks->name);
  const zip::Entry* visibility = find({"visibility", "vis", "pred_visibility"});
  if (visibility == nullptr)
    return tracksFrom(*positions, nullptr, size, rate);
  const auto shownBytes = extract(*visibility);
  if (!shownBytes)
    return fail(shownBytes);
  const auto shown = NpyArray::parse(*shownBytes);
  if (!shown)
    return fail(shown.error().code, shown.error().message, visibility->name);
  return tracksFrom(*positions, &*shown, size, rate);
}

} // namespace kinora::document
