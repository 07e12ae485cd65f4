// SPDX-License-Identifier: Apache-2.0
// Hides a native window whose pictures the engine's graphics device draws, and its comings and goings.
#pragma once

#include <functional>
#include <memory>

#include <QElapsedTimer>
#include <QVulkanInstance>
#include <QWindow>

#include "engine/gpu/presenter.h"

class QWidget;

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
  // Events of pointer, wheel, keys, tablet and drops go to this widget, whose area the window fills; keys go there by
  // themselves, since the window takes no focus.
  void setEventTarget(QWidget* target) { target_ = target; }
  // Draws at once, or soon when it has just been drawn.
  void drawSoon();
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
  bool press(QMouseEvent& event);

  gpu::Device& device_;
  QVulkanInstance instance_;
  std::unique_ptr<gpu::Presenter> presenter_;
  Fill fill_;
  QWidget* target_ = nullptr;
  QElapsedTimer sinceDraw_;
  bool failed_ = false;
};

} // namespace kinora::ui
