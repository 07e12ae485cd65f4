// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "engine/gpu/device_p.h"

namespace kinora::gpu {
namespace {

Result<Owned<VkDeviceMemory>> allocate(const std::shared_ptr<DeviceState>& device, const VkMemoryRequirements& needs,
                                       VkMemoryPropertyFlags required, VkMemoryPropertyFlags preferred) {
  VkMemoryAllocateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
  info.allocationSize = needs.size;
  info.memoryTypeIndex = device->memoryType(needs.memoryTypeBits, required, preferred);
  if (info.memoryTypeIndex == UINT32_MAX)
    return fail(ErrorCode::Device, "Allocating graphics memory failed: the driver has no memory of the kind needed.");
  VkDeviceMemory memory = VK_NULL_HANDLE;
  if (const VkResult r = device->vk.vkAllocateMemory(device->handle, &info, nullptr, &memory); r != VK_SUCCESS)
    return device->failure(fmt::format("Allocating {} KiB of graphics memory", needs.size >> 10), r);
  return Owned<VkDeviceMemory>(device, memory,
                               [](DeviceState& d, VkDeviceMemory m) { d.vk.vkFreeMemory(d.handle, m, nullptr); });
}

} // namespace

Result<Buffer> makeBuffer(const std::shared_ptr<DeviceState>& device, VkDeviceSize bytes, BufferUse use) {
  Buffer buffer;
  buffer.bytes = bytes;
  VkBufferCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  info.size = bytes;
  info.usage = use == BufferUse::Upload ? VK_BUFFER_USAGE_TRANSFER_SRC_BIT : VK_BUFFER_USAGE_TRANSFER_DST_BIT;
  VkBuffer handle = VK_NULL_HANDLE;
  if (const VkResult r = device->vk.vkCreateBuffer(device->handle, &info, nullptr, &handle); r != VK_SUCCESS)
    return device->failure("Making a graphics buffer", r);
  buffer.handle = {device, handle, [](DeviceState& d, VkBuffer b) { d.vk.vkDestroyBuffer(d.handle, b, nullptr); }};
  VkMemoryRequirements needs{};
  device->vk.vkGetBufferMemoryRequirements(device->handle, handle, &needs);
  // Cached memory makes reading back fast; for writing, what the driver lists first is best.
  auto memory = allocate(device, needs, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
                         use == BufferUse::Readback ? VkMemoryPropertyFlags{VK_MEMORY_PROPERTY_HOST_CACHED_BIT} : 0);
  if (!memory)
    return fail(memory);
  buffer.memory = std::move(*memory);
  void* mapped = nullptr;
  VkResult r = device->vk.vkBindBufferMemory(device->handle, handle, buffer.memory.get(), 0);
  if (r == VK_SUCCESS)
    r = device->vk.vkMapMemory(device->handle, buffer.memory.get(), 0, VK_WHOLE_SIZE, 0, &mapped);
  if (r != VK_SUCCESS)
    return device->failure("Mapping a graphics buffer", r);
  buffer.mapped = static_cast<std::byte*>(mapped);
  return buffer;
}

Result<Texture> makeTexture(const std::shared_ptr<DeviceState>& device, Size size, VkFormat format,
                            VkImageUsageFlags usage) {
  Texture texture;
  texture.size = size;
  VkImageCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO;
  info.imageType = VK_IMAGE_TYPE_2D;
  info.format = format;
  info.extent = {static_cast<std::uint32_t>(size.width), static_cast<std::uint32_t>(size.height), 1};
  info.mipLevels = 1;
  info.arrayLayers = 1;
  info.samples = VK_SAMPLE_COUNT_1_BIT;
  info.tiling = VK_IMAGE_TILING_OPTIMAL;
  info.usage = usage;
  info.initialLayout = VK_IMAGE_LAYOUT_UNDEFINED;
  VkImage handle = VK_NULL_HANDLE;
  if (const VkResult r = device->vk.vkCreateImage(device->handle, &info, nullptr, &handle); r != VK_SUCCESS)
    return device->failure("Making a graphics image", r);
  texture.handle = {device, handle, [](DeviceState& d, VkImage i) { d.vk.vkDestroyImage(d.handle, i, nullptr); }};
  VkMemoryRequirements needs{};
  device->vk.vkGetImageMemoryRequirements(device->handle, handle, &needs);
  auto memory = allocate(device, needs, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0);
  if (!memory)
    return fail(memory);
  texture.memory = std::move(*memory);
  if (const VkResult r = device->vk.vkBindImageMemory(device->handle, handle, texture.memory.get(), 0); r != VK_SUCCESS)
    return device->failure("Binding a graphics image", r);
  VkImageViewCreateInfo view{};
  view.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO;
  view.image = handle;
  view.viewType = VK_IMAGE_VIEW_TYPE_2D;
  view.format = format;
  view.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
  VkImageView viewHandle = VK_NULL_HANDLE;
  if (const VkResult r = device->vk.vkCreateImageView(device->handle, &view, nullptr, &viewHandle); r != VK_SUCCESS)
    return device->failure("Making an image view", r);
  texture.view = {device, viewHandle,
                  [](DeviceState& d, VkImageView v) { d.vk.vkDestroyImageView(d.handle, v, nullptr); }};
  return texture;
}

Result<Owned<VkSemaphore>> makeSemaphore(const std::shared_ptr<DeviceState>& device, bool timeline, const void* next) {
  VkSemaphoreTypeCreateInfo type{};
  type.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO;
  type.pNext = next;
  type.semaphoreType = timeline ? VK_SEMAPHORE_TYPE_TIMELINE : VK_SEMAPHORE_TYPE_BINARY;
  VkSemaphoreCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO;
  info.pNext = &type;
  VkSemaphore handle = VK_NULL_HANDLE;
  if (const VkResult r = device->vk.vkCreateSemaphore(device->handle, &info, nullptr, &handle); r != VK_SUCCESS)
    return device->failure("Making a semaphore", r);
  return Owned<VkSemaphore>(device, handle,
                            [](DeviceState& d, VkSemaphore s) { d.vk.vkDestroySemaphore(d.handle, s, nullptr); });
}

} // namespace kinora::gpu
