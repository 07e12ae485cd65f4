// SPDX-License-Identifier: Apache-2.0
// Counted and measured facts of the running engine, for the stats panel and --json.
#pragma once

#include <cstdint>
#include <string>

namespace kinora::runtime {

struct EngineStats {
  // Frame loop, since start or ResetCounters
  std::int64_t frames = 0;
  std::int64_t late = 0;       // shown after their time
  std::int64_t duplicated = 0; // shown again because the next was not there
  std::int64_t skipped = 0;    // never shown, to keep time
  std::int64_t dropped = 0;    // replaced in the preview slot before the display took them
  double frameMsP50 = 0;       // engine-thread time of one frame over the last 240
  double frameMsP95 = 0;
  double frameMsMax = 0;
  double displayFps = 0;
  // Generation loop
  std::string modelName; // of the session in use
  double modelFps = 0;
  double prepareMs = 0;
  double liveDelayMs = 0; // hand to picture
  // Store
  std::int64_t storeMemoryBytes = 0;
  std::int64_t storeDiskBytes = 0;
  std::int64_t storeFrames = 0;
};

} // namespace kinora::runtime
