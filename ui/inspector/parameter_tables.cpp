// SPDX-License-Identifier: Apache-2.0
#include "ui/inspector/parameter_tables.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <QCoreApplication>

#include "engine/document/edit.h"
#include "engine/document/sampling.h"

namespace kinora::ui {
namespace {

using document::DocumentPtr;
using document::Track;
using document::TrackPtr;
namespace edit = document::edit;

QString text(const char* source) {
  return QCoreApplication::translate("Inspector", source);
}

TrackPtr findTrack(const document::TakePtr& take, TrackId id) {
  if (!take)
    return nullptr;
  const auto found =
      std::find_if(take->tracks.begin(), take->tracks.end(), [id](const TrackPtr& t) { return t->id == id; });
  return found == take->tracks.end() ? nullptr : *found;
}

TrackPtr focusedTrack(const ParameterSource& source) {
  return findTrack(source.document->findTake(source.selection.take), source.selection.focusedTrack());
}

using TrackReader = std::function<std::optional<ParameterValue>(const Track&)>;
using TrackWriter = std::function<Result<DocumentPtr>(const DocumentPtr&, TakeId, const Track&, const ParameterValue&)>;

std::function<std::optional<ParameterValue>(const ParameterSource&)> readFocused(TrackReader reader) {
  return [reader = std::move(reader)](const ParameterSource& source) -> std::optional<ParameterValue> {
    const TrackPtr track = focusedTrack(source);
    return track ? reader(*track) : std::nullopt;
  };
}

// all: every selected track, else the focused one alone.
std::function<Result<DocumentPtr>(const DocumentPtr&, const ParameterSource&, const ParameterValue&)>
writeTracks(bool all, TrackWriter writer) {
  return [all, writer = std::move(writer)](const DocumentPtr& document, const ParameterSource& source,
                                           const ParameterValue& value) -> Result<DocumentPtr> {
    Result<DocumentPtr> next = document;
    for (const TrackId id : source.selection.tracks) {
      const TrackPtr track = findTrack((*next)->findTake(source.selection.take), id);
      if (!track || (!all && id != source.selection.focusedTrack()))
        continue;
      next = writer(*next, source.selection.take, *track, value);
      if (!next)
        return next;
    }
    return next;
  };
}

constexpr bool kAllSelected = true;
constexpr bool kFocusedOnly = false;

float asFloat(const ParameterValue& value) {
  return static_cast<float>(std::get<double>(value));
}

} // namespace

ParameterTable trackParameters() {
  ParameterTable table;
  table.push_back({"track.name",
                   text("Name"),
                   ParameterKind::Text,
                   {},
                   {},
                   readFocused([](const Track& t) { return QString::fromStdString(t.name); }),
                   writeTracks(kFocusedOnly,
                               [](const DocumentPtr& d, TakeId take, const Track& t, const ParameterValue& v) {
                                 return edit::renameTrack(d, take, t.id, std::get<QString>(v).trimmed().toStdString());
                               }),
                   text("Rename path")});
  table.push_back({"track.colour",
                   text("Colour"),
                   ParameterKind::TrackColour,
                   {},
                   {},
                   readFocused([](const Track& t) { return QString::fromStdString(t.colour); }),
                   writeTracks(kAllSelected,
                               [](const DocumentPtr& d, TakeId take, const Track& t, const ParameterValue& v) {
                                 return edit::setTrackColour(d, take, t.id, std::get<QString>(v).toStdString());
                               }),
                   text("Change colour")});
  table.push_back({"track.strength",
                   text("Strength"),
                   ParameterKind::Number,
                   {0, 1, .05, 1, 2, {}, true},
                   {},
                   readFocused([](const Track& t) -> std::optional<ParameterValue> {
                     if (t.kind == document::TrackKind::Pin)
                       return std::nullopt;
                     return static_cast<double>(t.strength);
                   }),
                   writeTracks(kAllSelected,
                               [](const DocumentPtr& d, TakeId take, const Track& t, const ParameterValue& v) {
                                 return edit::setTrackStrength(d, take, t.id, asFloat(v));
                               }),
                   text("Change strength")});
  table.push_back(
      {"track.moves",
       text("Moves"),
       ParameterKind::Choice,
       {},
       {{QStringLiteral("object"), text("The painted object")}, {QStringLiteral("point"), text("Only this point")}},
       readFocused([](const Track& t) -> std::optional<ParameterValue> {
         if (t.kind == document::TrackKind::Pin)
           return std::nullopt;
         return t.moves == document::TrackMoves::Object ? QStringLiteral("object") : QStringLiteral("point");
       }),
       writeTracks(kAllSelected,
                   [](const DocumentPtr& d, TakeId take, const Track& t, const ParameterValue& v) {
                     const auto moves = std::get<QString>(v) == QLatin1String("point") ? document::TrackMoves::Point
                                                                                       : document::TrackMoves::Object;
                     return edit::setTrackMoves(d, take, t.id, moves, t.grip);
                   }),
       text("Change what moves")});
  table.push_back({"track.grip",
                   text("Grip"),
                   ParameterKind::Number,
                   {2, 400, 1, 24, 0, QStringLiteral("px"), true},
                   {},
                   readFocused([](const Track& t) -> std::optional<ParameterValue> {
                     if (t.kind == document::TrackKind::Pin || t.moves == document::TrackMoves::Object)
                       return std::nullopt;
                     return static_cast<double>(t.grip);
                   }),
                   writeTracks(kAllSelected,
                               [](const DocumentPtr& d, TakeId take, const Track& t, const ParameterValue& v) {
                                 return edit::setTrackMoves(d, take, t.id, t.moves, asFloat(v));
                               }),
                   text("Change grip")});
  table.push_back({"track.start",
                   text("Start"),
                   ParameterKind::Time,
                   {},
                   {},
                   readFocused([](const Track& t) -> std::optional<ParameterValue> {
                     if (t.kind == document::TrackKind::Pin)
                       return std::nullopt;
                     return t.start;
                   }),
                   writeTracks(kFocusedOnly,
                               [](const DocumentPtr& d, TakeId take, const Track& t, const ParameterValue& v) {
                                 return edit::setTrackTiming(d, take, t.id, std::get<Time>(v), t.duration);
                               }),
                   text("Move path in time")});
  table.push_back({"track.duration",
                   text("Duration"),
                   ParameterKind::Time,
                   {},
                   {},
                   readFocused([](const Track& t) -> std::optional<ParameterValue> {
                     if (t.kind == document::TrackKind::Pin)
                       return std::nullopt;
                     return Time{} + t.duration;
                   }),
                   writeTracks(kFocusedOnly,
                               [](const DocumentPtr& d, TakeId take, const Track& t, const ParameterValue& v) {
                                 return edit::setTrackTiming(d, take, t.id, t.start, std::get<Time>(v) - Time{});
                               }),
                   text("Change duration")});
  return table;
}

ParameterTable cameraParameters() {
  using Member = float CameraPose::*;
  const auto read = [](Member member, double unit) {
    return [member, unit](const ParameterSource& source) -> std::optional<ParameterValue> {
      const auto take = source.document->findTake(source.selection.take);
      if (!take || !source.selection.camera)
        return std::nullopt;
      return static_cast<double>(document::sampleCamera(take->camera, source.playhead).*member) * unit;
    };
  };
  const auto write = [](Member member, double unit) {
    return [member, unit](const DocumentPtr& document, const ParameterSource& source,
                          const ParameterValue& value) -> Result<DocumentPtr> {
      const auto take = document->findTake(source.selection.take);
      if (!take)
        return document;
      const Time at = std::clamp(source.playhead, Time{}, Time{} + take->length);
      CameraPose pose = document::sampleCamera(take->camera, at);
      pose.*member = static_cast<float>(std::get<double>(value) / unit);
      std::vector<document::CameraKey> keys = take->camera;
      const auto place =
          std::lower_bound(keys.begin(), keys.end(), at, [](const auto& key, Time t) { return key.at < t; });
      if (place != keys.end() && place->at == at)
        place->pose = pose;
      else
        keys.insert(place, {at, pose});
      return edit::setCamera(document, take->id, std::move(keys));
    };
  };
  constexpr double kDegrees = 180 / std::numbers::pi;
  const QString undo = text("Move camera");
  ParameterTable table;
  table.push_back({"camera.zoom",
                   text("Zoom"),
                   ParameterKind::Number,
                   {.25, 4, .01, 1, 2, QStringLiteral("×"), true},
                   {},
                   read(&CameraPose::zoom, 1),
                   write(&CameraPose::zoom, 1),
                   undo});
  table.push_back({"camera.panX",
                   text("Across"),
                   ParameterKind::Number,
                   {-100, 100, .5, 0, 1, QStringLiteral("%"), true},
                   {},
                   read(&CameraPose::panX, 100),
                   write(&CameraPose::panX, 100),
                   undo});
  table.push_back({"camera.panY",
                   text("Down"),
                   ParameterKind::Number,
                   {-100, 100, .5, 0, 1, QStringLiteral("%"), true},
                   {},
                   read(&CameraPose::panY, 100),
                   write(&CameraPose::panY, 100),
                   undo});
  table.push_back({"camera.rotation",
                   text("Turn"),
                   ParameterKind::Number,
                   {-180, 180, .5, 0, 1, QStringLiteral("°"), true},
                   {},
                   read(&CameraPose::rotation, kDegrees),
                   write(&CameraPose::rotation, kDegrees),
                   undo});
  return table;
}

ParameterTable clipParameters() {
  using document::Clip;
  using Reader = std::function<std::optional<ParameterValue>(const Clip&)>;
  using Writer = std::function<Result<DocumentPtr>(const DocumentPtr&, const Clip&, const ParameterValue&)>;
  const auto read = [](Reader reader) {
    return [reader = std::move(reader)](const ParameterSource& source) -> std::optional<ParameterValue> {
      const auto clip = source.document->findClip(source.selection.focusedClip());
      return clip ? reader(*clip) : std::nullopt;
    };
  };
  const auto write = [](Writer writer) {
    return [writer = std::move(writer)](const DocumentPtr& document, const ParameterSource& source,
                                        const ParameterValue& value) -> Result<DocumentPtr> {
      const auto clip = document->findClip(source.selection.focusedClip());
      return clip ? writer(document, *clip, value) : Result<DocumentPtr>(document);
    };
  };
  ParameterTable table;
  table.push_back({"clip.name",
                   text("Name"),
                   ParameterKind::Text,
                   {},
                   {},
                   read([](const Clip& c) { return QString::fromStdString(c.name); }),
                   write([](const DocumentPtr& d, const Clip& c, const ParameterValue& v) {
                     return edit::renameClip(d, c.id, std::get<QString>(v).trimmed().toStdString());
                   }),
                   text("Rename clip")});
  table.push_back({"clip.opacity",
                   text("Opacity"),
                   ParameterKind::Number,
                   {0, 100, 1, 100, 0, QStringLiteral("%"), true},
                   {},
                   read([](const Clip& c) { return c.opacity * 100.0; }),
                   write([](const DocumentPtr& d, const Clip& c, const ParameterValue& v) {
                     return edit::setClipPlacement(d, c.id, asFloat(v) / 100, c.scale, c.position);
                   }),
                   text("Change opacity")});
  table.push_back({"clip.scale",
                   text("Scale"),
                   ParameterKind::Number,
                   {1, 400, 1, 100, 0, QStringLiteral("%"), true},
                   {},
                   read([](const Clip& c) { return c.scale * 100.0; }),
                   write([](const DocumentPtr& d, const Clip& c, const ParameterValue& v) {
                     return edit::setClipPlacement(d, c.id, c.opacity, asFloat(v) / 100, c.position);
                   }),
                   text("Change scale")});
  const NumberRange pixels{-10'000, 10'000, 1, 0, 0, QStringLiteral("px"), false};
  table.push_back({"clip.x",
                   text("Across"),
                   ParameterKind::Number,
                   pixels,
                   {},
                   read([](const Clip& c) { return static_cast<double>(c.position.x); }),
                   write([](const DocumentPtr& d, const Clip& c, const ParameterValue& v) {
                     return edit::setClipPlacement(d, c.id, c.opacity, c.scale, {asFloat(v), c.position.y});
                   }),
                   text("Move clip picture")});
  table.push_back({"clip.y",
                   text("Down"),
                   ParameterKind::Number,
                   pixels,
                   {},
                   read([](const Clip& c) { return static_cast<double>(c.position.y); }),
                   write([](const DocumentPtr& d, const Clip& c, const ParameterValue& v) {
                     return edit::setClipPlacement(d, c.id, c.opacity, c.scale, {c.position.x, asFloat(v)});
                   }),
                   text("Move clip picture")});
  table.push_back({"clip.length",
                   text("Length"),
                   ParameterKind::Time,
                   {},
                   {},
                   read([](const Clip& c) { return Time{} + c.length; }),
                   write([](const DocumentPtr& d, const Clip& c, const ParameterValue& v) {
                     return edit::trimClipEnd(d, c.id, c.start + (std::get<Time>(v) - Time{}));
                   }),
                   text("Trim clip")});
  return table;
}

} // namespace kinora::ui
