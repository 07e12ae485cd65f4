// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/tensor_memory.h"

#include <bit>
#include <cstddef>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <vector>

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>

namespace kinora::inference {
namespace {

constexpr std::size_t kAlignment = 64; // of the data, and the room in front of it for a Header

// Blocks of one size are one list: sizes are rounded up to eighths of a power of two.
std::size_t blockBytes(std::size_t bytes) {
  const std::size_t least = bytes < 8 * kAlignment ? 8 * kAlignment : bytes;
  const std::size_t step = std::bit_floor(least) / 8;
  return (least + step - 1) / step * step;
}

// The books; shared by the allocator and every block that is out.
struct Books {
  std::mutex mutex;
  std::map<std::size_t, std::vector<void*>> kept; // by block size
  TensorMemory::Stats stats;
  std::uint64_t keptLimit = 0; // 0 once the owner is gone

  void* take(std::size_t size) {
    const std::lock_guard lock(mutex);
    stats.bytesInUse += size;
    const auto found = kept.find(size);
    if (found == kept.end() || found->second.empty()) {
      ++stats.systemAllocations;
      return nullptr;
    }
    ++stats.reuses;
    stats.bytesKept -= size;
    void* block = found->second.back();
    found->second.pop_back();
    return block;
  }
  // Whether the block was kept.
  bool give(void* block, std::size_t size) {
    const std::lock_guard lock(mutex);
    stats.bytesInUse -= size;
    if (stats.bytesKept + size > keptLimit)
      return false;
    stats.bytesKept += size;
    kept[size].push_back(block);
    return true;
  }
  void clear() {
    const std::lock_guard lock(mutex);
    for (auto& [size, blocks] : kept) {
      for (void* block : blocks)
        c10::free_cpu(block);
      blocks.clear();
    }
    stats.bytesKept = 0;
  }
};

struct Header {
  std::shared_ptr<Books> books;
  std::size_t size = 0;
};
static_assert(sizeof(Header) <= kAlignment);

void giveBack(void* data) {
  if (data == nullptr)
    return;
  void* block = static_cast<std::byte*>(data) - kAlignment;
  auto* header = std::launder(static_cast<Header*>(block));
  const std::shared_ptr<Books> books = std::move(header->books);
  const std::size_t size = header->size;
  header->~Header();
  if (!books->give(block, size))
    c10::free_cpu(block);
}

} // namespace

class TensorMemory::Allocator final : public c10::Allocator {
 public:
  explicit Allocator(std::uint64_t limit) : previous_(c10::GetCPUAllocator()) { books_->keptLimit = limit; }
  ~Allocator() override {
    {
      const std::lock_guard lock(books_->mutex);
      books_->keptLimit = 0;
    }
    books_->clear();
  }

  c10::DataPtr allocate(std::size_t bytes) override {
    if (bytes == 0)
      return {nullptr, nullptr, &giveBack, c10::Device(c10::kCPU)};
    const std::size_t size = blockBytes(bytes + kAlignment);
    void* block = books_->take(size);
    if (block == nullptr)
      block = c10::alloc_cpu(size); // throws when there is none
    new (block) Header{books_, size};
    void* data = static_cast<std::byte*>(block) + kAlignment;
    return {data, data, &giveBack, c10::Device(c10::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &giveBack; }
  void copy_data(void* to, const void* from, std::size_t count) const override { std::memcpy(to, from, count); }

  [[nodiscard]] Books& books() const { return *books_; }
  [[nodiscard]] c10::Allocator* previous() const { return previous_; }

 private:
  c10::Allocator* previous_;
  std::shared_ptr<Books> books_ = std::make_shared<Books>();
};

TensorMemory::TensorMemory(std::uint64_t keptBytesLimit) : allocator_(std::make_unique<Allocator>(keptBytesLimit)) {
  c10::SetCPUAllocator(allocator_.get(), /*priority=*/1);
}

TensorMemory::~TensorMemory() {
  c10::SetCPUAllocator(allocator_->previous(), /*priority=*/1);
}

TensorMemory::Stats TensorMemory::stats() const {
  const std::lock_guard lock(allocator_->books().mutex);
  return allocator_->books().stats;
}

void TensorMemory::release() {
  allocator_->books().clear();
}

} // namespace kinora::inference
