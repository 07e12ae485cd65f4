// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/frame_widget.h"

#include <mutex>

#include <QImage>
#include <QPainter>

#include "engine/gpu/frame_transport.h"
#include "ui/session/theme.h"

namespace kinora::ui {

// Tells the view of new frames, if it still lives, at most once until it has painted.
struct FrameWidget::Ring {
  std::mutex mutex;
  FrameWidget* view = nullptr;
  bool pending = false;
};

FrameWidget::FrameWidget(const UiContext& context, gpu::FrameTransport& transport, QWidget* parent)
    : QWidget(parent), context_(context), transport_(transport), ring_(std::make_shared<Ring>()) {
  setAccessibleName(tr("Picture"));
  setAttribute(Qt::WA_OpaquePaintEvent);
  ring_->view = this;
  transport_.setListener([ring = ring_] {
    const std::lock_guard lock(ring->mutex);
    if (ring->view == nullptr || ring->pending)
      return;
    ring->pending = true;
    QMetaObject::invokeMethod(ring->view, qOverload<>(&QWidget::update), Qt::QueuedConnection);
  });
  connect(&context_.theme, &ThemeSource::changed, this, qOverload<>(&QWidget::update));
}

FrameWidget::~FrameWidget() {
  transport_.setListener({});
  const std::lock_guard lock(ring_->mutex);
  ring_->view = nullptr;
}

void FrameWidget::paintEvent(QPaintEvent*) {
  {
    const std::lock_guard lock(ring_->mutex);
    ring_->pending = false;
  }
  QPainter painter(this);
  painter.fillRect(rect(), context_.theme.current().color("bg.surround"));
  const gpu::FrameView frame = transport_.latest();
  if (frame.isNull() || frame.pixels == nullptr)
    return;
  const QImage image(reinterpret_cast<const uchar*>(frame.pixels), frame.size.width, frame.size.height,
                     frame.strideBytes, QImage::Format_RGBA8888);
  QSize fitted = image.size().scaled(size() - QSize(24, 24), Qt::KeepAspectRatio);
  QRect place(QPoint(), fitted);
  place.moveCenter(rect().center());
  painter.setRenderHint(QPainter::SmoothPixmapTransform);
  painter.drawImage(place, image);
}

} // namespace kinora::ui
