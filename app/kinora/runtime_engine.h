// SPDX-License-Identifier: Apache-2.0
// The real engine behind the port that the window talks to.
#pragma once

#include <memory>
#include <utility>

#include "engine/runtime/engine.h"
#include "ui/session/engine_port.h"

namespace kinora {

class RuntimeEngine final : public ui::EnginePort {
public:
  explicit RuntimeEngine(std::unique_ptr<runtime::Engine> engine) : engine_(std::move(engine)) {}

  void publish(document::DocumentPtr document) override { engine_->publish(std::move(document)); }
  void send(runtime::Command command) override { engine_->send(command); }
  void drag(TakeId take, session::ControlSample sample) override { engine_->drag(take, sample); }
  JobId startExport(document::DocumentPtr document, runtime::ExportRequest request) override {
    return engine_->startExport(std::move(document), std::move(request));
  }
  void cancelExport(JobId job) override { engine_->cancelExport(job); }
  void describeMedia(std::filesystem::path path) override { engine_->describeMedia(std::move(path)); }
  void requestThumbnail(const runtime::ThumbnailRequest& request) override { engine_->requestThumbnail(request); }
  void requestMatte(TakeId take, std::int32_t group) override { engine_->requestMatte(take, group); }
  [[nodiscard]] std::optional<runtime::Event> nextEvent() override { return engine_->nextEvent(); }
  void setWakeUp(std::function<void()> wakeUp) override { engine_->setWakeUp(std::move(wakeUp)); }
  [[nodiscard]] runtime::EngineStats stats() const override { return engine_->stats(); }

private:
  std::unique_ptr<runtime::Engine> engine_;
};

} // namespace kinora
