// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "engine/base/file.h"
#include "engine/document/json_p.h"
#include "engine/document/project_file.h"
#include "engine/document/project_format_p.h"
#include "engine/document/upgrade_p.h"

namespace kinora::document {
namespace {

namespace fs = std::filesystem;
using json::Layout;
using json::Writer;

std::string storedPath(const fs::path& path, const fs::path& folder) {
  const fs::path relative = folder.is_absolute() ? path.lexically_relative(folder) : fs::path();
  return relative.empty() ? path.generic_string() : relative.generic_string();
}

void write(Writer& out, const Marker& marker) {
  out.beginObject(Layout::Inline);
  out.member("at", marker.at);
  out.member("name", marker.name);
  out.member("colour", marker.colour);
  out.members(marker.unknown);
  out.end();
}

void write(Writer& out, const MediaItem& item, const fs::path& folder) {
  out.beginObject(Layout::Inline);
  out.member("id", item.id);
  out.member("kind", item.kind, kMediaKinds);
  out.member("name", item.name);
  out.member("path", storedPath(item.path, folder));
  if (!item.hash.isNull())
    out.member("hash", item.hash.hex());
  out.member("size", item.size);
  out.member("length", item.length);
  out.members(item.unknown);
  out.end();
}

void write(Writer& out, const CameraKey& key) {
  out.beginObject(Layout::Inline);
  out.member("at", key.at);
  out.member("zoom", key.pose.zoom);
  out.member("panX", key.pose.panX);
  out.member("panY", key.pose.panY);
  out.member("rotation", key.pose.rotation);
  out.members(key.unknown);
  out.end();
}

void write(Writer& out, const MatteEdit& edit) {
  out.beginObject(Layout::Inline);
  out.member("group", edit.group);
  out.member("add", edit.add);
  out.member("radius", edit.radius);
  out.key("points");
  out.beginArray(Layout::Inline);
  for (const Point& p : edit.points)
    out.value(p);
  out.end();
  out.members(edit.unknown);
  out.end();
}

void write(Writer& out, const Track& track) {
  out.beginObject(Layout::Lines);
  out.member("id", track.id);
  out.member("name", track.name);
  out.member("kind", track.kind, kTrackKinds);
  out.member("colour", track.colour);
  out.member("group", track.group);
  out.member("moves", track.moves, kTrackMoves);
  out.member("grip", track.grip);
  out.member("strength", track.strength);
  out.member("enabled", track.enabled);
  out.member("locked", track.locked);
  out.member("solo", track.solo);
  out.member("start", track.start);
  out.member("duration", track.duration);
  out.key("easing");
  out.beginArray(Layout::Inline);
  for (const float v : {track.easing.first[0], track.easing.first[1], track.easing.second[0], track.easing.second[1]})
    out.value(v);
  out.end();
  out.key("points");
  out.beginArray(Layout::Inline);
  for (const TrackPoint& p : track.points) {
    out.beginArray(Layout::Inline);
    out.value(p.at);
    out.value(p.position.x);
    out.value(p.position.y);
    if (!p.visible)
      out.value(0);
    out.end();
  }
  out.end();
  out.members(track.unknown);
  out.end();
}

void write(Writer& out, const Take& take) {
  out.beginObject(Layout::Lines);
  out.member("id", take.id);
  out.member("name", take.name);
  out.member("picture", take.picture);
  out.member("model", take.model);
  out.member("seed", take.seed);
  out.member("prompt", take.prompt);
  out.member("length", take.length);
  out.key("camera");
  out.beginArray(Layout::Lines);
  for (const CameraKey& key : take.camera)
    write(out, key);
  out.end();
  out.key("matteEdits");
  out.beginArray(Layout::Lines);
  for (const MatteEdit& edit : take.matteEdits)
    write(out, edit);
  out.end();
  out.key("tracks");
  out.beginArray(Layout::Lines);
  for (const TrackPtr& track : take.tracks)
    write(out, *track);
  out.end();
  out.members(take.unknown);
  out.end();
}

void write(Writer& out, const Clip& clip) {
  out.beginObject(Layout::Inline);
  out.member("id", clip.id);
  out.member("name", clip.name);
  out.member("kind", clip.kind, kClipKinds);
  if (clip.media.isValid())
    out.member("media", clip.media);
  if (clip.take.isValid())
    out.member("take", clip.take);
  out.member("start", clip.start);
  out.member("length", clip.length);
  out.member("sourceIn", clip.sourceIn);
  out.member("opacity", clip.opacity);
  out.member("scale", clip.scale);
  out.member("position", clip.position);
  out.members(clip.unknown);
  out.end();
}

void write(Writer& out, const Lane& lane) {
  out.beginObject(Layout::Lines);
  out.member("id", lane.id);
  out.member("name", lane.name);
  out.member("kind", lane.kind, kLaneKinds);
  out.member("enabled", lane.enabled);
  out.member("locked", lane.locked);
  out.key("clips");
  out.beginArray(Layout::Lines);
  for (const ClipPtr& clip : lane.clips)
    write(out, *clip);
  out.end();
  out.members(lane.unknown);
  out.end();
}

} // namespace

std::string formatProject(const Document& document, const fs::path& folder) {
  Writer out;
  out.beginObject(Layout::Lines);
  out.member("schema", fmt::format("{}/{}", kProjectFamily, kProjectVersion));
  out.member("name", document.name);
  out.member("nextId", document.nextId);
  out.key("frame");
  out.beginObject(Layout::Inline);
  out.member("size", document.frame.size);
  out.member("rate", document.frame.rate);
  out.membersOf(document.unknown, "frame");
  out.end();
  out.member("loop", document.loop);
  out.key("marks");
  out.beginArray(Layout::Inline);
  out.value(document.markIn);
  out.value(document.markOut);
  out.end();
  out.key("markers");
  out.beginArray(Layout::Lines);
  for (const Marker& marker : document.markers)
    write(out, marker);
  out.end();
  out.key("media");
  out.beginArray(Layout::Lines);
  for (const auto& item : document.media)
    write(out, *item, folder);
  out.end();
  out.key("takes");
  out.beginArray(Layout::Lines);
  for (const TakePtr& take : document.takes)
    write(out, *take);
  out.end();
  out.key("lanes");
  out.beginArray(Layout::Lines);
  for (const LanePtr& lane : document.lanes)
    write(out, *lane);
  out.end();
  out.members(document.unknown, "frame");
  out.end();
  return std::move(out).finish();
}

Result<void> writeProject(const Document& document, const fs::path& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error).lexically_normal();
  if (error)
    return fail(ErrorCode::Io, fmt::format("Saving the project failed: {}.", error.message()), path.string());
  const std::string text = formatProject(document, absolute.parent_path());
  // A file that could not be opened again would be a loss: better to say so now, with the old file still there.
  if (auto limits = json::checkLimits(text); !limits)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("Saving the project “{}” failed: it is too large. {} Remove takes or tracks that are no "
                            "longer needed.",
                            path.filename().string(), limits.error().message),
                path.string());
  return writeFileAtomically(absolute, text);
}

} // namespace kinora::document
