// SPDX-License-Identifier: Apache-2.0
// Brings frames that lie on disk into memory before they are due, on a thread of its own: neither playback nor a model
// waits for the disk.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/runtime/generation/frame_store.h"

namespace kinora::runtime {

class FrameLoader {
 public:
  // onLoaded is called on the loader's thread after every frame that came in. The store must outlive the loader.
  FrameLoader(FrameStore& store, std::function<void()> onLoaded);
  ~FrameLoader(); // ends after the frame that is read
  FrameLoader(const FrameLoader&) = delete;
  FrameLoader& operator=(const FrameLoader&) = delete;

  // [engine] These frames are wanted, the first one first. Replaces what was wanted before; never waits.
  void want(std::vector<FrameId> frames);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace kinora::runtime
