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
#include "ui/preview/overlay_layer.h"
#include "ui/preview/view_transform.h"

class QPainter;

namespace kinora::ui {

class VulkanSurface;

// [gui] Paints what lies over the picture, in logical pixels of the widget.
class OverlayPainter {
 public:
  virtual ~OverlayPainter() = default;
  virtual void paint(QPainter& painter, const ViewTransform& view) = 0;
};

// [gui] Draws when a frame arrived, the view moved or the widget was updated: never on its own. update() and
// update(region) ask the overlay's painter again. The widget gets every event of pointer, tablet and wheel on both
// paths; what the pointer does to focus, cursor and menus is the same too.
class VideoView : public QWidget {
  Q_OBJECT
 public:
  // device may be null, or this platform may have no Vulkan windows: then painted in software. It must outlive the
  // view.
  explicit VideoView(gpu::Device* device, QWidget* parent = nullptr);
  ~VideoView() override;

  // The view becomes the transport's reader and listener until another is set; null: none. Must outlive that.
  void setTransport(gpu::FrameTransport* transport);
  // Null: no overlay. Must outlive that.
  void setOverlayPainter(OverlayPainter* painter);
  void setSurround(QColor colour);
  // The size that the view is laid out for, to which pictures of another size (a preview at half size) are stretched;
  // empty: each frame's own.
  void setPictureSize(Size size);
  [[nodiscard]] Size pictureSize() const;
  // Shown in place of the frames; null: frames again.
  void setStill(const QImage& still);

  [[nodiscard]] const ViewTransform& viewTransform() const { return view_; }
  // Ends fitting.
  void setViewTransform(const ViewTransform& view);
  void fit();

  [[nodiscard]] bool usesGraphicsDevice() const { return surface_ != nullptr; }
  // The same picture drawn off-screen; device pixels.
  [[nodiscard]] QImage renderToImage();
  [[nodiscard]] VulkanSurface* surface() const { return surface_; }

 Q_SIGNALS:
  // frameNumber and time (ticks) as handed over.
  void frameShown(qint64 frameNumber, qint64 timeTicks);
  // What was asked for before is on its way to the screen.
  void drawn();
  void viewChanged();

 protected:
  // Where the picture has to lie now; by default where it was set, or fitted.
  [[nodiscard]] virtual ViewTransform wantedView() const;
  // Asks wantedView() again.
  void relayout();

  bool event(QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  struct Wake;
  void requestDraw();
  void takeFrame();
  void renderOverlay();
  void noteShown();
  void useSoftware();
  void renderBackdrop();
  void paintSoftware(QPainter& painter);
  [[nodiscard]] const gpu::FrameView& shown() const { return still_.isNull() ? frame_ : still_; }
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
  Size pictureSize_;
  gpu::FrameView frame_;
  std::uint64_t shownSerial_ = 0;
  std::unique_ptr<gpu::FrameTransport> stills_; // holds the still
  gpu::FrameView still_;
  // With the graphics device
  OverlayLayer overlay_;
  QRegion toPaint_; // logical, not painted into overlay_ yet
  std::vector<gpu::PixelRect> toUpload_;
  // In software: surround and picture as last shown, so that the overlay alone can be repainted.
  QImage backdrop_;
  bool backdropDirty_ = true;
};

// [gui] Paints a picture into a rectangle of a widget: averaged when made smaller, plain squares from 4x upwards.
void paintPicture(QPainter& painter, const QImage& picture, const QRectF& target, double devicePixelRatio);

} // namespace kinora::ui
