// SPDX-License-Identifier: Apache-2.0
// Hides that the processor memory of tensors is kept when they are freed and given out again, so that a stream in its
// steady state asks the system for nothing.
#pragma once

#include <cstdint>
#include <memory>

namespace kinora::inference {

// [any] One for a program, made before its first tensor: from then on every tensor of the processor lives in it.
// Tensors may outlive it; their memory goes back to the system then.
class TensorMemory {
 public:
  struct Stats {
    std::uint64_t systemAllocations = 0; // times the system was asked
    std::uint64_t reuses = 0;            // times a kept block served
    std::uint64_t bytesInUse = 0;
    std::uint64_t bytesKept = 0; // free, ready for the next tensor
  };

  // Keeps at most this many bytes that no tensor uses.
  explicit TensorMemory(std::uint64_t keptBytesLimit);
  ~TensorMemory();
  TensorMemory(const TensorMemory&) = delete;
  TensorMemory& operator=(const TensorMemory&) = delete;

  [[nodiscard]] Stats stats() const;
  // Gives all kept blocks back to the system (after a model was closed).
  void release();

 private:
  class Allocator;
  std::unique_ptr<Allocator> allocator_;
};

} // namespace kinora::inference
