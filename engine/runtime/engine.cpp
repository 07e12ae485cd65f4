// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/engine.h"

#include <atomic>
#include <utility>

#include "engine/base/thread_role.h"
#include "engine/media/decoder.h"
#include "engine/runtime/event_queue.h"
#include "engine/runtime/export/exporter.h"
#include "engine/runtime/generation/frame_store.h"
#include "engine/runtime/generation/generation_loop.h"
#include "engine/runtime/media_description.h"
#include "engine/runtime/plan/model_table.h"
#include "engine/runtime/playback/frame_loop.h"
#include "engine/runtime/playback/picture_cache.h"

namespace kinora::runtime {
namespace {

constexpr std::int64_t kPictureBytes = std::int64_t{256} << 20;

Result<Image> thumbnail(const ThumbnailRequest& request) {
  auto decoder = media::Decoder::open(request.path, {.depth = media::OutputDepth::Eight,
                                                     .fitWithin = request.box,
                                                     .sequenceRate = {24, 1},
                                                     .threads = 1,
                                                     .pool = nullptr});
  if (!decoder)
    return fail(decoder);
  if (auto sought = decoder->seek(request.at); !sought)
    return fail(sought);
  auto frame = decoder->next();
  if (!frame)
    return fail(frame);
  if (!*frame)
    return fail(ErrorCode::Corrupt, "There is no frame at this time.", request.path.string());
  return **frame;
}

} // namespace

// Members are made in this order and destroyed in reverse: the loops stop before what they use goes.
struct Engine::Impl {
  Impl(WorkerPool& pool, std::unique_ptr<FrameStore> frames, gpu::FrameTransport* transport,
       session::MotionSessionFactory makeMotion)
      : workers(pool), store(std::move(frames)), frameLoop({pool, *store, pictures, models, *events, transport}),
        pictures(pool, kPictureBytes, [this] { frameLoop.wake(); }),
        generation({*store, pictures, models, *events, std::move(makeMotion), [this] { frameLoop.wake(); }}),
        exporter({pool, *store, pictures, models, *events, generation}) {
    frameLoop.start(generation);
  }
  ~Impl() {
    frameLoop.stop();           // gives orders to the generation loop, so it stops first
    events->setWakeUp(nullptr); // jobs on the workers may still answer
  }

  WorkerPool& workers;
  std::shared_ptr<EventQueue> events = std::make_shared<EventQueue>(); // shared with jobs on the workers
  ModelTable models;
  std::unique_ptr<FrameStore> store;
  FrameLoop frameLoop;
  PictureCache pictures; // wakes the frame loop from the workers, so it goes before that does
  GenerationLoop generation;
  Exporter exporter;
  std::uint64_t lastJob = 0;
  std::uint64_t published = 0; // number of the newest document
};

Result<std::unique_ptr<Engine>> Engine::create(EngineOptions options, WorkerPool& workers,
                                               gpu::FrameTransport* transport,
                                               session::MotionSessionFactory makeMotion) {
  if (!makeMotion)
    return fail(ErrorCode::InvalidArgument, "An engine needs to know how to make motion sessions.");
  auto store = FrameStore::open(std::move(options.storeFolder), options.storeMemoryBytes, options.storeDiskBytes);
  if (!store)
    return fail(store);
  return std::unique_ptr<Engine>(
      new Engine(std::make_unique<Impl>(workers, std::move(*store), transport, std::move(makeMotion))));
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

void Engine::publish(document::DocumentPtr document) {
  KINORA_ASSERT_ROLE(Gui);
  impl_->published = impl_->frameLoop.publish(std::move(document));
}

void Engine::send(Command command) {
  KINORA_ASSERT_ROLE(Gui);
  impl_->frameLoop.send(command);
}

void Engine::drag(TakeId take, session::ControlSample sample) {
  KINORA_ASSERT_ROLE(Gui);
  // The frame loop hears of a drag before its first picture can be there.
  impl_->frameLoop.noteDrag(take, sample.phase, sample.frame, impl_->published);
  impl_->generation.drag(take, sample, impl_->published);
}

JobId Engine::startExport(document::DocumentPtr document, ExportRequest request) {
  KINORA_ASSERT_ROLE(Gui);
  const JobId job{++impl_->lastJob};
  impl_->exporter.start(job, std::move(document), std::move(request));
  return job;
}

void Engine::cancelExport(JobId job) {
  impl_->exporter.cancel(job);
}

void Engine::describeMedia(std::filesystem::path path) {
  impl_->workers.post([events = impl_->events, path = std::move(path)] {
    events->add(MediaDescribed{path, describeMediaFile(path)});
  });
}

void Engine::requestThumbnail(const ThumbnailRequest& request) {
  impl_->workers.post([events = impl_->events, request] {
    events->add(ThumbnailReady{request.tag, thumbnail(request)});
  });
}

void Engine::requestMatte(TakeId take, std::int32_t group) {
  impl_->generation.askMatte(take, group);
}

std::optional<Event> Engine::nextEvent() {
  return impl_->events->next();
}

void Engine::setWakeUp(std::function<void()> wakeUp) {
  impl_->events->setWakeUp(std::move(wakeUp));
}

EngineStats Engine::stats() const {
  EngineStats stats = impl_->frameLoop.stats();
  GenerationStats generation = impl_->generation.stats();
  stats.modelName = std::move(generation.modelName);
  stats.modelFps = generation.modelFps;
  stats.prepareMs = generation.prepareMs;
  stats.liveDelayMs = generation.liveDelayMs;
  const StoreTotals totals = impl_->store->totals();
  stats.storeMemoryBytes = totals.memoryBytes;
  stats.storeDiskBytes = totals.diskBytes;
  stats.storeFrames = totals.frames;
  return stats;
}

} // namespace kinora::runtime
