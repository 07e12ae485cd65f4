// SPDX-License-Identifier: Apache-2.0
// Under an X server the graphics device presents into real windows, with the validation layer on; any message of it
// fails the test. On a platform without Vulkan windows only the software path is proved.
#include <cstring>
#include <mutex>

#include <QDockWidget>
#include <QMainWindow>
#include <QPainter>
#include <QScreen>
#include <QSignalSpy>
#include <QtTest>

#include "engine/gpu/device_p.h" // its table of functions is the seam to lose the device
#include "tests/support/pictures.h"
#include "ui/preview/overlay_layer.h"
#include "ui/preview/video_view.h"
#include "ui/preview/vulkan_surface.h"

using namespace kinora;

namespace {

void hand(gpu::FrameTransport& transport, const Image& picture, std::int64_t number) {
  const auto slot = transport.beginWrite(picture.size());
  QVERIFY(slot.has_value());
  for (int y = 0; y < picture.size().height; ++y)
    std::memcpy(slot->pixels + y * slot->strideBytes, picture.row<std::byte>(y),
                static_cast<std::size_t>(picture.size().width) * 4);
  QVERIFY(transport.endWrite(Time{number}, number).has_value());
}

class Dot : public ui::OverlayPainter {
 public:
  QPointF at{20, 20};
  int painted = 0;
  void paint(QPainter& painter, const ui::ViewTransform&) override {
    ++painted;
    painter.fillRect(QRectF(at - QPointF(4, 4), QSizeF(8, 8)), QColor(255, 0, 0));
  }
};

} // namespace

VKAPI_ATTR VkResult VKAPI_CALL lostPresent(VkQueue, const VkPresentInfoKHR*) {
  return VK_ERROR_DEVICE_LOST;
}
VKAPI_ATTR VkResult VKAPI_CALL lostAcquire(VkDevice, VkSwapchainKHR, std::uint64_t, VkSemaphore, VkFence,
                                           std::uint32_t*) {
  return VK_ERROR_DEVICE_LOST;
}
VKAPI_ATTR VkResult VKAPI_CALL goneSurface(VkQueue, const VkPresentInfoKHR*) {
  return VK_ERROR_SURFACE_LOST_KHR;
}

class PreviewTest : public QObject {
  Q_OBJECT

  std::unique_ptr<gpu::Device> device_;
  std::mutex mutex_;
  QStringList messages_;

  bool canPresent() const { return device_ && ui::VulkanSurface::isPossible(*device_); }

 private Q_SLOTS:
  void initTestCase() {
    gpu::DeviceOptions options;
    options.surfaces = true;
    options.validation = true;
    options.onMessage = [this](gpu::MessageSeverity, std::string_view text) {
      const std::lock_guard lock(mutex_);
      messages_ << QString::fromUtf8(text.data(), static_cast<int>(text.size()));
    };
    if (auto device = gpu::Device::create(options))
      device_ = std::move(*device);
  }
  void cleanup() {
    const std::lock_guard lock(mutex_);
    const QStringList messages = std::exchange(messages_, {});
    QVERIFY2(messages.isEmpty(), qPrintable(messages.join("\n")));
  }

  void mappingGoesBothWays() {
    const auto view = ui::ViewTransform::fit({200, 100}, {400, 400}, 1);
    QCOMPARE(view.scale, 2.);
    QCOMPARE(view.toWidget({0, 0}), QPointF(0, 100));
    QCOMPARE(view.toPicture(view.toWidget({13, 57})), QPointF(13, 57));
    const auto zoomed = view.zoomed(3, {50, 150});
    QCOMPARE(zoomed.scale, 6.);
    QCOMPARE(zoomed.toPicture({50, 150}), view.toPicture({50, 150}));
  }

