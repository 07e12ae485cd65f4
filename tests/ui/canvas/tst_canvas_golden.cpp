// SPDX-License-Identifier: Apache-2.0
// The canvas against pictures that were looked at. On a difference the picture and what differs (times eight) stay in
// the folder "golden" of the build. KINORA_WRITE_GOLDENS=1 writes them anew.
#include <algorithm>
#include <cmath>
#include <cstring>

#include <QDir>
#include <QFontInfo>
#include <QPointer>
#include <QtTest/QTest>

#include "tests/support/pictures.h"
#include "tests/ui/canvas/canvas_fixture.h"

using namespace kinora;
using namespace kinora::ui;

namespace {

constexpr Size kPicture{640, 360};

// Soft blobs on a gradient: something to read the lines on.
Image background() {
  return test::withDisc(test::withDisc(test::plainPicture(kPicture, 60, 90, 140), {190, 200}, 70, 210, 140, 60),
                        {470, 150}, 90, 225, 225, 215);
}

void showPicture(Canvas& c) {
  const Image picture = background();
  const auto slot = c.transport->beginWrite(kPicture);
  QVERIFY(slot.has_value());
  for (int y = 0; y < kPicture.height; ++y)
    std::memcpy(slot->pixels + y * slot->strideBytes, picture.row<std::byte>(y),
                static_cast<std::size_t>(kPicture.width) * 4);
  QVERIFY(c.transport->endWrite({}, 0).has_value());
  QCoreApplication::processEvents();
}

TrackId rocket(Canvas& c) {
  return c.addPath({{{}, {120, 280}},
                    {Duration::fromSeconds(0.7), {190, 210}},
                    {Duration::fromSeconds(1.1), {300, 170}},
                    {Duration::fromSeconds(2), {360, 60}}});
}

void exhaust(Canvas& c) {
  document::Track track;
  track.name = "Exhaust";
  track.colour = "sky";
  track.group = 2;
  track.points = {{Duration{}, {380, 300}, true}, {Duration::fromSeconds(3), {580, 240}, true}};
  c.session.apply(QStringLiteral("Add"), [&](const document::DocumentPtr& d) -> Result<document::DocumentPtr> {
    auto made = document::edit::addTrack(d, c.take, track);
    return made ? Result<document::DocumentPtr>(made->document) : fail(made);
  });
}

void hide(Canvas& c, TrackId id) {
  c.session.apply(QStringLiteral("Hide"), [&](const document::DocumentPtr& d) {
    return document::edit::setTrackVisibility(d, c.take, id, {Time::fromSeconds(0.6), Duration::fromSeconds(0.8)},
                                              false);
  });
}

void matte(Canvas& c) {
  auto pixels = MutableImage::allocate(PixelFormat::Gray8, kPicture);
  QVERIFY(pixels.has_value());
  for (int y = 0; y < kPicture.height; ++y)
    for (int x = 0; x < kPicture.width; ++x)
      pixels->row<std::uint8_t>(y)[x] = std::hypot(x - 190, y - 200) < 70 ? 255 : 0;
  c.port.tell(runtime::MatteReady{c.take, 1, std::move(*pixels).freeze()});
  QCoreApplication::processEvents();
}

void camera(Canvas& c) {
  c.session.apply(QStringLiteral("Camera"), [&](const document::DocumentPtr& d) {
    return document::edit::setCamera(
        d, c.take, {{Time{}, {1.1F, 0, 0, 0}, {}}, {Time::fromSeconds(2), {1.5F, 0.05F, -0.04F, 0.12F}, {}}});
  });
  c.engine.seek(Time::fromSeconds(2));
  c.paint.setTool(Tool::Camera);
  c.port.tell(runtime::ThumbnailReady{c.port.thumbnails.back().tag, background()});
  QCoreApplication::processEvents();
}

struct Scene {
  const char* name;
  ThemeMode theme;
  void (*arrange)(Canvas& c);
};

const Scene kScenes[] = {
    {"paths", ThemeMode::Dark,
     [](Canvas& c) {
       rocket(c);
       exhaust(c);
     }},
    {"selected", ThemeMode::Dark,
     [](Canvas& c) {
       c.session.selection().selectTrack(rocket(c));
       exhaust(c);
     }},
    {"selected-light", ThemeMode::Light,
     [](Canvas& c) {
       c.session.selection().selectTrack(rocket(c));
       exhaust(c);
     }},
    {"points", ThemeMode::Dark,
     [](Canvas& c) {
       c.paint.setTool(Tool::EditPoints);
       c.session.selection().selectPoints(rocket(c), {1, 2});
     }},
    {"hidden-span", ThemeMode::Dark,
     [](Canvas& c) {
       exhaust(c);
       hide(c, rocket(c));
     }},
    {"pins", ThemeMode::Dark,
     [](Canvas& c) {
       c.paint.setTool(Tool::Pin);
       c.stroke({{80, 80}, {120, 80}});
       c.stroke({{470, 150}, {470, 150}});
     }},
    {"matte", ThemeMode::Dark,
     [](Canvas& c) {
       c.session.selection().selectTrack(rocket(c));
       c.paint.setTool(Tool::MaskBrush);
       matte(c);
     }},
    {"camera", ThemeMode::Dark, camera},
    {"camera-light", ThemeMode::Light, camera},
    {"clicked", ThemeMode::Dark,
     [](Canvas& c) {
       c.paint.setTool(Tool::ClickPath);
       c.stroke({{100, 250}, {180, 180}});
       c.stroke({{330, 250}, {330, 250}});
       c.stroke({{480, 120}, {560, 120}});
     }},
    {"keyboard", ThemeMode::Dark,
     [](Canvas& c) {
       rocket(c);
       c.view.clearFocus();
       c.view.setFocus(Qt::TabFocusReason);
       QTest::keyClick(&c.view, Qt::Key_Tab);
       QTest::keyClick(&c.view, Qt::Key_PageDown);
       QTest::keyClick(&c.view, Qt::Key_PageDown);
     }},
    {"walk-light", ThemeMode::Light,
     [](Canvas& c) {
       c.view.clearFocus();
       c.view.setFocus(Qt::TabFocusReason);
       c.actions["paint.tool.drawPath"].trigger();
       QTest::keyClick(&c.view, Qt::Key_Left, Qt::ShiftModifier);
     }},
};

QString goldenFile(const Scene& scene) {
  return QStringLiteral(KINORA_SOURCE_DIR "/tests/ui/canvas/goldens/%1.png").arg(QLatin1String(scene.name));
}

} // namespace

