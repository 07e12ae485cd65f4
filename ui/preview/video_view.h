// SPDX-License-Identifier: Apache-2.0
// Hides whether pictures are shown by the graphics device or painted by the processor: a widget with the newest frame
// of a transport and an overlay on top.
#pragma once

#include <memory>
#include <vector>

#include <QColor>
#include <QImage>
#include <QRegion>
#include <QWidget>

#include "engine/gpu/presenter.h"
#include "ui/preview/view_transform.h"

class QPainter;

namespace kinora::ui {

class VulkanSurface;

// [gui] Paints what lies over the picture, in logical pixels of the widget.
class OverlayPainter {
 public:
  virtual ~OverlayPainter() = default;
  virtual void paintOverlay(QPainter& painter, const ViewTransform& view) = 0;
};

// [gui] Draws when a frame arrived, the view moved or the overlay was marked dirty: never on its own.
class VideoView : public QWidget {
  Q_OBJECT
 public:
  // device may be null: painted in software. It must outlive the view.
  explicit VideoView(gpu::Device* device, QWidget* parent = nullptr);
  ~VideoView() override;

  // The view becomes the transport's reader and listener until another is set; null: none. Must outlive that.
  void setTransport(gpu::FrameTransport* transport);
  // Null: no overlay. Must outlive that.
  void setOverlayPainter(OverlayPainter* painter);
  // Logical pixels of the widget; the painter is asked for them at the next draw.
  void updateOverlay(const QRegion& dirty);
  void setSurround(QColor colour);

  [[nodiscard]] const ViewTransform& viewTransform() const { return view_; }
  // Ends fitting.
  void setViewTransform(const ViewTransform& view);
  void fit();

  [[nodiscard]] bool usesGraphicsDevice() const { return surface_ != nullptr; }
  // The same picture drawn off-screen; device pixels.
  [[nodiscard]] QImage renderToImage();
  [[nodiscard]] const VulkanSurface* surface() const { return surface_; }

 Q_SIGNALS:
  // frameNumber and time (ticks) as handed over.
  void frameShown(qint64 frameNumber, qint64 timeTicks);
  void viewChanged();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  struct Wake;
  void requestDraw();
  void takeFrame();
  void refit();
  void renderOverlay();
  void noteShown();
  void useSoftware();
  void paintSoftware(QPainter& painter);
  [[nodiscard]] gpu::DrawList drawList();

  gpu::Device* device_;
  gpu::FrameTransport* transport_ = nullptr;
  OverlayPainter* painter_ = nullptr;
  std::shared_ptr<Wake> wake_;
  VulkanSurface* surface_ = nullptr; // the container's
  QWidget* container_ = nullptr;
  ViewTransform view_;
  bool fitted_ = true;
  QColor surround_{24, 24, 24};
  gpu::FrameView frame_;
  std::uint64_t shownSerial_ = 0;
  QImage overlay_;
  QRegion toPaint_;                      // logical, not painted into overlay_ yet
  std::vector<gpu::PixelRect> toUpload_; // device pixels, not on the device yet
};

} // namespace kinora::ui
