// SPDX-License-Identifier: Apache-2.0
// The images of a window, and everything that has to be made anew when its size changes.
#pragma once

#include <vector>

#include "engine/gpu/device_p.h"
#include "engine/gpu/presenter.h"

namespace kinora::gpu {

// A format that passes encoded pixels on unchanged. Errors: unsupported.
[[nodiscard]] Result<VkSurfaceFormatKHR> chooseSurfaceFormat(const DeviceState& device, VkSurfaceKHR surface);

struct Swapchain {
  struct Target {
    VkImage image = VK_NULL_HANDLE; // the swapchain's
    Owned<VkImageView> view;
    Owned<VkSemaphore> rendered; // belongs to the image: it is free again only when the image is acquired again
  };
  Owned<VkSwapchainKHR> handle;
  std::vector<Target> targets;
  Size size; // empty: the window has no area at present

  // old is retired. The device must be done with old's images.
  static Result<Swapchain> make(const std::shared_ptr<DeviceState>& device, VkSurfaceKHR surface,
                                VkSurfaceFormatKHR format, Size wanted, PresentMode mode, VkSwapchainKHR old);
};

} // namespace kinora::gpu
