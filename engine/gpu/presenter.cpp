// SPDX-License-Identifier: Apache-2.0
#include "engine/gpu/presenter.h"

#include <utility>

#include <fmt/format.h>

#include "engine/base/log.h"
#include "engine/base/thread_role.h"
#include "engine/gpu/drawing_p.h"

namespace kinora::gpu {

struct Presenter::Private {
  Device& device;
  TargetSpec spec;
  Size size;
  PresenterStats stats;
  std::unique_ptr<Drawing> drawing; // null: to be made at the next draw
  bool hadDrawing = false;

  // Makes drawing one of the device of the moment, which is opened anew when it was lost.
  Result<void> prepare() {
    if (device.state()->lost) {
      drawing.reset(); // a window has one swapchain at a time
      log::warning("gpu", "The graphics device was lost; opening it anew.");
      if (const auto opened = device.recreate(); !opened)
        return fail(opened);
    }
    const std::shared_ptr<DeviceState> state = device.state();
    if (drawing && &drawing->device() == state.get())
      return {};
    drawing.reset();
    auto made = Drawing::make(state, spec, stats);
    if (!made)
      return fail(made);
    drawing = std::move(*made);
    if (std::exchange(hadDrawing, true))
      ++stats.rebuilds;
    return {};
  }
};

Presenter::Presenter(std::unique_ptr<Private> d) : d_(std::move(d)) {}
Presenter::~Presenter() = default;

Result<std::unique_ptr<Presenter>> Presenter::offscreen(Device& device, Size size) {
  const std::int32_t limit = device.capabilities().maxImageSide;
  if (size.isEmpty() || size.width > limit || size.height > limit)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("Drawing a picture of {}×{} pixels is not possible: on this device sides go from 1 to {}.",
                            size.width, size.height, limit));
  std::unique_ptr<Presenter> presenter(
      new Presenter(std::unique_ptr<Private>(new Private{device, {}, size, {}, nullptr})));
  if (const auto made = presenter->d_->prepare(); !made)
    return fail(made);
  return presenter;
}

Result<std::unique_ptr<Presenter>> Presenter::window(Device& device, std::uint64_t surface, Size size,
                                                     PresentMode mode) {
  if (!device.capabilities().surfaces || surface == 0)
    return fail(ErrorCode::Unsupported, "Drawing into a window is not possible: the graphics device was opened without "
                                        "windows, or the window has no surface.");
  const TargetSpec spec{reinterpret_cast<VkSurfaceKHR>(surface), mode};
  std::unique_ptr<Presenter> presenter(
      new Presenter(std::unique_ptr<Private>(new Private{device, spec, size, {}, nullptr})));
  if (const auto made = presenter->d_->prepare(); !made)
    return fail(made);
  return presenter;
}

void Presenter::resize(Size devicePixels) {
  d_->size = devicePixels;
}
Size Presenter::size() const {
  return d_->size;
}
PresenterStats Presenter::stats() const {
  return d_->stats;
}

Result<DrawOutcome> Presenter::draw(const DrawList& list) {
  KINORA_ASSERT_ROLE(Gui);
  const auto skip = [this]() -> DrawOutcome {
    ++d_->stats.skipped;
    return DrawOutcome::Skipped;
  };
  if (d_->size.isEmpty())
    return skip();
  const std::int32_t limit = d_->device.capabilities().maxImageSide;
  for (const Size size : {list.frame.size, list.overlay.size, d_->size})
    if (size.width > limit || size.height > limit)
      return fail(ErrorCode::InvalidArgument, fmt::format("Showing a picture of {}×{} pixels failed: on this device "
                                                          "sides go up to {}. Choose a smaller preview quality.",
                                                          size.width, size.height, limit));
  for (int attempt = 0;; ++attempt) {
    auto drawn = [&]() -> Result<DrawOutcome> {
      if (const auto prepared = d_->prepare(); !prepared)
        return fail(prepared);
      return d_->drawing->draw(list, d_->size);
    }();
    if (drawn) {
      if (*drawn == DrawOutcome::Skipped)
        return skip();
      ++d_->stats.shown;
      return *drawn;
    }
    d_->drawing.reset(); // half of a draw may be recorded: nothing of it is used again
    if (!d_->device.state()->lost || attempt > 0)
      return fail(drawn);
  }
}

Result<Image> Presenter::readback() {
  KINORA_ASSERT_ROLE(Gui);
  if (d_->spec.surface != VK_NULL_HANDLE)
    return fail(ErrorCode::Unsupported,
                "Reading a window back is not possible; draw the same into an off-screen picture.");
  if (!d_->drawing)
    return fail(ErrorCode::InvalidArgument, "Reading the picture back failed: nothing has been drawn yet.");
  return d_->drawing->readback();
}

} // namespace kinora::gpu
