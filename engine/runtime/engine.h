// SPDX-License-Identifier: Apache-2.0
// Kinora without a window: plays, composes, generates and exports a document on its own threads. Nothing here waits for
// a model except the threads that run it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "engine/base/result.h"
#include "engine/base/worker_pool.h"
#include "engine/document/document.h"
#include "engine/runtime/command.h"
#include "engine/runtime/event.h"
#include "engine/runtime/export_request.h"
#include "engine/runtime/options.h"
#include "engine/runtime/stats.h"
#include "engine/session/motion_session.h"

namespace kinora::gpu {
class FrameTransport;
}

namespace kinora::runtime {

// Lives in the composition root. Its destructor cancels exports, stops every thread and joins it (order:
// engine/README).
class Engine {
 public:
  // Starts the threads. `transport` (may be null: no preview) and `workers` must outlive the engine; makeMotion runs on
  // the inference thread. Errors: invalidArgument, io (the store folder cannot be written).
  [[nodiscard]] static Result<std::unique_ptr<Engine>> create(EngineOptions options, WorkerPool& workers,
                                                              gpu::FrameTransport* transport,
                                                              session::MotionSessionFactory makeMotion);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // [gui] Newest wins; never blocks. The engine works on this document until the next call.
  void publish(document::DocumentPtr document);

  // [gui] In order, never blocks.
  void send(Command command);

  // [gui] One pointer sample of a drag on a take while it happens; none is lost. Begin opens the live picture of that
  // take; End or Cancel closes it (after End, publish the document that holds the new path).
  void drag(TakeId take, session::ControlSample sample);

  // [gui] Exports run beside playback, one after another. Errors arrive as ExportFinished events.
  JobId startExport(document::DocumentPtr document, ExportRequest request);
  void cancelExport(JobId job); // stops within a second; the part file is removed

  // [gui] Answers arrive as events: MediaDescribed, ThumbnailReady, MatteReady.
  void describeMedia(std::filesystem::path path);
  void requestThumbnail(const ThumbnailRequest& request);
  void requestMatte(TakeId take, std::int32_t group);

  // [gui] Oldest event not yet taken.
  [[nodiscard]] std::optional<Event> nextEvent();
  // [gui] Called from any engine thread whenever an event was added; must return at once (post to an event loop). A
  // call that has begun may still end after the engine is gone, so the function owns what it touches.
  void setWakeUp(std::function<void()> wakeUp);

  // [any]
  [[nodiscard]] EngineStats stats() const;

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace kinora::runtime
