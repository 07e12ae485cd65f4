// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/cuda/graph_module_p.h"

#include <cstdio>
#include <exception>
#include <memory>

#include <ATen/Context.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

namespace {

using c10::cuda::CUDAStream;

struct Session {
  explicit Session(c10::DeviceIndex on)
      : device(on), before(c10::cuda::getCurrentCUDAStream(on)),
        passes(c10::cuda::getStreamFromPool(/*isHighPriority=*/true, on)),
        side(c10::cuda::getStreamFromPool(/*isHighPriority=*/true, on)), pool(at::cuda::graph_pool_handle()) {}

  c10::DeviceIndex device;
  CUDAStream before, passes, side;
  // One for all graphs: they run one after another, and their results are copied out before the next one runs.
  c10::MempoolId_t pool;
};

struct Graph {
  explicit Graph(Session& of) : session(of) {}
  Session& session;
  at::cuda::CUDAGraph recorded{/*keep_graph=*/true}; // instantiated by us, so that its failure is told apart
};

template <typename Work>
int told(KinoraGraphWhy* why, const Work& work) noexcept {
  try {
    work();
    return 0;
  } catch (const c10::Error& problem) {
    std::snprintf(why->text, sizeof why->text, "%s", problem.what_without_backtrace());
  } catch (const std::exception& problem) {
    std::snprintf(why->text, sizeof why->text, "%s", problem.what());
  }
  return 1;
}

template <typename Work>
void anyway(const Work& work) noexcept {
  KinoraGraphWhy ignored;
  (void)told(&ignored, work);
}

// What comes on "later" waits on the device for what is on "earlier" now.
void order(const CUDAStream& earlier, const CUDAStream& later) {
  c10::cuda::CUDAEvent event;
  event.record(earlier);
  event.block(later);
}

int open(int device, void** session, KinoraGraphWhy* why) {
  return told(why, [&] {
    at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
    auto made = std::make_unique<Session>(static_cast<c10::DeviceIndex>(device));
    order(made->before, made->passes);
    c10::cuda::setCurrentCUDAStream(made->passes);
    *session = made.release();
  });
}

void close(void* session) {
  const std::unique_ptr<Session> ended(static_cast<Session*>(session));
  anyway([&] { ended->passes.synchronize(); });
  anyway([&] { c10::cuda::setCurrentCUDAStream(ended->before); });
}

// Leaves the allocator as it was before capture_begin(), when capture_end() did not get that far.
void abandon(const Session& session) {
  anyway([&] { c10::cuda::CUDACachingAllocator::endAllocateToPool(session.device, session.pool); });
  anyway([&] { c10::cuda::CUDACachingAllocator::releasePool(session.device, session.pool); });
}

void recordOn(Session& session, Graph& graph, int warmUps, KinoraGraphWork work, void* context) {
  const c10::cuda::CUDAStreamGuard guard(session.side);
  for (int i = 0; i < warmUps; ++i)
    TORCH_CHECK(work(context) == 0, "the work gave up while it was warming up");
  int gaveUp = 0;
  try {
    // Other threads may take memory and copy frames meanwhile: only this thread is watched for forbidden calls.
    graph.recorded.capture_begin(session.pool, cudaStreamCaptureModeThreadLocal);
    gaveUp = work(context);
    graph.recorded.capture_end();
  } catch (...) {
    abandon(session);
    throw;
  }
  TORCH_CHECK(gaveUp == 0, "the work gave up while it was recorded");
  graph.recorded.instantiate();
}

int record(void* opaque, int warmUps, KinoraGraphWork work, void* context, void** graph, KinoraGraphWhy* why) {
  return told(why, [&] {
    Session& session = *static_cast<Session*>(opaque);
    auto made = std::make_unique<Graph>(session);
    const CUDAStream passes = c10::cuda::getCurrentCUDAStream(session.device);
    order(passes, session.side);
    struct BackInOrder {
      const CUDAStream &side, &passes;
      ~BackInOrder() {
        anyway([&] { order(side, passes); });
      }
    } const back{session.side, passes};
    recordOn(session, *made, warmUps, work, context);
    *graph = made.release();
  });
}

int replay(void* graph, KinoraGraphWhy* why) {
  return told(why, [&] { static_cast<Graph*>(graph)->recorded.replay(); });
}

void drop(void* graph) {
  const std::unique_ptr<Graph> ended(static_cast<Graph*>(graph));
  anyway([&] { ended->session.passes.synchronize(); });
}

int handOver(void* session, KinoraGraphWhy* why) {
  return told(why, [&] {
    c10::cuda::CUDAEvent event;
    event.record(static_cast<Session*>(session)->passes);
    event.synchronize();
  });
}

} // namespace

extern "C" __attribute__((visibility("default"))) const KinoraGraphModule* kinoraGraphModule() {
  static constexpr KinoraGraphModule kModule{
      kinora::inference::kGraphModuleVersion, open, close, record, replay, drop, handOver};
  return &kModule;
}
