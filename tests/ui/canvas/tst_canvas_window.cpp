// SPDX-License-Identifier: Apache-2.0
// The canvas inside a window, shown by the graphics device and painted in software: both have to look and feel the
// same. Events enter where the window system delivers them. On a platform without Vulkan windows the first is skipped.
#include <cmath>
#include <cstring>
#include <mutex>

#include <QMainWindow>
#include <QMimeData>
#include <QPointingDevice>
#include <QSignalSpy>
#include <QtTest/QTest>

#include "tests/support/pictures.h"
#include "tests/ui/support/studio.h"
#include "ui/canvas/canvas_view.h"
#include "ui/preview/vulkan_surface.h"

using namespace kinora;
using namespace kinora::ui;

namespace {

class Window : public QMainWindow {
 public:
  Window() { setAcceptDrops(true); }
  int dropped = 0;

 protected:
  void dragEnterEvent(QDragEnterEvent* event) override { event->acceptProposedAction(); }
  void dragMoveEvent(QDragMoveEvent* event) override { event->acceptProposedAction(); }
  void dropEvent(QDropEvent* event) override {
    ++dropped;
    event->acceptProposedAction();
  }
};

struct Shown : Studio {
  Window window;
  CanvasView* view;

  explicit Shown(gpu::Device* device) : view(new CanvasView(context, device, *transport)) {
    window.setCentralWidget(view);
    window.resize(900, 560);
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));
    if (view->surface())
      QVERIFY(QTest::qWaitForWindowExposed(view->surface()));
    window.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&window));
    view->setFocus();
  }
  ~Shown() { delete window.takeCentralWidget(); } // before the transport

  // Where the window system delivers what happens on the canvas, and the place in that window's coordinates.
  [[nodiscard]] QWindow* receiver() const {
    return view->surface() ? static_cast<QWindow*>(view->surface()) : window.windowHandle();
  }
  [[nodiscard]] QPoint there(QPointF canvas) const {
    const QPoint p = canvas.toPoint();
    return view->surface() ? p : view->mapTo(&window, p);
  }
  [[nodiscard]] QPoint at(float x, float y) const { return there(view->pictureMapping().toView(Point{x, y})); }
  void hand(const Image& picture) {
    const auto slot = transport->beginWrite(picture.size());
    QVERIFY(slot.has_value());
    for (int y = 0; y < picture.size().height; ++y)
      std::memcpy(slot->pixels + y * slot->strideBytes, picture.row<std::byte>(y),
                  static_cast<std::size_t>(picture.size().width) * 4);
    QVERIFY(transport->endWrite({}, 0).has_value());
  }
};

QImage rgb(const QImage& image) {
  return image.convertToFormat(QImage::Format_RGB32);
}

// Mean difference of a channel; 255 when the sizes differ.
double meanDifference(const QImage& a, const QImage& b) {
  if (a.size() != b.size() || a.isNull())
    return 255;
  const QImage x = rgb(a);
  const QImage y = rgb(b);
  double sum = 0;
  for (int row = 0; row < x.height(); ++row)
    for (int col = 0; col < x.width(); ++col) {
      const QRgb p = x.pixel(col, row);
      const QRgb q = y.pixel(col, row);
      sum += std::abs(qRed(p) - qRed(q)) + std::abs(qGreen(p) - qGreen(q)) + std::abs(qBlue(p) - qBlue(q));
    }
  return sum / 3 / (static_cast<double>(x.width()) * x.height());
}

} // namespace

class TestCanvasWindow : public QObject {
  Q_OBJECT

  std::unique_ptr<gpu::Device> device_;
  std::mutex mutex_;
  QStringList messages_;

  bool canPresent() const { return device_ && VulkanSurface::isPossible(*device_); }
  static void bothPaths() {
    QTest::addColumn<bool>("onDevice");
    QTest::newRow("graphics device") << true;
    QTest::newRow("software") << false;
  }

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

#define KINORA_PATH()                                                                                                  \
  QFETCH(const bool, onDevice);                                                                                        \
  if (onDevice && !canPresent())                                                                                       \
    QSKIP("This platform shows no Vulkan windows: run it under an X server with a Vulkan driver.");                    \
  Shown c(onDevice ? device_.get() : nullptr);                                                                         \
  QCOMPARE(c.view->usesGraphicsDevice(), onDevice)