  void theOverlayKnowsWhichPixelsChanged() {
    QRectF dot(20, 20, 8, 8);
    int painted = 0;
    const auto paint = [&](QPainter& painter) {
      ++painted;
      painter.fillRect(dot, Qt::red);
    };
    const auto area = [](const std::vector<gpu::PixelRect>& rects) {
      int sum = 0;
      for (const gpu::PixelRect& r : rects)
        sum += r.width * r.height;
      return sum;
    };
    for (const double ratio : {1., 1.5, 2.}) {
      const QSize size(600, 400);
      const QSize pixels = size * ratio;
      ui::OverlayLayer layer;
      layer.repaint(size, ratio, {}, paint); // the first time everything
      QCOMPARE(layer.image().size(), pixels);
      QCOMPARE(area(layer.changed()), pixels.width() * pixels.height());
      layer.taken();
      painted = 0;
      layer.repaint(size, ratio, {}, paint); // nobody asked
      QCOMPARE(painted, 0);
      layer.repaint(size, ratio, QRect(QPoint(), size), paint); // painted, but the same
      QCOMPARE(painted, 1);
      QVERIFY(layer.changed().empty());
      dot.moveTo(400, 300);
      layer.repaint(size, ratio, QRect(QPoint(), size), paint);
      const int moved = area(layer.changed());
      QVERIFY2(moved > 0 && moved < pixels.width() * pixels.height() / 8, qPrintable(QString::number(moved)));
      const QPoint now = (QPointF(404, 304) * ratio).toPoint();
      QCOMPARE(layer.image().pixelColor(now), QColor(Qt::red));
      QCOMPARE(layer.image().pixelColor((QPointF(24, 24) * ratio).toPoint()).alpha(), 0);
      const auto holds = [&](QPoint p) {
        for (const gpu::PixelRect& r : layer.changed())
          if (QRect(r.x, r.y, r.width, r.height).contains(p))
            return true;
        return false;
      };
      QVERIFY(holds(now) && holds((QPointF(24, 24) * ratio).toPoint())); // where it is and where it was
      layer.taken();
      dot.moveTo(20, 20);
      layer.repaint(size, ratio, QRect(0, 0, 100, 100), paint); // only there
      QCOMPARE(layer.image().pixelColor(now), QColor(Qt::red));
      layer.repaint(size + QSize(1, 0), ratio, {}, paint);
      QCOMPARE(layer.image().pixelColor(now).alpha(), 0);
    }
  }

  void softwareShowsTheFrameAndTheOverlay() {
    const Image picture = test::texturedPicture({200, 100}, 3);
    const auto transport = gpu::makeHostTransport();
    Dot dot;
    ui::VideoView view(nullptr);
    view.resize(200, 100);
    view.setTransport(transport.get());
    hand(*transport, picture, 4);
    QImage shown = view.renderToImage();
    for (const QPoint p : {QPoint(0, 0), QPoint(199, 99), QPoint(77, 31)})
      QCOMPARE(shown.pixelColor(p).red(), int(picture.row<std::uint8_t>(p.y())[p.x() * 4]));
    view.setOverlayPainter(&dot);
    shown = view.renderToImage();
    QCOMPARE(shown.pixelColor(20, 20), QColor(255, 0, 0));
    QVERIFY(!view.usesGraphicsDevice());
  }

  void theWindowShowsFramesAndEchoesStrokes() {
    if (!canPresent())
      QSKIP("This platform shows no Vulkan windows: run it under an X server with a Vulkan driver.");
    const Image picture = test::texturedPicture({320, 180}, 3);
    const auto transport = gpu::makeHostTransport();
    Dot dot;
    ui::VideoView view(device_.get());
    view.resize(320, 180);
    view.setTransport(transport.get());
    view.setOverlayPainter(&dot);
    QSignalSpy shown(&view, &ui::VideoView::frameShown);
    view.show();
    hand(*transport, picture, 11);
    QTRY_COMPARE(shown.count(), 1);
    QCOMPARE(shown[0][0].toLongLong(), 11);
    const QImage image = view.renderToImage();
    QCOMPARE(image.pixelColor(100, 100).green(), int(picture.row<std::uint8_t>(100)[100 * 4 + 1]));
    QCOMPARE(image.pixelColor(20, 20), QColor(255, 0, 0));

    QSignalSpy drawn(view.surface(), &ui::VulkanSurface::drawn);
    dot.at = {60, 20};
    view.update(QRect(0, 0, 100, 40)); // no new frame is needed for it
    QTRY_VERIFY(drawn.count() > 0);
    QCOMPARE(view.renderToImage().pixelColor(60, 20), QColor(255, 0, 0));
    QCOMPARE(shown.count(), 1);

    view.resize(500, 300);
    hand(*transport, picture, 12);
    QTRY_COMPARE(shown.count(), 2);
    QVERIFY(view.viewTransform().scale > 1.5);
    QTRY_COMPARE(view.surface()->presenter()->size().width, 500);
  }

