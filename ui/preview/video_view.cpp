// SPDX-License-Identifier: Apache-2.0
#include "ui/preview/video_view.h"

#include <atomic>
#include <mutex>
#include <utility>

#include <QCoreApplication>
#include <QPainter>
#include <QVBoxLayout>

#include "ui/preview/vulkan_surface.h"

namespace kinora::ui {
namespace {

QImage viewOf(const gpu::FrameView& frame) {
  if (frame.isNull() || frame.pixels == nullptr)
    return {};
  return QImage(reinterpret_cast<const uchar*>(frame.pixels), frame.size.width, frame.size.height, frame.strideBytes,
                QImage::Format_RGBA8888);
}

} // namespace

// Rings in the gui thread. The engine thread shares it, so it may be called while the view goes away.
struct VideoView::Wake {
  std::mutex mutex;
  VideoView* view = nullptr; // null once the view has left
  std::atomic<bool> rung = false;

  void ring(const std::shared_ptr<Wake>& self) {
    if (rung.exchange(true))
      return;
    const std::lock_guard lock(mutex);
    if (view)
      QMetaObject::invokeMethod(
          view,
          [self] {
            self->rung = false;
            if (self->view)
              self->view->requestDraw();
          },
          Qt::QueuedConnection);
  }
};

VideoView::VideoView(gpu::Device* device, QWidget* parent)
    : QWidget(parent), device_(device), wake_(std::make_shared<Wake>()) {
  wake_->view = this;
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
  setAttribute(Qt::WA_OpaquePaintEvent);
  if (!device_ || !VulkanSurface::isPossible(*device_))
    return;
  surface_ = new VulkanSurface(*device_);
  surface_->setFill([this](gpu::DrawList& list, Size) {
    takeFrame();
    list = drawList();
  });
  surface_->setEventTarget(this);
  connect(surface_, &VulkanSurface::drawn, this, [this] {
    toUpload_.clear();
    noteShown();
  });
  connect(
      surface_, &VulkanSurface::failed, this, [this] { useSoftware(); }, Qt::QueuedConnection);
  container_ = QWidget::createWindowContainer(surface_, this);
  container_->setFocusPolicy(Qt::NoFocus);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins({});
  layout->addWidget(container_);
}

VideoView::~VideoView() {
  setTransport(nullptr);
  const std::lock_guard lock(wake_->mutex);
  wake_->view = nullptr;
}

void VideoView::useSoftware() {
  delete layout();
  delete std::exchange(container_, nullptr); // and the window in it
  surface_ = nullptr;
  requestDraw();
}

void VideoView::setTransport(gpu::FrameTransport* transport) {
  if (transport_)
    transport_->setListener({});
  transport_ = transport;
  frame_ = {};
  shownSerial_ = 0;
  if (transport_)
    transport_->setListener([wake = wake_] { wake->ring(wake); });
  requestDraw();
}

void VideoView::setOverlayPainter(OverlayPainter* painter) {
  painter_ = painter;
  updateOverlay(rect());
}

void VideoView::updateOverlay(const QRegion& dirty) {
  toPaint_ += dirty;
  requestDraw();
}

void VideoView::setSurround(QColor colour) {
  surround_ = colour;
  requestDraw();
}

void VideoView::setViewTransform(const ViewTransform& view) {
  fitted_ = false;
  view_ = view;
  view_.devicePixelRatio = devicePixelRatioF();
  Q_EMIT viewChanged();
  updateOverlay(rect());
}

void VideoView::fit() {
  fitted_ = true;
  refit();
}

void VideoView::refit() {
  ViewTransform next = view_;
  if (fitted_ && !frame_.isNull())
    next = ViewTransform::fit(QSizeF(frame_.size.width, frame_.size.height), size(), devicePixelRatioF());
  next.devicePixelRatio = devicePixelRatioF();
  if (next == view_)
    return;
  view_ = next;
  Q_EMIT viewChanged();
  updateOverlay(rect());
}

void VideoView::requestDraw() {
  if (surface_)
    surface_->requestUpdate();
  else
    update();
}

void VideoView::takeFrame() {
  if (!transport_)
    return;
  const Size before = frame_.size;
  frame_ = transport_->latest();
  if (frame_.size != before)
    refit();
}

void VideoView::noteShown() {
  if (frame_.isNull() || frame_.serial == shownSerial_)
    return;
  shownSerial_ = frame_.serial;
  Q_EMIT frameShown(frame_.frameNumber, frame_.time.ticks);
}

void VideoView::renderOverlay() {
  const QSize pixels = size() * devicePixelRatioF();
  if (!painter_ || pixels.isEmpty()) {
    overlay_ = {};
    toPaint_ = {};
    return;
  }
  if (overlay_.size() != pixels) {
    overlay_ = QImage(pixels, QImage::Format_RGBA8888_Premultiplied);
    overlay_.setDevicePixelRatio(devicePixelRatioF());
    toPaint_ = rect();
  }
  if (toPaint_.isEmpty())
    return;
  QPainter painter(&overlay_);
  painter.setClipRegion(toPaint_);
  painter.setCompositionMode(QPainter::CompositionMode_Clear);
  painter.fillRect(rect(), Qt::transparent);
  painter.setCompositionMode(QPainter::CompositionMode_SourceOver);
  painter.setRenderHint(QPainter::Antialiasing);
  painter_->paintOverlay(painter, view_);
  for (const QRect& r : toPaint_) {
    const QRectF scaled(QPointF(r.topLeft()) * devicePixelRatioF(), QSizeF(r.size()) * devicePixelRatioF());
    const QRect device = scaled.toAlignedRect();
    toUpload_.push_back({device.x(), device.y(), device.width(), device.height()});
  }
  toPaint_ = {};
}

gpu::DrawList VideoView::drawList() {
  renderOverlay();
  gpu::DrawList list;
  list.frame = frame_;
  list.transform = view_.toDevice();
  list.surround = {static_cast<std::uint8_t>(surround_.red()), static_cast<std::uint8_t>(surround_.green()),
                   static_cast<std::uint8_t>(surround_.blue())};
  if (!overlay_.isNull())
    list.overlay = {reinterpret_cast<const std::byte*>(overlay_.constBits()),
                    overlay_.bytesPerLine(),
                    {overlay_.width(), overlay_.height()},
                    toUpload_};
  return list;
}

void VideoView::paintSoftware(QPainter& painter) {
  painter.fillRect(rect(), surround_);
  if (const QImage picture = viewOf(frame_); !picture.isNull()) {
    const gpu::PictureTransform t = view_.toDevice();
    const double ratio = devicePixelRatioF();
    painter.setRenderHint(QPainter::SmoothPixmapTransform, t.scale < gpu::kNearestFromScale && t.scale != 1);
    const double scale = t.scale / ratio;
    const QRectF at(t.offsetX / ratio, t.offsetY / ratio, picture.width() * scale, picture.height() * scale);
    if (t.scale < .5f)
      painter.drawImage(at,
                        picture.scaled((at.size() * ratio).toSize(), Qt::IgnoreAspectRatio, Qt::SmoothTransformation));
    else
      painter.drawImage(at, picture);
  }
  if (!overlay_.isNull())
    painter.drawImage(0, 0, overlay_);
}

void VideoView::paintEvent(QPaintEvent*) {
  if (surface_)
    return;
  takeFrame();
  renderOverlay();
  toUpload_.clear();
  QPainter painter(this);
  paintSoftware(painter);
  noteShown();
}

QImage VideoView::renderToImage() {
  takeFrame();
  const QSize pixels = size() * devicePixelRatioF();
  if (surface_) {
    gpu::DrawList list = drawList();
    auto presenter = gpu::Presenter::offscreen(*device_, {pixels.width(), pixels.height()});
    if (presenter && (*presenter)->draw(list))
      if (const auto image = (*presenter)->readback())
        return QImage(image->row<uchar>(0), pixels.width(), pixels.height(), image->strideBytes(),
                      QImage::Format_RGBA8888)
            .copy();
    return {};
  }
  renderOverlay();
  QImage out(pixels, QImage::Format_RGBA8888);
  out.setDevicePixelRatio(devicePixelRatioF());
  QPainter painter(&out);
  paintSoftware(painter);
  return out;
}

void VideoView::resizeEvent(QResizeEvent*) {
  refit();
  updateOverlay(rect());
}

void VideoView::changeEvent(QEvent* event) {
  if (event->type() == QEvent::ScreenChangeInternal)
    refit();
  QWidget::changeEvent(event);
}

} // namespace kinora::ui
