// SPDX-License-Identifier: Apache-2.0
#include "engine/gpu/picture_pipeline_p.h"

namespace kinora::gpu {
namespace {

constexpr std::uint32_t kVertexCode[] =
#include "shaders/picture.vert.inc"
    ;
constexpr std::uint32_t kFragmentCode[] =
#include "shaders/picture.frag.inc"
    ;

Result<Owned<VkShaderModule>> makeModule(const std::shared_ptr<DeviceState>& device, const std::uint32_t* code,
                                         std::size_t bytes) {
  VkShaderModuleCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO;
  info.codeSize = bytes;
  info.pCode = code;
  VkShaderModule handle = VK_NULL_HANDLE;
  if (const VkResult r = device->vk.vkCreateShaderModule(device->handle, &info, nullptr, &handle); r != VK_SUCCESS)
    return device->failure("Loading a shader", r);
  return Owned<VkShaderModule>(
      device, handle, [](DeviceState& d, VkShaderModule m) { d.vk.vkDestroyShaderModule(d.handle, m, nullptr); });
}

Result<void> makeLayouts(PicturePipeline& out, const std::shared_ptr<DeviceState>& device) {
  VkSamplerCreateInfo sampler{};
  sampler.sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO;
  sampler.magFilter = sampler.minFilter = VK_FILTER_LINEAR;
  sampler.mipmapMode = VK_SAMPLER_MIPMAP_MODE_NEAREST;
  sampler.addressModeU = sampler.addressModeV = sampler.addressModeW = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE;
  VkSampler samplerHandle = VK_NULL_HANDLE;
  if (const VkResult r = device->vk.vkCreateSampler(device->handle, &sampler, nullptr, &samplerHandle); r != VK_SUCCESS)
    return device->failure("Making a sampler", r);
  out.sampler = {device, samplerHandle,
                 [](DeviceState& d, VkSampler s) { d.vk.vkDestroySampler(d.handle, s, nullptr); }};

  VkDescriptorSetLayoutBinding binding{};
  binding.descriptorType = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER;
  binding.descriptorCount = 1;
  binding.stageFlags = VK_SHADER_STAGE_FRAGMENT_BIT;
  binding.pImmutableSamplers = &samplerHandle;
  VkDescriptorSetLayoutCreateInfo set{};
  set.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO;
  set.bindingCount = 1;
  set.pBindings = &binding;
  VkDescriptorSetLayout setHandle = VK_NULL_HANDLE;
  if (const VkResult r = device->vk.vkCreateDescriptorSetLayout(device->handle, &set, nullptr, &setHandle);
      r != VK_SUCCESS)
    return device->failure("Making a descriptor layout", r);
  out.setLayout = {device, setHandle, [](DeviceState& d, VkDescriptorSetLayout l) {
                     d.vk.vkDestroyDescriptorSetLayout(d.handle, l, nullptr);
                   }};

  const VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, kPictureSlots};
  VkDescriptorPoolCreateInfo pool{};
  pool.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO;
  pool.maxSets = kPictureSlots;
  pool.poolSizeCount = 1;
  pool.pPoolSizes = &size;
  VkDescriptorPool poolHandle = VK_NULL_HANDLE;
  if (const VkResult r = device->vk.vkCreateDescriptorPool(device->handle, &pool, nullptr, &poolHandle);
      r != VK_SUCCESS)
    return device->failure("Making a descriptor pool", r);
  out.pool = {device, poolHandle,
              [](DeviceState& d, VkDescriptorPool p) { d.vk.vkDestroyDescriptorPool(d.handle, p, nullptr); }};
  const std::array<VkDescriptorSetLayout, kPictureSlots> layouts{setHandle, setHandle};
  VkDescriptorSetAllocateInfo sets{};
  sets.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO;
  sets.descriptorPool = poolHandle;
  sets.descriptorSetCount = kPictureSlots;
  sets.pSetLayouts = layouts.data();
  if (const VkResult r = device->vk.vkAllocateDescriptorSets(device->handle, &sets, out.sets.data()); r != VK_SUCCESS)
    return device->failure("Making descriptors", r);

  const VkPushConstantRange push{VK_SHADER_STAGE_VERTEX_BIT | VK_SHADER_STAGE_FRAGMENT_BIT, 0, sizeof(PicturePush)};
  VkPipelineLayoutCreateInfo layout{};
  layout.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO;
  layout.setLayoutCount = 1;
  layout.pSetLayouts = &setHandle;
  layout.pushConstantRangeCount = 1;
  layout.pPushConstantRanges = &push;
  VkPipelineLayout layoutHandle = VK_NULL_HANDLE;
  if (const VkResult r = device->vk.vkCreatePipelineLayout(device->handle, &layout, nullptr, &layoutHandle);
      r != VK_SUCCESS)
    return device->failure("Making a pipeline layout", r);
  out.layout = {device, layoutHandle,
                [](DeviceState& d, VkPipelineLayout l) { d.vk.vkDestroyPipelineLayout(d.handle, l, nullptr); }};
  return {};
}

} // namespace

