// SPDX-License-Identifier: Apache-2.0
#include "ui/preview/vulkan_surface.h"

#include <QCoreApplication>
#include <QPlatformSurfaceEvent>

namespace kinora::ui {
namespace {

bool adopt(QVulkanInstance& instance, gpu::Device& device) {
  instance.setVkInstance(reinterpret_cast<VkInstance>(device.nativeInstance()));
  return instance.create();
}

} // namespace

bool VulkanSurface::isPossible(gpu::Device& device) {
  QVulkanInstance instance;
  return device.capabilities().surfaces && adopt(instance, device);
}

VulkanSurface::VulkanSurface(gpu::Device& device) : device_(device) {
  setSurfaceType(QSurface::VulkanSurface);
  if (adopt(instance_, device_))
    setVulkanInstance(&instance_);
}

VulkanSurface::~VulkanSurface() {
  presenter_.reset();
  destroy(); // the platform window needs instance_
}

bool VulkanSurface::event(QEvent* event) {
  switch (event->type()) {
  case QEvent::UpdateRequest:
    draw();
    return true;
  case QEvent::PlatformSurface:
    // The surface goes with the native window: floating and docking make a new one.
    if (static_cast<QPlatformSurfaceEvent*>(event)->surfaceEventType() ==
        QPlatformSurfaceEvent::SurfaceAboutToBeDestroyed)
      presenter_.reset();
    break;
  case QEvent::MouseButtonPress:
  case QEvent::MouseButtonRelease:
  case QEvent::MouseButtonDblClick:
  case QEvent::MouseMove:
  case QEvent::Wheel:
  case QEvent::KeyPress:
  case QEvent::KeyRelease:
  case QEvent::TabletPress:
  case QEvent::TabletMove:
  case QEvent::TabletRelease:
  case QEvent::DragEnter:
  case QEvent::DragMove:
  case QEvent::DragLeave:
  case QEvent::Drop:
    if (target_)
      return QCoreApplication::sendEvent(target_, event);
    break;
  default:
    break;
  }
  return QWindow::event(event);
}

void VulkanSurface::exposeEvent(QExposeEvent*) {
  if (isExposed())
    draw();
}

void VulkanSurface::draw() {
  if (!isExposed() || failed_)
    return;
  const QSize pixels = size() * devicePixelRatio();
  const Size target{pixels.width(), pixels.height()};
  if (!presenter_) {
    const auto surface = reinterpret_cast<std::uint64_t>(QVulkanInstance::surfaceForWindow(this));
    auto made = gpu::Presenter::window(device_, surface, target);
    if (!made) {
      failed_ = true;
      Q_EMIT failed(QString::fromStdString(made.error().text()));
      return;
    }
    presenter_ = std::move(*made);
  }
  presenter_->resize(target);
  gpu::DrawList list;
  if (fill_)
    fill_(list, target);
  const auto outcome = presenter_->draw(list);
  if (!outcome) {
    presenter_.reset();
    failed_ = true;
    Q_EMIT failed(QString::fromStdString(outcome.error().text()));
  } else if (*outcome == gpu::DrawOutcome::Shown) {
    Q_EMIT drawn();
  } else if (!target.isEmpty()) {
    requestUpdate();
  }
}

} // namespace kinora::ui
