// SPDX-License-Identifier: Apache-2.0
// The whole project as one immutable value with shared parts: keeping or comparing a pointer is keeping or comparing
// it.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/content_key.h"
#include "engine/base/geometry.h"
#include "engine/base/id.h"
#include "engine/base/time.h"

namespace kinora::document {

// Members of an object in a project file that this version does not know, kept for writing. Opaque, shared, compared by
// value.
class UnknownFields {
 public:
  struct Members; // unknown_fields_p.h
  UnknownFields() = default;
  explicit UnknownFields(std::shared_ptr<const Members> members) : members_(std::move(members)) {}
  [[nodiscard]] bool isEmpty() const { return members_ == nullptr; }
  [[nodiscard]] const Members* members() const { return members_.get(); }
  friend bool operator==(const UnknownFields&, const UnknownFields&);

 private:
  std::shared_ptr<const Members> members_; // null = none
};

enum class MediaKind : std::uint8_t { Picture, Video, Sound };

// A file that the project uses. Never embedded.
struct MediaItem {
  MediaId id;
  std::string name;           // what people see; the file name by default
  std::filesystem::path path; // absolute in memory, relative to the project file on disk
  ContentKey hash;            // of the file's bytes; null when never read
  MediaKind kind = MediaKind::Picture;
  Size size;       // pictures and video
  Duration length; // video and sound
  UnknownFields unknown{};

  friend bool operator==(const MediaItem&, const MediaItem&) = default;
};

enum class TrackKind : std::uint8_t { Path, Pin };
enum class TrackMoves : std::uint8_t { Object, Point }; // the painted object, or only what lies within the grip

// One point of a path: place in pixels of the picture, time from the track's start.
struct TrackPoint {
  Duration at;
  Point position;
  bool visible = true; // false from here to the next point: "behind"

  friend constexpr bool operator==(const TrackPoint&, const TrackPoint&) = default;
};

// Speed along a path: a cubic Bézier from (0,0) to (1,1), x = share of the duration, y = share of the recorded time.
// Linear keeps the time as drawn.
struct Easing {
  std::array<float, 2> first{1.F / 3, 1.F / 3};
  std::array<float, 2> second{2.F / 3, 2.F / 3};

  [[nodiscard]] bool isLinear() const { return first[0] == first[1] && second[0] == second[1]; }
  // x and result in [0, 1].
  [[nodiscard]] double at(double x) const;
  friend constexpr bool operator==(const Easing&, const Easing&) = default;
};

// A painted path or pin of a take.
struct Track {
  TrackId id;
  std::string name;
  TrackKind kind = TrackKind::Path;
  std::string colour = "amber"; // id in the theme's track palette
  std::int32_t group = 0;       // tracks of one painted object share it; 0 = its own
  TrackMoves moves = TrackMoves::Object;
  float grip = 24;     // pixels of the picture
  float strength = 1;  // 0..1: share of the drawn motion that happens
  bool enabled = true; // the eye: a hidden track does nothing
  bool locked = false;
  bool solo = false;
  Time start;        // on the take's time line
  Duration duration; // rests at its first point before start and at its last after start + duration
  Easing easing;
  std::vector<TrackPoint> points; // at least one; `at` strictly ascending within [0, duration]; a pin's are all equal
  UnknownFields unknown{};

  friend bool operator==(const Track&, const Track&) = default;
};
using TrackPtr = std::shared_ptr<const Track>;

struct CameraKey {
  Time at;
  CameraPose pose;
  UnknownFields unknown{};

  friend bool operator==(const CameraKey&, const CameraKey&) = default;
};

// A correction painted on an object's matte; see session::MatteCorrection.
struct MatteEdit {
  std::int32_t group = 0;
  bool add = true;
  float radius = 0;
  std::vector<Point> points;
  UnknownFields unknown{};

  friend bool operator==(const MatteEdit&, const MatteEdit&) = default;
};

// A picture and everything painted on it.
struct Take {
  TakeId id;
  std::string name;
  MediaId picture;
  std::string model = "draft";
  std::uint64_t seed = 0;
  std::string prompt;
  Duration length;
  std::vector<TrackPtr> tracks;  // front to back
  std::vector<CameraKey> camera; // ascending; empty = still
  std::vector<MatteEdit> matteEdits;
  UnknownFields unknown{};

  friend bool operator==(const Take&, const Take&);
};
using TakePtr = std::shared_ptr<const Take>;

enum class ClipKind : std::uint8_t { Media, Take };

// A piece of the timeline: shows media or a take.
struct Clip {
  ClipId id;
  std::string name;
  ClipKind kind = ClipKind::Media;
  MediaId media; // kind Media
  TakeId take;   // kind Take
  Time start;    // on the timeline
  Duration length;
  Duration sourceIn; // where in the media or take it begins
  float opacity = 1;
  float scale = 1; // after fitting into the frame
  Point position;  // offset of the centre in pixels of the frame
  UnknownFields unknown{};

  [[nodiscard]] TimeRange range() const { return {start, length}; }
  friend bool operator==(const Clip&, const Clip&) = default;
};
using ClipPtr = std::shared_ptr<const Clip>;

enum class LaneKind : std::uint8_t { Picture, Sound };

// A row of the timeline. Clips do not overlap and are sorted by start.
struct Lane {
  LaneId id;
  std::string name;
  LaneKind kind = LaneKind::Picture;
  bool enabled = true; // eye or speaker
  bool locked = false;
  std::vector<ClipPtr> clips;
  UnknownFields unknown{};

  friend bool operator==(const Lane&, const Lane&);
};
using LanePtr = std::shared_ptr<const Lane>;

struct Marker {
  Time at;
  std::string name;
  std::string colour = "amber";
  UnknownFields unknown{};

  friend bool operator==(const Marker&, const Marker&) = default;
};

// Frame of the finished picture.
struct FrameSettings {
  Size size{1280, 720};
  FrameRate rate{24, 1};

  friend constexpr bool operator==(const FrameSettings&, const FrameSettings&) = default;
};

struct Document {
  std::string name = "Untitled";
  FrameSettings frame;
  std::vector<std::shared_ptr<const MediaItem>> media;
  std::vector<TakePtr> takes;
  std::vector<LanePtr> lanes;  // top lane first: it covers those below
  std::vector<Marker> markers; // ascending, one per time
  bool loop = true;
  Time markIn; // in and out marks; equal = none
  Time markOut;
  std::uint64_t nextId = 1; // ids are never used twice within a document
  UnknownFields unknown{};

  // Null when there is none. Lookup by id is linear in the number of that kind of thing.
  [[nodiscard]] const MediaItem* findMedia(MediaId id) const;
  [[nodiscard]] TakePtr findTake(TakeId id) const;
  [[nodiscard]] LanePtr findLane(LaneId id) const;
  [[nodiscard]] ClipPtr findClip(ClipId id) const;
  // End of the last clip.
  [[nodiscard]] Duration length() const;

  // Deep comparison of values (shared parts are equal at once).
  friend bool operator==(const Document&, const Document&);
};
using DocumentPtr = std::shared_ptr<const Document>;

} // namespace kinora::document
