// SPDX-License-Identifier: Apache-2.0
// Recycles the memory of images of one shape, so that a running stream does not allocate.
#pragma once

#include <memory>

#include "engine/base/image.h"

namespace kinora {

// [any] Buffers come back when their last Image goes, on whichever thread that is; the pool may be gone by then.
class FramePool {
 public:
  // keep: the most idle buffers held.
  explicit FramePool(int keep = 8);
  ~FramePool();
  FramePool(const FramePool&) = delete;
  FramePool& operator=(const FramePool&) = delete;

  // Contents undefined. Errors as MutableImage::allocate.
  [[nodiscard]] Result<MutableImage> acquire(PixelFormat format, Size size);
  // Buffers allocated since the start: stays flat in a steady stream.
  [[nodiscard]] std::int64_t allocations() const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

} // namespace kinora
