// SPDX-License-Identifier: Apache-2.0
// An open project and everything a panel needs, with an engine that only takes notes.
#pragma once

#include <memory>
#include <vector>

#include "engine/base/worker_pool.h"
#include "engine/document/edit.h"
#include "engine/document/starter.h"
#include "engine/gpu/frame_transport.h"
#include "ui/session/action_table.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/paint_settings.h"
#include "ui/session/preferences.h"
#include "ui/session/project_session.h"
#include "ui/session/theme.h"
#include "ui/session/ui_context.h"

namespace kinora::ui {

class NotingEngine : public EnginePort {
 public:
  void publish(document::DocumentPtr) override {}
  void send(runtime::Command command) override { commands.push_back(command); }
  void drag(TakeId, session::ControlSample sample) override { samples.push_back(sample); }
  JobId startExport(document::DocumentPtr, runtime::ExportRequest) override { return {}; }
  void cancelExport(JobId) override {}
  void describeMedia(std::filesystem::path) override {}
  void requestThumbnail(const runtime::ThumbnailRequest& request) override { thumbnails.push_back(request); }
  void requestMatte(TakeId, std::int32_t group) override { mattes.push_back(group); }
  std::optional<runtime::Event> nextEvent() override {
    if (events.empty())
      return std::nullopt;
    runtime::Event event = std::move(events.front());
    events.erase(events.begin());
    return event;
  }
  void setWakeUp(std::function<void()> ring) override { wakeUp = std::move(ring); }
  runtime::EngineStats stats() const override { return {}; }
  void tell(runtime::Event event) {
    events.push_back(std::move(event));
    wakeUp();
  }

  std::vector<runtime::Command> commands;
  std::vector<session::ControlSample> samples;
  std::vector<runtime::ThumbnailRequest> thumbnails;
  std::vector<std::int32_t> mattes;
  std::vector<runtime::Event> events;
  std::function<void()> wakeUp;
};

// A picture of 640 x 360 with an empty take of 4 s on one lane.
struct Studio {
  WorkerPool workers{1};
  NotingEngine port;
  EngineBridge engine{port};
  ProjectSession session{workers, {}};
  ThemeSource theme;
  ActionTable actions{theme};
  PaintSettings paint;
  Preferences preferences;
  UiContext context{session, engine, theme, actions, paint, preferences};
  std::unique_ptr<gpu::FrameTransport> transport = gpu::makeHostTransport();
  TakeId take;

  Studio() {
    QObject::connect(&session, &ProjectSession::documentChanged, &session,
                     [this] { engine.publish(session.document()); });
    document::MediaItem picture;
    picture.name = "photo.png";
    picture.path = "/tmp/photo.png";
    picture.size = {640, 360};
    auto made = document::projectForPicture(picture, Duration::fromSeconds(4), FrameRate{24, 1});
    take = made->id;
    session.replace(made->document);
  }

  TrackId addPath(std::vector<document::TrackPoint> points, const char* name = "Rocket") {
    document::Track track;
    track.name = name;
    track.group = 1;
    track.points = std::move(points);
    TrackId id;
    session.apply(QStringLiteral("Add"), [&](const document::DocumentPtr& d) -> Result<document::DocumentPtr> {
      auto made = document::edit::addTrack(d, take, track);
      if (!made)
        return fail(made);
      id = made->id;
      return made->document;
    });
    return id;
  }
  [[nodiscard]] document::TakePtr currentTake() const { return session.currentTake(); }
};

} // namespace kinora::ui
