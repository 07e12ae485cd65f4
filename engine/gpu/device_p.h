// SPDX-License-Identifier: Apache-2.0
// Vulkan behind device.h, and the few owning types that presenter and transport are made of.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include <volk.h>

#include "engine/base/geometry.h"
#include "engine/gpu/device.h"

namespace kinora::gpu {

// Functions of one instance. (volk's own are process-wide, and null where another instance lacks an extension.)
struct InstanceTable {
#define KINORA_INSTANCE_FUNCTIONS(X)                                                                                   \
  X(vkDestroyInstance)                                                                                                 \
  X(vkEnumeratePhysicalDevices)                                                                                        \
  X(vkEnumerateDeviceExtensionProperties)                                                                              \
  X(vkGetPhysicalDeviceProperties2)                                                                                    \
  X(vkGetPhysicalDeviceFeatures2)                                                                                      \
  X(vkGetPhysicalDeviceQueueFamilyProperties)                                                                          \
  X(vkGetPhysicalDeviceMemoryProperties)                                                                               \
  X(vkGetPhysicalDeviceExternalBufferProperties)                                                                       \
  X(vkGetPhysicalDeviceExternalSemaphoreProperties)                                                                    \
  X(vkCreateDevice)                                                                                                    \
  X(vkGetDeviceProcAddr)                                                                                               \
  X(vkCreateDebugUtilsMessengerEXT)                                                                                    \
  X(vkDestroyDebugUtilsMessengerEXT)                                                                                   \
  X(vkGetPhysicalDeviceSurfaceSupportKHR)                                                                              \
  X(vkGetPhysicalDeviceSurfaceCapabilitiesKHR)                                                                         \
  X(vkGetPhysicalDeviceSurfaceFormatsKHR)                                                                              \
  X(vkGetPhysicalDeviceSurfacePresentModesKHR)
#define KINORA_DECLARE(name) PFN_##name name = nullptr;
  KINORA_INSTANCE_FUNCTIONS(KINORA_DECLARE)
#undef KINORA_DECLARE
};

struct InstanceState {
  VkInstance handle = VK_NULL_HANDLE;
  InstanceTable vk;
  VkDebugUtilsMessengerEXT messenger = VK_NULL_HANDLE;
  MessageHandler onMessage;
  bool surfaces = false;

  InstanceState() = default;
  InstanceState(const InstanceState&) = delete;
  InstanceState& operator=(const InstanceState&) = delete;
  ~InstanceState();
};

struct DeviceState {
  std::shared_ptr<InstanceState> instance;
  VkPhysicalDevice physical = VK_NULL_HANDLE;
  VkDevice handle = VK_NULL_HANDLE;
  std::uint32_t queueFamily = 0;
  VkQueue queue = VK_NULL_HANDLE;
  std::mutex queueMutex; // submissions and presents
  VolkDeviceTable vk{};
  VkPhysicalDeviceMemoryProperties memory{};
  bool externalSemaphores = false;
  // [any] The device answered VK_ERROR_DEVICE_LOST, or did not answer for too long: nothing of it works any more.
  std::atomic<bool> lost = false;

  DeviceState() = default;
  DeviceState(const DeviceState&) = delete;
  DeviceState& operator=(const DeviceState&) = delete;
  ~DeviceState();

  // Index of a memory type with all required and, if there is one, all preferred flags; UINT32_MAX when none fits.
  [[nodiscard]] std::uint32_t memoryType(std::uint32_t bits, VkMemoryPropertyFlags required,
                                         VkMemoryPropertyFlags preferred) const;
  // vulkanError for a call on this device; notes the loss.
  [[nodiscard]] tl::unexpected<Error> failure(std::string_view doing, VkResult result);
};

// "Making X failed: out of device memory." Memory errors become outOfMemory, everything else device.
[[nodiscard]] tl::unexpected<Error> vulkanError(std::string_view doing, VkResult result);

// A device object and who destroys it.
template <class Handle>
class Owned {
 public:
  using Destroy = void (*)(DeviceState&, Handle);
  Owned() = default;
  Owned(std::shared_ptr<DeviceState> device, Handle handle, Destroy destroy)
      : device_(std::move(device)), handle_(handle), destroy_(destroy) {}
  Owned(Owned&& other) noexcept
      : device_(std::move(other.device_)), handle_(std::exchange(other.handle_, Handle{})), destroy_(other.destroy_) {}
  Owned& operator=(Owned&& other) noexcept {
    if (this != &other) {
      reset();
      device_ = std::move(other.device_);
      handle_ = std::exchange(other.handle_, Handle{});
      destroy_ = other.destroy_;
    }
    return *this;
  }
  ~Owned() { reset(); }
  void reset() {
    if (handle_ != Handle{})
      destroy_(*device_, handle_);
    handle_ = Handle{};
    device_.reset();
  }
  [[nodiscard]] Handle get() const { return handle_; }
  explicit operator bool() const { return handle_ != Handle{}; }

 private:
  std::shared_ptr<DeviceState> device_;
  Handle handle_{};
  Destroy destroy_ = nullptr;
};

struct Buffer {
  Owned<VkDeviceMemory> memory; // freed after the buffer: members go in reverse order
  Owned<VkBuffer> handle;
  std::byte* mapped = nullptr; // null unless host-visible
  VkDeviceSize bytes = 0;
};
enum class BufferUse : std::uint8_t { Upload, Readback };
// Host-visible, coherent and mapped for its whole life.
[[nodiscard]] Result<Buffer> makeBuffer(const std::shared_ptr<DeviceState>& device, VkDeviceSize bytes, BufferUse use);

struct Texture {
  Owned<VkDeviceMemory> memory;
  Owned<VkImage> handle;
  Owned<VkImageView> view;
  Size size;
};
[[nodiscard]] Result<Texture> makeTexture(const std::shared_ptr<DeviceState>& device, Size size, VkFormat format,
                                          VkImageUsageFlags usage);

[[nodiscard]] Result<Owned<VkSemaphore>> makeSemaphore(const std::shared_ptr<DeviceState>& device, bool timeline,
                                                       const void* next = nullptr);

} // namespace kinora::gpu