class TestCanvasGolden : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void looksAsBefore_data() {
    QTest::addColumn<int>("index");
    for (int i = 0; i < static_cast<int>(std::size(kScenes)); ++i)
      QTest::newRow(kScenes[i].name) << i;
  }
  void looksAsBefore() {
    QFETCH(int, index);
    const Scene& scene = kScenes[index];
    Canvas c;
    c.theme.set(scene.theme, 1);
    if (!QFontInfo(c.theme.current().font(Theme::Text::Small)).family().startsWith(QLatin1String("Inter")))
      QSKIP("The pictures have texts in the font Inter, which is not installed.");
    c.view.resize(400, 240);
    showPicture(c);
    scene.arrange(c);
    const QImage shown = c.view.grab().toImage().convertToFormat(QImage::Format_RGB32);
    if (qEnvironmentVariableIsSet("KINORA_WRITE_GOLDENS"))
      QVERIFY(shown.save(goldenFile(scene)));
    const QImage golden = QImage(goldenFile(scene)).convertToFormat(QImage::Format_RGB32);
    QVERIFY2(!golden.isNull(), qPrintable(goldenFile(scene)));
    QCOMPARE(shown.size(), golden.size());
    QImage difference(shown.size(), QImage::Format_RGB32);
    qint64 sum = 0;
    int far = 0;
    for (int y = 0; y < shown.height(); ++y)
      for (int x = 0; x < shown.width(); ++x) {
        const QColor a = shown.pixelColor(x, y);
        const QColor b = golden.pixelColor(x, y);
        const int apart[] = {std::abs(a.red() - b.red()), std::abs(a.green() - b.green()),
                             std::abs(a.blue() - b.blue())};
        sum += apart[0] + apart[1] + apart[2];
        far += *std::max_element(apart, apart + 3) > 40 ? 1 : 0;
        difference.setPixel(
            x, y, qRgb(std::min(8 * apart[0], 255), std::min(8 * apart[1], 255), std::min(8 * apart[2], 255)));
      }
    const double pixels = static_cast<double>(shown.width()) * shown.height();
    const double mean = static_cast<double>(sum) / 3 / pixels;
    const double share = far / pixels;
    const bool same = mean <= 0.3 && share <= 0.004;
    if (!same) {
      const QDir out(QStringLiteral(KINORA_GOLDEN_OUT));
      QVERIFY(out.mkpath(QStringLiteral(".")));
      shown.save(out.filePath(QStringLiteral("%1-actual.png").arg(QLatin1String(scene.name))));
      difference.save(out.filePath(QStringLiteral("%1-difference.png").arg(QLatin1String(scene.name))));
    }
    QVERIFY2(
        same,
        qPrintable(
            QStringLiteral("mean %1, far %2; see %3").arg(mean).arg(share).arg(QStringLiteral(KINORA_GOLDEN_OUT))));
  }
};

QTEST_MAIN(TestCanvasGolden)
#include "tst_canvas_golden.moc"
