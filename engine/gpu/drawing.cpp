// SPDX-License-Identifier: Apache-2.0
#include "engine/gpu/drawing_p.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "engine/gpu/device_slot_p.h"

namespace kinora::gpu {
namespace {

// The gui thread gives a window this long, then it draws another time.
constexpr std::uint64_t kWindowPatienceNs = 8'000'000;
// A device that is lost is waited for this long, in case it only hangs.
constexpr std::uint64_t kLostPatienceNs = 1'000'000'000;
// At most this many samples per axis and pixel: a picture shown at 1/32.
constexpr float kMaxTaps = 16;

constexpr VkImageSubresourceRange kWhole{VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};

VkImageMemoryBarrier2 barrier(VkImage image, VkImageLayout from, VkImageLayout to) {
  VkImageMemoryBarrier2 b{};
  b.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER_2;
  b.oldLayout = from;
  b.newLayout = to;
  b.srcQueueFamilyIndex = b.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
  b.image = image;
  b.subresourceRange = kWhole;
  return b;
}

void recordBarrier(const DeviceState& device, VkCommandBuffer commands, const VkImageMemoryBarrier2& b) {
  VkDependencyInfo info{};
  info.sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO;
  info.imageMemoryBarrierCount = 1;
  info.pImageMemoryBarriers = &b;
  device.vk.vkCmdPipelineBarrier2(commands, &info);
}

// Takes a buffer that another API has written over to this queue, or gives it back.
void recordOwnership(const DeviceState& device, VkCommandBuffer commands, VkBuffer buffer, bool take) {
  VkBufferMemoryBarrier2 b{};
  b.sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_BARRIER_2;
  b.srcStageMask = VK_PIPELINE_STAGE_2_COPY_BIT; // also where the submission waits for "produced"
  if (take) {
    b.dstStageMask = VK_PIPELINE_STAGE_2_COPY_BIT;
    b.dstAccessMask = VK_ACCESS_2_TRANSFER_READ_BIT;
  }
  b.srcQueueFamilyIndex = take ? VK_QUEUE_FAMILY_EXTERNAL : device.queueFamily;
  b.dstQueueFamilyIndex = take ? device.queueFamily : VK_QUEUE_FAMILY_EXTERNAL;
  b.buffer = buffer;
  b.size = VK_WHOLE_SIZE;
  VkDependencyInfo info{};
  info.sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO;
  info.bufferMemoryBarrierCount = 1;
  info.pBufferMemoryBarriers = &b;
  device.vk.vkCmdPipelineBarrier2(commands, &info);
}

VkSemaphoreSubmitInfo semaphoreInfo(VkSemaphore semaphore, std::uint64_t value, VkPipelineStageFlags2 stage) {
  VkSemaphoreSubmitInfo info{};
  info.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO;
  info.semaphore = semaphore;
  info.value = value;
  info.stageMask = stage;
  return info;
}

// The part of a rectangle that lies in a picture; empty when there is none.
PixelRect clip(PixelRect r, Size size) {
  const std::int64_t right = std::min<std::int64_t>(std::int64_t{r.x} + r.width, size.width);
  const std::int64_t bottom = std::min<std::int64_t>(std::int64_t{r.y} + r.height, size.height);
  r.x = std::max(r.x, 0);
  r.y = std::max(r.y, 0);
  r.width = static_cast<std::int32_t>(std::max<std::int64_t>(right - r.x, 0));
  r.height = static_cast<std::int32_t>(std::max<std::int64_t>(bottom - r.y, 0));
  return r;
}

VkDeviceSize packedBytes(Size size) {
  return static_cast<VkDeviceSize>(size.area()) * 4;
}

void copyRows(std::byte* to, std::size_t toStride, const std::byte* from, std::ptrdiff_t fromStride,
              std::size_t rowBytes, std::int32_t rows) {
  if (static_cast<std::ptrdiff_t>(rowBytes) == fromStride && rowBytes == toStride) {
    std::memcpy(to, from, rowBytes * static_cast<std::size_t>(rows));
    return;
  }
  for (std::int32_t y = 0; y < rows; ++y)
    std::memcpy(to + static_cast<std::size_t>(y) * toStride, from + y * fromStride, rowBytes);
}

VkBufferImageCopy copyRegion(VkDeviceSize offset, std::uint32_t rowTexels, PixelRect r) {
  VkBufferImageCopy region{};
  region.bufferOffset = offset;
  region.bufferRowLength = rowTexels;
  region.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
  region.imageOffset = {r.x, r.y, 0};
  region.imageExtent = {static_cast<std::uint32_t>(r.width), static_cast<std::uint32_t>(r.height), 1};
  return region;
}

} // namespace

Result<std::unique_ptr<Drawing>> Drawing::make(std::shared_ptr<DeviceState> device, TargetSpec spec,
                                               PresenterStats& stats) {
  std::unique_ptr<Drawing> drawing(new Drawing(std::move(device), spec, stats));
  if (const auto r = drawing->setUp(); !r)
    return fail(r);
  return drawing;
}

Drawing::~Drawing() {
  // A lost device answers at once; one that hangs gets little time.
  if (done_ && submitted_ > 0)
    static_cast<void>(waitForAll(device_->lost ? kLostPatienceNs : kDriverPatienceNs));
}

Result<void> Drawing::setUp() {
  if (spec_.surface != VK_NULL_HANDLE) {
    const auto format = chooseSurfaceFormat(*device_, spec_.surface);
    if (!format)
      return fail(format);
    format_ = *format;
  }
  auto pipeline = PicturePipeline::make(device_, format_.format);
  if (!pipeline)
    return fail(pipeline);
  pipeline_ = std::move(*pipeline);

  VkCommandPoolCreateInfo pool{};
  pool.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
  pool.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT;
  pool.queueFamilyIndex = device_->queueFamily;
  VkCommandPool poolHandle = VK_NULL_HANDLE;
  if (const VkResult r = device_->vk.vkCreateCommandPool(device_->handle, &pool, nullptr, &poolHandle); r != VK_SUCCESS)
    return device_->failure("Making a command pool", r);
  pool_ = {device_, poolHandle,
           [](DeviceState& d, VkCommandPool p) { d.vk.vkDestroyCommandPool(d.handle, p, nullptr); }};
  std::array<VkCommandBuffer, kInFlight + 1> commands{};
  VkCommandBufferAllocateInfo allocate{};
  allocate.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
  allocate.commandPool = poolHandle;
  allocate.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
  allocate.commandBufferCount = static_cast<std::uint32_t>(commands.size());
  if (const VkResult r = device_->vk.vkAllocateCommandBuffers(device_->handle, &allocate, commands.data());
      r != VK_SUCCESS)
    return device_->failure("Making command buffers", r);
  auto done = makeSemaphore(device_, true);
  if (!done)
    return fail(done);
  done_ = std::move(*done);
  for (std::size_t i = 0; i < kInFlight; ++i) {
    inFlight_[i].commands = commands[i];
    auto acquired = makeSemaphore(device_, false);
    if (!acquired)
      return fail(acquired);
    inFlight_[i].acquired = std::move(*acquired);
  }
  readbackCommands_ = commands[kInFlight];
  return {};
}

Result<bool> Drawing::waitFor(std::uint64_t value, std::uint64_t nanoseconds) {
  const VkSemaphore semaphore = done_.get();
  VkSemaphoreWaitInfo info{};
  info.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO;
  info.semaphoreCount = 1;
  info.pSemaphores = &semaphore;
  info.pValues = &value;
  const VkResult r = device_->vk.vkWaitSemaphores(device_->handle, &info, nanoseconds);
  if (r == VK_TIMEOUT)
    return false;
  if (r != VK_SUCCESS)
    return device_->failure("Waiting for the graphics device", r);
  return true;
}

Result<void> Drawing::waitForAll(std::uint64_t nanoseconds) {
  const auto done = waitFor(submitted_, nanoseconds);
  if (!done)
    return fail(done);
  if (!*done) {
    device_->lost = true;
    return fail(ErrorCode::Device, "Waiting for the graphics device failed: it does not answer.");
  }
  if (spec_.surface != VK_NULL_HANDLE && swapchain_.handle) {
    // Presentation is no part of the timeline; its semaphores and images are free when the queue is.
    const std::lock_guard lock(device_->queueMutex);
    if (const VkResult r = device_->vk.vkQueueWaitIdle(device_->queue); r != VK_SUCCESS)
      return device_->failure("Waiting for the window", r);
  }
  return {};
}

Result<std::byte*> Drawing::ensureBuffer(Buffer& buffer, VkDeviceSize bytes, BufferUse use) {
  if (buffer.bytes < bytes) {
    buffer = {};
    auto made = makeBuffer(device_, bytes, use);
    if (!made)
      return fail(made);
    buffer = std::move(*made);
    ++stats_.allocations;
  }
  return buffer.mapped;
}

Result<void> Drawing::ensureTexture(Texture& texture, PictureSlot slot, Size size) {
  // Earlier submissions may still read the old one and its descriptor.
  if (const auto idle = waitForAll(); !idle)
    return fail(idle);
  texture = {};
  auto made = makeTexture(device_, size, VK_FORMAT_R8G8B8A8_UNORM,
                          VK_IMAGE_USAGE_TRANSFER_DST_BIT | VK_IMAGE_USAGE_SAMPLED_BIT);
  if (!made)
    return fail(made);
  texture = std::move(*made);
  pipeline_.bindTexture(*device_, slot, texture.view.get());
  ++stats_.allocations;
  return {};
}

Result<void> Drawing::ensureOwnTarget(Size size) {
  if (own_.size == size)
    return {};
  if (const auto idle = waitForAll(); !idle)
    return fail(idle);
  own_ = {};
  ownDrawn_ = false;
  auto made =
      makeTexture(device_, size, format_.format, VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT);
  if (!made)
    return fail(made);
  own_ = std::move(*made);
  ++stats_.allocations;
  return {};
}

Result<void> Drawing::rebuildSwapchain(Size wanted) {
  if (const auto idle = waitForAll(); !idle)
    return fail(idle);
  auto made = Swapchain::make(device_, spec_.surface, format_, wanted, spec_.mode, swapchain_.handle.get());
  if (!made)
    return fail(made);
  swapchain_ = std::move(*made);
  swapchainWanted_ = wanted;
  swapchainStale_ = false;
  ++stats_.swapchains;
  return {};
}

Result<void> Drawing::prepareFrame(const FrameView& frame, InFlight& slot, Uploads& uploads) {
  const FrameKey key{frame.transport, frame.serial};
  if (frame.isNull() || key == frameKey_)
    return {};
  const bool direct = frame.device != nullptr && frame.device->device == device_.get();
  if (!direct && frame.pixels == nullptr)
    return {}; // written by a device that is gone: the last picture stays
  if (frame_.size != frame.size) {
    frameKey_ = {};
    if (const auto made = ensureTexture(frame_, PictureSlot::Frame, frame.size); !made)
      return fail(made);
  }
  if (direct) {
    uploads.slot = frame.device;
    uploads.frameFrom = frame.device->buffer;
    uploads.frameRowTexels = static_cast<std::uint32_t>(frame.strideBytes / 4);
  } else {
    const auto to = ensureBuffer(slot.frameUpload, packedBytes(frame.size), BufferUse::Upload);
    if (!to)
      return fail(to);
    const std::size_t rowBytes = static_cast<std::size_t>(frame.size.width) * 4;
    copyRows(*to, rowBytes, frame.pixels, frame.strideBytes, rowBytes, frame.size.height);
    uploads.frameFrom = slot.frameUpload.handle.get();
    uploads.frameRowTexels = static_cast<std::uint32_t>(frame.size.width);
  }
  uploads.frame = true;
  return {};
}

Result<void> Drawing::prepareOverlay(const OverlayView& overlay, InFlight& slot, Uploads& uploads) {
  if (overlay.pixels == nullptr || overlay.size.isEmpty())
    return {};
  if (overlay_.size.width < overlay.size.width || overlay_.size.height < overlay.size.height) {
    // Grows in steps, so that a window that is being resized does not ask for a new one each time.
    const auto step = [](std::int32_t has, std::int32_t needs) { return std::max(has, (needs + 255) / 256 * 256); };
    overlaySize_ = {};
    if (const auto made = ensureTexture(
            overlay_, PictureSlot::Overlay,
            {step(overlay_.size.width, overlay.size.width), step(overlay_.size.height, overlay.size.height)});
        !made)
      return fail(made);
  }
  const PixelRect everything{0, 0, overlay.size.width, overlay.size.height};
  std::int64_t area = 0;
  for (const PixelRect& r : overlay.dirty) {
    const PixelRect c = clip(r, overlay.size);
    area += std::int64_t{c.width} * c.height;
  }
  const bool all = overlaySize_ != overlay.size || area >= overlay.size.area();
  const std::span<const PixelRect> rects = all ? std::span(&everything, 1) : overlay.dirty;
  overlayRegions_.clear();
  if (!all && area == 0)
    return {};
  const auto to = ensureBuffer(slot.overlayUpload, packedBytes(overlay.size), BufferUse::Upload);
  if (!to)
    return fail(to);
  VkDeviceSize offset = 0;
  for (const PixelRect& rect : rects) {
    const PixelRect r = clip(rect, overlay.size);
    if (r.width == 0 || r.height == 0)
      continue;
    const std::size_t rowBytes = static_cast<std::size_t>(r.width) * 4;
    copyRows(*to + offset, rowBytes, overlay.pixels + r.y * overlay.strideBytes + std::ptrdiff_t{r.x} * 4,
             overlay.strideBytes, rowBytes, r.height);
    overlayRegions_.push_back(copyRegion(offset, static_cast<std::uint32_t>(r.width), r));
    offset += rowBytes * static_cast<std::size_t>(r.height);
  }
  uploads.overlay = true;
  return {};
}

Result<std::optional<std::uint32_t>> Drawing::acquire(InFlight& slot, Size wanted) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (swapchainStale_ || swapchainWanted_ != wanted)
      if (const auto rebuilt = rebuildSwapchain(wanted); !rebuilt)
        return fail(rebuilt);
    if (swapchain_.size.isEmpty()) {
      swapchainStale_ = true; // minimised: look again next time
      return std::nullopt;
    }
    std::uint32_t image = 0;
    const VkResult r = device_->vk.vkAcquireNextImageKHR(device_->handle, swapchain_.handle.get(), kWindowPatienceNs,
                                                         slot.acquired.get(), VK_NULL_HANDLE, &image);
    switch (r) {
    case VK_SUBOPTIMAL_KHR:
      swapchainStale_ = true;
      return image;
    case VK_SUCCESS:
      return image;
    case VK_TIMEOUT:
    case VK_NOT_READY:
      return std::nullopt;
    case VK_ERROR_OUT_OF_DATE_KHR:
      swapchainStale_ = true;
      break;
    default:
      return device_->failure("Fetching the next picture of the window", r);
    }
  }
  return std::nullopt;
}

