// SPDX-License-Identifier: Apache-2.0
// Hands the newest value from one writer thread to one reader thread. Wait-free; older values are dropped, and every
// value is destroyed on the writer's thread (the reader never frees).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>

namespace kinora {

template <class T>
class Mailbox {
 public:
  // [writer] Replaces what the reader has not taken yet. True when an untaken value was dropped by this call.
  bool put(T value) {
    slots_[back_] = std::move(value);
    const std::uint8_t old = middle_.exchange(static_cast<std::uint8_t>(back_ | kFresh), std::memory_order_acq_rel);
    back_ = old & kIndex;
    return (old & kFresh) != 0;
  }

  // [reader] True when a newer value than the one in latest() was there; latest() then is that value.
  bool take() {
    if ((middle_.load(std::memory_order_acquire) & kFresh) == 0)
      return false;
    front_ = middle_.exchange(front_, std::memory_order_acq_rel) & kIndex;
    return true;
  }

  // [reader] The value taken last (a default-made T before the first); stays as it is until the next take().
  [[nodiscard]] const T& latest() const { return slots_[front_]; }

 private:
  static constexpr std::uint8_t kIndex = 3;
  static constexpr std::uint8_t kFresh = 4;
  std::array<T, 3> slots_{};
  alignas(64) std::uint8_t back_ = 0;  // writer's
  alignas(64) std::uint8_t front_ = 2; // reader's
  alignas(64) std::atomic<std::uint8_t> middle_ = 1;
};

} // namespace kinora
