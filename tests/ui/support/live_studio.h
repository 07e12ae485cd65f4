// SPDX-License-Identifier: Apache-2.0
// An open project on a real engine whose model and whose engine thread stand still on request.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "app/kinora/runtime_engine.h"
#include "engine/base/worker_pool.h"
#include "engine/document/starter.h"
#include "engine/gpu/frame_transport.h"
#include "engine/media/image_file.h"
#include "engine/runtime/media_description.h"
#include "tests/engine/runtime/fake_motion.h"
#include "tests/support/files.h"
#include "tests/support/pictures.h"
#include "ui/session/action_table.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/paint_settings.h"
#include "ui/session/preferences.h"
#include "ui/session/project_session.h"
#include "ui/session/theme.h"
#include "ui/session/ui_context.h"

namespace kinora::test {

// A transport in host memory that holds the engine thread up while it is shut.
class GatedTransport : public gpu::FrameTransport {
 public:
  ~GatedTransport() override { open(); }
  void shut() { set(true); }
  void open() { set(false); }
  // The engine thread stands at the gate.
  [[nodiscard]] bool holds() const {
    const std::lock_guard lock(mutex_);
    return held_;
  }

  Result<gpu::WriteSlot> beginWrite(Size size) override {
    {
      std::unique_lock lock(mutex_);
      held_ = shut_;
      changed_.wait(lock, [this] { return !shut_; });
      held_ = false;
    }
    return inner_->beginWrite(size);
  }
  Result<void> endWrite(Time time, std::int64_t frameNumber) override { return inner_->endWrite(time, frameNumber); }
  gpu::FrameView latest() override { return inner_->latest(); }
  [[nodiscard]] gpu::TransportStats stats() const override { return inner_->stats(); }
  void setListener(std::function<void()> listener) override { inner_->setListener(std::move(listener)); }

 private:
  void set(bool shut) {
    {
      const std::lock_guard lock(mutex_);
      shut_ = shut;
    }
    changed_.notify_all();
  }

  std::unique_ptr<gpu::FrameTransport> inner_ = gpu::makeHostTransport();
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool shut_ = false;
  bool held_ = false;
};

// A picture of 640 x 360 with an empty take of 4 s on one lane, published to the engine with every change.
struct LiveStudio {
  TempFolder folder;
  WorkerPool workers{2};
  std::shared_ptr<MotionScript> script = std::make_shared<MotionScript>();
  GatedTransport transport;
  RuntimeEngine port{makeEngine()};
  ui::EngineBridge engine{port};
  ui::ProjectSession session{workers, {}};
  ui::ThemeSource theme;
  ui::ActionTable actions{theme};
  ui::PaintSettings paint;
  ui::Preferences preferences;
  ui::UiContext context{session, engine, theme, actions, paint, preferences};

  LiveStudio() {
    QObject::connect(&session, &ui::ProjectSession::documentChanged, &session,
                     [this] { engine.publish(session.document()); });
    const auto file = folder.file("photo.png");
    if (!media::writeImage(file, plainPicture({640, 360}, 250, 250, 250)))
      qFatal("the picture could not be written");
    const auto picture = runtime::describeMediaFile(file);
    auto made = document::projectForPicture(*picture, Duration::fromSeconds(4), FrameRate{24, 1});
    session.replace(made->document);
  }
  ~LiveStudio() {
    script->release();
    transport.open();
  }

 private:
  std::unique_ptr<runtime::Engine> makeEngine() {
    auto made = runtime::Engine::create(
        {}, workers, &transport,
        [script = script](const std::string& model) -> Result<std::unique_ptr<session::MotionSession>> {
          return std::make_unique<FakeMotion>(script, model);
        });
    if (!made)
      qFatal("%s", made.error().message.c_str());
    return std::move(*made);
  }
};

} // namespace kinora::test
