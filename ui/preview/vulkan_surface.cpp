// SPDX-License-Identifier: Apache-2.0
#include "ui/preview/vulkan_surface.h"

#include <QContextMenuEvent>
#include <QCoreApplication>
#include <QMouseEvent>
#include <QPlatformSurfaceEvent>
#include <QWidget>

namespace kinora::ui {
namespace {

// A pointer that reports a thousand times a second is not drawn as often.
constexpr qint64 kLeastMsBetweenDraws = 4;

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
  setFlag(Qt::WindowDoesNotAcceptFocus);
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
    if (target_)
      return press(static_cast<QMouseEvent&>(*event));
    break;
  case QEvent::Leave:
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

bool VulkanSurface::press(QMouseEvent& event) {
  // What a window system without a window manager, and Qt for its own widgets, would do.
  if (!target_->isActiveWindow())
    target_->activateWindow();
  const bool used = QCoreApplication::sendEvent(target_, &event);
  if (event.button() == Qt::RightButton && target_) {
    QContextMenuEvent menu(QContextMenuEvent::Mouse, event.position().toPoint(), event.globalPosition().toPoint(),
                           event.modifiers());
    QCoreApplication::sendEvent(target_, &menu);
  }
  return used;
}

void VulkanSurface::drawSoon() {
  if (sinceDraw_.isValid() && !sinceDraw_.hasExpired(kLeastMsBetweenDraws))
    requestUpdate();
  else
    draw();
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
    auto made = gpu::Presenter::window(device_, surface, target, gpu::PresentMode::Mailbox);
    if (!made) {
      failed_ = true;
      Q_EMIT failed(QString::fromStdString(made.error().text()));
      return;
    }
    presenter_ = std::move(*made);
  }
  sinceDraw_.start();
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
