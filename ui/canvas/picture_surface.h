// SPDX-License-Identifier: Apache-2.0
// Hides how the newest frame gets onto the screen: takes it out of the transport, keeps it scaled, paints what lies on
// top of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <QColor>
#include <QImage>
#include <QTransform>
#include <QWidget>

#include "engine/base/geometry.h"
#include "engine/gpu/frame_transport.h"

namespace kinora::ui {

class ThemeSource;

// [gui] Repaints when a frame arrives, the view moves or somebody calls update(): never on its own. Painted with the
// processor: bilinear, smooth when made smaller, plain squares from 4x upwards.
class PictureSurface : public QWidget {
  Q_OBJECT
 public:
  // Both must outlive the view. It becomes the transport's reader and listener.
  PictureSurface(gpu::FrameTransport& transport, const ThemeSource& theme, QWidget* parent = nullptr);
  ~PictureSurface() override;

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

  // The frame shown now, as frames come in. Null before the first.
  [[nodiscard]] QImage shownFrame() const;

  [[nodiscard]] QSize sizeHint() const override { return {960, 540}; }

 Q_SIGNALS:
  void viewChanged();

 protected:
  // In logical pixels, over the picture.
  virtual void paintOverlay(QPainter& painter) { (void)painter; }
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  struct Manual {
    double scale = 1; // logical pixels per pixel of the frame
    QPointF centre;   // pixel of the frame in the middle of the widget
  };
  [[nodiscard]] double fittedScale() const;
  [[nodiscard]] QPointF contentCentre() const;
  void moved();
  void renderBackdrop();
  void drawPicture(QPainter& painter, const QImage& picture, const QTransform& toView) const;

  struct Wake; // lets the engine thread ring without knowing whether the view still lives
  std::shared_ptr<Wake> wake_;
  gpu::FrameTransport& transport_;
  const ThemeSource& theme_;
  Size frameSize_{1280, 720};
  std::optional<Manual> manual_;
  QImage still_;
  QImage beside_;
  QImage backdrop_; // surround and picture as last shown, so that the overlay alone can be repainted
  bool backdropDirty_ = true;
  std::uint64_t shownSerial_ = 0;
  QImage shown_; // views the transport's pixels until the next latest()
};

} // namespace kinora::ui
