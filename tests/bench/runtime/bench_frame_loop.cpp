// SPDX-License-Identifier: Apache-2.0
// The engine thread at 1280 x 720 with every frame ready: its time per frame, from a publish to the picture, from a
// seek to the picture, and the plan of a long timeline built anew. bench_frame_loop [--json] [--runs N]. Milliseconds.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "engine/base/doorbell.h"
#include "engine/document/edit.h"
#include "engine/document/starter.h"
#include "engine/gpu/frame_transport.h"
#include "engine/media/image_file.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/media_description.h"
#include "engine/runtime/plan/plan.h"
#include "tests/support/files.h"
#include "tests/support/pictures.h"

using namespace kinora;
using namespace kinora::runtime;

namespace {

using Clock = std::chrono::steady_clock;
constexpr Size kSize{1280, 720};
constexpr FrameRate kRate{24, 1};
constexpr std::int64_t kFrames = 48;

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().text().c_str());
    std::exit(1);
  }
  return std::move(*result);
}

double msSince(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

// Shows the picture as it is: what is measured is the engine, not a model.
class StillMotion : public session::MotionSession {
 public:
  const session::SessionInfo& info() const override { return info_; }
  session::SessionStats stats() const override { return {}; }
  Result<void> prepare(const session::MotionRequest& request, std::stop_token) override {
    picture_ = request.picture;
    return {};
  }
  void push(std::span<const session::ControlSample>) override {}
  Result<std::vector<session::Frame>> step(session::FrameSpan wanted, std::stop_token) override {
    return std::vector{session::Frame{wanted.first, picture_, session::Quality::Final}};
  }
  Result<bool> improve(std::stop_token) override { return false; }
  bool isFinal() const override { return true; }
  Result<Image> matte(std::int32_t) const override { return kinora::fail(ErrorCode::NotFound, "No objects."); }

 private:
  session::SessionInfo info_{"draft", "Still", 1, true, 1};
  Image picture_;
};

// 16 lanes of 1000 clips each; the n-th clip of every lane shows the n-th of 1000 takes.
document::DocumentPtr longTimeline(const document::DocumentPtr& base, TakeId take) {
  auto document = std::make_shared<document::Document>(*base);
  document->lanes.clear();
  std::vector<TakeId> takes;
  for (int t = 0; t < 1000; ++t) {
    auto copy = std::make_shared<document::Take>(*base->findTake(take));
    copy->id = {document->nextId++};
    takes.push_back(copy->id);
    document->takes.push_back(std::move(copy));
  }
  for (int l = 0; l < 16; ++l) {
    auto lane = std::make_shared<document::Lane>();
    lane->id = {document->nextId++};
    for (int c = 0; c < 1000; ++c) {
      auto clip = std::make_shared<document::Clip>();
      clip->id = {document->nextId++};
      clip->kind = document::ClipKind::Take;
      clip->take = takes[static_cast<std::size_t>(c)];
      clip->start = Time::fromSeconds(c * 2.0);
      clip->length = Duration::fromSeconds(2);
      lane->clips.push_back(std::move(clip));
    }
    document->lanes.push_back(std::move(lane));
  }
  return document;
}

struct Row {
  std::string name;
  double least = 0;
  double median = 0;
};

Row rowOf(std::string name, std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {std::move(name), values.front(), values[values.size() / 2]};
}

} // namespace

