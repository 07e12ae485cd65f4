// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/playback/frame_loader.h"

#include <thread>
#include <utility>

#include "engine/base/doorbell.h"
#include "engine/base/mailbox.h"
#include "engine/base/thread_role.h"

namespace kinora::runtime {

struct FrameLoader::State {
  FrameStore& store;
  std::function<void()> onLoaded;
  Mailbox<std::vector<FrameId>> wanted;
  Doorbell bell;
  std::jthread thread; // last

  void run(const std::stop_token& stop) {
    const ScopedThreadRole role(ThreadRole::Decode);
    while (bell.wait(stop)) {
      wanted.take();
      for (std::size_t i = 0; i < wanted.latest().size() && !stop.stop_requested(); ++i) {
        if (store.isOnlyOnDisk(wanted.latest()[i]) && store.load(wanted.latest()[i]))
          onLoaded();
        if (wanted.take())
          i = static_cast<std::size_t>(-1); // begin anew
      }
    }
  }
};

FrameLoader::FrameLoader(FrameStore& store, std::function<void()> onLoaded)
    : state_(new State{store, std::move(onLoaded), {}, {}, {}}) {
  state_->thread = std::jthread([state = state_.get()](const std::stop_token& stop) { state->run(stop); });
}

FrameLoader::~FrameLoader() {
  state_->thread.request_stop();
  state_->thread.join();
}

void FrameLoader::want(std::vector<FrameId> frames) {
  state_->wanted.put(std::move(frames));
  state_->bell.ring();
}

} // namespace kinora::runtime