  void aStrokeOfTheMouseMakesAPath_data() {
    bothPaths();
  }
  void aStrokeOfTheMouseMakesAPath() {
    KINORA_PATH();
    QTest::mousePress(c.receiver(), Qt::LeftButton, {}, c.at(100, 300));
    for (const float x : {160.F, 260.F, 400.F})
      QTest::mouseMove(c.receiver(), c.at(x, 200), 20);
    QTest::mouseRelease(c.receiver(), Qt::LeftButton, {}, c.at(400, 200), 20);
    QCOMPARE(c.currentTake()->tracks.size(), std::size_t{1});
    const document::Track& track = *c.currentTake()->tracks.front();
    QVERIFY(std::abs(track.points.front().position.x - 100) < 2);
    QVERIFY(std::abs(track.points.back().position.x - 400) < 2);
    QVERIFY(c.view->hasFocus());
    QVERIFY(c.view->lastEchoMs() >= 0);
  }

  void keysReachTheCanvasInAStroke_data() {
    bothPaths();
  }
  void keysReachTheCanvasInAStroke() {
    KINORA_PATH();
    QTest::mousePress(c.receiver(), Qt::LeftButton, {}, c.at(100, 300));
    QTest::mouseMove(c.receiver(), c.at(300, 200), 20);
    QTest::keyClick(c.window.windowHandle(), Qt::Key_Escape);
    QTest::mouseRelease(c.receiver(), Qt::LeftButton, {}, c.at(300, 200), 20);
    QVERIFY(c.currentTake()->tracks.empty());
    const auto shape = [&] { return onDevice ? c.view->surface()->cursor().shape() : c.view->cursor().shape(); };
    QTest::keyPress(c.window.windowHandle(), Qt::Key_Space);
    QCOMPARE(shape(), Qt::OpenHandCursor);
    QTest::keyRelease(c.window.windowHandle(), Qt::Key_Space);
    QVERIFY(shape() != Qt::OpenHandCursor);
  }

