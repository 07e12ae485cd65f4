// SPDX-License-Identifier: Apache-2.0
// The preview against pictures that were looked at: drawn off-screen by the graphics device, and painted in software.
// On a difference the picture and what differs (times eight) stay in the folder "golden" of the build.
// KINORA_WRITE_GOLDENS=1 writes the pictures of the graphics device anew.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>

#include <QDir>
#include <QPainter>
#include <QPainterPath>
#include <QtTest>

#include "tests/support/pictures.h"
#include "ui/preview/overlay_layer.h"
#include "ui/preview/video_view.h"

using namespace kinora;

namespace {

struct Scene {
  const char* name;
  Size picture;
  QSize target;
  ui::ViewTransform view; // scale 0: fitted
  bool overlay = false;
  double softwareMean = 1.5; // most that the software path may differ
};

const Scene kScenes[] = {
    {"letterboxed", {160, 60}, {200, 150}, {0, {}, 1}, false},
    {"pillarboxed", {90, 160}, {200, 150}, {0, {}, 1}, false},
    {"actual-size", {320, 180}, {200, 150}, {1, {-40, -11}, 1}, false},
    {"zoomed", {160, 90}, {200, 150}, {2.5, {-60.5, -30.25}, 1}, false},
    {"squares", {160, 90}, {200, 150}, {9, {-300, -200}, 1}, false},
    {"shrunk", {640, 360}, {200, 150}, {0, {}, 1}, false, 4}, // of pure noise, averaged by another filter
    {"overlay", {160, 90}, {200, 150}, {0, {}, 1}, true},
    {"overlay-high-dpi", {160, 90}, {100, 75}, {0, {}, 2}, true},
};

class Marks : public ui::OverlayPainter {
 public:
  void paint(QPainter& painter, const ui::ViewTransform& view) override {
    QPainterPath path(view.toWidget({12, 70}));
    path.cubicTo(view.toWidget({40, 5}), view.toWidget({90, 100}), view.toWidget({150, 20}));
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(QColor(10, 10, 10, 190), 5.2, Qt::SolidLine, Qt::RoundCap));
    painter.drawPath(path);
    painter.setPen(QPen(QColor(255, 180, 60), 2.6, Qt::SolidLine, Qt::RoundCap));
    painter.drawPath(path);
    painter.fillRect(QRectF(view.toWidget({20, 20}), QSizeF(40, 16)), QColor(0, 0, 255, 110));
  }
};

constexpr std::array<std::uint8_t, 3> kSurround{32, 34, 40};

void hand(gpu::FrameTransport& transport, const Image& picture) {
  const auto slot = transport.beginWrite(picture.size());
  QVERIFY(slot.has_value());
  for (int y = 0; y < picture.size().height; ++y)
    std::memcpy(slot->pixels + y * slot->strideBytes, picture.row<std::byte>(y),
                static_cast<std::size_t>(picture.size().width) * 4);
  QVERIFY(transport.endWrite({}, 0).has_value());
}

ui::ViewTransform viewOf(const Scene& scene) {
  if (scene.view.scale > 0)
    return scene.view;
  return ui::ViewTransform::fit(QSizeF(scene.picture.width, scene.picture.height), scene.target,
                                scene.view.devicePixelRatio);
}

struct Difference {
  double mean = 0;  // of a channel
  double share = 0; // of pixels that differ by more than 24
  QImage picture;
};

Difference compare(const QImage& a, const QImage& b) {
  Difference d;
  d.picture = QImage(a.size(), QImage::Format_RGB32);
  qint64 sum = 0;
  int far = 0;
  for (int y = 0; y < a.height(); ++y)
    for (int x = 0; x < a.width(); ++x) {
      const QColor p = a.pixelColor(x, y);
      const QColor q = b.pixelColor(x, y);
      const int r = std::abs(p.red() - q.red());
      const int g = std::abs(p.green() - q.green());
      const int u = std::abs(p.blue() - q.blue());
      sum += r + g + u;
      far += std::max({r, g, u}) > 24 ? 1 : 0;
      d.picture.setPixel(x, y, qRgb(std::min(8 * r, 255), std::min(8 * g, 255), std::min(8 * u, 255)));
    }
  const double pixels = static_cast<double>(a.width()) * a.height();
  d.mean = static_cast<double>(sum) / 3 / pixels;
  d.share = far / pixels;
  return d;
}

QString goldenFile(const Scene& scene) {
  return QStringLiteral(KINORA_SOURCE_DIR "/tests/ui/preview/goldens/%1.png").arg(QLatin1String(scene.name));
}

