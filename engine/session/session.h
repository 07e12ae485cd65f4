// SPDX-License-Identifier: Apache-2.0
// What the runtime knows of whatever makes frames: a state machine that one inference thread drives, chunk by chunk.
// Weight-free engines (engine/vision) and neural ones (engine/inference) implement it; nobody else tells them apart.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/image.h"

namespace kinora::session {

// Facts that do not change while a session lives.
struct SessionInfo {
  std::string modelId;          // stable, part of every content key: "draft"
  std::string displayName;      // "Small motion model"
  std::int32_t revision = 1;    // raised when the same inputs give other pixels
  bool randomAccess = false;    // any frame may be asked for; else frames come in order from 0
  std::int32_t chunkFrames = 1; // frames that one step makes at most
};

// How good a frame is. A better one of the same content key replaces a lesser one; export takes Final only.
enum class Quality : std::uint8_t { Quick, Final };

struct Frame {
  std::int64_t index = 0;
  Image image;
  Quality quality = Quality::Final;
};

// Frames [first, first + count).
struct FrameSpan {
  std::int64_t first = 0;
  std::int64_t count = 0;

  friend constexpr bool operator==(FrameSpan, FrameSpan) = default;
};

// Measured, never guessed; 0 until measured.
struct SessionStats {
  double prepareMs = 0;       // last prepare
  double stepMs = 0;          // last step
  double framesPerSecond = 0; // over the last steps
  std::int64_t bytesHeld = 0;
};

// [inference] Every function, unless said otherwise. A stop request makes prepare, improve and step return
// ErrorCode::Cancelled within one layer or a few milliseconds and leaves the session as it was before the call.
class Session {
 public:
  virtual ~Session() = default;
  [[nodiscard]] virtual const SessionInfo& info() const = 0; // [any]
  [[nodiscard]] virtual SessionStats stats() const = 0;
};

} // namespace kinora::session
