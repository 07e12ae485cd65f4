// SPDX-License-Identifier: Apache-2.0
// What the window asks of an engine, and nothing else: the composition root passes the real one in, a test one that
// stalls or records.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

#include "engine/base/id.h"
#include "engine/document/document.h"
#include "engine/runtime/command.h"
#include "engine/runtime/event.h"
#include "engine/runtime/export_request.h"
#include "engine/runtime/stats.h"
#include "engine/session/motion_session.h"

namespace kinora::ui {

// [gui] Every function; none of them may block. Meaning as in runtime::Engine.
class EnginePort {
 public:
  virtual ~EnginePort() = default;
  virtual void publish(document::DocumentPtr document) = 0;
  virtual void send(runtime::Command command) = 0;
  virtual void drag(TakeId take, session::ControlSample sample) = 0;
  virtual JobId startExport(document::DocumentPtr document, runtime::ExportRequest request) = 0;
  virtual void cancelExport(JobId job) = 0;
  virtual void describeMedia(std::filesystem::path path) = 0;
  virtual void requestThumbnail(const runtime::ThumbnailRequest& request) = 0;
  virtual void requestMatte(TakeId take, std::int32_t group) = 0;
  [[nodiscard]] virtual std::optional<runtime::Event> nextEvent() = 0;
  // wakeUp is called from any thread.
  virtual void setWakeUp(std::function<void()> wakeUp) = 0;
  [[nodiscard]] virtual runtime::EngineStats stats() const = 0;
};

} // namespace kinora::ui
