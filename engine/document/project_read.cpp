// SPDX-License-Identifier: Apache-2.0
#include "engine/document/project_file.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "engine/base/file.h"
#include "engine/document/json_p.h"
#include "engine/document/project_format_p.h"
#include "engine/document/rules_p.h"
#include "engine/document/unknown_fields_p.h"
#include "engine/document/upgrade_p.h"
#include "engine/document/validate.h"

namespace kinora::document {
namespace {

namespace fs = std::filesystem;
using json::ObjectReader;
using json::Value;
using json::wrong;

class Reader {
 public:
  explicit Reader(fs::path folder) : folder_(std::move(folder)) {}

  Document project(const Value& root) {
    ObjectReader in(root, "");
    Document doc;
    in.require("schema");
    in.read("name", doc.name);
    in.read("loop", doc.loop);
    Value unknownOfFrame;
    if (const Value* frame = in.find("frame")) {
      ObjectReader inner(*frame, "frame");
      inner.read("size", doc.frame.size);
      inner.read("rate", doc.frame.rate);
      unknownOfFrame = inner.restObject();
    }
    if (const Value* marks = in.find("marks")) {
      json::checkArray(*marks, "marks", 2, 2);
      doc.markIn.ticks = json::integer((*marks)[0], "marks", 0, rules::kMaxTicks);
      doc.markOut.ticks = json::integer((*marks)[1], "marks", 0, rules::kMaxTicks);
    }
    in.each("markers", rules::kMaxParts,
            [&](const Value& v, std::string where) { doc.markers.push_back(marker(v, std::move(where))); });
    in.each("media", rules::kMaxParts, [&](const Value& v, std::string where) {
      doc.media.push_back(std::make_shared<const MediaItem>(media(v, std::move(where))));
    });
    in.each("takes", rules::kMaxParts, [&](const Value& v, std::string where) {
      doc.takes.push_back(std::make_shared<const Take>(take(v, std::move(where))));
    });
    in.each("lanes", rules::kMaxParts, [&](const Value& v, std::string where) {
      doc.lanes.push_back(std::make_shared<const Lane>(lane(v, std::move(where))));
    });
    in.read("nextId", doc.nextId);
    doc.nextId = std::max(doc.nextId, largestId_ + 1);
    Value left = in.restObject();
    // The frame is a plain value in memory; its unknown members stay with the document's.
    if (unknownOfFrame.is_object() && !unknownOfFrame.empty())
      left["frame"] = std::move(unknownOfFrame);
    if (!left.empty())
      doc.unknown =
          UnknownFields(std::make_shared<const UnknownFields::Members>(UnknownFields::Members{std::move(left)}));
    return doc;
  }

 private:
  template <class IdType>
  void readId(ObjectReader& in, IdType& id) {
    in.require("id");
    in.read("id", id);
    if (id.value == 0 || id.value > rules::kMaxId)
      wrong(in.where("id"), fmt::format("The number must lie between 1 and {}.", rules::kMaxId));
    largestId_ = std::max(largestId_, id.value);
  }

  Marker marker(const Value& value, std::string where) {
    ObjectReader in(value, std::move(where));
    Marker marker;
    in.require("at");
    in.read("at", marker.at);
    in.read("name", marker.name);
    in.read("colour", marker.colour);
    marker.unknown = in.rest();
    return marker;
  }

  MediaItem media(const Value& value, std::string where) {
    ObjectReader in(value, std::move(where));
    MediaItem item;
    readId(in, item.id);
    in.read("kind", item.kind, kMediaKinds);
    std::string path;
    in.require("path");
    in.read("path", path);
    if (path.empty())
      wrong(in.where("path"), "The path is empty.");
    item.path = (folder_ / fs::path(path)).lexically_normal();
    item.name = item.path.filename().string();
    in.read("name", item.name);
    std::string hash;
    in.read("hash", hash);
    if (!hash.empty())
      item.hash = key(hash, in.where("hash"));
    in.read("size", item.size);
    in.read("length", item.length);
    item.unknown = in.rest();
    return item;
  }

  static ContentKey key(const std::string& hex, const std::string& where) {
    const auto half = [&](std::size_t from) {
      std::uint64_t number = 0;
      const char* end = hex.data() + from + 16;
      const auto [stop, error] = std::from_chars(hex.data() + from, end, number, 16);
      if (error != std::errc{} || stop != end)
        wrong(where, "A hash of 32 hexadecimal digits is needed here.");
      return number;
    };
    if (hex.size() != 32)
      wrong(where, "A hash of 32 hexadecimal digits is needed here.");
    return {half(0), half(16)};
  }

  Take take(const Value& value, std::string where) {
    ObjectReader in(value, std::move(where));
    Take take;
    readId(in, take.id);
    in.read("name", take.name);
    in.require("picture");
    in.read("picture", take.picture);
    in.read("model", take.model);
    in.read("seed", take.seed);
    in.read("prompt", take.prompt);
    in.require("length");
    in.read("length", take.length);
    in.each("camera", rules::kMaxParts,
            [&](const Value& v, std::string place) { take.camera.push_back(cameraKey(v, std::move(place))); });
    in.each("matteEdits", rules::kMaxParts,
            [&](const Value& v, std::string place) { take.matteEdits.push_back(matteEdit(v, std::move(place))); });
    in.each("tracks", rules::kMaxTracks, [&](const Value& v, std::string place) {
      take.tracks.push_back(std::make_shared<const Track>(track(v, std::move(place))));
    });
    take.unknown = in.rest();
    return take;
  }

