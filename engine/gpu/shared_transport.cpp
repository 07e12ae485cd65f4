// SPDX-License-Identifier: Apache-2.0
#include "engine/gpu/shared_transport.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <utility>

#include <unistd.h>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/gpu/device_slot_p.h"
#include "engine/gpu/external_memory_p.h"
#include "engine/gpu/slot_ring_p.h"

namespace kinora::gpu {
namespace {

// The gui thread gives the copy of an earlier frame this long, then it shows the current frame once more.
constexpr std::uint64_t kCopyPatienceNs = 8'000'000;
constexpr std::uint64_t kDriverPatienceNs = 10'000'000'000;

struct SharedSlot {
  ExportableBuffer buffer;
  std::unique_ptr<ImportedMemory> memory; // let go before the buffer
  std::int64_t capacity = 0;
  DeviceSlot device;
  Size size;
  Time time;
  std::int64_t frameNumber = 0;
};

class SharedTransport final : public FrameTransport {
 public:
  SharedTransport(std::shared_ptr<DeviceState> device, std::unique_ptr<SlotImporter> importer,
                  Owned<VkSemaphore> copied, Owned<VkSemaphore> produced)
      : device_(std::move(device)), importer_(std::move(importer)), copied_(std::move(copied)),
        produced_(std::move(produced)) {}
  ~SharedTransport() override { static_cast<void>(waitCopied(copiedNext_, kDriverPatienceNs)); }

  Result<WriteSlot> beginWrite(Size size) override {
    if (const auto checked = checkSlotSize(size); !checked)
      return fail(checked);
    if (writing_ == SlotRing::kNone)
      writing_ = ring_.acquire([this] { return consumed(); });
    SharedSlot& slot = slots_[static_cast<std::size_t>(writing_)];
    const std::int64_t bytes = slotStride(size) * size.height;
    if (bytes > slot.capacity)
      if (const auto made = allocate(slot, bytes); !made)
        return fail(made);
    slot.size = size;
    return WriteSlot{slot.memory->data(), slotStride(size), size, importer_->memoryKind()};
  }

  Result<void> endWrite(Time time, std::int64_t frameNumber) override {
    KINORA_CHECK(writing_ != SlotRing::kNone);
    SharedSlot& slot = slots_[static_cast<std::size_t>(writing_)];
    slot.time = time;
    slot.frameNumber = frameNumber;
    // A slot whose frame is lost stays the writer's.
    if (const auto done = produced_ ? importer_->signalProduced(ring_.nextSerial()) : importer_->finish(); !done)
      return fail(done);
    ring_.publish(std::exchange(writing_, SlotRing::kNone));
    listener_.call();
    return {};
  }

  FrameView latest() override {
    // The ring wants every slot before the current one to be free.
    if (waitCopied(lastCopy_.load(std::memory_order_relaxed), kCopyPatienceNs)) {
      free_.store(ring_.released(), std::memory_order_relaxed);
      lastCopy_.store(copiedNext_, std::memory_order_release);
      static_cast<void>(ring_.take());
    } else {
      listener_.call(); // comes back for a newer one
    }
    const int current = ring_.current();
    if (current == SlotRing::kNone)
      return {};
    const SharedSlot& slot = slots_[static_cast<std::size_t>(current)];
    const bool readable = importer_->memoryKind() != MemoryKind::Cuda;
    return {ring_.serial(current), ring_.id(),  readable ? slot.memory->data() : nullptr,
            slotStride(slot.size), slot.size,   slot.time,
            slot.frameNumber,      &slot.device};
  }

  [[nodiscard]] TransportStats stats() const override { return ring_.stats(consumed()); }
  void setListener(std::function<void()> listener) override { listener_.set(std::move(listener)); }

 private:
  // [any] Serial up to which no submission reads a slot any more and the reader has left.
  [[nodiscard]] std::uint64_t consumed() const {
    // In this order: whoever sees what was released also sees which copies were under way then.
    const std::uint64_t released = ring_.released();
    const std::uint64_t lastCopy = lastCopy_.load(std::memory_order_acquire);
    const std::uint64_t free = free_.load(std::memory_order_relaxed);
    const std::uint64_t copied = copiedValue();
    return copied >= lastCopy ? released : std::max(free, std::min(released, copied));
  }

