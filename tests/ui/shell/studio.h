// SPDX-License-Identifier: Apache-2.0
// A window with everything around it but a real engine: what the window asks is recorded, answers come from the test.
#pragma once

#include <deque>
#include <vector>

#include "engine/base/worker_pool.h"
#include "engine/gpu/frame_transport.h"
#include "ui/session/action_table.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/paint_settings.h"
#include "ui/session/preferences.h"
#include "ui/session/project_session.h"
#include "ui/session/theme.h"
#include "ui/session/ui_context.h"

namespace kinora::ui {

class RecordingEngine : public EnginePort {
 public:
  void publish(document::DocumentPtr document) override { published.push_back(std::move(document)); }
  void send(runtime::Command command) override { commands.push_back(command); }
  void drag(TakeId, session::ControlSample) override {}
  JobId startExport(document::DocumentPtr, runtime::ExportRequest request) override {
    exports.push_back(std::move(request));
    return JobId{exports.size()};
  }
  void cancelExport(JobId job) override { cancelled.push_back(job); }
  void describeMedia(std::filesystem::path path) override { described.push_back(std::move(path)); }
  void requestThumbnail(const runtime::ThumbnailRequest& request) override { thumbnails.push_back(request); }
  void requestMatte(TakeId, std::int32_t) override {}
  std::optional<runtime::Event> nextEvent() override {
    if (events.empty())
      return std::nullopt;
    runtime::Event event = std::move(events.front());
    events.pop_front();
    return event;
  }
  void setWakeUp(std::function<void()> call) override { wakeUp = std::move(call); }
  runtime::EngineStats stats() const override { return numbers; }

  void tell(runtime::Event event) {
    events.push_back(std::move(event));
    if (wakeUp)
      wakeUp();
  }
  template <class T>
  [[nodiscard]] int count() const {
    int n = 0;
    for (const runtime::Command& command : commands)
      n += std::holds_alternative<T>(command.what) ? 1 : 0;
    return n;
  }

  std::vector<document::DocumentPtr> published;
  std::vector<runtime::Command> commands;
  std::vector<runtime::ExportRequest> exports;
  std::vector<JobId> cancelled;
  std::vector<std::filesystem::path> described;
  std::vector<runtime::ThumbnailRequest> thumbnails;
  std::deque<runtime::Event> events;
  std::function<void()> wakeUp;
  runtime::EngineStats numbers;
};

struct Studio {
  explicit Studio(std::filesystem::path recovery = {}) : session(workers, std::move(recovery)) {}

  WorkerPool workers{2};
  std::unique_ptr<gpu::FrameTransport> transport = gpu::makeHostTransport();
  RecordingEngine port;
  EngineBridge engine{port};
  ProjectSession session;
  ThemeSource theme;
  ActionTable actions{theme};
  PaintSettings paint;
  Preferences preferences;
  UiContext context{session, engine, theme, actions, paint, preferences};
};

} // namespace kinora::ui
