// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include <fmt/format.h>

#include "engine/gpu/slot_ring_p.h"

namespace kinora::gpu {
namespace {

struct FreeDeleter {
  void operator()(std::byte* memory) const { std::free(memory); }
};

class HostTransport final : public FrameTransport {
 public:
  Result<WriteSlot> beginWrite(Size size) override {
    if (const auto checked = checkSlotSize(size); !checked)
      return fail(checked);
    if (writing_ == SlotRing::kNone)
      writing_ = ring_.acquire([this] { return ring_.released(); });
    Slot& slot = slots_[static_cast<std::size_t>(writing_)];
    const std::int64_t bytes = slotStride(size) * size.height;
    if (bytes > slot.capacity) {
      slot.memory.reset(
          static_cast<std::byte*>(std::aligned_alloc(4096, static_cast<std::size_t>((bytes + 4095) / 4096 * 4096))));
      slot.capacity = slot.memory ? bytes : 0;
      if (!slot.memory)
        return fail(ErrorCode::OutOfMemory, fmt::format("Making room for a preview frame of {}×{} failed: {} MiB are "
                                                        "not free. Choose a smaller preview quality.",
                                                        size.width, size.height, bytes >> 20));
    }
    slot.size = size;
    return WriteSlot{slot.memory.get(), slotStride(size), size, MemoryKind::Host};
  }

  Result<void> endWrite(Time time, std::int64_t frameNumber) override {
    KINORA_CHECK(writing_ != SlotRing::kNone);
    Slot& slot = slots_[static_cast<std::size_t>(writing_)];
    slot.time = time;
    slot.frameNumber = frameNumber;
    ring_.publish(std::exchange(writing_, SlotRing::kNone));
    listener_.call();
    return {};
  }

  FrameView latest() override {
    static_cast<void>(ring_.take());
    const int current = ring_.current();
    if (current == SlotRing::kNone)
      return {};
    const Slot& slot = slots_[static_cast<std::size_t>(current)];
    return {ring_.serial(current), ring_.id(), slot.memory.get(), slotStride(slot.size), slot.size, slot.time,
            slot.frameNumber,      nullptr};
  }

  [[nodiscard]] TransportStats stats() const override { return ring_.stats(ring_.released()); }
  void setListener(std::function<void()> listener) override { listener_.set(std::move(listener)); }

 private:
  struct Slot {
    std::unique_ptr<std::byte, FreeDeleter> memory;
    std::int64_t capacity = 0;
    Size size;
    Time time;
    std::int64_t frameNumber = 0;
  };

  SlotRing ring_;
  std::array<Slot, SlotRing::kSlots> slots_;
  int writing_ = SlotRing::kNone; // the writer's
  ListenerSlot listener_;
};

} // namespace

Result<void> checkSlotSize(Size size) {
  if (!size.isEmpty() && size.width <= kMaxImageSide && size.height <= kMaxImageSide && size.area() <= kMaxImageArea)
    return {};
  return fail(ErrorCode::InvalidArgument,
              fmt::format("A preview frame of {}×{} pixels cannot be shown: sides go from 1 to {}.", size.width,
                          size.height, kMaxImageSide));
}

std::unique_ptr<FrameTransport> makeHostTransport() {
  return std::make_unique<HostTransport>();
}

} // namespace kinora::gpu
