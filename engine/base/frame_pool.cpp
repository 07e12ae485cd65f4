// SPDX-License-Identifier: Apache-2.0
#include "engine/base/frame_pool.h"

#include <mutex>
#include <utility>
#include <vector>

namespace kinora {

struct FramePool::Shared {
  std::mutex mutex;
  std::vector<ImageBuffer> idle;
  std::size_t keep = 0;
  std::int64_t allocations = 0;
};

FramePool::FramePool(int keep) : shared_(std::make_shared<Shared>()) {
  shared_->keep = static_cast<std::size_t>(keep < 0 ? 0 : keep);
  shared_->idle.reserve(shared_->keep);
}

FramePool::~FramePool() = default;

Result<MutableImage> FramePool::acquire(PixelFormat format, Size size) {
  ImageBuffer buffer;
  {
    const std::lock_guard lock(shared_->mutex);
    for (auto it = shared_->idle.begin(); it != shared_->idle.end(); ++it) {
      if (it->format == format && it->size == size) {
        buffer = std::move(*it);
        shared_->idle.erase(it);
        break;
      }
    }
  }
  if (!buffer.owner) {
    // MutableImage hides its buffer, so the pool allocates through it and keeps the memory by a shared owner.
    auto made = MutableImage::allocate(format, size);
    if (!made)
      return fail(made);
    buffer.format = format;
    buffer.size = size;
    for (int p = 0; p < planeCount(format); ++p) {
      buffer.data[static_cast<std::size_t>(p)] = made->data(p);
      buffer.strideBytes[static_cast<std::size_t>(p)] = made->strideBytes(p);
    }
    buffer.owner = std::make_shared<MutableImage>(std::move(*made));
    const std::lock_guard lock(shared_->mutex);
    ++shared_->allocations;
  }
  // The memory's life outlasts this buffer: when the last image goes, it returns to the pool, if that still exists.
  std::shared_ptr<ImageBuffer> lent(new ImageBuffer(std::move(buffer)),
                                    [home = std::weak_ptr<Shared>(shared_)](ImageBuffer* b) {
                                      if (const auto pool = home.lock()) {
                                        const std::lock_guard lock(pool->mutex);
                                        if (pool->idle.size() >= pool->keep && pool->keep > 0)
                                          pool->idle.erase(pool->idle.begin()); // the longest idle one goes
                                        if (pool->keep > 0)
                                          pool->idle.push_back(std::move(*b));
                                      }
                                      delete b;
                                    });
  return MutableImage(std::move(lent));
}

std::int64_t FramePool::allocations() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->allocations;
}

} // namespace kinora
