// SPDX-License-Identifier: Apache-2.0
// Hides where the picture lies on the canvas: fitted or zoomed, alone or with another one beside it.
#pragma once

#include <optional>

#include <QImage>
#include <QTransform>

#include "ui/preview/video_view.h"

namespace kinora::ui {

class ThemeSource;

// [gui] Repaints when a frame arrives, the view moves or somebody calls update(): never on its own.
class PictureSurface : public VideoView, private OverlayPainter {
  Q_OBJECT
 public:
  // All must outlive the view; device may be null. The view becomes the transport's reader and listener.
  PictureSurface(gpu::Device* device, gpu::FrameTransport& transport, const ThemeSource& theme,
                 QWidget* parent = nullptr);

  // Size of the finished picture that the view is laid out for; frames of another size (a preview at half size) are
  // stretched to it.
  void setFrameSize(Size size);
  [[nodiscard]] Size frameSize() const { return frameSize_; }

  // Pixels of the frame to logical pixels of the widget.
  [[nodiscard]] QTransform frameToView() const;
  // Device pixels per pixel of the frame.
  [[nodiscard]] double zoom() const;
  [[nodiscard]] bool isFitted() const { return !manual_; }
  // Shows everything and keeps doing so when the widget is resized.
  void fit();
  // anchor (logical pixels) stays where it is; by default the middle.
  void setZoom(double factor, std::optional<QPointF> anchor = std::nullopt);
  void panBy(QPointF logical);

  // In place of the frames (null: frames again), and beside them on the right.
  void setStill(const QImage& still);
  void setBeside(const QImage& beside);

  [[nodiscard]] QSize sizeHint() const override { return {960, 540}; }

 protected:
  // In logical pixels, over the picture.
  virtual void paintOverlay(QPainter& painter) { (void)painter; }

 private:
  struct Manual {
    double scale = 1; // logical pixels per pixel of the frame
    QPointF centre;   // pixel of the frame in the middle of the widget
  };
  [[nodiscard]] ViewTransform wantedView() const override;
  void paint(QPainter& painter, const ViewTransform& view) override;
  void paintBeside(QPainter& painter);
  [[nodiscard]] double fittedScale() const;
  [[nodiscard]] QPointF contentCentre() const;

  Size frameSize_{1280, 720};
  std::optional<Manual> manual_;
  qint64 stillKey_ = 0;
  QImage beside_;
  QImage besideShown_; // the part in sight, as last painted
};

} // namespace kinora::ui
