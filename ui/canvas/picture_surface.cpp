// SPDX-License-Identifier: Apache-2.0
#include "ui/canvas/picture_surface.h"

#include <algorithm>
#include <cmath>

#include <QPainter>

#include "ui/session/theme.h"

namespace kinora::ui {
namespace {

constexpr double kMargin = 14; // around a fitted picture
constexpr double kGap = 16;    // pixels of the frame between two pictures
constexpr double kLeastZoom = 0.02;
constexpr double kMostZoom = 32;
constexpr double kLeastVisible = 40; // logical pixels of the picture that stay in the widget

} // namespace

PictureSurface::PictureSurface(gpu::Device* device, gpu::FrameTransport& transport, const ThemeSource& theme,
                               QWidget* parent)
    : VideoView(device, parent) {
  setMinimumSize(160, 120);
  setPictureSize(frameSize_);
  setSurround(theme.current().color("bg.surround"));
  connect(&theme, &ThemeSource::changed, this, [this, &theme] { setSurround(theme.current().color("bg.surround")); });
  connect(this, &VideoView::viewChanged, this, [this] { besideShown_ = {}; });
  setOverlayPainter(this);
  setTransport(&transport);
  relayout();
}

void PictureSurface::setFrameSize(Size size) {
  if (size == frameSize_ || size.isEmpty())
    return;
  frameSize_ = size;
  besideShown_ = {};
  setPictureSize(size);
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

ViewTransform PictureSurface::wantedView() const {
  ViewTransform view;
  view.scale = manual_ ? manual_->scale : fittedScale();
  const QPointF centre = manual_ ? manual_->centre : contentCentre();
  const double ratio = devicePixelRatioF();
  // The corner lies on a whole device pixel: at 100 % every pixel of the frame is one of the screen.
  const auto snapped = [ratio](double v) { return std::round(v * ratio) / ratio; };
  view.offset = {snapped(width() / 2.0 - centre.x() * view.scale), snapped(height() / 2.0 - centre.y() * view.scale)};
  return view;
}

QTransform PictureSurface::frameToView() const {
  const ViewTransform view = wantedView();
  return QTransform(view.scale, 0, 0, view.scale, view.offset.x(), view.offset.y());
}

double PictureSurface::zoom() const {
  return (manual_ ? manual_->scale : fittedScale()) * devicePixelRatioF();
}

void PictureSurface::fit() {
  manual_.reset();
  relayout();
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
  relayout();
}

void PictureSurface::setStill(const QImage& still) {
  const qint64 key = still.isNull() ? 0 : still.cacheKey();
  if (key == stillKey_)
    return;
  stillKey_ = key;
  VideoView::setStill(still);
}

void PictureSurface::setBeside(const QImage& beside) {
  if (beside.cacheKey() == beside_.cacheKey())
    return;
  const bool layoutChanges = beside.isNull() != beside_.isNull();
  beside_ = beside;
  besideShown_ = {};
  if (layoutChanges)
    manual_.reset();
  relayout();
  update();
}

void PictureSurface::paint(QPainter& painter, const ViewTransform&) {
  if (!beside_.isNull())
    paintBeside(painter);
  paintOverlay(painter);
}

void PictureSurface::paintBeside(QPainter& painter) {
  const QRectF target = (QTransform::fromTranslate(frameSize_.width + kGap, 0) * frameToView())
                            .mapRect(QRectF(0, 0, frameSize_.width, frameSize_.height));
  const QRect visible = target.toAlignedRect() & rect();
  if (visible.isEmpty())
    return;
  const double ratio = devicePixelRatioF();
  const QSize pixels = (QSizeF(visible.size()) * ratio).toSize();
  if (besideShown_.size() != pixels) {
    besideShown_ = QImage(pixels, QImage::Format_RGBA8888_Premultiplied);
    besideShown_.setDevicePixelRatio(ratio);
    besideShown_.fill(Qt::transparent);
    QPainter shown(&besideShown_);
    shown.translate(-visible.topLeft());
    paintPicture(shown, beside_, target, ratio);
  }
  painter.drawImage(visible.topLeft(), besideShown_);
}

} // namespace kinora::ui
