// SPDX-License-Identifier: Apache-2.0
// The thread that runs the models. Decides what to make next: what the hand drags, what is on screen, what an export
// waits for, what comes next on the timeline, and then better versions of all that.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/channel.h"
#include "engine/base/doorbell.h"
#include "engine/base/mailbox.h"
#include "engine/runtime/event_queue.h"
#include "engine/runtime/generation/frame_store.h"
#include "engine/runtime/plan/model_table.h"
#include "engine/runtime/plan/plan.h"
#include "engine/runtime/playback/picture_cache.h"
#include "engine/session/motion_session.h"

namespace kinora::runtime {

// What the frame loop shows at the moment.
struct WorkOrder {
  PlanPtr plan;
  std::int64_t playhead = 0;  // frame of the timeline
  std::uint64_t document = 0; // number of the document that the plan was made of
};

// Frames that an export needs, the next one first.
struct ExportDemand {
  GenerationNodePtr node; // null: nothing
  session::FrameSpan span;
};

// A frame of a drag that is going on.
struct LiveFrame {
  TakeId take;
  std::int64_t frame = 0;
  std::int64_t stampNs = 0; // of the newest sample in it
  Image image;
};

struct GenerationStats {
  std::string modelName;
  double modelFps = 0;
  double prepareMs = 0;
  double liveDelayMs = 0;
};

class GenerationLoop {
 public:
  struct Environment {
    FrameStore& store;
    PictureCache& pictures;
    ModelTable& models;
    EventQueue& events;
    session::MotionSessionFactory makeMotion;
    std::function<void()> onProgress; // frames came in, or a model became known; called on the inference thread
  };
  explicit GenerationLoop(Environment environment);
  ~GenerationLoop(); // cancels what runs and joins
  GenerationLoop(const GenerationLoop&) = delete;
  GenerationLoop& operator=(const GenerationLoop&) = delete;

  // [engine] Newest wins; a step whose frames nobody wants any more is cancelled.
  void order(WorkOrder order);
  // [encode] Newest wins.
  void demand(ExportDemand demand);
  // [any] Never blocks; samples keep their order. A drag waits for the order of the document that it began on.
  void drag(TakeId take, const session::ControlSample& sample, std::uint64_t document);
  // [any] The answer is a MatteReady event.
  void askMatte(TakeId take, std::int32_t group);
  // [encode] Ready when the model's revision is in the table.
  [[nodiscard]] std::future<void> askModel(const std::string& model);

  // [engine] True when a newer live frame was there; liveFrame() then is that frame.
  [[nodiscard]] bool takeLiveFrame();
  [[nodiscard]] const LiveFrame& liveFrame() const;

  [[nodiscard]] GenerationStats stats() const; // [any]

 private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace kinora::runtime
