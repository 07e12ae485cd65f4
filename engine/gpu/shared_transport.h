// SPDX-License-Identifier: Apache-2.0
// Hides how slots of a FrameTransport are memory of the graphics device that another API (CUDA) writes directly.
//
// The graphics device allocates each slot as exportable memory; a SlotImporter opens the exported file descriptor in
// the API that writes. Where timeline semaphores can be exported too, the writer signals "produced" on the device and
// the presenter waits for it there; else the writer finishes its work before a frame is handed over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/gpu/device.h"
#include "engine/gpu/frame_transport.h"

namespace kinora::gpu {

// An open file descriptor that closes itself unless it is given away.
class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(other.release()) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept;
  ~OwnedFd();
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool isOpen() const { return fd_ >= 0; }
  // Gives the descriptor away: the caller has to close it.
  [[nodiscard]] int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }

 private:
  int fd_ = -1;
};

// Memory of one slot on its way to another API.
struct ExportedMemory {
  OwnedFd fd;
  std::int64_t bytes = 0;       // size of the allocation
  std::uint32_t memoryType = 0; // of the graphics device
  bool dedicated = false;       // it was allocated for one buffer alone
};

// A slot as the other API sees it; unmapped and freed with this object.
class ImportedMemory {
 public:
  virtual ~ImportedMemory() = default;
  [[nodiscard]] virtual std::byte* data() const = 0;
};

// [engine] The API that writes slots.
class SlotImporter {
 public:
  virtual ~SlotImporter() = default;
  // Host: slots are host-visible, and the reader may look at them too. Cuda: they lie on the graphics card.
  [[nodiscard]] virtual MemoryKind memoryKind() const = 0;
  // Takes the descriptor over when it succeeds and closes it when it does not. Errors: device, unsupported.
  virtual Result<std::unique_ptr<ImportedMemory>> importMemory(ExportedMemory memory) = 0;
  // The same for the "produced" timeline. Errors: unsupported (then finish() is used instead).
  virtual Result<void> importProduced(OwnedFd fd) = 0;
  // Queues "produced = value" behind the writes made so far. Only after importProduced succeeded.
  virtual Result<void> signalProduced(std::uint64_t value) = 0;
  // Returns when the writes made so far are in memory.
  virtual Result<void> finish() = 0;
};

// [any] A second view of the memory through the graphics device itself, mapped for the processor. Needs memory that is
// both exportable and host-visible (lavapipe, integrated graphics). Errors: unsupported.
[[nodiscard]] Result<std::unique_ptr<SlotImporter>> makeMappedImporter(Device& device);

// [any] CUDA on the same card; stream is a cudaStream_t (null: the default stream) that the writer uses and that
// outlives the importer. Errors: unsupported (built without CUDA, no driver, or no CUDA device with the graphics
// device's UUID).
[[nodiscard]] Result<std::unique_ptr<SlotImporter>> makeCudaImporter(const Device& device, void* stream);

// [any] Errors: unsupported (the device cannot export memory). The transport keeps the device's state of the moment:
// make a new one after Device::recreate.
[[nodiscard]] Result<std::unique_ptr<FrameTransport>> makeSharedTransport(Device& device,
                                                                          std::unique_ptr<SlotImporter> importer);

} // namespace kinora::gpu
