// SPDX-License-Identifier: Apache-2.0
// Events on their way to the window: bounded by coalescing states, woken outside of any lock.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include "engine/runtime/event.h"

namespace kinora::runtime {

class EventQueue {
 public:
  // [any] A state replaces an older one of its kind (and take, or job) that still waits; answers and ends are kept all.
  void add(Event event);
  // [gui] Oldest first.
  [[nodiscard]] std::optional<Event> next();
  // [gui] Called after every add, on the adding thread.
  void setWakeUp(std::function<void()> wakeUp);

 private:
  std::mutex mutex_;
  std::deque<Event> events_;
  std::function<void()> wakeUp_;
};

} // namespace kinora::runtime