void Drawing::recordUpload(VkCommandBuffer commands, const Texture& texture, bool keep, VkBuffer from,
                           std::span<const VkBufferImageCopy> regions) const {
  auto before =
      barrier(texture.handle.get(), keep ? VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL : VK_IMAGE_LAYOUT_UNDEFINED,
              VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
  // The previous submission may still sample it, or copy into it.
  before.srcStageMask = VK_PIPELINE_STAGE_2_FRAGMENT_SHADER_BIT | VK_PIPELINE_STAGE_2_COPY_BIT;
  before.srcAccessMask = VK_ACCESS_2_TRANSFER_WRITE_BIT;
  before.dstStageMask = VK_PIPELINE_STAGE_2_COPY_BIT;
  before.dstAccessMask = VK_ACCESS_2_TRANSFER_WRITE_BIT;
  recordBarrier(*device_, commands, before);
  device_->vk.vkCmdCopyBufferToImage(commands, from, texture.handle.get(), VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
                                     static_cast<std::uint32_t>(regions.size()), regions.data());
  auto after =
      barrier(texture.handle.get(), VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL);
  after.srcStageMask = VK_PIPELINE_STAGE_2_COPY_BIT;
  after.srcAccessMask = VK_ACCESS_2_TRANSFER_WRITE_BIT;
  after.dstStageMask = VK_PIPELINE_STAGE_2_FRAGMENT_SHADER_BIT;
  after.dstAccessMask = VK_ACCESS_2_SHADER_SAMPLED_READ_BIT;
  recordBarrier(*device_, commands, after);
}

void Drawing::recordPicture(VkCommandBuffer commands, PictureSlot slot, const PicturePush& push) const {
  const VkDescriptorSet set = pipeline_.sets[static_cast<std::size_t>(slot)];
  device_->vk.vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipeline_.layout.get(), 0, 1, &set, 0,
                                      nullptr);
  device_->vk.vkCmdPushConstants(commands, pipeline_.layout.get(),
                                 VK_SHADER_STAGE_VERTEX_BIT | VK_SHADER_STAGE_FRAGMENT_BIT, 0, sizeof(push), &push);
  device_->vk.vkCmdDraw(commands, 4, 1, 0, 0);
}

