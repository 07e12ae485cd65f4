// SPDX-License-Identifier: Apache-2.0
// An engine with a painted project, its preview and its events, for tests that wait for what happens.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <QtTest/QTest>

#include "engine/base/doorbell.h"
#include "engine/document/edit.h"
#include "engine/document/starter.h"
#include "engine/gpu/frame_transport.h"
#include "engine/media/image_file.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/media_description.h"
#include "tests/engine/runtime/fake_motion.h"
#include "tests/support/files.h"
#include "tests/support/pictures.h"

namespace kinora::test {

template <class T>
T must(Result<T> result) {
  if (!result)
    qFatal("%s", result.error().text().c_str());
  return std::move(*result);
}
inline void must(const Result<void>& result) {
  if (!result)
    qFatal("%s", result.error().text().c_str());
}

// A frame of the preview: its number on the timeline and its one colour.
struct Shown {
  std::uint64_t serial = 0;
  std::int64_t number = -1;
  int red = 0;
  int green = 0;
  int blue = 0;

  // Made by the session for this frame of the take.
  [[nodiscard]] bool isMade(std::int64_t frame) const { return blue == kMade && red == frame; }
  [[nodiscard]] bool isLive() const { return blue == kLive; }
};

class EngineRig {
 public:
  using Steady = std::chrono::steady_clock;
  static constexpr Size kSize{64, 48};
  static constexpr FrameRate kRate{24, 1};
  static constexpr std::int64_t kFrameBytes = kSize.area() * 4;
  static constexpr unsigned char kUntouched = 250; // every channel of the picture

  // One take of two seconds on one lane: 48 frames. The engine has not seen it yet.
  explicit EngineRig(runtime::EngineOptions options = {}) {
    const auto picture = folder.file("photo.png");
    must(media::writeImage(picture, plainPicture(kSize, kUntouched, kUntouched, kUntouched)));
    auto made =
        must(document::projectForPicture(must(runtime::describeMediaFile(picture)), Duration::fromSeconds(2), kRate));
    document = made.document;
    take = made.id;
    engine = must(runtime::Engine::create(
        std::move(options), workers, transport.get(),
        [script = script](const std::string& model) -> Result<std::unique_ptr<session::MotionSession>> {
          if (model == "broken")
            return kinora::fail(ErrorCode::NotFound, "This model is not installed.");
          return std::make_unique<FakeMotion>(script, model);
        }));
    const auto ring = [bell = bell] { bell->ring(); };
    engine->setWakeUp(ring);
    transport->setListener(ring);
    script->onChange(ring);
  }

  // The same project with one straight path to x.
  [[nodiscard]] document::DocumentPtr withPathTo(float x) const {
    document::Track track;
    track.points = {{Duration{}, {1, 5}, true}, {Duration::fromSeconds(1), {x, 5}, true}};
    track.duration = Duration::fromSeconds(1);
    return must(document::edit::addTrack(document, take, track)).document;
  }

  // Waits until `reached` holds, looking again after every event, frame and step of the session. False: it did not
  // within the time. Every frame taken meanwhile goes to `onFrame` too.
  bool until(const std::function<bool()>& reached, std::chrono::seconds atMost = std::chrono::seconds(20)) {
    const auto deadline = Steady::now() + atMost;
    for (;;) {
      look();
      if (reached())
        return true;
      if (Steady::now() >= deadline)
        return false;
      bell->waitUntil(deadline, {});
    }
  }
  bool untilShown(const std::function<bool(const Shown&)>& wanted) {
    return until([&] { return shown.serial > 0 && wanted(shown); });
  }
  // The oldest event of a kind that fits, waited for.
  template <class Kind>
  std::optional<Kind> untilEvent(const std::function<bool(const Kind&)>& fits = [](const Kind&) { return true; }) {
    std::optional<Kind> found;
    until([&] {
      while (!events.empty() && !found) {
        if (auto* event = std::get_if<Kind>(&events.front()); event && fits(*event))
          found = std::move(*event);
        events.pop_front();
      }
      return found.has_value();
    });
    return found;
  }

  void seek(std::int64_t frame) { engine->send({runtime::Seek{kRate.timeOf(frame)}}); }
  void drag(session::ControlPhase phase, std::int64_t frame, float x) {
    session::ControlSample sample;
    sample.phase = phase;
    sample.track = TrackId{1};
    sample.frame = frame;
    sample.at = {x, 5};
    engine->drag(take, sample);
  }

  TempFolder folder;
  WorkerPool workers{2};
  std::shared_ptr<MotionScript> script = std::make_shared<MotionScript>();
  std::shared_ptr<Doorbell> bell = std::make_shared<Doorbell>();
  std::unique_ptr<gpu::FrameTransport> transport = gpu::makeHostTransport();
  document::DocumentPtr document;
  TakeId take;
  std::deque<runtime::Event> events; // not looked at yet
  Shown shown;                       // newest
  std::function<void(const Shown&)> onFrame;
  std::unique_ptr<runtime::Engine> engine; // last: goes first

 private:
  void look() {
    while (auto event = engine->nextEvent())
      events.push_back(std::move(*event));
    const gpu::FrameView view = transport->latest();
    if (view.isNull() || view.serial == shown.serial)
      return;
    const auto* pixel =
        reinterpret_cast<const unsigned char*>(view.pixels + view.strideBytes * (view.size.height / 2)) +
        static_cast<std::ptrdiff_t>(4) * (view.size.width / 2);
    shown = {view.serial, view.frameNumber, pixel[0], pixel[1], pixel[2]};
    if (onFrame)
      onFrame(shown);
  }
};

} // namespace kinora::test
