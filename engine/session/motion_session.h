// SPDX-License-Identifier: Apache-2.0
// A picture and where things in it go, frame by frame: what every motion engine takes in and gives out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/base/geometry.h"
#include "engine/base/id.h"
#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/session/session.h"

namespace kinora::session {

enum class TrackRole : std::uint8_t { Move, Hold };

// Where a track is at one frame. Hidden points keep their place ("goes behind").
struct TrackPosition {
  Point at; // pixels of the picture
  bool visible = true;

  friend constexpr bool operator==(const TrackPosition&, const TrackPosition&) = default;
};

// One painted path or pin, sampled at every frame. positions[0] is the place in the untouched picture.
struct ControlTrack {
  TrackId id;
  std::int32_t group = 0; // tracks of one painted object share it
  TrackRole role = TrackRole::Move;
  bool wholeObject = true;              // false: only what lies within grip of the point moves
  float grip = 24;                      // radius in pixels of the picture
  std::vector<TrackPosition> positions; // frameCount of them

  friend bool operator==(const ControlTrack&, const ControlTrack&) = default;
};

// A correction of one object's matte, in pixels of the picture. A brush stroke has a radius; a polygon has none and is
// closed. Later corrections win over earlier ones.
struct MatteCorrection {
  std::int32_t group = 0;
  bool add = true;  // false: takes away
  float radius = 0; // > 0: brush along points; 0: polygon
  std::vector<Point> points;

  friend bool operator==(const MatteCorrection&, const MatteCorrection&) = default;
};

struct MotionRequest {
  Image picture;   // Rgba8, host; the untouched picture
  Size outputSize; // size of the frames; the picture is scaled to it
  std::int64_t frameCount = 0;
  std::vector<ControlTrack> tracks; // front to back: a group's depth is that of its first track
  std::vector<CameraPose> camera;   // frameCount of them, or empty = still camera
  std::vector<MatteCorrection> corrections;
  std::string prompt;
  std::uint64_t seed = 0;
};

enum class ControlPhase : std::uint8_t { Begin, Move, End, Cancel };

// One pointer sample of a drag while it happens, taken over at the next chunk boundary. Begin names a track that may be
// new; from frame `frame` on the track is where the newest sample says.
struct ControlSample {
  ControlPhase phase = ControlPhase::Move;
  TrackId track;
  std::int32_t group = 0;
  bool wholeObject = true;
  float grip = 24;
  std::int64_t frame = 0;   // frame of the take at the time of the sample
  Point at;                 // pixels of the picture
  std::int64_t stampNs = 0; // steady clock, for measuring the delay between hand and picture
};

class MotionSession : public Session {
 public:
  // Takes a request over; keeps what an earlier one shares with it (a matte is not made again when only paths changed).
  // Ends a live drag. Errors: invalidArgument (names the track), outOfMemory, cancelled.
  [[nodiscard]] virtual Result<void> prepare(const MotionRequest& request, std::stop_token stop) = 0;

  // Live drag: samples in time order, between prepare calls. Applied before the next step.
  virtual void push(std::span<const ControlSample> samples) = 0;

  // Makes the next frames of `wanted` (at most info().chunkFrames), lowest first. Without random access `wanted.first`
  // must be the next frame in order, or 0 to start again.
  [[nodiscard]] virtual Result<std::vector<Frame>> step(FrameSpan wanted, std::stop_token stop) = 0;

  // Does the slow part that makes frames Final instead of Quick, in one go. True when frames made so far are outdated.
  // Called when nothing is waited for, and before an export.
  [[nodiscard]] virtual Result<bool> improve(std::stop_token stop) = 0;

  // True when improve() has nothing left to do.
  [[nodiscard]] virtual bool isFinal() const = 0;

  // Matte of one object, Gray8 in the picture's size, for the preview on the canvas. notFound when there is none.
  [[nodiscard]] virtual Result<Image> matte(std::int32_t group) const = 0;
};

// Makes a session for a model id; called on the inference thread.
using MotionSessionFactory = std::function<Result<std::unique_ptr<MotionSession>>(const std::string& modelId)>;

} // namespace kinora::session