void Drawing::record(const DrawList& list, const InFlight& slot, const Uploads& uploads, const View& target) {
  const VkCommandBuffer commands = slot.commands;
  const VolkDeviceTable& vk = device_->vk;
  if (uploads.frame) {
    const VkBufferImageCopy region =
        copyRegion(0, uploads.frameRowTexels, {0, 0, frame_.size.width, frame_.size.height});
    if (uploads.slot)
      recordOwnership(*device_, commands, uploads.frameFrom, true);
    recordUpload(commands, frame_, false, uploads.frameFrom, std::span(&region, 1));
    if (uploads.slot)
      recordOwnership(*device_, commands, uploads.frameFrom, false);
  }
  if (uploads.overlay)
    recordUpload(commands, overlay_, overlaySize_ == list.overlay.size, slot.overlayUpload.handle.get(),
                 overlayRegions_);

  auto toDraw = barrier(target.image, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL);
  toDraw.srcStageMask = VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT | VK_PIPELINE_STAGE_2_COPY_BIT;
  toDraw.srcAccessMask = VK_ACCESS_2_COLOR_ATTACHMENT_WRITE_BIT;
  toDraw.dstStageMask = VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT;
  toDraw.dstAccessMask = VK_ACCESS_2_COLOR_ATTACHMENT_WRITE_BIT | VK_ACCESS_2_COLOR_ATTACHMENT_READ_BIT;
  recordBarrier(*device_, commands, toDraw);

  const VkRect2D area{{0, 0},
                      {static_cast<std::uint32_t>(target.size.width), static_cast<std::uint32_t>(target.size.height)}};
  VkRenderingAttachmentInfo colour{};
  colour.sType = VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO;
  colour.imageView = target.view;
  colour.imageLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL;
  colour.loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR;
  colour.storeOp = VK_ATTACHMENT_STORE_OP_STORE;
  for (std::size_t i = 0; i < 3; ++i)
    colour.clearValue.color.float32[i] = static_cast<float>(list.surround[i]) / 255.f;
  colour.clearValue.color.float32[3] = 1;
  VkRenderingInfo rendering{};
  rendering.sType = VK_STRUCTURE_TYPE_RENDERING_INFO;
  rendering.renderArea = area;
  rendering.layerCount = 1;
  rendering.colorAttachmentCount = 1;
  rendering.pColorAttachments = &colour;
  vk.vkCmdBeginRendering(commands, &rendering);
  const VkViewport viewport{0, 0, static_cast<float>(target.size.width), static_cast<float>(target.size.height), 0, 1};
  vk.vkCmdSetViewport(commands, 0, 1, &viewport);
  vk.vkCmdSetScissor(commands, 0, 1, &area);
  vk.vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipeline_.handle.get());
  PicturePush push;
  push.target = {viewport.width, viewport.height};
  const bool hasFrame = uploads.frame || frameKey_.serial != 0;
  const PictureTransform& t = list.transform;
  if (!list.frame.isNull() && hasFrame && t.scale > 0) {
    const auto width = static_cast<float>(frame_.size.width);
    const auto height = static_cast<float>(frame_.size.height);
    push.rect = {t.offsetX, t.offsetY, t.offsetX + width * t.scale, t.offsetY + height * t.scale};
    push.picture = {width, height};
    push.texels = 1 / t.scale;
    push.taps = static_cast<std::int32_t>(std::clamp(std::ceil(push.texels / 2), 1.f, kMaxTaps));
    const bool onPixels = t.scale == 1 && t.offsetX == std::floor(t.offsetX) && t.offsetY == std::floor(t.offsetY);
    push.exact = onPixels || t.scale >= kNearestFromScale ? 1 : 0;
    push.straight = 1;
    recordPicture(commands, PictureSlot::Frame, push);
  }
  if (list.overlay.pixels != nullptr && !list.overlay.size.isEmpty()) {
    const auto width = static_cast<float>(list.overlay.size.width);
    const auto height = static_cast<float>(list.overlay.size.height);
    push.rect = {0, 0, width, height};
    push.picture = {width, height};
    push.texels = 1;
    push.taps = 1;
    push.exact = 1;
    push.straight = 0;
    recordPicture(commands, PictureSlot::Overlay, push);
  }
  vk.vkCmdEndRendering(commands);

  const bool window = spec_.surface != VK_NULL_HANDLE;
  auto toShow = barrier(target.image, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
                        window ? VK_IMAGE_LAYOUT_PRESENT_SRC_KHR : VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
  toShow.srcStageMask = VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT;
  toShow.srcAccessMask = VK_ACCESS_2_COLOR_ATTACHMENT_WRITE_BIT;
  // Presentation waits for a semaphore that covers all stages; an own image is copied later on this queue.
  toShow.dstStageMask = window ? VK_PIPELINE_STAGE_2_NONE : VK_PIPELINE_STAGE_2_COPY_BIT;
  toShow.dstAccessMask = window ? VK_ACCESS_2_NONE : VK_ACCESS_2_TRANSFER_READ_BIT;
  recordBarrier(*device_, commands, toShow);
}

