// SPDX-License-Identifier: Apache-2.0
#include "ui/preview/video_view.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <utility>

#include <QPaintEvent>
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
    overlay_.taken();
    noteShown();
    Q_EMIT drawn();
  });
  connect(
      surface_, &VulkanSurface::failed, this, [this] { useSoftware(); }, Qt::QueuedConnection);
  container_ = QWidget::createWindowContainer(surface_, this);
  container_->setFocusPolicy(Qt::NoFocus);
  container_->setAcceptDrops(false); // it would send them in a circle
  surface_->setCursor(cursor());
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins({});
  layout->addWidget(container_);
}

VideoView::~VideoView() {
  if (surface_)
    surface_->setEventTarget(nullptr);
  delete std::exchange(container_, nullptr); // and the window in it: nothing reads the transport any more
  surface_ = nullptr;
  setTransport(nullptr);
  const std::lock_guard lock(wake_->mutex);
  wake_->view = nullptr;
}

void VideoView::useSoftware() {
  delete layout();
  delete std::exchange(container_, nullptr); // and the window in it
  surface_ = nullptr;
  overlay_.clear();
  backdropDirty_ = true;
  update();
}

void VideoView::setTransport(gpu::FrameTransport* transport) {
  if (transport_)
    transport_->setListener({});
  transport_ = transport;
  frame_ = {};
  shownSerial_ = 0;
  backdropDirty_ = true;
  if (transport_)
    transport_->setListener([wake = wake_] { wake->ring(wake); });
  requestDraw();
}

void VideoView::setOverlayPainter(OverlayPainter* painter) {
  painter_ = painter;
  update();
}

void VideoView::setSurround(QColor colour) {
  if (colour == surround_)
    return;
  surround_ = colour;
  backdropDirty_ = true;
  update();
}

void VideoView::setPictureSize(Size size) {
  if (size == pictureSize_)
    return;
  pictureSize_ = size;
  backdropDirty_ = true;
  relayout();
  update();
}

Size VideoView::pictureSize() const {
  return pictureSize_.isEmpty() ? shown().size : pictureSize_;
}

void VideoView::setStill(const QImage& still) {
  still_ = {};
  if (!still.isNull()) {
    const QImage pixels = still.convertToFormat(QImage::Format_RGBA8888);
    if (!stills_)
      stills_ = gpu::makeHostTransport();
    const auto slot = stills_->beginWrite({pixels.width(), pixels.height()});
    if (slot) {
      for (int y = 0; y < pixels.height(); ++y)
        std::memcpy(slot->pixels + y * slot->strideBytes, pixels.constScanLine(y),
                    static_cast<std::size_t>(pixels.width()) * 4);
      if (stills_->endWrite({}, 0))
        still_ = stills_->latest();
    }
  }
  backdropDirty_ = true;
  relayout();
  update();
}

void VideoView::setViewTransform(const ViewTransform& view) {
  fitted_ = false;
  view_ = view;
  view_.devicePixelRatio = devicePixelRatioF();
  backdropDirty_ = true;
  Q_EMIT viewChanged();
  update();
}

void VideoView::fit() {
  fitted_ = true;
  relayout();
}

ViewTransform VideoView::wantedView() const {
  const Size picture = pictureSize();
  if (!fitted_ || picture.isEmpty())
    return view_;
  return ViewTransform::fit(QSizeF(picture.width, picture.height), size(), devicePixelRatioF());
}

void VideoView::relayout() {
  ViewTransform next = wantedView();
  next.devicePixelRatio = devicePixelRatioF();
  if (next == view_)
    return;
  view_ = next;
  backdropDirty_ = true;
  Q_EMIT viewChanged();
  update();
}

void VideoView::requestDraw() {
  if (surface_)
    surface_->drawSoon();
  else
    update();
}

void VideoView::takeFrame() {
  if (!transport_)
    return;
  const Size before = frame_.size;
  const std::uint64_t serial = frame_.serial;
  frame_ = transport_->latest();
  if (frame_.serial != serial && still_.isNull())
    backdropDirty_ = true;
  if (frame_.size != before)
    relayout();
}

void VideoView::noteShown() {
  if (frame_.isNull() || frame_.serial == shownSerial_)
    return;
  shownSerial_ = frame_.serial;
  Q_EMIT frameShown(frame_.frameNumber, frame_.time.ticks);
}

