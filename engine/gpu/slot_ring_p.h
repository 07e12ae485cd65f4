// SPDX-License-Identifier: Apache-2.0
// Who may touch which of three slots: the part of a FrameTransport that has no memory in it. Lock-free.
//
// A slot is the writer's, ready (published, not taken) or away (taken by the reader). Slots come back from "away" when
// their serial is consumed, from "ready" when a newer frame overtakes them or when the writer has nothing else left.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "engine/base/check.h"
#include "engine/gpu/frame_transport.h"

namespace kinora::gpu {

class SlotRing {
 public:
  static constexpr int kSlots = 3;

  // [engine] consumed(): the consumed timeline's value of the moment; it is asked again before giving up.
  template <class Consumed>
  [[nodiscard]] int acquire(Consumed&& consumed) {
    // The second round sees what the reader released before it emptied ready_ under the first one.
    for (int round = 0; round < 2; ++round) {
      for (int slot = 0; slot < kSlots; ++slot)
        if (!away_[at(slot)])
          return slot;
      const std::uint64_t done = consumed();
      for (int slot = 0; slot < kSlots; ++slot) {
        if (serial_[at(slot)] <= done) { // a ready slot's serial is above every consumed one
          away_[at(slot)] = false;
          return slot;
        }
      }
      const int unseen = ready_.exchange(kNone, std::memory_order_acq_rel);
      if (unseen != kNone) {
        dropped_.fetch_add(1, std::memory_order_relaxed);
        away_[at(unseen)] = false;
        return unseen;
      }
    }
    KINORA_CHECK(!"the reader holds at most two of three slots");
    return kNone;
  }

  // [engine] The serial that publish will give to its slot.
  [[nodiscard]] std::uint64_t nextSerial() const { return produced_.load(std::memory_order_relaxed) + 1; }
  // [engine] Hands an acquired slot over.
  void publish(int slot) {
    serial_[at(slot)] = nextSerial();
    away_[at(slot)] = true;
    produced_.fetch_add(1, std::memory_order_relaxed);
    const int overtaken = ready_.exchange(slot, std::memory_order_acq_rel);
    if (overtaken != kNone) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      away_[at(overtaken)] = false;
    }
  }

  // [gui] Takes the ready slot, if there is one, in place of the current one. Call it only while at most the current
  // slot is unconsumed.
  [[nodiscard]] bool take() {
    const int slot = ready_.exchange(kNone, std::memory_order_acq_rel);
    if (slot == kNone)
      return false;
    if (current_ != kNone)
      released_.store(serial_[at(current_)], std::memory_order_release);
    current_ = slot;
    taken_.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  // [gui] The slot taken last, kNone before the first.
  [[nodiscard]] int current() const { return current_; }
  // [gui] Of a slot that the reader holds.
  [[nodiscard]] std::uint64_t serial(int slot) const { return serial_[at(slot)]; }

  // [any] Differs from every other ring's in this process.
  [[nodiscard]] std::uint64_t id() const { return id_; }
  // [any] The reader has left every serial up to this one.
  [[nodiscard]] std::uint64_t released() const { return released_.load(std::memory_order_acquire); }
  [[nodiscard]] TransportStats stats(std::uint64_t consumed) const {
    return {produced_.load(std::memory_order_relaxed), consumed, taken_.load(std::memory_order_relaxed),
            dropped_.load(std::memory_order_relaxed)};
  }

  static constexpr int kNone = -1;

 private:
  static constexpr std::size_t at(int slot) { return static_cast<std::size_t>(slot); }

  static std::uint64_t nextId() {
    static std::atomic<std::uint64_t> last = 0;
    return ++last;
  }

  const std::uint64_t id_ = nextId();
  // The writer's; serial_ is also read by the reader while it holds the slot.
  std::array<bool, kSlots> away_{}; // ready or taken
  std::array<std::uint64_t, kSlots> serial_{};
  // The reader's.
  int current_ = kNone;
  alignas(64) std::atomic<int> ready_ = kNone;
  alignas(64) std::atomic<std::uint64_t> released_ = 0;
  std::atomic<std::uint64_t> produced_ = 0;
  std::atomic<std::uint64_t> taken_ = 0;
  std::atomic<std::uint64_t> dropped_ = 0;
};

// The listener of a transport: set by one thread, called by another, never under the lock.
class ListenerSlot {
 public:
  void set(std::function<void()> listener) {
    auto next = listener ? std::make_shared<const std::function<void()>>(std::move(listener)) : nullptr;
    const std::lock_guard lock(mutex_);
    listener_.swap(next);
  }
  void call() const {
    std::shared_ptr<const std::function<void()>> listener;
    {
      const std::lock_guard lock(mutex_);
      listener = listener_;
    }
    if (listener)
      (*listener)();
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const std::function<void()>> listener_;
};

// RGBA8 rows of a slot, aligned for copies by the graphics device.
[[nodiscard]] constexpr std::ptrdiff_t slotStride(Size size) {
  return (static_cast<std::ptrdiff_t>(size.width) * 4 + 255) / 256 * 256;
}
[[nodiscard]] Result<void> checkSlotSize(Size size);

} // namespace kinora::gpu