  [[nodiscard]] std::uint64_t copiedValue() const {
    std::uint64_t value = 0;
    const VkResult r = device_->vk.vkGetSemaphoreCounterValue(device_->handle, copied_.get(), &value);
    return r == VK_SUCCESS ? value : std::numeric_limits<std::uint64_t>::max(); // a lost device reads nothing
  }

  // False when the copy is not done in time.
  [[nodiscard]] bool waitCopied(std::uint64_t serial, std::uint64_t nanoseconds) const {
    if (copiedValue() >= serial)
      return true;
    const VkSemaphore semaphore = copied_.get();
    VkSemaphoreWaitInfo info{};
    info.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO;
    info.semaphoreCount = 1;
    info.pSemaphores = &semaphore;
    info.pValues = &serial;
    return device_->vk.vkWaitSemaphores(device_->handle, &info, nanoseconds) != VK_TIMEOUT;
  }

  Result<void> allocate(SharedSlot& slot, std::int64_t bytes) {
    slot.capacity = 0;
    slot.memory.reset();
    slot.buffer.handle.reset();
    slot.buffer.memory.reset();
    auto made = makeExportableBuffer(device_, static_cast<VkDeviceSize>(bytes),
                                     importer_->memoryKind() == MemoryKind::Cuda ? ExportUse::Card : ExportUse::Host);
    if (!made)
      return fail(made);
    auto exported = exportMemory(*device_, *made);
    if (!exported)
      return fail(exported);
    auto memory = importer_->importMemory(std::move(*exported));
    if (!memory)
      return fail(memory);
    slot.buffer = std::move(*made);
    slot.memory = std::move(*memory);
    slot.capacity = bytes;
    slot.device = {device_.get(), slot.buffer.handle.get(), produced_.get(), copied_.get(), &copiedNext_};
    return {};
  }

  const std::shared_ptr<DeviceState> device_;
  const std::unique_ptr<SlotImporter> importer_; // outlives what it imported
  const Owned<VkSemaphore> copied_;
  const Owned<VkSemaphore> produced_; // null: the writer finishes
  SlotRing ring_;
  std::array<SharedSlot, SlotRing::kSlots> slots_;
  int writing_ = SlotRing::kNone; // the writer's
  std::uint64_t copiedNext_ = 0;  // the reader's; see DeviceSlot
  // Written by the reader before it releases a slot: the last copy told to happen until then, and the serial up to
  // which everything was free.
  std::atomic<std::uint64_t> lastCopy_ = 0;
  std::atomic<std::uint64_t> free_ = 0;
  ListenerSlot listener_;
};

} // namespace

OwnedFd& OwnedFd::operator=(OwnedFd&& other) noexcept {
  if (this != &other) {
    if (isOpen())
      ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

OwnedFd::~OwnedFd() {
  if (isOpen())
    ::close(fd_);
}

Result<std::unique_ptr<FrameTransport>> makeSharedTransport(Device& device, std::unique_ptr<SlotImporter> importer) {
  if (!device.capabilities().externalMemoryFd)
    return fail(ErrorCode::Unsupported,
                fmt::format("Sharing frames with the graphics device “{}” is not possible: its driver does not hand "
                            "memory out. Frames are copied through the processor's memory instead.",
                            device.capabilities().deviceName));
  const std::shared_ptr<DeviceState> state = device.state();
  auto copied = makeSemaphore(state, true);
  if (!copied)
    return fail(copied);
  Owned<VkSemaphore> produced;
  if (state->externalSemaphores) {
    VkExportSemaphoreCreateInfo exportable{};
    exportable.sType = VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO;
    exportable.handleTypes = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT;
    auto made = makeSemaphore(state, true, &exportable);
    if (!made)
      return fail(made);
    VkSemaphoreGetFdInfoKHR info{};
    info.sType = VK_STRUCTURE_TYPE_SEMAPHORE_GET_FD_INFO_KHR;
    info.semaphore = made->get();
    info.handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT;
    int fd = -1;
    if (const VkResult r = state->vk.vkGetSemaphoreFdKHR(state->handle, &info, &fd); r != VK_SUCCESS)
      return state->failure("Sharing a semaphore", r);
    const auto imported = importer->importProduced(OwnedFd(fd));
    if (imported)
      produced = std::move(*made);
    else if (imported.error().code != ErrorCode::Unsupported)
      return fail(imported);
  }
  return std::make_unique<SharedTransport>(state, std::move(importer), std::move(*copied), std::move(produced));
}

} // namespace kinora::gpu
