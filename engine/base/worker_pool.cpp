// SPDX-License-Identifier: Apache-2.0
#include "engine/base/worker_pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/base/thread_role.h"

namespace kinora {
namespace {

using Body = std::function<void(std::int64_t, std::int64_t)>;

// One parallelFor call. Lives on the caller's stack until every helper that joined has left.
struct Loop {
  const Body* body = nullptr;
  std::int64_t count = 0;
  std::int64_t step = 0;
  std::atomic<std::int64_t> next = 0;
  int helpersInside = 0; // guarded by the pool's mutex

  void run() {
    for (;;) {
      const std::int64_t begin = next.fetch_add(step, std::memory_order_relaxed);
      if (begin >= count)
        return;
      (*body)(begin, std::min(begin + step, count));
    }
  }
};

} // namespace

struct WorkerPool::State {
  std::mutex mutex;
  std::condition_variable_any work;
  std::condition_variable left;
  std::deque<Loop*> loops;
  std::deque<std::function<void()>> jobs;
  std::vector<std::jthread> threads;
  bool closing = false;

  void helper() {
    const ScopedThreadRole role(ThreadRole::Work);
    std::unique_lock lock(mutex);
    for (;;) {
      work.wait(lock, [this] { return closing || !loops.empty() || !jobs.empty(); });
      if (!loops.empty()) {
        Loop* loop = loops.front();
        ++loop->helpersInside;
        lock.unlock();
        loop->run();
        lock.lock();
        // All pieces are taken: nobody else needs to join.
        if (!loops.empty() && loops.front() == loop)
          loops.pop_front();
        if (--loop->helpersInside == 0)
          left.notify_all();
      } else if (!jobs.empty()) {
        const auto job = std::move(jobs.front());
        jobs.pop_front();
        lock.unlock();
        job();
        lock.lock();
      } else {
        return;
      }
    }
  }
};

WorkerPool::WorkerPool(int threads) : state_(std::make_unique<State>()) {
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const int wanted = threads > 0 ? threads : cores;
  // At least one helper even for a single-threaded pool, so that posted jobs run.
  for (int i = 0; i < std::max(1, wanted - 1); ++i)
    state_->threads.emplace_back([this] { state_->helper(); });
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->closing = true;
  }
  state_->work.notify_all();
  state_->threads.clear();
}

int WorkerPool::threads() const {
  return static_cast<int>(state_->threads.size()) + 1;
}

void WorkerPool::parallelFor(std::int64_t count, std::int64_t grain, const Body& body) const {
  if (count <= 0)
    return;
  // A few pieces per thread even out their speeds; never smaller than the grain.
  const std::int64_t pieces = static_cast<std::int64_t>(threads()) * 4;
  const std::int64_t step = std::max<std::int64_t>({1, grain, (count + pieces - 1) / pieces});
  if (step >= count) {
    body(0, count);
    return;
  }
  Loop loop;
  loop.body = &body;
  loop.count = count;
  loop.step = step;
  {
    const std::lock_guard lock(state_->mutex);
    state_->loops.push_back(&loop);
  }
  state_->work.notify_all();
  loop.run();
  std::unique_lock lock(state_->mutex);
  std::erase(state_->loops, &loop);
  state_->left.wait(lock, [&] { return loop.helpersInside == 0; });
}

void WorkerPool::post(std::function<void()> job) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->jobs.push_back(std::move(job));
  }
  state_->work.notify_one();
}

} // namespace kinora
