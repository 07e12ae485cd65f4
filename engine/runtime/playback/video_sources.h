// SPDX-License-Identifier: Apache-2.0
// Open videos, one decode thread each: asked for a time, they work their way there and hand out what they have.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/base/time.h"

namespace kinora::runtime {

class VideoSource;

// A frame that may not be the right one yet.
struct SourceFrame {
  Image image;        // null: nothing was decoded so far
  bool exact = false; // it is the frame shown at the time asked for
  std::optional<Error> error;
};

// [engine] All functions.
class VideoSources {
 public:
  // At most `open` videos stay open; the longest unused one is closed. onArrived is called on a decode thread whenever
  // a frame came in.
  VideoSources(std::size_t open, std::function<void()> onArrived);
  ~VideoSources();
  VideoSources(const VideoSources&) = delete;
  VideoSources& operator=(const VideoSources&) = delete;

  // Never waits.
  [[nodiscard]] SourceFrame at(const std::filesystem::path& path, Time time);

 private:
  std::size_t open_;
  std::function<void()> onArrived_;
  std::vector<std::unique_ptr<VideoSource>> sources_; // newest used last
};

} // namespace kinora::runtime
