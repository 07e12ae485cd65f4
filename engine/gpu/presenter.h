// SPDX-License-Identifier: Apache-2.0
// Hides swapchain, pipelines and uploads: draws the newest frame and an overlay into a window or into an own image.
//
// Pixels are display-referred (sRGB-encoded) from the source file to the screen and pass unchanged: at 1:1 what is
// shown equals what is exported.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "engine/base/geometry.h"
#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/gpu/device.h"
#include "engine/gpu/frame_transport.h"

namespace kinora::gpu {

// Where the picture lies on the target, in device pixels: target = scale * picture + offset. Filtered bilinearly (area
// averaged when made smaller), and as plain squares from 4x upwards.
struct PictureTransform {
  float scale = 1;
  float offsetX = 0;
  float offsetY = 0;
};
inline constexpr float kNearestFromScale = 4;

struct PixelRect {
  std::int32_t x = 0, y = 0, width = 0, height = 0;
};

// A picture of the target's size laid over the frame: RGBA8, premultiplied. Only the dirty rectangles are uploaded
// (clipped to the picture); everything is when the presenter does not have it yet.
struct OverlayView {
  const std::byte* pixels = nullptr; // null: no overlay
  std::ptrdiff_t strideBytes = 0;
  Size size;
  std::span<const PixelRect> dirty;
};

struct DrawList {
  FrameView frame; // null: only surround and overlay
  PictureTransform transform;
  std::array<std::uint8_t, 3> surround{}; // colour around and behind the picture
  OverlayView overlay;
};

enum class DrawOutcome : std::uint8_t {
  Shown,   // drawn and handed to the window system; the overlay's dirty rectangles are taken
  Skipped, // minimised, or the window was not ready: keep the dirty rectangles and draw again
};

struct PresenterStats {
  std::uint64_t shown = 0;
  std::uint64_t skipped = 0;
  std::uint64_t uploadedBytes = 0; // frames and overlay rectangles
  std::uint64_t allocations = 0;   // buffers and images made since the start: flat in a steady state
  std::uint64_t rebuilds = 0;      // after the loss of the device
  std::uint64_t swapchains = 0;
};

enum class PresentMode : std::uint8_t {
  Fifo,   // every frame waits its turn at the display
  Mailbox // the newest frame replaces the waiting one where the driver can, else Fifo
};

// [gui] All functions. After a loss of the device draw() rebuilds everything once by itself.
class Presenter {
 public:
  // Draws into an own image that readback() returns. Errors: invalidArgument (size), outOfMemory, device.
  static Result<std::unique_ptr<Presenter>> offscreen(Device& device, Size size);
  // Draws into a window. surface: a VkSurfaceKHR as an integer, made from device.nativeInstance(); it stays the
  // caller's and must outlive the presenter. size: the window in device pixels, empty while it is minimised.
  // Errors: unsupported (the device cannot present there), device.
  static Result<std::unique_ptr<Presenter>> window(Device& device, std::uint64_t surface, Size size,
                                                   PresentMode mode = PresentMode::Fifo);
  ~Presenter();
  Presenter(const Presenter&) = delete;
  Presenter& operator=(const Presenter&) = delete;

  // Takes effect at the next draw. Empty: minimised, draws are skipped.
  void resize(Size devicePixels);
  [[nodiscard]] Size size() const;

  // Errors: device (also a second time after rebuilding), outOfMemory, invalidArgument (a frame larger than the device
  // can hold).
  Result<DrawOutcome> draw(const DrawList& list);
  // What the last draw made; RGBA8. Waits for the device. Errors: unsupported (a window), invalidArgument (nothing
  // drawn yet), outOfMemory, device.
  [[nodiscard]] Result<Image> readback();

  [[nodiscard]] PresenterStats stats() const;

 private:
  struct Private;
  explicit Presenter(std::unique_ptr<Private> d);
  std::unique_ptr<Private> d_;
};

} // namespace kinora::gpu