  void theWheelZoomsUnderThePointer_data() {
    bothPaths();
  }
  void theWheelZoomsUnderThePointer() {
    KINORA_PATH();
    const QPointF spot(500, 200);
    const Point before = c.view->pictureMapping().toPicture(spot);
    const double zoom = c.view->zoom();
    const QPointF local = c.there(spot);
    QWheelEvent wheel(local, c.receiver()->mapToGlobal(local), {}, {0, 240}, {}, {}, Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(c.receiver(), &wheel);
    QVERIFY(c.view->zoom() > zoom * 1.2);
    const Point after = c.view->pictureMapping().toPicture(spot);
    QVERIFY(std::abs(before.x - after.x) < 1 && std::abs(before.y - after.y) < 1);
  }

  void thePenDrawsWithItsPressure_data() {
    bothPaths();
  }
  void thePenDrawsWithItsPressure() {
    KINORA_PATH();
    QPointingDevice pen(QStringLiteral("pen"), 7, QInputDevice::DeviceType::Stylus, QPointingDevice::PointerType::Pen,
                        QInputDevice::Capability::Pressure | QInputDevice::Capability::Position, 1, 3);
    const auto send = [&](QEvent::Type type, QPointF local, Qt::MouseButton button, Qt::MouseButtons buttons) {
      QTabletEvent event(type, &pen, local, c.receiver()->mapToGlobal(local), 0.5, 0, 0, 0, 0, 0, {}, button, buttons);
      QCoreApplication::sendEvent(c.receiver(), &event);
      QVERIFY(event.isAccepted());
    };
    send(QEvent::TabletPress, c.at(100, 300), Qt::LeftButton, Qt::LeftButton);
    send(QEvent::TabletMove, c.at(200, 200), Qt::NoButton, Qt::LeftButton);
    send(QEvent::TabletMove, c.at(400, 100), Qt::NoButton, Qt::LeftButton);
    send(QEvent::TabletRelease, c.at(400, 100), Qt::LeftButton, Qt::NoButton);
    c.paint.setTool(Tool::Select); // ends what waits for more
    QCOMPARE(c.currentTake()->tracks.size(), std::size_t{1});
  }

  void filesMayBeDroppedOnTheCanvas_data() {
    bothPaths();
  }
  void filesMayBeDroppedOnTheCanvas() {
    KINORA_PATH();
    QMimeData files;
    files.setUrls({QUrl::fromLocalFile(QStringLiteral("/tmp/a.png"))});
    // Some window systems deliver drops to the window under the pointer, X11 to the outermost one.
    const QPoint canvas = c.view->pictureMapping().toView(Point{200, 200}).toPoint();
    int drops = 0;
    for (QWindow* receiver : {c.receiver(), c.window.windowHandle()}) {
      const QPoint local = receiver == c.window.windowHandle() ? c.view->mapTo(&c.window, canvas) : canvas;
      QDragEnterEvent enter(local, Qt::CopyAction, &files, Qt::LeftButton, {});
      QCoreApplication::sendEvent(receiver, &enter);
      QVERIFY(enter.isAccepted());
      QDragMoveEvent move(local, Qt::CopyAction, &files, Qt::LeftButton, {});
      QCoreApplication::sendEvent(receiver, &move);
      QVERIFY(move.isAccepted());
      QDropEvent drop(local, Qt::CopyAction, &files, Qt::LeftButton, {});
      QCoreApplication::sendEvent(receiver, &drop);
      QCOMPARE(c.window.dropped, ++drops);
    }
  }

  void bothPathsShowTheSame_data() {
    QTest::addColumn<QString>("what");
    for (const char* what : {"fitted", "zoomed", "half size", "beside", "still", "resized"})
      QTest::newRow(what) << QString(what);
  }
  void bothPathsShowTheSame() {
    if (!canPresent())
      QSKIP("This platform shows no Vulkan windows: run it under an X server with a Vulkan driver.");
    QFETCH(const QString, what);
    Shown a(device_.get());
    Shown b(nullptr);
    const Image picture = test::texturedPicture(what == "half size" ? Size{320, 180} : Size{640, 360}, 3);
    QImage other(640, 360, QImage::Format_RGB32);
    other.fill(QColor(20, 90, 140));
    for (Shown* c : {&a, &b}) {
      c->hand(picture);
      c->addPath({{{}, {100, 90}}, {Duration::fromSeconds(2), {500, 290}}});
      if (what == "zoomed")
        c->view->setZoom(3);
      else if (what == "beside")
        c->view->setBeside(other);
      else if (what == "still")
        c->view->setStill(other);
      else if (what == "resized")
        c->window.resize(640, 700);
      QCoreApplication::processEvents();
    }
    const QImage device = a.view->renderToImage();
    const QImage software = b.view->renderToImage();
    QCOMPARE(device.size(), software.size());
    QVERIFY2(meanDifference(device, software) < 1.0, qPrintable(QString::number(meanDifference(device, software))));
  }

  void aStrokeUploadsOnlyItself() {
    if (!canPresent())
      QSKIP("This platform shows no Vulkan windows: run it under an X server with a Vulkan driver.");
    Shown c(device_.get());
    c.hand(test::texturedPicture({640, 360}, 3));
    for (int i = 0; i < 16; ++i)
      c.addPath({{{}, {20.F + 30 * static_cast<float>(i), 40}}, {Duration::fromSeconds(2), {60, 300}}});
    QTRY_VERIFY(c.view->surface()->presenter() != nullptr);
    QSignalSpy drawn(c.view->surface(), &VulkanSurface::drawn);
    QTest::mousePress(c.receiver(), Qt::LeftButton, {}, c.at(300, 300));
    QTRY_VERIFY(!drawn.isEmpty());
    QTest::qWait(50); // what was asked for until now
    const std::uint64_t before = c.view->surface()->presenter()->stats().uploadedBytes;
    drawn.clear();
    QTest::mouseMove(c.receiver(), c.at(304, 298), 20);
    QTRY_VERIFY(!drawn.isEmpty());
    const std::uint64_t bytes = c.view->surface()->presenter()->stats().uploadedBytes - before;
    QVERIFY2(bytes > 0 && bytes < 900u * 560 * 4 / 4, qPrintable(QString::number(bytes)));
    QTest::mouseRelease(c.receiver(), Qt::LeftButton, {}, c.at(304, 298));
  }

  void theWindowFollowsItsSize() {
    if (!canPresent())
      QSKIP("This platform shows no Vulkan windows: run it under an X server with a Vulkan driver.");
    Shown c(device_.get());
    c.hand(test::texturedPicture({640, 360}, 3));
    for (const QSize size : {QSize(500, 400), QSize(1000, 600), QSize(620, 620)}) {
      c.window.resize(size);
      QTRY_COMPARE(c.view->surface()->size(), c.view->size());
      QTRY_COMPARE(c.view->surface()->presenter()->size().width, qRound(c.view->width() * c.view->devicePixelRatioF()));
    }
  }
};

QTEST_MAIN(TestCanvasWindow)
#include "tst_canvas_window.moc"
