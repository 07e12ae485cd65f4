// SPDX-License-Identifier: Apache-2.0
// Buffers whose memory another API may open.
#pragma once

#include "engine/gpu/device_p.h"
#include "engine/gpu/shared_transport.h"

namespace kinora::gpu {

struct ExportableBuffer {
  Owned<VkDeviceMemory> memory;
  Owned<VkBuffer> handle; // destroyed first
  VkDeviceSize bytes = 0; // of the memory
  std::uint32_t memoryType = 0;
  bool dedicated = false;
};

enum class ExportUse : std::uint8_t {
  Host, // host-visible and coherent
  Card  // wherever the graphics device reads it fastest
};

// Read by copies of the graphics device.
[[nodiscard]] Result<ExportableBuffer> makeExportableBuffer(const std::shared_ptr<DeviceState>& device,
                                                            VkDeviceSize bytes, ExportUse use);
// A new descriptor of the buffer's memory.
[[nodiscard]] Result<ExportedMemory> exportMemory(DeviceState& device, const ExportableBuffer& buffer);

} // namespace kinora::gpu
