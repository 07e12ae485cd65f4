// SPDX-License-Identifier: Apache-2.0
#include "engine/gpu/external_memory_p.h"

#include <fmt/format.h>

namespace kinora::gpu {
namespace {

constexpr VkExternalMemoryHandleTypeFlagBits kHandle = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
constexpr VkMemoryPropertyFlags kMapped = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;

void freeMemory(DeviceState& d, VkDeviceMemory memory) {
  d.vk.vkFreeMemory(d.handle, memory, nullptr);
}

} // namespace

Result<ExportableBuffer> makeExportableBuffer(const std::shared_ptr<DeviceState>& device, VkDeviceSize bytes,
                                              ExportUse use) {
  ExportableBuffer out;
  VkExternalMemoryBufferCreateInfo external{};
  external.sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO;
  external.handleTypes = kHandle;
  VkBufferCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  info.pNext = &external;
  info.size = bytes;
  info.usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT;
  VkBuffer handle = VK_NULL_HANDLE;
  if (const VkResult r = device->vk.vkCreateBuffer(device->handle, &info, nullptr, &handle); r != VK_SUCCESS)
    return device->failure("Making a shared graphics buffer", r);
  out.handle = {device, handle, [](DeviceState& d, VkBuffer b) { d.vk.vkDestroyBuffer(d.handle, b, nullptr); }};

  VkMemoryDedicatedRequirements alone{};
  alone.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_REQUIREMENTS;
  VkMemoryRequirements2 needs{};
  needs.sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2;
  needs.pNext = &alone;
  VkBufferMemoryRequirementsInfo2 of{};
  of.sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_REQUIREMENTS_INFO_2;
  of.buffer = handle;
  device->vk.vkGetBufferMemoryRequirements2(device->handle, &of, &needs);
  out.bytes = needs.memoryRequirements.size;
  out.dedicated = alone.requiresDedicatedAllocation;
  out.memoryType = device->memoryType(needs.memoryRequirements.memoryTypeBits,
                                      use == ExportUse::Host ? kMapped : VkMemoryPropertyFlags{0},
                                      use == ExportUse::Host ? 0 : VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
  if (out.memoryType == UINT32_MAX)
    return fail(ErrorCode::Unsupported,
                "Sharing graphics memory is not possible: the driver has none that both sides can reach.");

  VkMemoryDedicatedAllocateInfo dedicated{};
  dedicated.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO;
  dedicated.buffer = handle;
  VkExportMemoryAllocateInfo exportable{};
  exportable.sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO;
  exportable.pNext = out.dedicated ? &dedicated : nullptr;
  exportable.handleTypes = kHandle;
  VkMemoryAllocateInfo allocate{};
  allocate.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
  allocate.pNext = &exportable;
  allocate.allocationSize = out.bytes;
  allocate.memoryTypeIndex = out.memoryType;
  VkDeviceMemory memory = VK_NULL_HANDLE;
  if (const VkResult r = device->vk.vkAllocateMemory(device->handle, &allocate, nullptr, &memory); r != VK_SUCCESS)
    return device->failure(fmt::format("Allocating {} KiB of shared graphics memory", out.bytes >> 10), r);
  out.memory = {device, memory, freeMemory};
  if (const VkResult r = device->vk.vkBindBufferMemory(device->handle, handle, memory, 0); r != VK_SUCCESS)
    return device->failure("Binding a shared graphics buffer", r);
  return out;
}

Result<ExportedMemory> exportMemory(DeviceState& device, const ExportableBuffer& buffer) {
  VkMemoryGetFdInfoKHR info{};
  info.sType = VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR;
  info.memory = buffer.memory.get();
  info.handleType = kHandle;
  int fd = -1;
  if (const VkResult r = device.vk.vkGetMemoryFdKHR(device.handle, &info, &fd); r != VK_SUCCESS)
    return device.failure("Sharing graphics memory", r);
  return ExportedMemory{OwnedFd(fd), static_cast<std::int64_t>(buffer.bytes), buffer.memoryType, buffer.dedicated};
}

} // namespace kinora::gpu