int main(int argc, char** argv) {
  bool json = false;
  int runs = 50;
  for (int i = 1; i < argc; ++i) {
    const std::string_view a = argv[i];
    json = json || a == "--json";
    if (a == "--runs" && i + 1 < argc)
      runs = std::max(1, std::atoi(argv[++i]));
  }
  const test::TempFolder folder;
  const auto picture = folder.file("picture.png");
  if (const auto written = media::writeImage(picture, test::texturedPicture(kSize, 3)); !written) {
    std::fprintf(stderr, "%s\n", written.error().text().c_str());
    return 1;
  }
  const auto project =
      must(document::projectForPicture(must(describeMediaFile(picture)), kRate.timeOf(kFrames) - Time{}, kRate));
  WorkerPool workers(2);
  const auto bell = std::make_shared<Doorbell>();
  const auto transport = gpu::makeHostTransport();
  transport->setListener([bell] { bell->ring(); });
  const auto engine = must(Engine::create({}, workers, transport.get(),
                                          [](const std::string&) -> Result<std::unique_ptr<session::MotionSession>> {
                                            return std::make_unique<StillMotion>();
                                          }));
  engine->setWakeUp([bell] { bell->ring(); });
  std::uint64_t serial = 0;
  const auto nextFrame = [&] {
    for (gpu::FrameView view = transport->latest();; view = transport->latest()) {
      if (view.serial > serial) {
        serial = view.serial;
        return;
      }
      bell->wait({});
    }
  };

  engine->publish(project.document);
  for (bool ready = false; !ready;) {
    while (const auto event = engine->nextEvent())
      if (const auto* progress = std::get_if<TakeProgress>(&*event))
        ready = progress->spans.size() == 1 && progress->spans.front().state == SpanState::Ready;
    if (!ready)
      bell->wait({});
  }
  // The first frame may be handed over twice while the project becomes ready.
  engine->send({Seek{kRate.timeOf(kFrames - 1)}});
  for (gpu::FrameView view = transport->latest(); view.frameNumber != kFrames - 1; view = transport->latest())
    bell->wait({});
  serial = transport->latest().serial;

  std::vector<double> seek;
  std::vector<double> publish;
  engine->send({ResetCounters{}});
  for (int i = 0; i < runs; ++i) {
    const auto begin = Clock::now();
    engine->send({Seek{kRate.timeOf(i % kFrames)}});
    nextFrame();
    seek.push_back(msSince(begin));
  }
  for (int i = 0; i < runs; ++i) {
    const auto next = must(document::edit::rename(project.document, fmt::format("Version {}", i)));
    const auto begin = Clock::now();
    engine->publish(next);
    nextFrame();
    publish.push_back(msSince(begin));
  }
  const EngineStats stats = engine->stats();

  ModelTable models;
  models.learn("draft", 1);
  const auto large = longTimeline(project.document, project.id);
  std::vector<double> fresh;
  std::vector<double> again;
  std::vector<double> layers;
  PlanPtr plan;
  for (int i = 0; i < runs; ++i) {
    auto begin = Clock::now();
    plan = Plan::build(large, nullptr, models);
    fresh.push_back(msSince(begin));
    const auto renamed = must(document::edit::rename(large, fmt::format("Version {}", i)));
    begin = Clock::now();
    plan = Plan::build(renamed, plan, models);
    again.push_back(msSince(begin));
    begin = Clock::now();
    if (plan->layersAt(24'000 + i).size() != 16)
      std::abort();
    layers.push_back(msSince(begin));
  }

  const std::vector<Row> rows{{"engine thread, one frame", stats.frameMsP50, stats.frameMsP95},
                              rowOf("seek to picture", seek),
                              rowOf("publish to picture", publish),
                              rowOf("plan of 16 x 1000 clips, 1000 takes, anew", fresh),
                              rowOf("the same after an edit", again),
                              rowOf("layers of one frame of it", layers)};
  if (json) {
    fmt::print("{{\"benchmark\": \"frame_loop\", \"size\": [{}, {}], \"runs\": {}, \"rows\": [", kSize.width,
               kSize.height, runs);
    for (std::size_t i = 0; i < rows.size(); ++i)
      fmt::print("{}{{\"name\": \"{}\", \"{}\": {:.4f}, \"{}\": {:.4f}, \"unit\": \"ms\"}}", i > 0 ? ", " : "",
                 rows[i].name, i == 0 ? "p50" : "least", rows[i].least, i == 0 ? "p95" : "median", rows[i].median);
    fmt::print("]}}\n");
    return 0;
  }
  fmt::print("{} x {}, {} runs{:>30}{:>12}\n", kSize.width, kSize.height, runs, "least ms", "median ms");
  for (std::size_t i = 0; i < rows.size(); ++i)
    fmt::print("{:<44}{:>10.4f}  {:>10.4f}{}\n", rows[i].name, rows[i].least, rows[i].median,
               i == 0 ? "  (p50, p95)" : "");
  return 0;
}
