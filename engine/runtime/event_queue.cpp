// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/event_queue.h"

#include <algorithm>
#include <utility>

namespace kinora::runtime {
namespace {

// True when `newer` makes `older` needless.
struct Supersedes {
  const Event& newer;

  bool operator()(const Event& older) const {
    if (older.index() != newer.index())
      return false;
    if (std::holds_alternative<PlaybackState>(newer) || std::holds_alternative<LiveState>(newer))
      return true;
    if (const auto* progress = std::get_if<TakeProgress>(&newer))
      return progress->take == std::get<TakeProgress>(older).take;
    if (const auto* progress = std::get_if<ExportProgress>(&newer))
      return progress->job == std::get<ExportProgress>(older).job;
    return false;
  }
};

} // namespace

void EventQueue::add(Event event) {
  std::function<void()> wakeUp;
  {
    const std::lock_guard lock(mutex_);
    const auto waiting = std::find_if(events_.begin(), events_.end(), Supersedes{event});
    if (waiting != events_.end())
      *waiting = std::move(event);
    else
      events_.push_back(std::move(event));
    wakeUp = wakeUp_;
  }
  if (wakeUp)
    wakeUp();
}

std::optional<Event> EventQueue::next() {
  const std::lock_guard lock(mutex_);
  if (events_.empty())
    return std::nullopt;
  std::optional<Event> event(std::move(events_.front()));
  events_.pop_front();
  return event;
}

void EventQueue::setWakeUp(std::function<void()> wakeUp) {
  const std::lock_guard lock(mutex_);
  wakeUp_ = std::move(wakeUp);
}

} // namespace kinora::runtime
