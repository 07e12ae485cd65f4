// SPDX-License-Identifier: Apache-2.0
// The one pool of helper threads: splits loops over rows and runs small jobs. Made in the composition root, passed
// down.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace kinora {

// [any] May be shared by several calling threads. A loop body must not call parallelFor itself.
class WorkerPool {
 public:
  // threads: how many work on one loop, the caller included; 0 = one per core.
  explicit WorkerPool(int threads = 0);
  ~WorkerPool(); // finishes the jobs that were posted
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  [[nodiscard]] int threads() const;
  // Calls body(begin, end) for pieces of [0, count) of at least grain items each, the last may be shorter; returns when
  // all are done. Which thread takes which piece is not fixed, so a piece must not depend on another.
  void parallelFor(std::int64_t count, std::int64_t grain,
                   const std::function<void(std::int64_t begin, std::int64_t end)>& body) const;
  // Runs job once on a helper thread, in the order posted.
  void post(std::function<void()> job);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace kinora
