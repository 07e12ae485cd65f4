// SPDX-License-Identifier: Apache-2.0
#include "engine/gpu/device.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/log.h"
#include "engine/gpu/device_p.h"

namespace kinora::gpu {
namespace {

constexpr const char* kValidationLayer = "VK_LAYER_KHRONOS_validation";
constexpr std::uint32_t kApiVersion = VK_API_VERSION_1_3;

// Loading libvulkan writes volk's process-wide pointers; every use of those is under this lock.
std::mutex& loaderMutex() {
  static std::mutex mutex;
  return mutex;
}

template <class Properties, class Name>
bool contains(const std::vector<Properties>& list, const char* wanted, Name name) {
  return std::ranges::any_of(list, [&](const Properties& p) { return std::strcmp(name(p), wanted) == 0; });
}
bool contains(const std::vector<VkExtensionProperties>& list, const char* wanted) {
  return contains(list, wanted, [](const VkExtensionProperties& p) { return p.extensionName; });
}

std::string_view resultText(VkResult result) {
  switch (result) {
  case VK_ERROR_OUT_OF_HOST_MEMORY:
    return "out of memory";
  case VK_ERROR_OUT_OF_DEVICE_MEMORY:
    return "out of graphics memory";
  case VK_ERROR_INITIALIZATION_FAILED:
    return "the driver did not start";
  case VK_ERROR_DEVICE_LOST:
    return "the graphics device was lost";
  case VK_ERROR_LAYER_NOT_PRESENT:
  case VK_ERROR_EXTENSION_NOT_PRESENT:
  case VK_ERROR_FEATURE_NOT_PRESENT:
    return "the driver lacks a part that it announced";
  case VK_ERROR_INCOMPATIBLE_DRIVER:
    return "there is no Vulkan driver";
  case VK_ERROR_SURFACE_LOST_KHR:
    return "the window's surface is gone";
  case VK_ERROR_NATIVE_WINDOW_IN_USE_KHR:
    return "another presenter draws into the window";
  case VK_ERROR_TOO_MANY_OBJECTS:
    return "the driver's limit of objects is reached";
  default:
    return {};
  }
}

VKAPI_ATTR VkBool32 VKAPI_CALL onDebugMessage(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                              VkDebugUtilsMessageTypeFlagsEXT,
                                              const VkDebugUtilsMessengerCallbackDataEXT* data, void* user) {
  const auto* instance = static_cast<const InstanceState*>(user);
  const bool error = severity >= VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
  const std::string_view text = data->pMessage ? data->pMessage : "";
  if (instance->onMessage)
    instance->onMessage(error ? MessageSeverity::Error : MessageSeverity::Warning, text);
  else
    log::write(error ? log::Level::Error : log::Level::Warning, "gpu", text);
  return VK_FALSE;
}

VkDebugUtilsMessengerCreateInfoEXT messengerInfo(InstanceState* instance) {
  VkDebugUtilsMessengerCreateInfoEXT info{};
  info.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT;
  info.messageSeverity =
      VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
  // Not "general": there the loader reports on drivers that are none of our business.
  info.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT;
  info.pfnUserCallback = onDebugMessage;
  info.pUserData = instance;
  return info;
}

Result<std::shared_ptr<InstanceState>> openInstance(const DeviceOptions& options, bool& validation) {
  const std::lock_guard lock(loaderMutex());
  if (volkInitialize() != VK_SUCCESS)
    return fail(ErrorCode::Unsupported,
                "Opening the graphics device failed: the Vulkan loader is not installed. Install the "
                "package libvulkan1; until then pictures are drawn in software.");
  if (volkGetInstanceVersion() < kApiVersion)
    return fail(ErrorCode::Unsupported,
                "Opening the graphics device failed: the Vulkan loader is older than 1.3. Update the "
                "package libvulkan1; until then pictures are drawn in software.");

  std::uint32_t count = 0;
  vkEnumerateInstanceLayerProperties(&count, nullptr);
  std::vector<VkLayerProperties> layers(count);
  vkEnumerateInstanceLayerProperties(&count, layers.data());
  validation =
      options.validation && contains(layers, kValidationLayer, [](const VkLayerProperties& p) { return p.layerName; });

  const auto extensionsOf = [](const char* layer) {
    std::uint32_t n = 0;
    vkEnumerateInstanceExtensionProperties(layer, &n, nullptr);
    std::vector<VkExtensionProperties> list(n);
    vkEnumerateInstanceExtensionProperties(layer, &n, list.data());
    return list;
  };
  const std::vector<VkExtensionProperties> available = extensionsOf(nullptr);
  std::vector<const char*> extensions;
  auto instance = std::make_shared<InstanceState>();
  instance->onMessage = options.onMessage;
  if (options.surfaces && contains(available, VK_KHR_SURFACE_EXTENSION_NAME)) {
    for (const char* platform : {"VK_KHR_xcb_surface", "VK_KHR_xlib_surface", "VK_KHR_wayland_surface",
                                 "VK_KHR_win32_surface", "VK_EXT_metal_surface"}) {
      if (contains(available, platform)) {
        extensions.push_back(platform);
        instance->surfaces = true;
      }
    }
    if (instance->surfaces)
      extensions.push_back(VK_KHR_SURFACE_EXTENSION_NAME);
  }
  const std::vector<VkExtensionProperties> ofLayer =
      validation ? extensionsOf(kValidationLayer) : std::vector<VkExtensionProperties>{};
  VkDebugUtilsMessengerCreateInfoEXT messenger = messengerInfo(instance.get());
  const VkValidationFeatureEnableEXT synchronization = VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT;
  VkValidationFeaturesEXT features{};
  features.sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT;
  features.enabledValidationFeatureCount = 1;
  features.pEnabledValidationFeatures = &synchronization;
  VkApplicationInfo application{};
  application.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO;
  application.pApplicationName = "Kinora";
  application.pEngineName = "Kinora";
  application.apiVersion = kApiVersion;
  VkInstanceCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
  info.pApplicationInfo = &application;
  if (validation) {
    extensions.push_back(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
    if (contains(ofLayer, VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME)) {
      extensions.push_back(VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME);
      messenger.pNext = &features;
    }
    info.pNext = &messenger; // also watches the making and the end of the instance
    info.enabledLayerCount = 1;
    info.ppEnabledLayerNames = &kValidationLayer;
  }
  info.enabledExtensionCount = static_cast<std::uint32_t>(extensions.size());
  info.ppEnabledExtensionNames = extensions.data();
  const VkResult made = vkCreateInstance(&info, nullptr, &instance->handle);
  if (made == VK_ERROR_INCOMPATIBLE_DRIVER)
    return fail(ErrorCode::Unsupported, "Opening the graphics device failed: no Vulkan driver is installed. Install "
                                        "the driver of your graphics card, or "
                                        "the package mesa-vulkan-drivers; until then pictures are drawn in software.");
  if (made != VK_SUCCESS)
    return vulkanError("Opening the graphics device", made);

#define KINORA_LOAD(name)                                                                                              \
  instance->vk.name = reinterpret_cast<PFN_##name>(vkGetInstanceProcAddr(instance->handle, #name));
  KINORA_INSTANCE_FUNCTIONS(KINORA_LOAD)
#undef KINORA_LOAD
  // volkLoadDeviceTable goes through this one; the loader gives every instance the same.
  vkGetDeviceProcAddr = instance->vk.vkGetDeviceProcAddr;
  if (validation) {
    messenger.pNext = nullptr;
    instance->vk.vkCreateDebugUtilsMessengerEXT(instance->handle, &messenger, nullptr, &instance->messenger);
  }
  return instance;
}

// A physical device with everything asked about it once.
struct Candidate {
  VkPhysicalDevice handle = VK_NULL_HANDLE;
  VkPhysicalDeviceProperties properties{};
  VkPhysicalDeviceIDProperties id{};
  VkPhysicalDeviceDriverProperties driver{};
  bool timelineSemaphore = false;
  bool synchronization2 = false;
  bool dynamicRendering = false;
  std::optional<std::uint32_t> queueFamily;
  std::vector<VkExtensionProperties> extensions;

  [[nodiscard]] bool usable() const {
    return properties.apiVersion >= kApiVersion && queueFamily && timelineSemaphore && synchronization2 &&
           dynamicRendering;
  }
  [[nodiscard]] int rank() const {
    switch (properties.deviceType) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
      return 3;
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
      return 2;
    default:
      return 1;
    }
  }
};

Candidate describe(const InstanceState& instance, VkPhysicalDevice handle) {
  Candidate c;
  c.handle = handle;
  c.id.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES;
  c.driver.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES;
  c.id.pNext = &c.driver;
  VkPhysicalDeviceProperties2 properties{};
  properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  properties.pNext = &c.id;
  instance.vk.vkGetPhysicalDeviceProperties2(handle, &properties);
  c.id.pNext = nullptr;
  c.properties = properties.properties;
  if (c.properties.apiVersion >= kApiVersion) {
    VkPhysicalDeviceVulkan13Features v13{};
    v13.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES;
    VkPhysicalDeviceVulkan12Features v12{};
    v12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
    v12.pNext = &v13;
    VkPhysicalDeviceFeatures2 features{};
    features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
    features.pNext = &v12;
    instance.vk.vkGetPhysicalDeviceFeatures2(handle, &features);
    c.timelineSemaphore = v12.timelineSemaphore;
    c.synchronization2 = v13.synchronization2;
    c.dynamicRendering = v13.dynamicRendering;
  }
  std::uint32_t count = 0;
  instance.vk.vkGetPhysicalDeviceQueueFamilyProperties(handle, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  instance.vk.vkGetPhysicalDeviceQueueFamilyProperties(handle, &count, families.data());
  for (std::uint32_t i = 0; i < count && !c.queueFamily; ++i)
    if (families[i].queueFlags & VK_QUEUE_GRAPHICS_BIT)
      c.queueFamily = i;
  instance.vk.vkEnumerateDeviceExtensionProperties(handle, nullptr, &count, nullptr);
  c.extensions.resize(count);
  instance.vk.vkEnumerateDeviceExtensionProperties(handle, nullptr, &count, c.extensions.data());
  return c;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

Result<Candidate> pick(const InstanceState& instance, std::string wanted) {
  std::uint32_t count = 0;
  instance.vk.vkEnumeratePhysicalDevices(instance.handle, &count, nullptr);
  std::vector<VkPhysicalDevice> handles(count);
  instance.vk.vkEnumeratePhysicalDevices(instance.handle, &count, handles.data());
  std::vector<Candidate> all;
  for (const VkPhysicalDevice handle : handles)
    all.push_back(describe(instance, handle));
  if (wanted.empty())
    if (const char* fromEnvironment = std::getenv("KINORA_VK_DEVICE"))
      wanted = fromEnvironment;

  const Candidate* best = nullptr;
  if (!wanted.empty()) {
    std::size_t index = 0;
    const auto parsed = std::from_chars(wanted.data(), wanted.data() + wanted.size(), index);
    const bool isIndex = parsed.ec == std::errc{} && parsed.ptr == wanted.data() + wanted.size();
    for (std::size_t i = 0; i < all.size() && !best; ++i)
      if (isIndex ? i == index : lower(all[i].properties.deviceName).find(lower(wanted)) != std::string::npos)
        best = &all[i];
    std::string names;
    for (std::size_t i = 0; i < all.size(); ++i)
      names += fmt::format("{}{}: {}", i ? ", " : "", i, all[i].properties.deviceName);
    if (!best)
      return fail(
          ErrorCode::NotFound,
          fmt::format("There is no graphics device “{}”. Set KINORA_VK_DEVICE to the number or a part of the name of "
                      "one of these: {}.",
                      wanted, names.empty() ? "none found" : names));
    if (!best->usable())
      return fail(
          ErrorCode::Unsupported,
          fmt::format("The graphics device “{}” cannot draw: its driver lacks Vulkan 1.3. Update the driver, or choose "
                      "another device with KINORA_VK_DEVICE ({}).",
                      best->properties.deviceName, names));
    return *best;
  }
  for (const Candidate& c : all)
    if (c.usable() && (!best || c.rank() > best->rank()))
      best = &c;
  if (!best)
    return fail(ErrorCode::Unsupported, "Opening the graphics device failed: no driver here offers Vulkan 1.3. Update "
                                        "the driver, or install the package "
                                        "mesa-vulkan-drivers; until then pictures are drawn in software.");
  return *best;
}

Result<std::shared_ptr<DeviceState>> openDevice(const std::shared_ptr<InstanceState>& instance, const Candidate& c) {
  auto state = std::make_shared<DeviceState>();
  state->instance = instance;
  state->physical = c.handle;
  state->queueFamily = *c.queueFamily;
  instance->vk.vkGetPhysicalDeviceMemoryProperties(c.handle, &state->memory);

  std::vector<const char*> extensions;
  if (instance->surfaces && contains(c.extensions, VK_KHR_SWAPCHAIN_EXTENSION_NAME))
    extensions.push_back(VK_KHR_SWAPCHAIN_EXTENSION_NAME);
  for (const char* optional : {VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME, VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME})
    if (contains(c.extensions, optional))
      extensions.push_back(optional);
  VkPhysicalDeviceVulkan13Features v13{};
  v13.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES;
  v13.synchronization2 = VK_TRUE;
  v13.dynamicRendering = VK_TRUE;
  VkPhysicalDeviceVulkan12Features v12{};
  v12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
  v12.pNext = &v13;
  v12.timelineSemaphore = VK_TRUE;
  const float priority = 1;
  VkDeviceQueueCreateInfo queue{};
  queue.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO;
  queue.queueFamilyIndex = state->queueFamily;
  queue.queueCount = 1;
  queue.pQueuePriorities = &priority;
  VkDeviceCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO;
  info.pNext = &v12;
  info.queueCreateInfoCount = 1;
  info.pQueueCreateInfos = &queue;
  info.enabledExtensionCount = static_cast<std::uint32_t>(extensions.size());
  info.ppEnabledExtensionNames = extensions.data();
  if (const VkResult made = instance->vk.vkCreateDevice(c.handle, &info, nullptr, &state->handle); made != VK_SUCCESS)
    return vulkanError(fmt::format("Opening the graphics device “{}”", c.properties.deviceName), made);
  {
    const std::lock_guard lock(loaderMutex());
    volkLoadDeviceTable(&state->vk, state->handle);
  }
  state->vk.vkGetDeviceQueue(state->handle, state->queueFamily, 0, &state->queue);
  return state;
}

Capabilities capabilitiesOf(const InstanceState& instance, const Candidate& c, bool validation) {
  Capabilities caps;
  caps.deviceName = c.properties.deviceName;
  caps.driverName = c.driver.driverName;
  caps.apiVersion =
      fmt::format("{}.{}.{}", VK_API_VERSION_MAJOR(c.properties.apiVersion),
                  VK_API_VERSION_MINOR(c.properties.apiVersion), VK_API_VERSION_PATCH(c.properties.apiVersion));
  caps.software = c.properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
  caps.timelineSemaphore = c.timelineSemaphore;
  caps.synchronization2 = c.synchronization2;
  caps.dynamicRendering = c.dynamicRendering;
  caps.surfaces = instance.surfaces && contains(c.extensions, VK_KHR_SWAPCHAIN_EXTENSION_NAME);
  caps.validation = validation;
  caps.maxImageSide = static_cast<std::int32_t>(c.properties.limits.maxImageDimension2D);
  std::ranges::copy(c.id.deviceUUID, caps.uuid.begin());

  VkPhysicalDeviceExternalBufferInfo buffer{};
  buffer.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_BUFFER_INFO;
  buffer.usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT;
  buffer.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
  VkExternalBufferProperties memory{};
  memory.sType = VK_STRUCTURE_TYPE_EXTERNAL_BUFFER_PROPERTIES;
  instance.vk.vkGetPhysicalDeviceExternalBufferProperties(c.handle, &buffer, &memory);
  caps.externalMemoryFd =
      contains(c.extensions, VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME) &&
      (memory.externalMemoryProperties.externalMemoryFeatures & VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT) != 0;

  VkSemaphoreTypeCreateInfo timeline{};
  timeline.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO;
  timeline.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE;
  VkPhysicalDeviceExternalSemaphoreInfo semaphore{};
  semaphore.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_SEMAPHORE_INFO;
  semaphore.pNext = &timeline;
  semaphore.handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT;
  VkExternalSemaphoreProperties shared{};
  shared.sType = VK_STRUCTURE_TYPE_EXTERNAL_SEMAPHORE_PROPERTIES;
  instance.vk.vkGetPhysicalDeviceExternalSemaphoreProperties(c.handle, &semaphore, &shared);
  caps.externalSemaphoreFd = contains(c.extensions, VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME) &&
                             (shared.externalSemaphoreFeatures & VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT) != 0;
  return caps;
}

} // namespace

tl::unexpected<Error> vulkanError(std::string_view doing, VkResult result) {
  const bool memory = result == VK_ERROR_OUT_OF_HOST_MEMORY || result == VK_ERROR_OUT_OF_DEVICE_MEMORY;
  const std::string_view text = resultText(result);
  return fail(memory ? ErrorCode::OutOfMemory : ErrorCode::Device,
              text.empty() ? fmt::format("{} failed: the driver answered {}.", doing, static_cast<int>(result))
                           : fmt::format("{} failed: {}.", doing, text));
}

InstanceState::~InstanceState() {
  if (messenger != VK_NULL_HANDLE)
    vk.vkDestroyDebugUtilsMessengerEXT(handle, messenger, nullptr);
  if (handle != VK_NULL_HANDLE)
    vk.vkDestroyInstance(handle, nullptr);
}

tl::unexpected<Error> DeviceState::failure(std::string_view doing, VkResult result) {
  if (result == VK_ERROR_DEVICE_LOST)
    lost = true;
  return vulkanError(doing, result);
}

DeviceState::~DeviceState() {
  if (handle == VK_NULL_HANDLE)
    return;
  vk.vkDeviceWaitIdle(handle);
  vk.vkDestroyDevice(handle, nullptr);
}

std::uint32_t DeviceState::memoryType(std::uint32_t bits, VkMemoryPropertyFlags required,
                                      VkMemoryPropertyFlags preferred) const {
  for (const VkMemoryPropertyFlags flags : {required | preferred, required})
    for (std::uint32_t i = 0; i < memory.memoryTypeCount; ++i)
      if ((bits & (1u << i)) != 0 && (memory.memoryTypes[i].propertyFlags & flags) == flags)
        return i;
  return UINT32_MAX;
}

struct Device::Private {
  std::shared_ptr<InstanceState> instance;
  Candidate candidate;
  Capabilities capabilities;
  mutable std::mutex mutex; // guards the two below
  std::shared_ptr<DeviceState> state;
  int generation = 0;
};

Device::Device(std::unique_ptr<Private> d) : d_(std::move(d)) {}
Device::~Device() = default;

Result<std::unique_ptr<Device>> Device::create(DeviceOptions options) {
  bool validation = false;
  auto instance = openInstance(options, validation);
  if (!instance)
    return fail(instance);
  auto candidate = pick(**instance, options.device);
  if (!candidate)
    return fail(candidate);
  auto d = std::make_unique<Private>();
  d->instance = *instance;
  d->candidate = std::move(*candidate);
  d->capabilities = capabilitiesOf(**instance, d->candidate, validation);
  std::unique_ptr<Device> device(new Device(std::move(d)));
  if (const auto opened = device->recreate(); !opened)
    return fail(opened);
  return device;
}

const Capabilities& Device::capabilities() const {
  return d_->capabilities;
}
std::uintptr_t Device::nativeInstance() const {
  return reinterpret_cast<std::uintptr_t>(d_->instance->handle);
}

Result<void> Device::recreate() {
  auto opened = openDevice(d_->instance, d_->candidate);
  if (!opened)
    return fail(opened);
  (*opened)->externalSemaphores = d_->capabilities.externalSemaphoreFd;
  const std::lock_guard lock(d_->mutex);
  d_->state = std::move(*opened);
  ++d_->generation;
  return {};
}

int Device::generation() const {
  const std::lock_guard lock(d_->mutex);
  return d_->generation;
}

std::shared_ptr<DeviceState> Device::state() const {
  const std::lock_guard lock(d_->mutex);
  return d_->state;
}

} // namespace kinora::gpu