void VideoView::renderOverlay() {
  const QRegion dirty = std::exchange(toPaint_, {});
  if (!painter_)
    return overlay_.clear();
  overlay_.repaint(size(), devicePixelRatioF(), dirty, [this](QPainter& painter) { painter_->paint(painter, view_); });
}

gpu::DrawList VideoView::drawList() {
  renderOverlay();
  gpu::DrawList list;
  list.frame = shown();
  list.transform = view_.toDevice();
  if (!list.frame.isNull())
    list.transform.scale *= static_cast<float>(pictureSize().width) / static_cast<float>(list.frame.size.width);
  list.surround = {static_cast<std::uint8_t>(surround_.red()), static_cast<std::uint8_t>(surround_.green()),
                   static_cast<std::uint8_t>(surround_.blue())};
  toUpload_ = overlay_.changed();
  if (const QImage& image = overlay_.image(); !image.isNull())
    list.overlay = {reinterpret_cast<const std::byte*>(image.constBits()),
                    image.bytesPerLine(),
                    {image.width(), image.height()},
                    toUpload_};
  return list;
}

void VideoView::renderBackdrop() {
  const double ratio = devicePixelRatioF();
  const QSize pixels = (QSizeF(size()) * ratio).toSize();
  if (!backdropDirty_ && backdrop_.size() == pixels)
    return;
  if (backdrop_.size() != pixels)
    backdrop_ = QImage(pixels, QImage::Format_RGB32);
  backdrop_.setDevicePixelRatio(ratio);
  backdrop_.fill(surround_);
  if (const QImage picture = viewOf(shown()); !picture.isNull()) {
    const gpu::PictureTransform t = view_.toDevice();
    const double scale = static_cast<double>(t.scale) / ratio;
    const Size size = pictureSize();
    QPainter painter(&backdrop_);
    paintPicture(painter, picture,
                 QRectF(static_cast<double>(t.offsetX) / ratio, static_cast<double>(t.offsetY) / ratio,
                        size.width * scale, size.height * scale),
                 ratio);
  }
  backdropDirty_ = false;
}

void VideoView::paintSoftware(QPainter& painter) {
  renderBackdrop();
  painter.drawImage(0, 0, backdrop_);
  painter.setRenderHint(QPainter::Antialiasing);
  if (painter_)
    painter_->paint(painter, view_);
}

void VideoView::paintEvent(QPaintEvent* event) {
  if (surface_) {
    toPaint_ += event->region();
    surface_->drawSoon();
    return;
  }
  takeFrame();
  QPainter painter(this);
  painter.setClipRegion(event->region());
  paintSoftware(painter);
  painter.end();
  noteShown();
  Q_EMIT drawn();
}

QImage VideoView::renderToImage() {
  takeFrame();
  const QSize pixels = (QSizeF(size()) * devicePixelRatioF()).toSize();
  if (surface_) {
    const gpu::DrawList list = drawList();
    auto presenter = gpu::Presenter::offscreen(*device_, {pixels.width(), pixels.height()});
    if (presenter && (*presenter)->draw(list))
      if (const auto image = (*presenter)->readback())
        return QImage(image->row<uchar>(0), pixels.width(), pixels.height(), image->strideBytes(),
                      QImage::Format_RGBA8888)
            .copy();
    return {};
  }
  QImage out(pixels, QImage::Format_RGBA8888);
  out.setDevicePixelRatio(devicePixelRatioF());
  QPainter painter(&out);
  paintSoftware(painter);
  return out;
}

bool VideoView::event(QEvent* event) {
  if (event->type() == QEvent::CursorChange && surface_)
    surface_->setCursor(cursor());
  return QWidget::event(event);
}

void VideoView::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  relayout();
}

void VideoView::changeEvent(QEvent* event) {
  if (event->type() == QEvent::ScreenChangeInternal)
    relayout();
  QWidget::changeEvent(event);
}

void paintPicture(QPainter& painter, const QImage& picture, const QRectF& target, double devicePixelRatio) {
  const double scale = target.width() * devicePixelRatio / picture.width();
  painter.setRenderHint(QPainter::SmoothPixmapTransform, scale != 1 && scale < double{gpu::kNearestFromScale});
  if (scale < 0.6) { // two by two is not enough of the source any more
    const QSize size(std::max(1, qRound(target.width() * devicePixelRatio)),
                     std::max(1, qRound(target.height() * devicePixelRatio)));
    painter.drawImage(target, picture.scaled(size, Qt::IgnoreAspectRatio, Qt::SmoothTransformation));
  } else {
    painter.drawImage(target, picture);
  }
}

} // namespace kinora::ui