Result<void> Drawing::submit(InFlight& slot, const FrameView& frame, const Uploads& uploads,
                             std::optional<std::uint32_t> image) {
  std::array<VkSemaphoreSubmitInfo, 2> waits{};
  std::uint32_t waitCount = 0;
  std::array<VkSemaphoreSubmitInfo, 3> signals{};
  std::uint32_t signalCount = 0;
  const DeviceSlot* direct = uploads.slot;
  if (image)
    waits[waitCount++] = semaphoreInfo(slot.acquired.get(), 0, VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT);
  if (direct && direct->produced != VK_NULL_HANDLE)
    waits[waitCount++] = semaphoreInfo(direct->produced, frame.serial, VK_PIPELINE_STAGE_2_COPY_BIT);
  signals[signalCount++] = semaphoreInfo(done_.get(), submitted_ + 1, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT);
  if (image)
    signals[signalCount++] =
        semaphoreInfo(swapchain_.targets[*image].rendered.get(), 0, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT);
  const bool copyAgain = direct && frame.serial <= *direct->copiedNext;
  if (direct && !copyAgain)
    signals[signalCount++] = semaphoreInfo(direct->copied, frame.serial, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT);
  VkCommandBufferSubmitInfo commands{};
  commands.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO;
  commands.commandBuffer = slot.commands;
  VkSubmitInfo2 info{};
  info.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO_2;
  info.waitSemaphoreInfoCount = waitCount;
  info.pWaitSemaphoreInfos = waits.data();
  info.commandBufferInfoCount = 1;
  info.pCommandBufferInfos = &commands;
  info.signalSemaphoreInfoCount = signalCount;
  info.pSignalSemaphoreInfos = signals.data();
  {
    const std::lock_guard lock(device_->queueMutex);
    if (const VkResult r = device_->vk.vkQueueSubmit2(device_->queue, 1, &info, VK_NULL_HANDLE); r != VK_SUCCESS)
      return device_->failure("Drawing the picture", r);
  }
  slot.doneAt = ++submitted_;
  next_ = (next_ + 1) % kInFlight;
  if (copyAgain)
    return waitForAll();
  if (direct)
    *direct->copiedNext = frame.serial;
  return {};
}

