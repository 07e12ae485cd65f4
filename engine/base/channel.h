// SPDX-License-Identifier: Apache-2.0
// Hands values over in order, bounded. Any number of writers and readers.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

namespace kinora {

template <class T>
class Channel {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Channel(std::size_t capacity) : capacity_(capacity) {}

  // Never blocks. False when full or closed; the value is untouched then.
  [[nodiscard]] bool tryPush(T&& value) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_ || queue_.size() >= capacity_)
        return false;
      queue_.push_back(std::move(value));
    }
    notEmpty_.notify_one();
    return true;
  }

  // Never blocks. When full the oldest value is dropped; true when that happened.
  bool pushDroppingOldest(T value) {
    std::optional<T> dropped; // destroyed outside the lock
    {
      const std::lock_guard lock(mutex_);
      if (closed_)
        return true;
      if (queue_.size() >= capacity_) {
        dropped.emplace(std::move(queue_.front()));
        queue_.pop_front();
      }
      queue_.push_back(std::move(value));
    }
    notEmpty_.notify_one();
    return dropped.has_value();
  }

  // Waits while full. False when closed or stopped before there was room.
  bool push(T value, std::stop_token stop = {}) {
    {
      std::unique_lock lock(mutex_);
      if (!notFull_.wait(lock, stop, [&] { return closed_ || queue_.size() < capacity_; }) || closed_)
        return false;
      queue_.push_back(std::move(value));
    }
    notEmpty_.notify_one();
    return true;
  }

  [[nodiscard]] std::optional<T> tryPop() {
    std::unique_lock lock(mutex_);
    return takeFront(lock);
  }

  // Waits for a value; nothing when closed and empty, or stopped.
  [[nodiscard]] std::optional<T> pop(std::stop_token stop = {}) {
    std::unique_lock lock(mutex_);
    notEmpty_.wait(lock, stop, [&] { return closed_ || !queue_.empty(); });
    return takeFront(lock);
  }

  // As pop, but not past the deadline.
  [[nodiscard]] std::optional<T> popUntil(Clock::time_point deadline, std::stop_token stop = {}) {
    std::unique_lock lock(mutex_);
    notEmpty_.wait_until(lock, stop, deadline, [&] { return closed_ || !queue_.empty(); });
    return takeFront(lock);
  }

  // No further values are taken in; what is inside can still be popped.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    notEmpty_.notify_all();
    notFull_.notify_all();
  }

  // Throws everything away that waits inside.
  void clear() {
    std::deque<T> dropped;
    {
      const std::lock_guard lock(mutex_);
      dropped.swap(queue_);
    }
    notFull_.notify_all();
  }

  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return queue_.size();
  }

 private:
  std::optional<T> takeFront(std::unique_lock<std::mutex>& lock) {
    if (queue_.empty())
      return std::nullopt;
    std::optional<T> value(std::move(queue_.front()));
    queue_.pop_front();
    lock.unlock();
    notFull_.notify_one();
    return value;
  }

  mutable std::mutex mutex_;
  std::condition_variable_any notEmpty_;
  std::condition_variable_any notFull_;
  std::deque<T> queue_;
  const std::size_t capacity_;
  bool closed_ = false;
};

} // namespace kinora