  void theWindowComesBackAfterTheLossOfTheDevice() {
    if (!canPresent())
      QSKIP("This platform shows no Vulkan windows: run it under an X server with a Vulkan driver.");
    const auto transport = gpu::makeHostTransport();
    Dot dot;
    ui::VideoView view(device_.get());
    view.resize(320, 180);
    view.setTransport(transport.get());
    view.setOverlayPainter(&dot);
    QSignalSpy shown(&view, &ui::VideoView::frameShown);
    view.show();
    hand(*transport, test::texturedPicture({320, 180}, 3), 1);
    QTRY_COMPARE(shown.count(), 1);
    const int generation = device_->generation();
    device_->state()->vk.vkQueuePresentKHR = lostPresent;
    hand(*transport, test::texturedPicture({320, 180}, 4), 2);
    QTRY_COMPARE(shown.count(), 2);
    QCOMPARE(device_->generation(), generation + 1);
    device_->state()->vk.vkAcquireNextImageKHR = lostAcquire;
    hand(*transport, test::texturedPicture({320, 180}, 5), 3);
    QTRY_COMPARE(shown.count(), 3);
    QCOMPARE(device_->generation(), generation + 2);
    QCOMPARE(view.surface()->presenter()->stats().rebuilds, 2u);
    // The overlay is there again without being painted anew.
    const QImage screen = view.screen()->grabWindow(view.surface()->winId()).toImage();
    QCOMPARE(screen.pixelColor(20, 20), QColor(255, 0, 0));
  }

  void aWindowThatCannotBeDrawnIsPaintedInSoftware() {
    if (!canPresent())
      QSKIP("This platform shows no Vulkan windows: run it under an X server with a Vulkan driver.");
    const auto transport = gpu::makeHostTransport();
    ui::VideoView view(device_.get());
    view.resize(320, 180);
    view.setTransport(transport.get());
    QSignalSpy shown(&view, &ui::VideoView::frameShown);
    view.show();
    const Image picture = test::texturedPicture({320, 180}, 3);
    hand(*transport, picture, 1);
    QTRY_COMPARE(shown.count(), 1);
    const auto real = device_->state()->vk.vkQueuePresentKHR;
    device_->state()->vk.vkQueuePresentKHR = goneSurface;
    hand(*transport, picture, 2);
    QTRY_VERIFY(!view.usesGraphicsDevice());
    device_->state()->vk.vkQueuePresentKHR = real;
    QTRY_COMPARE(shown.count(), 2);
    QCOMPARE(view.grab().toImage().pixelColor(77, 31).red(), int(picture.row<std::uint8_t>(31)[77 * 4]));
  }

  void floatingAndDockingKeepThePicture() {
    if (!canPresent())
      QSKIP("This platform shows no Vulkan windows: run it under an X server with a Vulkan driver.");
    const Image picture = test::texturedPicture({320, 180}, 5);
    const auto transport = gpu::makeHostTransport();
    QMainWindow window;
    window.resize(800, 500);
    auto* dock = new QDockWidget(&window);
    auto* view = new ui::VideoView(device_.get());
    dock->setWidget(view);
    window.addDockWidget(Qt::LeftDockWidgetArea, dock);
    view->setTransport(transport.get());
    QSignalSpy shown(view, &ui::VideoView::frameShown);
    window.show();
    hand(*transport, picture, 1);
    QTRY_COMPARE(shown.count(), 1);
    for (int n = 2; n < 6; ++n) {
      dock->setFloating(!dock->isFloating());
      hand(*transport, picture, n);
      QTRY_COMPARE(shown.count(), n);
    }
    view->setTransport(nullptr);
  }
};

QTEST_MAIN(PreviewTest)
#include "tst_ui_preview.moc"
