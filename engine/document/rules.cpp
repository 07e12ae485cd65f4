// SPDX-License-Identifier: Apache-2.0
#include "engine/document/rules_p.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace kinora::document::rules {
namespace {

tl::unexpected<Error> broken(std::string message) {
  return fail(ErrorCode::InvalidArgument, std::move(message));
}

bool within(float value, float low, float high) {
  return value >= low && value <= high; // false for NaN
}

bool within(Point p) {
  return within(p.x, -kMaxCoordinate, kMaxCoordinate) && within(p.y, -kMaxCoordinate, kMaxCoordinate);
}

} // namespace

bool isUtf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    std::size_t more = 0;
    std::uint32_t code = 0;
    std::uint32_t lowest = 0;
    if ((lead & 0xe0U) == 0xc0U) {
      more = 1, code = lead & 0x1fU, lowest = 0x80;
    } else if ((lead & 0xf0U) == 0xe0U) {
      more = 2, code = lead & 0x0fU, lowest = 0x800;
    } else if ((lead & 0xf8U) == 0xf0U) {
      more = 3, code = lead & 0x07U, lowest = 0x10000;
    } else {
      return false;
    }
    if (text.size() - i <= more)
      return false;
    for (std::size_t k = 1; k <= more; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0U) != 0x80U)
        return false;
      code = (code << 6U) | (next & 0x3fU);
    }
    if (code < lowest || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
      return false;
    i += more + 1;
  }
  return true;
}

bool isFinite(Point p) {
  return std::isfinite(p.x) && std::isfinite(p.y);
}

Point clamped(Point p) {
  return {std::clamp(p.x, -kMaxCoordinate, kMaxCoordinate), std::clamp(p.y, -kMaxCoordinate, kMaxCoordinate)};
}

bool isTime(Time t) {
  return t.ticks >= 0 && t.ticks <= kMaxTicks;
}

bool isDuration(Duration d) {
  return d.ticks >= 0 && d.ticks <= kMaxTicks;
}

Result<void> checkText(std::string_view text, std::size_t maxBytes, std::string_view what) {
  if (text.size() > maxBytes)
    return broken(fmt::format("{} may have at most {} bytes; it has {}.", what, maxBytes, text.size()));
  if (!isUtf8(text))
    return broken(fmt::format("{} is not valid UTF-8 text.", what));
  if (text.find('\0') != std::string_view::npos)
    return broken(fmt::format("{} contains a zero byte.", what));
  return {};
}

Result<void> checkFrame(const FrameSettings& frame) {
  const auto edge = [](std::int32_t v) { return v >= 1 && v <= kMaxFrameEdge; };
  if (!edge(frame.size.width) || !edge(frame.size.height))
    return broken(fmt::format("The frame must be between 1×1 and {0}×{0} pixels; it is {1}×{2}.", kMaxFrameEdge,
                              frame.size.width, frame.size.height));
  if (!frame.rate.isValid())
    return broken(fmt::format("The frame rate must lie between 1/100 and 1000 frames per second; it is {}/{}.",
                              frame.rate.num, frame.rate.den));
  return {};
}

Result<void> checkMedia(const MediaItem& item) {
  if (auto text = checkText(item.name, kMaxNameBytes, "The name of a media item"); !text)
    return text;
  if (item.path.empty() || !item.path.is_absolute())
    return broken(fmt::format("The media item “{}” needs the full path of its file.", item.name));
  if (auto text =
          checkText(item.path.native(), kMaxNameBytes, fmt::format("The path of the media item “{}”", item.name));
      !text)
    return text;
  const auto edge = [](std::int32_t v) { return v >= 0 && v <= kMaxMediaEdge; };
  if (!edge(item.size.width) || !edge(item.size.height))
    return broken(
        fmt::format("The media item “{}” cannot be {}×{} pixels.", item.name, item.size.width, item.size.height));
  if (!isDuration(item.length))
    return broken(fmt::format("The media item “{}” cannot be {} s long.", item.name, item.length.seconds()));
  return {};
}