void check(const QImage& shown, const Scene& scene, const char* path, double mean, double share) {
  const QImage golden(goldenFile(scene));
  QVERIFY2(!golden.isNull(), qPrintable(goldenFile(scene)));
  QCOMPARE(shown.size(), golden.size());
  const Difference d = compare(shown, golden);
  const QDir out(QStringLiteral(KINORA_GOLDEN_OUT));
  const QString name = QStringLiteral("%1-%2").arg(QLatin1String(scene.name), QLatin1String(path));
  const bool same = d.mean <= mean && d.share <= share;
  if (!same) {
    QVERIFY(out.mkpath(QStringLiteral(".")));
    shown.save(out.filePath(name + QStringLiteral("-actual.png")));
    d.picture.save(out.filePath(name + QStringLiteral("-difference.png")));
  }
  QVERIFY2(
      same,
      qPrintable(
          QStringLiteral("%1: mean %2, far %3; see %4").arg(name).arg(d.mean).arg(d.share).arg(out.absolutePath())));
}

} // namespace

class PreviewGoldenTest : public QObject {
  Q_OBJECT

  std::unique_ptr<gpu::Device> device_;
  QString why_;
  std::mutex mutex_;
  QStringList messages_;

  static void scenes() {
    QTest::addColumn<int>("index");
    int index = 0;
    for (const Scene& scene : kScenes)
      QTest::newRow(scene.name) << index++;
  }

 private Q_SLOTS:
  void initTestCase() {
    gpu::DeviceOptions options;
    options.validation = true;
    options.onMessage = [this](gpu::MessageSeverity, std::string_view text) {
      const std::lock_guard lock(mutex_);
      messages_ << QString::fromUtf8(text.data(), static_cast<int>(text.size()));
    };
    auto device = gpu::Device::create(options);
    if (device)
      device_ = std::move(*device);
    else
      why_ = QString::fromStdString(device.error().text());
  }
  void cleanup() {
    const std::lock_guard lock(mutex_);
    const QStringList messages = std::exchange(messages_, {});
    QVERIFY2(messages.isEmpty(), qPrintable(messages.join("\n")));
  }

  void theGraphicsDeviceDraws_data() { scenes(); }
  void theGraphicsDeviceDraws() {
    if (!device_)
      QSKIP(qPrintable("No graphics device: " + why_));
    QFETCH(const int, index);
    const Scene& scene = kScenes[index];
    const ui::ViewTransform view = viewOf(scene);
    const QSize pixels = (QSizeF(scene.target) * view.devicePixelRatio).toSize();
    const auto transport = gpu::makeHostTransport();
    hand(*transport, test::texturedPicture(scene.picture, 7));
    gpu::DrawList list;
    list.frame = transport->latest();
    list.transform = view.toDevice();
    list.surround = kSurround;
    ui::OverlayLayer overlay;
    Marks marks;
    if (scene.overlay) {
      overlay.repaint(scene.target, view.devicePixelRatio, {}, [&](QPainter& painter) { marks.paint(painter, view); });
      list.overlay = {reinterpret_cast<const std::byte*>(overlay.image().constBits()),
                      overlay.image().bytesPerLine(),
                      {overlay.image().width(), overlay.image().height()},
                      {}};
    }
    auto presenter = gpu::Presenter::offscreen(*device_, {pixels.width(), pixels.height()});
    QVERIFY(presenter.has_value());
    QVERIFY((*presenter)->draw(list).has_value());
    const auto image = (*presenter)->readback();
    QVERIFY(image.has_value());
    const QImage shown =
        QImage(image->row<uchar>(0), pixels.width(), pixels.height(), image->strideBytes(), QImage::Format_RGBA8888)
            .convertToFormat(QImage::Format_RGB32);
    if (qEnvironmentVariableIsSet("KINORA_WRITE_GOLDENS"))
      QVERIFY(shown.save(goldenFile(scene)));
    check(shown, scene, "device", 0.5, 0.002);
  }

  void softwarePaintsTheSame_data() { scenes(); }
  void softwarePaintsTheSame() {
    QFETCH(const int, index);
    const Scene& scene = kScenes[index];
    if (scene.view.devicePixelRatio != 1)
      QSKIP("A widget has the ratio of its screen.");
    const auto transport = gpu::makeHostTransport();
    hand(*transport, test::texturedPicture(scene.picture, 7));
    Marks marks;
    ui::VideoView widget(nullptr);
    widget.resize(scene.target);
    widget.setSurround(QColor(kSurround[0], kSurround[1], kSurround[2]));
    widget.setTransport(transport.get());
    if (scene.overlay)
      widget.setOverlayPainter(&marks);
    if (scene.view.scale > 0)
      widget.setViewTransform(scene.view);
    const QImage shown = widget.renderToImage().convertToFormat(QImage::Format_RGB32);
    check(shown, scene, "software", scene.softwareMean, 0.02);
  }
};

QTEST_MAIN(PreviewGoldenTest)
#include "tst_ui_preview_golden.moc"
