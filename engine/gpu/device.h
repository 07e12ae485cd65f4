// SPDX-License-Identifier: Apache-2.0
// Hides Vulkan: the instance, the physical device that was picked, the logical device, and its loss and rebuilding.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace kinora::gpu {

// What the graphics device can do, as found out when it was opened.
struct Capabilities {
  std::string deviceName;         // "NVIDIA H200", "llvmpipe (LLVM 15.0.6, 256 bits)"
  std::string driverName;         // "llvmpipe", "radv", …
  std::string apiVersion;         // "1.3.230"
  bool software = false;          // the processor draws (lavapipe)
  bool timelineSemaphore = false; // always true for a device that could be opened, like the next two
  bool synchronization2 = false;
  bool dynamicRendering = false;
  bool surfaces = false;               // windows can be presented to
  bool validation = false;             // the validation layer watches
  bool externalMemoryFd = false;       // memory can be handed to another API as a file descriptor
  bool externalSemaphoreFd = false;    // so can timeline semaphores (not on lavapipe)
  std::int32_t maxImageSide = 0;       // pixels
  std::array<std::uint8_t, 16> uuid{}; // equal to the CUDA device's when it is the same card
};

enum class MessageSeverity : std::uint8_t { Warning, Error };
// A message of the validation layer. Called on the thread that made the offending call.
using MessageHandler = std::function<void(MessageSeverity, std::string_view)>;

struct DeviceOptions {
  bool surfaces = false; // make windows possible
  // Asks for the validation layer; where it is not installed, Capabilities::validation stays false.
  bool validation = false;
  MessageHandler onMessage; // empty: messages go to the log, category "gpu"
  // Which device: its index or a part of its name ("llvmpipe"). Empty: KINORA_VK_DEVICE, else the best one (discrete,
  // integrated, then software).
  std::string device;
};

struct DeviceState;   // the logical device; private (device_p.h)
struct InstanceState; // private (device_p.h)

// One graphics device. It outlives the windows whose surfaces were made from it and the presenters drawn with; the
// driver's objects themselves are counted and go with their last user.
class Device {
 public:
  // [any] Errors: unsupported (no Vulkan loader, no driver, none with Vulkan 1.3), notFound (no device of that name),
  // device (the driver failed). The message says what to install or set; Kinora then draws in software.
  static Result<std::unique_ptr<Device>> create(DeviceOptions options = {});
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  // [any] As found at creation; recreate() keeps to the same physical device.
  [[nodiscard]] const Capabilities& capabilities() const;
  // [gui] The VkInstance as an integer, for a window system that makes surfaces from it. Owned by this object.
  [[nodiscard]] std::uintptr_t nativeInstance() const;

  // [gui] Throws the logical device away and opens it anew, as after VK_ERROR_DEVICE_LOST. Presenters notice at their
  // next draw and rebuild themselves; host transports keep their frames. Errors: device.
  Result<void> recreate();
  // [any] How often the logical device was opened: 1 after create().
  [[nodiscard]] int generation() const;

  // [any] For engine/gpu itself: the logical device of the moment.
  [[nodiscard]] std::shared_ptr<DeviceState> state() const;

 private:
  struct Private;
  explicit Device(std::unique_ptr<Private> d);
  std::unique_ptr<Private> d_;
};

} // namespace kinora::gpu