Result<void> checkTrack(const Track& track) {
  if (auto text = checkText(track.name, kMaxNameBytes, "The name of a track"); !text)
    return text;
  const auto because = [&](std::string_view why) { return broken(fmt::format("Track “{}”: {}", track.name, why)); };
  if (auto text = checkText(track.colour, kMaxNameBytes, fmt::format("The colour of track “{}”", track.name)); !text)
    return text;
  if (track.group < 0)
    return because("the group must not be negative.");
  if (!within(track.grip, 0, kMaxCoordinate))
    return because(fmt::format("the grip must lie between 0 and {} pixels; it is {}.", kMaxCoordinate, track.grip));
  if (!within(track.strength, 0, 1))
    return because(fmt::format("the strength must lie between 0 and 1; it is {}.", track.strength));
  if (!isTime(track.start))
    return because(fmt::format("it cannot start at {} s.", track.start.seconds()));
  if (!isDuration(track.duration))
    return because(fmt::format("it cannot be {} s long.", track.duration.seconds()));
  for (const float v : {track.easing.first[0], track.easing.first[1], track.easing.second[0], track.easing.second[1]})
    if (!within(v, 0, 1))
      return because(fmt::format("the handles of the timing curve must lie between 0 and 1; one is {}.", v));
  if (track.points.empty())
    return because("it has no points.");
  if (track.points.size() > kMaxPoints)
    return because(fmt::format("it may have at most {} points; it has {}.", kMaxPoints, track.points.size()));
  for (std::size_t i = 0; i < track.points.size(); ++i) {
    const TrackPoint& p = track.points[i];
    if (!within(p.position))
      return because(
          fmt::format("point {} lies at ({}, {}), beyond ±{}.", i + 1, p.position.x, p.position.y, kMaxCoordinate));
    if (p.at.ticks < 0 || p.at > track.duration || (i > 0 && p.at <= track.points[i - 1].at))
      return because(
          fmt::format("point {} of {} is out of order at {} s.", i + 1, track.points.size(), p.at.seconds()));
    if (track.kind == TrackKind::Pin && p.position != track.points.front().position)
      return because("a pin stays in one place, but its points differ.");
  }
  return {};
}

Result<void> checkTake(const Take& take) {
  if (auto text = checkText(take.name, kMaxNameBytes, "The name of a take"); !text)
    return text;
  const auto because = [&](std::string_view why) { return broken(fmt::format("Take “{}”: {}", take.name, why)); };
  if (auto text = checkText(take.model, kMaxNameBytes, fmt::format("The model of take “{}”", take.name)); !text)
    return text;
  if (take.model.empty())
    return because("it names no model.");
  if (auto text = checkText(take.prompt, kMaxTextBytes, fmt::format("The prompt of take “{}”", take.name)); !text)
    return text;
  if (!isDuration(take.length) || take.length.ticks == 0)
    return because(fmt::format("it cannot be {} s long.", take.length.seconds()));
  if (take.tracks.size() > kMaxTracks)
    return because(fmt::format("it may have at most {} tracks; it has {}.", kMaxTracks, take.tracks.size()));
  if (take.camera.size() > kMaxParts || take.matteEdits.size() > kMaxParts)
    return because(fmt::format("it may have at most {} camera keys and as many matte corrections.", kMaxParts));
  for (std::size_t i = 0; i < take.camera.size(); ++i) {
    const CameraKey& key = take.camera[i];
    if (!isTime(key.at) || (i > 0 && key.at <= take.camera[i - 1].at))
      return because(fmt::format("camera key {} is out of order at {} s.", i + 1, key.at.seconds()));
    if (!within(key.pose.zoom, 0.01F, 100))
      return because(fmt::format("camera key {} must zoom between 0.01 and 100; it is {}.", i + 1, key.pose.zoom));
    if (!within(key.pose.panX, -1000, 1000) || !within(key.pose.panY, -1000, 1000) ||
        !within(key.pose.rotation, -1000, 1000))
      return because(fmt::format("camera key {} moves or turns too far (beyond ±1000).", i + 1));
  }
  for (std::size_t i = 0; i < take.matteEdits.size(); ++i) {
    const MatteEdit& edit = take.matteEdits[i];
    const std::size_t least = edit.radius > 0 ? 1 : 3;
    if (edit.group < 0)
      return because(fmt::format("matte correction {} has a negative group.", i + 1));
    if (!within(edit.radius, 0, kMaxCoordinate))
      return because(
          fmt::format("the brush of matte correction {} must lie between 0 and {} pixels.", i + 1, kMaxCoordinate));
    if (edit.points.size() < least || edit.points.size() > kMaxPoints)
      return because(fmt::format("matte correction {} must have between {} and {} points; it has {}.", i + 1, least,
                                 kMaxPoints, edit.points.size()));
    if (!std::all_of(edit.points.begin(), edit.points.end(), [](Point p) { return within(p); }))
      return because(fmt::format("matte correction {} reaches beyond ±{}.", i + 1, kMaxCoordinate));
  }
  return {};
}

