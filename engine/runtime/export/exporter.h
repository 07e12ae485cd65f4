// SPDX-License-Identifier: Apache-2.0
// Renders documents to files, one after another, beside playback. Waits for every frame to be as good as it gets.
#pragma once

#include <memory>

#include "engine/base/id.h"
#include "engine/base/worker_pool.h"
#include "engine/document/document.h"
#include "engine/runtime/event_queue.h"
#include "engine/runtime/export_request.h"
#include "engine/runtime/generation/frame_store.h"
#include "engine/runtime/generation/generation_loop.h"
#include "engine/runtime/plan/model_table.h"
#include "engine/runtime/playback/picture_cache.h"

namespace kinora::runtime {

class Exporter {
 public:
  struct Environment {
    WorkerPool& workers;
    FrameStore& store;
    PictureCache& pictures;
    ModelTable& models;
    EventQueue& events;
    GenerationLoop& generation;
  };
  explicit Exporter(Environment environment);
  ~Exporter(); // cancels what runs and waits, then joins
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  // [gui] Answered by ExportProgress and one ExportFinished.
  void start(JobId job, document::DocumentPtr document, ExportRequest request);
  void cancel(JobId job);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace kinora::runtime
