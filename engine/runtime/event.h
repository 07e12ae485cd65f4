// SPDX-License-Identifier: Apache-2.0
// What the engine tells: state, progress, answers, failures. Coalesced: of states only the newest of a kind waits.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/id.h"
#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/base/time.h"
#include "engine/document/document.h"

namespace kinora::runtime {

struct PlaybackState {
  bool playing = false;
  double speed = 1;
  Time playhead; // of the frame that was handed to the preview last
  std::int64_t lateFrames = 0;
};

enum class SpanState : std::uint8_t { Ready, Generating, NeedsWork, Failed };

// How far a take's frames are, for the cache strip. Spans cover [0, frames) in order.
struct TakeProgress {
  struct Span {
    std::int64_t first = 0;
    std::int64_t count = 0;
    SpanState state = SpanState::NeedsWork;

    friend constexpr bool operator==(const Span&, const Span&) = default;
  };
  TakeId take;
  FrameRate rate;
  std::vector<Span> spans;
  std::string failure; // why, when a span is Failed
};

// While a hand drags: where the generator is.
struct LiveState {
  TakeId take;
  TrackId track;
  std::int64_t frame = 0; // newest frame shown
  double delayMs = 0;     // from the pointer sample to its picture
};

struct ExportProgress {
  JobId job;
  std::int64_t framesDone = 0;
  std::int64_t framesTotal = 0;
  double secondsLeft = -1; // negative until measured
};

struct ExportFinished {
  JobId job;
  Result<std::filesystem::path> file; // the finished file, or why there is none (Cancelled included)
};

struct MediaDescribed {
  std::filesystem::path path;
  Result<document::MediaItem> item; // id not set
};

// Asks for a small picture of a file, fitted into `box`.
struct ThumbnailRequest {
  std::filesystem::path path;
  Time at;
  Size box{160, 90};
  std::uint64_t tag = 0; // comes back with the answer
};
struct ThumbnailReady {
  std::uint64_t tag = 0;
  Result<Image> image;
};

struct MatteReady {
  TakeId take;
  std::int32_t group = 0;
  Result<Image> matte; // Gray8, size of the picture
};

// Something went wrong outside any job; shown in the window.
struct EngineFailure {
  Error error;
};

using Event = std::variant<PlaybackState, TakeProgress, LiveState, ExportProgress, ExportFinished, MediaDescribed,
                           ThumbnailReady, MatteReady, EngineFailure>;

} // namespace kinora::runtime
