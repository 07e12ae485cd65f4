// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "engine/gpu/device_p.h"
#include "engine/gpu/shared_transport.h"

namespace kinora::gpu {
namespace {

class MappedMemory final : public ImportedMemory {
 public:
  MappedMemory(Owned<VkDeviceMemory> memory, std::byte* data) : memory_(std::move(memory)), data_(data) {}
  [[nodiscard]] std::byte* data() const override { return data_; }

 private:
  Owned<VkDeviceMemory> memory_; // freeing it ends the mapping
  std::byte* data_;
};

class MappedImporter final : public SlotImporter {
 public:
  explicit MappedImporter(std::shared_ptr<DeviceState> device) : device_(std::move(device)) {}

  [[nodiscard]] MemoryKind memoryKind() const override { return MemoryKind::Host; }

  Result<std::unique_ptr<ImportedMemory>> importMemory(ExportedMemory exported) override {
    if (exported.dedicated)
      return fail(ErrorCode::Unsupported, "Opening shared graphics memory is not possible: the driver binds it to one "
                                          "buffer alone.");
    VkImportMemoryFdInfoKHR import{};
    import.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR;
    import.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
    import.fd = exported.fd.get();
    VkMemoryAllocateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
    info.pNext = &import;
    info.allocationSize = static_cast<VkDeviceSize>(exported.bytes);
    info.memoryTypeIndex = exported.memoryType;
    VkDeviceMemory handle = VK_NULL_HANDLE;
    if (const VkResult r = device_->vk.vkAllocateMemory(device_->handle, &info, nullptr, &handle); r != VK_SUCCESS)
      return device_->failure(fmt::format("Opening {} KiB of shared graphics memory", exported.bytes >> 10), r);
    static_cast<void>(exported.fd.release()); // the driver's now
    Owned<VkDeviceMemory> memory(device_, handle,
                                 [](DeviceState& d, VkDeviceMemory m) { d.vk.vkFreeMemory(d.handle, m, nullptr); });
    void* data = nullptr;
    if (const VkResult r = device_->vk.vkMapMemory(device_->handle, handle, 0, VK_WHOLE_SIZE, 0, &data);
        r != VK_SUCCESS)
      return device_->failure("Mapping shared graphics memory", r);
    return std::make_unique<MappedMemory>(std::move(memory), static_cast<std::byte*>(data));
  }

  Result<void> importProduced(OwnedFd) override {
    return fail(ErrorCode::Unsupported, "The processor's writes are done when it hands a frame over.");
  }
  Result<void> signalProduced(std::uint64_t) override {
    return fail(ErrorCode::Unsupported, "The processor's writes are done when it hands a frame over.");
  }
  Result<void> finish() override { return {}; } // submissions see what the processor wrote before them

 private:
  std::shared_ptr<DeviceState> device_;
};

} // namespace

Result<std::unique_ptr<SlotImporter>> makeMappedImporter(Device& device) {
  if (!device.capabilities().externalMemoryFd)
    return fail(ErrorCode::Unsupported, fmt::format("Sharing frames with the graphics device “{}” is not possible: its "
                                                    "driver does not hand memory out.",
                                                    device.capabilities().deviceName));
  return std::make_unique<MappedImporter>(device.state());
}

} // namespace kinora::gpu
