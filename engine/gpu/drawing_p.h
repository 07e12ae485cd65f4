// SPDX-License-Identifier: Apache-2.0
// Everything of a presenter that lives on one logical device and goes with it.
#pragma once

#include <optional>
#include <vector>

#include "engine/gpu/device_p.h"
#include "engine/gpu/picture_pipeline_p.h"
#include "engine/gpu/presenter.h"
#include "engine/gpu/swapchain_p.h"

namespace kinora::gpu {

struct TargetSpec {
  VkSurfaceKHR surface = VK_NULL_HANDLE; // null: an own image
  PresentMode mode = PresentMode::Fifo;
};

class Drawing {
 public:
  static Result<std::unique_ptr<Drawing>> make(std::shared_ptr<DeviceState> device, TargetSpec spec,
                                               PresenterStats& stats);
  ~Drawing();
  Drawing(const Drawing&) = delete;
  Drawing& operator=(const Drawing&) = delete;

  Result<DrawOutcome> draw(const DrawList& list, Size size);
  Result<Image> readback();

  [[nodiscard]] const DeviceState& device() const { return *device_; }

 private:
  static constexpr std::size_t kInFlight = 2;
  // An answer later than this means that the driver hangs.
  static constexpr std::uint64_t kDriverPatienceNs = 10'000'000'000;
  // What one submission uses until it is done.
  struct InFlight {
    VkCommandBuffer commands = VK_NULL_HANDLE; // the pool's
    std::uint64_t doneAt = 0;                  // value of done_
    Buffer frameUpload;
    Buffer overlayUpload;
    Owned<VkSemaphore> acquired;
  };
  // What a draw has to copy before it renders.
  struct Uploads {
    bool frame = false;
    VkBuffer frameFrom = VK_NULL_HANDLE;
    std::uint32_t frameRowTexels = 0;
    const DeviceSlot* slot = nullptr; // set when frameFrom is the transport's
    bool overlay = false;
  };
  struct FrameKey {
    std::uint64_t transport = 0;
    std::uint64_t serial = 0;
    friend bool operator==(FrameKey, FrameKey) = default;
  };
  struct View {
    VkImage image = VK_NULL_HANDLE;
    VkImageView view = VK_NULL_HANDLE;
    Size size;
  };

  Drawing(std::shared_ptr<DeviceState> device, TargetSpec spec, PresenterStats& stats)
      : device_(std::move(device)), spec_(spec), stats_(stats) {}
  Result<void> setUp();
  // False when the submission is not done in time.
  Result<bool> waitFor(std::uint64_t value, std::uint64_t nanoseconds);
  Result<void> waitForAll(std::uint64_t nanoseconds = kDriverPatienceNs);
  Result<void> rebuildSwapchain(Size wanted);
  Result<void> ensureOwnTarget(Size size);
  Result<void> ensureTexture(Texture& texture, PictureSlot slot, Size size);
  Result<std::byte*> ensureBuffer(Buffer& buffer, VkDeviceSize bytes, BufferUse use);
  Result<void> prepareFrame(const FrameView& frame, InFlight& slot, Uploads& uploads);
  Result<void> prepareOverlay(const OverlayView& overlay, InFlight& slot, Uploads& uploads);
  Result<std::optional<std::uint32_t>> acquire(InFlight& slot, Size wanted);
  void record(const DrawList& list, const InFlight& slot, const Uploads& uploads, const View& target);
  void recordUpload(VkCommandBuffer commands, const Texture& texture, bool keep, VkBuffer from,
                    std::span<const VkBufferImageCopy> regions) const;
  void recordPicture(VkCommandBuffer commands, PictureSlot slot, const PicturePush& push) const;
  Result<void> submit(InFlight& slot, const FrameView& frame, const Uploads& uploads,
                      std::optional<std::uint32_t> image);
  Result<void> present(std::uint32_t image);

  std::shared_ptr<DeviceState> device_;
  TargetSpec spec_;
  PresenterStats& stats_;
  VkSurfaceFormatKHR format_{VK_FORMAT_R8G8B8A8_UNORM, VK_COLOR_SPACE_SRGB_NONLINEAR_KHR};
  PicturePipeline pipeline_;
  Owned<VkCommandPool> pool_;
  Owned<VkSemaphore> done_; // timeline: one step per submission
  std::uint64_t submitted_ = 0;
  std::array<InFlight, kInFlight> inFlight_;
  std::size_t next_ = 0;
  VkCommandBuffer readbackCommands_ = VK_NULL_HANDLE;
  Buffer readback_;

  Texture frame_;
  FrameKey frameKey_;
  Texture overlay_;
  Size overlaySize_; // of the picture in it; empty: contents undefined
  std::vector<VkBufferImageCopy> overlayRegions_;

  Texture own_;
  bool ownDrawn_ = false;
  Swapchain swapchain_;
  Size swapchainWanted_;
  bool swapchainStale_ = true;
};

} // namespace kinora::gpu
