// SPDX-License-Identifier: Apache-2.0
// Hides a native window whose pictures the engine's graphics device draws, and its comings and goings.
#pragma once

#include <functional>
#include <memory>

#include <QVulkanInstance>
#include <QWindow>

#include "engine/gpu/presenter.h"

namespace kinora::ui {

// [gui] Adopts the device's VkInstance and hands the window's surface on as an integer; calls no Vulkan itself.
class VulkanSurface : public QWindow {
  Q_OBJECT
 public:
  // False where this platform (offscreen, say) cannot show Vulkan; then the window is of no use.
  [[nodiscard]] static bool isPossible(gpu::Device& device);

  // Must not outlive the device.
  explicit VulkanSurface(gpu::Device& device);
  ~VulkanSurface() override;

  // Fills the list for a window of this size in device pixels; called right before every draw.
  using Fill = std::function<void(gpu::DrawList& list, Size size)>;
  void setFill(Fill fill) { fill_ = std::move(fill); }
  // Events of pointer, wheel, keys, tablet and drops go to this object instead.
  void setEventTarget(QObject* target) { target_ = target; }
  // Null while the window has no surface.
  [[nodiscard]] const gpu::Presenter* presenter() const { return presenter_.get(); }

 Q_SIGNALS:
  void drawn();
  void failed(const QString& reason);

 protected:
  bool event(QEvent* event) override;
  void exposeEvent(QExposeEvent* event) override;

 private:
  void draw();

  gpu::Device& device_;
  QVulkanInstance instance_;
  std::unique_ptr<gpu::Presenter> presenter_;
  Fill fill_;
  QObject* target_ = nullptr;
  bool failed_ = false;
};

} // namespace kinora::ui
