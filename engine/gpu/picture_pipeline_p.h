// SPDX-License-Identifier: Apache-2.0
// The one pipeline: a picture, filtered, premultiplied, laid over what is there.
#pragma once

#include <array>

#include "engine/gpu/device_p.h"

namespace kinora::gpu {

// Layout shared with assets/shaders/picture.vert and .frag.
struct PicturePush {
  std::array<float, 4> rect{};
  std::array<float, 2> target{};
  std::array<float, 2> picture{};
  float texels = 1;
  std::int32_t taps = 1;
  std::int32_t exact = 1;
  std::int32_t straight = 0;
};
static_assert(sizeof(PicturePush) == 48);

enum class PictureSlot : std::uint8_t { Frame, Overlay };
inline constexpr std::size_t kPictureSlots = 2;

struct PicturePipeline {
  Owned<VkSampler> sampler;
  Owned<VkDescriptorSetLayout> setLayout;
  Owned<VkDescriptorPool> pool;
  Owned<VkPipelineLayout> layout;
  Owned<VkPipeline> handle;
  std::array<VkDescriptorSet, kPictureSlots> sets{}; // the pool's

  static Result<PicturePipeline> make(const std::shared_ptr<DeviceState>& device, VkFormat target);
  // The set must not be in use by the device.
  void bindTexture(DeviceState& device, PictureSlot slot, VkImageView view) const;
};

} // namespace kinora::gpu
