// SPDX-License-Identifier: Apache-2.0
// Wakes one sleeping thread: "something changed, look at your mailboxes". Rings are not counted, and none is lost.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace kinora {

class Doorbell {
 public:
  // [any]
  void ring() {
    {
      const std::lock_guard lock(mutex_);
      rung_ = true;
    }
    changed_.notify_one();
  }

  // [owner] True when rung since the last wait; false at the deadline or when stopped.
  bool waitUntil(std::chrono::steady_clock::time_point deadline, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const bool rung = changed_.wait_until(lock, stop, deadline, [this] { return rung_; });
    rung_ = false;
    return rung;
  }

  // [owner] As waitUntil, without a deadline.
  bool wait(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const bool rung = changed_.wait(lock, stop, [this] { return rung_; });
    rung_ = false;
    return rung;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool rung_ = false;
};

} // namespace kinora