Result<void> Drawing::present(std::uint32_t image) {
  const VkSemaphore rendered = swapchain_.targets[image].rendered.get();
  const VkSwapchainKHR swapchain = swapchain_.handle.get();
  VkPresentInfoKHR info{};
  info.sType = VK_STRUCTURE_TYPE_PRESENT_INFO_KHR;
  info.waitSemaphoreCount = 1;
  info.pWaitSemaphores = &rendered;
  info.swapchainCount = 1;
  info.pSwapchains = &swapchain;
  info.pImageIndices = &image;
  const std::lock_guard lock(device_->queueMutex);
  const VkResult r = device_->vk.vkQueuePresentKHR(device_->queue, &info);
  if (r == VK_SUBOPTIMAL_KHR || r == VK_ERROR_OUT_OF_DATE_KHR)
    swapchainStale_ = true;
  else if (r != VK_SUCCESS)
    return device_->failure("Showing the picture", r);
  return {};
}

Result<DrawOutcome> Drawing::draw(const DrawList& list, Size size) {
  const bool window = spec_.surface != VK_NULL_HANDLE;
  InFlight& slot = inFlight_[next_];
  const auto free = waitFor(slot.doneAt, window ? kWindowPatienceNs : kDriverPatienceNs);
  if (!free)
    return fail(free);
  if (!*free)
    return DrawOutcome::Skipped;
  Uploads uploads;
  if (const auto r = prepareFrame(list.frame, slot, uploads); !r)
    return fail(r);
  if (const auto r = prepareOverlay(list.overlay, slot, uploads); !r)
    return fail(r);
  View target;
  std::optional<std::uint32_t> image;
  if (window) {
    const auto acquired = acquire(slot, size);
    if (!acquired)
      return fail(acquired);
    if (!*acquired)
      return DrawOutcome::Skipped;
    image = **acquired;
    const Swapchain::Target& t = swapchain_.targets[*image];
    target = {t.image, t.view.get(), swapchain_.size};
  } else {
    if (const auto r = ensureOwnTarget(size); !r)
      return fail(r);
    target = {own_.handle.get(), own_.view.get(), own_.size};
  }

  VkCommandBufferBeginInfo begin{};
  begin.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
  begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
  if (const VkResult r = device_->vk.vkBeginCommandBuffer(slot.commands, &begin); r != VK_SUCCESS)
    return device_->failure("Recording a picture", r);
  record(list, slot, uploads, target);
  if (const VkResult r = device_->vk.vkEndCommandBuffer(slot.commands); r != VK_SUCCESS)
    return device_->failure("Recording a picture", r);
  if (const auto r = submit(slot, list.frame, uploads, image); !r)
    return fail(r);
  if (uploads.frame) {
    frameKey_ = {list.frame.transport, list.frame.serial};
    stats_.uploadedBytes += packedBytes(frame_.size);
  }
  if (uploads.overlay) {
    overlaySize_ = list.overlay.size;
    for (const VkBufferImageCopy& region : overlayRegions_)
      stats_.uploadedBytes += std::uint64_t{region.imageExtent.width} * region.imageExtent.height * 4;
  }
  ownDrawn_ = !window;
  if (image)
    if (const auto r = present(*image); !r)
      return fail(r);
  return DrawOutcome::Shown;
}

