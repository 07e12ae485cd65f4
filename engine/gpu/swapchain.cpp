// SPDX-License-Identifier: Apache-2.0
#include "engine/gpu/swapchain_p.h"

#include <algorithm>

namespace kinora::gpu {

Result<VkSurfaceFormatKHR> chooseSurfaceFormat(const DeviceState& device, VkSurfaceKHR surface) {
  const InstanceTable& vk = device.instance->vk;
  VkBool32 supported = VK_FALSE;
  if (const VkResult r =
          vk.vkGetPhysicalDeviceSurfaceSupportKHR(device.physical, device.queueFamily, surface, &supported);
      r != VK_SUCCESS)
    return vulkanError("Asking the graphics device about the window", r);
  if (!supported)
    return fail(ErrorCode::Unsupported,
                "The graphics device cannot draw into this window. Choose another one with KINORA_VK_DEVICE.");
  std::uint32_t count = 0;
  vk.vkGetPhysicalDeviceSurfaceFormatsKHR(device.physical, surface, &count, nullptr);
  std::vector<VkSurfaceFormatKHR> formats(count);
  if (const VkResult r = vk.vkGetPhysicalDeviceSurfaceFormatsKHR(device.physical, surface, &count, formats.data());
      r != VK_SUCCESS)
    return vulkanError("Asking the window for its pixel formats", r);
  // Never an SRGB format: it would encode the pixels a second time.
  for (const VkFormat wanted : {VK_FORMAT_B8G8R8A8_UNORM, VK_FORMAT_R8G8B8A8_UNORM, VK_FORMAT_A8B8G8R8_UNORM_PACK32})
    for (const VkSurfaceFormatKHR& format : formats)
      if (format.format == wanted && format.colorSpace == VK_COLOR_SPACE_SRGB_NONLINEAR_KHR)
        return format;
  return fail(ErrorCode::Unsupported, "The window offers no 8-bit pixel format that shows pictures unchanged.");
}

Result<Swapchain> Swapchain::make(const std::shared_ptr<DeviceState>& device, VkSurfaceKHR surface,
                                  VkSurfaceFormatKHR format, Size wanted, PresentMode mode, VkSwapchainKHR old) {
  const InstanceTable& vk = device->instance->vk;
  VkSurfaceCapabilitiesKHR caps{};
  if (const VkResult r = vk.vkGetPhysicalDeviceSurfaceCapabilitiesKHR(device->physical, surface, &caps);
      r != VK_SUCCESS)
    return vulkanError("Asking the window for its size", r);
  VkExtent2D extent = caps.currentExtent;
  if (extent.width == UINT32_MAX) // the window takes the size of its pictures
    extent = {
        std::clamp(static_cast<std::uint32_t>(wanted.width), caps.minImageExtent.width, caps.maxImageExtent.width),
        std::clamp(static_cast<std::uint32_t>(wanted.height), caps.minImageExtent.height, caps.maxImageExtent.height)};
  Swapchain out;
  if (extent.width == 0 || extent.height == 0)
    return out;

  VkPresentModeKHR presentMode = VK_PRESENT_MODE_FIFO_KHR;
  if (mode == PresentMode::Mailbox) {
    std::uint32_t count = 0;
    vk.vkGetPhysicalDeviceSurfacePresentModesKHR(device->physical, surface, &count, nullptr);
    std::vector<VkPresentModeKHR> modes(count);
    vk.vkGetPhysicalDeviceSurfacePresentModesKHR(device->physical, surface, &count, modes.data());
    if (std::ranges::find(modes, VK_PRESENT_MODE_MAILBOX_KHR) != modes.end())
      presentMode = VK_PRESENT_MODE_MAILBOX_KHR;
  }
  VkSwapchainCreateInfoKHR info{};
  info.sType = VK_STRUCTURE_TYPE_SWAPCHAIN_CREATE_INFO_KHR;
  info.surface = surface;
  info.minImageCount = std::max(3u, caps.minImageCount);
  if (caps.maxImageCount > 0)
    info.minImageCount = std::min(info.minImageCount, caps.maxImageCount);
  info.imageFormat = format.format;
  info.imageColorSpace = format.colorSpace;
  info.imageExtent = extent;
  info.imageArrayLayers = 1;
  info.imageUsage = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT;
  info.preTransform = caps.currentTransform;
  info.compositeAlpha = VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR;
  if ((caps.supportedCompositeAlpha & info.compositeAlpha) == 0)
    info.compositeAlpha = VK_COMPOSITE_ALPHA_INHERIT_BIT_KHR;
  info.presentMode = presentMode;
  info.clipped = VK_TRUE;
  info.oldSwapchain = old;
  VkSwapchainKHR handle = VK_NULL_HANDLE;
  if (const VkResult r = device->vk.vkCreateSwapchainKHR(device->handle, &info, nullptr, &handle); r != VK_SUCCESS)
    return device->failure("Making the pictures of the window", r);
  out.handle = {device, handle,
                [](DeviceState& d, VkSwapchainKHR s) { d.vk.vkDestroySwapchainKHR(d.handle, s, nullptr); }};

  std::uint32_t count = 0;
  device->vk.vkGetSwapchainImagesKHR(device->handle, handle, &count, nullptr);
  std::vector<VkImage> images(count);
  if (const VkResult r = device->vk.vkGetSwapchainImagesKHR(device->handle, handle, &count, images.data());
      r != VK_SUCCESS)
    return device->failure("Fetching the pictures of the window", r);
  for (const VkImage image : images) {
    VkImageViewCreateInfo view{};
    view.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO;
    view.image = image;
    view.viewType = VK_IMAGE_VIEW_TYPE_2D;
    view.format = format.format;
    view.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
    VkImageView viewHandle = VK_NULL_HANDLE;
    if (const VkResult r = device->vk.vkCreateImageView(device->handle, &view, nullptr, &viewHandle); r != VK_SUCCESS)
      return device->failure("Making a view of the window", r);
    Target target;
    target.image = image;
    target.view = {device, viewHandle,
                   [](DeviceState& d, VkImageView v) { d.vk.vkDestroyImageView(d.handle, v, nullptr); }};
    auto rendered = makeSemaphore(device, false);
    if (!rendered)
      return fail(rendered);
    target.rendered = std::move(*rendered);
    out.targets.push_back(std::move(target));
  }
  out.size = {static_cast<std::int32_t>(extent.width), static_cast<std::int32_t>(extent.height)};
  return out;
}

} // namespace kinora::gpu