Result<PicturePipeline> PicturePipeline::make(const std::shared_ptr<DeviceState>& device, VkFormat target) {
  PicturePipeline out;
  if (const auto layouts = makeLayouts(out, device); !layouts)
    return fail(layouts);
  const auto vertex = makeModule(device, kVertexCode, sizeof(kVertexCode));
  const auto fragment = makeModule(device, kFragmentCode, sizeof(kFragmentCode));
  if (!vertex)
    return fail(vertex);
  if (!fragment)
    return fail(fragment);

  std::array<VkPipelineShaderStageCreateInfo, 2> stages{};
  for (auto& stage : stages) {
    stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
    stage.pName = "main";
  }
  stages[0].stage = VK_SHADER_STAGE_VERTEX_BIT;
  stages[0].module = vertex->get();
  stages[1].stage = VK_SHADER_STAGE_FRAGMENT_BIT;
  stages[1].module = fragment->get();
  VkPipelineVertexInputStateCreateInfo vertices{};
  vertices.sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO;
  VkPipelineInputAssemblyStateCreateInfo assembly{};
  assembly.sType = VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO;
  assembly.topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_STRIP;
  VkPipelineViewportStateCreateInfo viewport{};
  viewport.sType = VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO;
  viewport.viewportCount = 1;
  viewport.scissorCount = 1;
  VkPipelineRasterizationStateCreateInfo raster{};
  raster.sType = VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO;
  raster.lineWidth = 1;
  VkPipelineMultisampleStateCreateInfo samples{};
  samples.sType = VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO;
  samples.rasterizationSamples = VK_SAMPLE_COUNT_1_BIT;
  VkPipelineColorBlendAttachmentState over{};
  over.blendEnable = VK_TRUE;
  over.srcColorBlendFactor = over.srcAlphaBlendFactor = VK_BLEND_FACTOR_ONE;
  over.dstColorBlendFactor = over.dstAlphaBlendFactor = VK_BLEND_FACTOR_ONE_MINUS_SRC_ALPHA;
  over.colorBlendOp = over.alphaBlendOp = VK_BLEND_OP_ADD;
  over.colorWriteMask =
      VK_COLOR_COMPONENT_R_BIT | VK_COLOR_COMPONENT_G_BIT | VK_COLOR_COMPONENT_B_BIT | VK_COLOR_COMPONENT_A_BIT;
  VkPipelineColorBlendStateCreateInfo blend{};
  blend.sType = VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO;
  blend.attachmentCount = 1;
  blend.pAttachments = &over;
  constexpr std::array dynamics{VK_DYNAMIC_STATE_VIEWPORT, VK_DYNAMIC_STATE_SCISSOR};
  VkPipelineDynamicStateCreateInfo dynamic{};
  dynamic.sType = VK_STRUCTURE_TYPE_PIPELINE_DYNAMIC_STATE_CREATE_INFO;
  dynamic.dynamicStateCount = static_cast<std::uint32_t>(dynamics.size());
  dynamic.pDynamicStates = dynamics.data();
  VkPipelineRenderingCreateInfo rendering{};
  rendering.sType = VK_STRUCTURE_TYPE_PIPELINE_RENDERING_CREATE_INFO;
  rendering.colorAttachmentCount = 1;
  rendering.pColorAttachmentFormats = &target;

  VkGraphicsPipelineCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO;
  info.pNext = &rendering;
  info.stageCount = static_cast<std::uint32_t>(stages.size());
  info.pStages = stages.data();
  info.pVertexInputState = &vertices;
  info.pInputAssemblyState = &assembly;
  info.pViewportState = &viewport;
  info.pRasterizationState = &raster;
  info.pMultisampleState = &samples;
  info.pColorBlendState = &blend;
  info.pDynamicState = &dynamic;
  info.layout = out.layout.get();
  VkPipeline handle = VK_NULL_HANDLE;
  if (const VkResult r =
          device->vk.vkCreateGraphicsPipelines(device->handle, VK_NULL_HANDLE, 1, &info, nullptr, &handle);
      r != VK_SUCCESS)
    return device->failure("Making the drawing pipeline", r);
  out.handle = {device, handle, [](DeviceState& d, VkPipeline p) { d.vk.vkDestroyPipeline(d.handle, p, nullptr); }};
  return out;
}

void PicturePipeline::bindTexture(DeviceState& device, PictureSlot slot, VkImageView view) const {
  VkDescriptorImageInfo image{};
  image.imageView = view;
  image.imageLayout = VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL;
  VkWriteDescriptorSet write{};
  write.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
  write.dstSet = sets[static_cast<std::size_t>(slot)];
  write.descriptorCount = 1;
  write.descriptorType = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER;
  write.pImageInfo = &image;
  device.vk.vkUpdateDescriptorSets(device.handle, 1, &write, 0, nullptr);
}

} // namespace kinora::gpu