  static CameraKey cameraKey(const Value& value, std::string where) {
    ObjectReader in(value, std::move(where));
    CameraKey key;
    in.require("at");
    in.read("at", key.at);
    in.read("zoom", key.pose.zoom);
    in.read("panX", key.pose.panX);
    in.read("panY", key.pose.panY);
    in.read("rotation", key.pose.rotation);
    key.unknown = in.rest();
    return key;
  }

  static MatteEdit matteEdit(const Value& value, std::string where) {
    ObjectReader in(value, std::move(where));
    MatteEdit edit;
    in.read("group", edit.group);
    in.read("add", edit.add);
    in.read("radius", edit.radius);
    in.each("points", rules::kMaxPoints, [&](const Value& v, const std::string& place) {
      json::checkArray(v, place, 2, 2);
      edit.points.push_back({json::coordinate(v[0], place), json::coordinate(v[1], place)});
    });
    edit.unknown = in.rest();
    return edit;
  }

  Track track(const Value& value, std::string where) {
    ObjectReader in(value, std::move(where));
    Track track;
    readId(in, track.id);
    in.read("name", track.name);
    in.read("kind", track.kind, kTrackKinds);
    in.read("colour", track.colour);
    in.read("group", track.group);
    in.read("moves", track.moves, kTrackMoves);
    in.read("grip", track.grip);
    in.read("strength", track.strength);
    in.read("enabled", track.enabled);
    in.read("locked", track.locked);
    in.read("solo", track.solo);
    in.read("start", track.start);
    in.read("duration", track.duration);
    if (const Value* easing = in.find("easing")) {
      const std::string place = in.where("easing");
      json::checkArray(*easing, place, 4, 4);
      track.easing.first = {json::real((*easing)[0], place), json::real((*easing)[1], place)};
      track.easing.second = {json::real((*easing)[2], place), json::real((*easing)[3], place)};
    }
    in.each("points", rules::kMaxPoints, [&](const Value& v, const std::string& place) {
      json::checkArray(v, place, 3, 4);
      TrackPoint point;
      point.at.ticks = json::integer(v[0], place, 0, rules::kMaxTicks);
      point.position = {json::coordinate(v[1], place), json::coordinate(v[2], place)};
      point.visible = v.size() < 4 || json::integer(v[3], place, 0, 1) == 1;
      track.points.push_back(point);
    });
    track.unknown = in.rest();
    return track;
  }

  Lane lane(const Value& value, std::string where) {
    ObjectReader in(value, std::move(where));
    Lane lane;
    readId(in, lane.id);
    in.read("name", lane.name);
    in.read("kind", lane.kind, kLaneKinds);
    in.read("enabled", lane.enabled);
    in.read("locked", lane.locked);
    in.each("clips", rules::kMaxParts, [&](const Value& v, std::string place) {
      lane.clips.push_back(std::make_shared<const Clip>(clip(v, std::move(place))));
    });
    lane.unknown = in.rest();
    return lane;
  }

  Clip clip(const Value& value, std::string where) {
    ObjectReader in(value, std::move(where));
    Clip clip;
    readId(in, clip.id);
    in.read("name", clip.name);
    in.read("kind", clip.kind, kClipKinds);
    in.read("media", clip.media);
    in.read("take", clip.take);
    in.read("start", clip.start);
    in.require("length");
    in.read("length", clip.length);
    in.read("sourceIn", clip.sourceIn);
    in.read("opacity", clip.opacity);
    in.read("scale", clip.scale);
    in.readCoordinates("position", clip.position);
    clip.unknown = in.rest();
    return clip;
  }

  fs::path folder_;
  std::uint64_t largestId_ = 0;
};

} // namespace

Result<DocumentPtr> parseProject(std::string_view text, const fs::path& folder) {
  auto root = json::parseObject(text);
  if (!root)
    return fail(root);
  const auto version = json::schemaVersion(*root, kProjectFamily);
  if (!version)
    return fail(version);
  if (auto done = upgrade(*root, *version, kProjectVersion, projectUpgrades()); !done)
    return fail(done);
  std::error_code error;
  const fs::path absolute = fs::absolute(folder.empty() ? fs::path(".") : folder, error);
  if (error)
    return fail(ErrorCode::Io, fmt::format("Its folder has no full path: {}.", error.message()), folder.string());
  try {
    auto document = std::make_shared<const Document>(Reader(absolute).project(*root));
    if (auto valid = validate(*document); !valid)
      return fail(ErrorCode::Corrupt, valid.error().message, valid.error().where);
    return document;
  } catch (const json::FieldError& wrongField) {
    return fail(ErrorCode::Corrupt, wrongField.message, wrongField.where);
  }
}

Result<DocumentPtr> readProject(const fs::path& path) {
  const auto because = [&](const Error& error) {
    return fail(error.code, fmt::format("Opening the project “{}” failed. {}", path.filename().string(), error.message),
                error.where.empty() || error.where == path.string()
                    ? path.string()
                    : fmt::format("{}: {}", path.string(), error.where));
  };
  const auto text = readTextFile(path, json::kMaxFileBytes);
  if (!text)
    return because(text.error());
  auto document = parseProject(*text, path.parent_path());
  if (!document)
    return because(document.error());
  return document;
}

} // namespace kinora::document