Result<void> checkClip(const Clip& clip) {
  if (auto text = checkText(clip.name, kMaxNameBytes, "The name of a clip"); !text)
    return text;
  const auto because = [&](std::string_view why) { return broken(fmt::format("Clip “{}”: {}", clip.name, why)); };
  if (!isTime(clip.start))
    return because(fmt::format("it cannot start at {} s.", clip.start.seconds()));
  if (!isDuration(clip.length) || clip.length.ticks == 0 || !isTime(clip.range().end()))
    return because(fmt::format("it cannot be {} s long.", clip.length.seconds()));
  if (!isDuration(clip.sourceIn))
    return because(fmt::format("there is nothing in its source at {} s.", clip.sourceIn.seconds()));
  if (!within(clip.opacity, 0, 1))
    return because(fmt::format("the opacity must lie between 0 and 1; it is {}.", clip.opacity));
  if (!within(clip.scale, 0.001F, 1000))
    return because(fmt::format("the scale must lie between 0.001 and 1000; it is {}.", clip.scale));
  if (!within(clip.position))
    return because(fmt::format("its position lies beyond ±{}.", kMaxCoordinate));
  return {};
}

Result<void> checkLane(const Lane& lane) {
  if (auto text = checkText(lane.name, kMaxNameBytes, "The name of a lane"); !text)
    return text;
  if (lane.clips.size() > kMaxParts)
    return broken(
        fmt::format("Lane “{}” may have at most {} clips; it has {}.", lane.name, kMaxParts, lane.clips.size()));
  return {};
}

Result<void> checkMarker(const Marker& marker) {
  if (auto text = checkText(marker.name, kMaxNameBytes, "The name of a marker"); !text)
    return text;
  if (auto text = checkText(marker.colour, kMaxNameBytes, "The colour of a marker"); !text)
    return text;
  if (!isTime(marker.at))
    return broken(fmt::format("The marker “{}” cannot stand at {} s.", marker.name, marker.at.seconds()));
  return {};
}

Result<void> checkMarks(Time in, Time out) {
  if (!isTime(in) || !isTime(out) || out < in)
    return broken(fmt::format("The out mark at {} s must not come before the in mark at {} s, and neither before 0.",
                              out.seconds(), in.seconds()));
  return {};
}

bool laneTakes(LaneKind lane, ClipKind clip, MediaKind media) {
  if (lane == LaneKind::Picture)
    return clip == ClipKind::Take || media != MediaKind::Sound;
  return clip == ClipKind::Media && media != MediaKind::Picture;
}

} // namespace kinora::document::rules
