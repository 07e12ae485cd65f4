// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

#include <fmt/format.h>

#include "engine/base/file.h"
#include "engine/document/json_p.h"
#include "engine/document/rules_p.h"
#include "engine/document/sampling.h"
#include "engine/document/tracks_file.h"
#include "engine/document/tracks_p.h"

namespace kinora::document {
namespace {

namespace fs = std::filesystem;
using json::ObjectReader;
using json::Value;
using json::wrong;

constexpr std::string_view kFamily = "kinora.tracks";
constexpr int kVersion = 1;

Track readTrack(const Value& value, const std::string& where, std::size_t index, const TrackSet& set) {
  ObjectReader in(value, where);
  Track track;
  track.id.value = index + 1;
  in.read("id", track.id);
  if (track.id.value == 0 || track.id.value > rules::kMaxId)
    wrong(in.where("id"), fmt::format("The number must lie between 1 and {}.", rules::kMaxId));
  track.name = fmt::format("Track {}", track.id.value);
  in.read("name", track.name);
  in.read("group", track.group);
  std::string role;
  in.read("role", role);
  if (!role.empty() && role != "move" && role != "hold")
    wrong(in.where("role"), "The role must be “move” or “hold”.");
  std::int64_t last = -1;
  in.each("points", rules::kMaxPoints, [&](const Value& v, const std::string& place) {
    ObjectReader p(v, place);
    for (const char* key : {"frame", "x", "y"})
      p.require(key);
    const std::int64_t frame = json::integer(*p.find("frame"), p.where("frame"), 0, set.frames - 1);
    if (frame <= last)
      wrong(p.where("frame"),
            fmt::format("Points must come in order of time; frame {} follows frame {}.", frame, last));
    last = frame;
    TrackPoint point;
    point.at.ticks = set.rate.timeOf(frame).ticks; // from the take's start until the first point is known
    point.position = {json::coordinate(*p.find("x"), p.where("x")), json::coordinate(*p.find("y"), p.where("y"))};
    p.read("visible", point.visible);
    track.points.push_back(point);
  });
  if (track.points.empty())
    wrong(in.where("points"), "A track needs at least one point.");
  track.start.ticks = track.points.front().at.ticks;
  for (TrackPoint& p : track.points)
    p.at.ticks -= track.start.ticks;
  track.duration = track.points.back().at;
  if (role == "hold" || (role.empty() && allPointsEqual(track)))
    becomePin(track);
  if (auto rule = rules::checkTrack(track); !rule)
    wrong(where, rule.error().message);
  return track;
}

TrackSet readSet(const Value& root) {
  ObjectReader in(root, "");
  TrackSet set;
  for (const char* key : {"size", "fps", "frames", "tracks"})
    in.require(key);
  in.read("size", set.size);
  if (set.size.isEmpty())
    wrong("size", "The picture must have at least one pixel.");
  in.read("fps", set.rate);
  set.frames = json::integer(*in.find("frames"), "frames", 1, kMaxTrackFrames);
  std::unordered_set<std::uint64_t> ids;
  in.each("tracks", rules::kMaxTracks, [&](const Value& v, const std::string& where) {
    set.tracks.push_back(readTrack(v, where, set.tracks.size(), set));
    if (!ids.insert(set.tracks.back().id.value).second)
      wrong(where + ".id", fmt::format("Two tracks have the number {}.", set.tracks.back().id.value));
  });
  return set;
}

struct FramePoint {
  std::int64_t frame = 0;
  Point at;
  bool visible = true;
};

// The track's own points when they lie on frames and nothing bends time or strength; else where it is at each frame.
std::vector<FramePoint> framePoints(const Track& track, const TrackSet& set) {
  std::vector<FramePoint> points;
  bool plain = track.strength == 1 && track.easing.isLinear();
  for (const TrackPoint& p : track.points) {
    const Time at = track.start + p.at;
    const std::int64_t frame = set.rate.frameAt(at);
    plain = plain && frame >= 0 && frame < set.frames && set.rate.timeOf(frame) == at;
    if (!plain)
      break;
    points.push_back({frame, p.position, p.visible});
  }
  if (plain)
    return points;
  points.clear();
  const auto samples = sampleTrack(track, set.rate, set.frames);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto same = [&](std::size_t k) {
      return samples[k].at == samples[i].at && samples[k].visible == samples[i].visible;
    };
    if (i > 0 && i + 1 < samples.size() && same(i - 1) && same(i + 1))
      continue; // at rest
    points.push_back({static_cast<std::int64_t>(i), samples[i].at, samples[i].visible});
  }
  return points;
}

} // namespace

void becomePin(Track& track) {
  track.kind = TrackKind::Pin;
  std::vector<TrackPoint> points;
  for (TrackPoint p : track.points) {
    p.position = track.points.front().position;
    if (points.empty() || points.back().visible != p.visible)
      points.push_back(p);
  }
  track.points = std::move(points);
  track.duration = track.points.back().at;
}

bool allPointsEqual(const Track& track) {
  return std::all_of(track.points.begin(), track.points.end(),
                     [&](const TrackPoint& p) { return p.position == track.points.front().position; });
}