Result<Image> Drawing::readback() {
  if (!ownDrawn_)
    return fail(ErrorCode::InvalidArgument, "Reading the picture back failed: nothing has been drawn yet.");
  auto out = MutableImage::allocate(PixelFormat::Rgba8, own_.size);
  if (!out)
    return fail(out);
  const auto from = ensureBuffer(readback_, packedBytes(own_.size), BufferUse::Readback);
  if (!from)
    return fail(from);
  const VolkDeviceTable& vk = device_->vk;
  VkCommandBufferBeginInfo begin{};
  begin.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
  begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
  if (const VkResult r = vk.vkBeginCommandBuffer(readbackCommands_, &begin); r != VK_SUCCESS)
    return device_->failure("Reading the picture back", r);
  const VkBufferImageCopy region = copyRegion(0, 0, {0, 0, own_.size.width, own_.size.height});
  vk.vkCmdCopyImageToBuffer(readbackCommands_, own_.handle.get(), VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                            readback_.handle.get(), 1, &region);
  VkMemoryBarrier2 toHost{};
  toHost.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER_2;
  toHost.srcStageMask = VK_PIPELINE_STAGE_2_COPY_BIT;
  toHost.srcAccessMask = VK_ACCESS_2_TRANSFER_WRITE_BIT;
  toHost.dstStageMask = VK_PIPELINE_STAGE_2_HOST_BIT;
  toHost.dstAccessMask = VK_ACCESS_2_HOST_READ_BIT;
  VkDependencyInfo dependency{};
  dependency.sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO;
  dependency.memoryBarrierCount = 1;
  dependency.pMemoryBarriers = &toHost;
  vk.vkCmdPipelineBarrier2(readbackCommands_, &dependency);
  if (const VkResult r = vk.vkEndCommandBuffer(readbackCommands_); r != VK_SUCCESS)
    return device_->failure("Reading the picture back", r);

  const VkSemaphoreSubmitInfo signal = semaphoreInfo(done_.get(), submitted_ + 1, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT);
  VkCommandBufferSubmitInfo commands{};
  commands.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO;
  commands.commandBuffer = readbackCommands_;
  VkSubmitInfo2 info{};
  info.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO_2;
  info.commandBufferInfoCount = 1;
  info.pCommandBufferInfos = &commands;
  info.signalSemaphoreInfoCount = 1;
  info.pSignalSemaphoreInfos = &signal;
  {
    const std::lock_guard lock(device_->queueMutex);
    if (const VkResult r = vk.vkQueueSubmit2(device_->queue, 1, &info, VK_NULL_HANDLE); r != VK_SUCCESS)
      return device_->failure("Reading the picture back", r);
  }
  ++submitted_;
  if (const auto idle = waitForAll(); !idle)
    return fail(idle);
  const std::size_t rowBytes = static_cast<std::size_t>(own_.size.width) * 4;
  copyRows(out->data(), static_cast<std::size_t>(out->strideBytes()), *from, static_cast<std::ptrdiff_t>(rowBytes),
           rowBytes, own_.size.height);
  return std::move(*out).freeze();
}

} // namespace kinora::gpu
