// SPDX-License-Identifier: Apache-2.0
// A slot that the presenter reads on the graphics device.
#pragma once

#include "engine/gpu/device_p.h"
#include "engine/gpu/frame_transport.h"

namespace kinora::gpu {

struct DeviceSlot {
  const DeviceState* device = nullptr; // whose buffer it is
  VkBuffer buffer = VK_NULL_HANDLE;    // RGBA8 rows of FrameView::strideBytes
  // Wait for this value before reading; null: the writes are finished.
  VkSemaphore produced = VK_NULL_HANDLE;
  // Timeline on which the reading submission signals the frame's serial.
  VkSemaphore copied = VK_NULL_HANDLE;
  // The last serial that a submission was told to signal there. Timelines only grow: a submission that reads the same
  // frame again is waited for instead.
  std::uint64_t* copiedNext = nullptr;
};

} // namespace kinora::gpu