Result<TrackSet> parseTracksJson(std::string_view text) {
  const auto root = json::parseObject(text);
  if (!root)
    return fail(root);
  const auto version = json::schemaVersion(*root, kFamily);
  if (!version)
    return fail(version);
  if (*version > kVersion)
    return fail(ErrorCode::Unsupported,
                fmt::format("It was written in format {}; this Kinora knows format {}. Update Kinora to open it.",
                            *version, kVersion),
                "schema");
  try {
    return readSet(*root);
  } catch (const json::FieldError& error) {
    return fail(ErrorCode::Corrupt, error.message, error.where);
  }
}

Result<TrackSet> readTracks(const fs::path& path, Size size, FrameRate rate) {
  const auto because = [&](const Error& error) {
    return fail(error.code, fmt::format("Reading the tracks “{}” failed. {}", path.filename().string(), error.message),
                error.where.empty() || error.where == path.string()
                    ? path.string()
                    : fmt::format("{}: {}", path.string(), error.where));
  };
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const bool isArray = ending == ".npy" || ending == ".npz";
  if (ending != ".json" && !isArray)
    return because({ErrorCode::Unsupported, "Tracks are read from .tracks.json, .npy and .npz files.", ""});
  if (isArray && (size.isEmpty() || !rate.isValid()))
    return because({ErrorCode::InvalidArgument, "Arrays need the picture's size and the frame rate beside them.", ""});
  constexpr std::int64_t maxArrayBytes = 512 << 20;
  const auto data = readFile(path, isArray ? maxArrayBytes : json::kMaxFileBytes);
  if (!data)
    return because(data.error());
  auto set = ending == ".npy"   ? tracksFromNpy(*data, size, rate)
             : ending == ".npz" ? tracksFromNpz(*data, size, rate)
                                : parseTracksJson({reinterpret_cast<const char*>(data->data()), data->size()});
  if (!set)
    return because(set.error());
  return set;
}

std::string formatTracksJson(const TrackSet& set) {
  using json::Layout;
  json::Writer out;
  out.beginObject(Layout::Lines);
  out.member("schema", fmt::format("{}/{}", kFamily, kVersion));
  out.member("size", set.size);
  out.member("fps", set.rate);
  out.member("frames", set.frames);
  out.key("tracks");
  out.beginArray(Layout::Lines);
  for (const Track& track : set.tracks) {
    out.beginObject(Layout::Inline);
    out.member("id", track.id);
    out.member("name", track.name);
    if (track.group != 0)
      out.member("group", track.group);
    out.member("role", track.kind == TrackKind::Pin ? "hold" : "move");
    out.key("points");
    out.beginArray(Layout::Inline);
    for (const FramePoint& p : framePoints(track, set)) {
      out.beginObject(Layout::Inline);
      out.member("frame", p.frame);
      out.member("x", p.at.x);
      out.member("y", p.at.y);
      out.member("visible", p.visible);
      out.end();
    }
    out.end();
    out.end();
  }
  out.end();
  out.end();
  return std::move(out).finish();
}

Result<void> writeTracks(const TrackSet& tracks, const fs::path& path) {
  const auto because = [&](std::string_view why) {
    return fail(ErrorCode::InvalidArgument,
                fmt::format("Writing the tracks “{}” failed. {}", path.filename().string(), why), path.string());
  };
  if (path.extension() != ".json")
    return because("Tracks are written as .tracks.json.");
  if (tracks.size.isEmpty() || !tracks.rate.isValid() || tracks.frames < 1 || tracks.frames > kMaxTrackFrames)
    return because("They need a picture's size, a frame rate and between 1 and 100000 frames.");
  for (const Track& track : tracks.tracks)
    if (auto rule = rules::checkTrack(track); !rule)
      return because(rule.error().message);
  const std::string text = formatTracksJson(tracks);
  if (auto limits = json::checkLimits(text); !limits)
    return because(limits.error().message);
  return writeFileAtomically(path, text);
}

namespace {

// position * (sx, sy) + offset.
void mapTracks(TrackSet& tracks, double sx, double sy, double dx, double dy) {
  for (Track& track : tracks.tracks) {
    track.grip = std::min(static_cast<float>(track.grip * std::sqrt(sx * sy)), rules::kMaxCoordinate);
    for (TrackPoint& p : track.points)
      p.position =
          rules::clamped({static_cast<float>(p.position.x * sx + dx), static_cast<float>(p.position.y * sy + dy)});
  }
}

} // namespace

TrackSet scaledTo(TrackSet tracks, Size size) {
  if (tracks.size.isEmpty() || size.isEmpty() || tracks.size == size)
    return tracks;
  mapTracks(tracks, static_cast<double>(size.width) / tracks.size.width,
            static_cast<double>(size.height) / tracks.size.height, 0, 0);
  tracks.size = size;
  return tracks;
}

TrackSet fromFrame(TrackSet tracks, Size picture, double scale) {
  mapTracks(tracks, 1 / scale, 1 / scale, picture.width / 2.0 - tracks.size.width / 2.0 / scale,
            picture.height / 2.0 - tracks.size.height / 2.0 / scale);
  tracks.size = picture;
  return tracks;
}

} // namespace kinora::document
