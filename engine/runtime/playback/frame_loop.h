// SPDX-License-Identifier: Apache-2.0
// The thread that plays: keeps the clock, decides which frame is due, composes it from what is there and hands it over.
// It never waits for a model, a disk or a display.
#pragma once

#include <cstdint>
#include <memory>

#include "engine/base/worker_pool.h"
#include "engine/document/document.h"
#include "engine/gpu/frame_transport.h"
#include "engine/runtime/command.h"
#include "engine/runtime/event_queue.h"
#include "engine/runtime/generation/frame_store.h"
#include "engine/runtime/generation/generation_loop.h"
#include "engine/runtime/plan/model_table.h"
#include "engine/runtime/playback/picture_cache.h"
#include "engine/runtime/stats.h"
#include "engine/session/motion_session.h"

namespace kinora::runtime {

class FrameLoop {
 public:
  struct Environment {
    WorkerPool& workers;
    FrameStore& store;
    PictureCache& pictures;
    ModelTable& models;
    EventQueue& events;
    gpu::FrameTransport* transport; // may be null: nothing is shown
  };
  explicit FrameLoop(Environment environment);
  ~FrameLoop(); // stops and joins
  FrameLoop(const FrameLoop&) = delete;
  FrameLoop& operator=(const FrameLoop&) = delete;

  // Begins to run; orders go to `generation`, which must live until stop().
  void start(GenerationLoop& generation);
  void stop();

  // [gui] Gives the document's number: 1 for the first, then one more each time.
  std::uint64_t publish(document::DocumentPtr document);
  void send(const Command& command); // [gui]
  // [gui] A drag on a take of the document of that number began, moved or ended: the live picture is shown meanwhile.
  void noteDrag(TakeId take, session::ControlPhase phase, std::int64_t frame, std::uint64_t document);
  // [any] Something arrived: look again.
  void wake();
  // [any] Frame-loop and store figures; the generation loop's are added by the engine.
  [[nodiscard]] EngineStats stats() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace kinora::runtime
