// SPDX-License-Identifier: Apache-2.0
// What a person does to playback, with the time of doing it.
#pragma once

#include <chrono>
#include <variant>

#include "engine/base/time.h"

namespace kinora::runtime {

struct Play {
  double speed = 1; // negative runs backwards
};
struct Pause {};
// Shows the frame at `to`. While scrubbing only the newest position counts; the last one is shown exactly.
struct Seek {
  Time to;
};
struct Step {
  int frames = 1;
};
// Every frame at its time and late ones skipped, or every frame in order however long it takes.
struct SetPlaybackRule {
  bool everyFrame = false;
};
struct ResetCounters {};

struct Command {
  std::variant<Play, Pause, Seek, Step, SetPlaybackRule, ResetCounters> what;
  std::chrono::steady_clock::time_point at = std::chrono::steady_clock::now();
};

} // namespace kinora::runtime
