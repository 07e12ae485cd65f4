// SPDX-License-Identifier: Apache-2.0
#include "ui/canvas/picture_surface.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include <QMetaObject>
#include <QPaintEvent>
#include <QPainter>

#include "ui/session/theme.h"

namespace kinora::ui {
namespace {

constexpr double kMargin = 14; // around a fitted picture
constexpr double kGap = 16;    // pixels of the frame between two pictures
constexpr double kLeastZoom = 0.02;
constexpr double kMostZoom = 32;
constexpr double kNearestFrom = 4;
constexpr double kLeastVisible = 40; // logical pixels of the picture that stay in the widget

} // namespace

struct PictureSurface::Wake {
  std::mutex mutex;
  PictureSurface* view = nullptr;
  bool pending = false;
};

PictureSurface::PictureSurface(gpu::FrameTransport& transport, const ThemeSource& theme, QWidget* parent)
    : QWidget(parent), wake_(std::make_shared<Wake>()), transport_(transport), theme_(theme) {
  setAttribute(Qt::WA_OpaquePaintEvent);
  setMinimumSize(160, 120);
  wake_->view = this;
  transport_.setListener([wake = wake_] {
    const std::lock_guard lock(wake->mutex);
    if (wake->pending || wake->view == nullptr)
      return;
    wake->pending = true;
    QMetaObject::invokeMethod(
        wake->view,
        [wake] {
          PictureSurface* view = nullptr;
          {
            const std::lock_guard inner(wake->mutex);
            wake->pending = false;
            view = wake->view;
          }
          if (view != nullptr)
            view->update();
        },
        Qt::QueuedConnection);
  });
  connect(&theme_, &ThemeSource::changed, this, [this] { moved(); });
}

PictureSurface::~PictureSurface() {
  {
    const std::lock_guard lock(wake_->mutex);
    wake_->view = nullptr;
  }
  transport_.setListener({});
}

void PictureSurface::setFrameSize(Size size) {
  if (size == frameSize_ || size.isEmpty())
    return;
  frameSize_ = size;
  moved();
}

double PictureSurface::fittedScale() const {
  const double wide = beside_.isNull() ? frameSize_.width : 2.0 * frameSize_.width + kGap;
  const double scale =
      std::min((width() - 2 * kMargin) / wide, (height() - 2 * kMargin) / static_cast<double>(frameSize_.height));
  return std::max(scale, kLeastZoom);
}

QPointF PictureSurface::contentCentre() const {
  const double wide = beside_.isNull() ? frameSize_.width : 2.0 * frameSize_.width + kGap;
  return {wide / 2, frameSize_.height / 2.0};
}

QTransform PictureSurface::frameToView() const {
  const double scale = manual_ ? manual_->scale : fittedScale();
  const QPointF centre = manual_ ? manual_->centre : contentCentre();
  const double ratio = devicePixelRatioF();
  // The corner lies on a whole device pixel: at 100 % every pixel of the frame is one of the screen.
  const auto snapped = [ratio](double v) { return std::round(v * ratio) / ratio; };
  return QTransform(scale, 0, 0, scale, snapped(width() / 2.0 - centre.x() * scale),
                    snapped(height() / 2.0 - centre.y() * scale));
}

double PictureSurface::zoom() const {
  return (manual_ ? manual_->scale : fittedScale()) * devicePixelRatioF();
}

void PictureSurface::fit() {
  manual_.reset();
  moved();
}

void PictureSurface::setZoom(double factor, std::optional<QPointF> anchor) {
  const QPointF fixed = anchor.value_or(QPointF(width() / 2.0, height() / 2.0));
  const QPointF pixel = frameToView().inverted().map(fixed);
  const double scale = std::clamp(factor, kLeastZoom, kMostZoom) / devicePixelRatioF();
  manual_ = Manual{scale, pixel - (fixed - QPointF(width() / 2.0, height() / 2.0)) / scale};
  panBy({});
}

void PictureSurface::panBy(QPointF logical) {
  if (!manual_)
    manual_ = Manual{fittedScale(), contentCentre()};
  QPointF centre = manual_->centre - logical / manual_->scale;
  const double roomX = std::max(0.0, (width() / 2.0 - kLeastVisible)) / manual_->scale;
  const double roomY = std::max(0.0, (height() / 2.0 - kLeastVisible)) / manual_->scale;
  centre.setX(std::clamp(centre.x(), -roomX, 2 * contentCentre().x() + roomX));
  centre.setY(std::clamp(centre.y(), -roomY, 2 * contentCentre().y() + roomY));
  manual_->centre = centre;
  moved();
}

void PictureSurface::setStill(const QImage& still) {
  if (still.cacheKey() == still_.cacheKey())
    return;
  still_ = still;
  backdropDirty_ = true;
  update();
}

void PictureSurface::setBeside(const QImage& beside) {
  if (beside.cacheKey() == beside_.cacheKey())
    return;
  const bool layoutChanges = beside.isNull() != beside_.isNull();
  beside_ = beside;
  if (layoutChanges)
    manual_.reset();
  moved();
}

QImage PictureSurface::shownFrame() const {
  return shown_.copy();
}

void PictureSurface::moved() {
  backdropDirty_ = true;
  update();
  Q_EMIT viewChanged();
}

void PictureSurface::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  moved();
}

void PictureSurface::drawPicture(QPainter& painter, const QImage& picture, const QTransform& toView) const {
  if (picture.isNull())
    return;
  const QRectF target = toView.mapRect(QRectF(0, 0, frameSize_.width, frameSize_.height));
  const double scale = target.width() * devicePixelRatioF() / picture.width();
  painter.setRenderHint(QPainter::SmoothPixmapTransform, scale < kNearestFrom);
  if (scale < 0.6) { // two by two is not enough of the source any more
    const QSize size(std::max(1, qRound(target.width() * devicePixelRatioF())),
                     std::max(1, qRound(target.height() * devicePixelRatioF())));
    painter.drawImage(target, picture.scaled(size, Qt::IgnoreAspectRatio, Qt::SmoothTransformation));
  } else {
    painter.drawImage(target, picture);
  }
}

void PictureSurface::renderBackdrop() {
  const double ratio = devicePixelRatioF();
  const QSize size = (QSizeF(this->size()) * ratio).toSize();
  if (backdrop_.size() != size)
    backdrop_ = QImage(size, QImage::Format_RGB32);
  backdrop_.setDevicePixelRatio(ratio);
  backdrop_.fill(theme_.current().color("bg.surround"));
  QPainter painter(&backdrop_);
  const QTransform toView = frameToView();
  drawPicture(painter, still_.isNull() ? shown_ : still_, toView);
  if (!beside_.isNull())
    drawPicture(painter, beside_, QTransform::fromTranslate(frameSize_.width + kGap, 0) * toView);
  backdropDirty_ = false;
}

void PictureSurface::paintEvent(QPaintEvent*) {
  const gpu::FrameView frame = transport_.latest();
  if (frame.serial != shownSerial_) {
    shownSerial_ = frame.serial;
    shown_ = frame.pixels == nullptr
                 ? QImage()
                 : QImage(reinterpret_cast<const uchar*>(frame.pixels), frame.size.width, frame.size.height,
                          static_cast<qsizetype>(frame.strideBytes), QImage::Format_RGBA8888);
    backdropDirty_ = true;
  }
  if (backdropDirty_)
    renderBackdrop();
  QPainter painter(this);
  painter.drawImage(0, 0, backdrop_);
  painter.setRenderHint(QPainter::Antialiasing);
  paintOverlay(painter);
}

} // namespace kinora::ui
