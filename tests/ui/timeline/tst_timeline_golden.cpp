// SPDX-License-Identifier: Apache-2.0
// The timeline against pictures of it that a person has looked at.
#include <cmath>

#include <QDir>
#include <QFontDatabase>
#include <QImage>
#include <QtTest/QTest>

#include "tests/support/files.h"
#include "tests/ui/support/studio.h"
#include "ui/timeline/timeline_view.h"

using namespace kinora;
using namespace kinora::ui;
namespace edit = kinora::document::edit;

namespace {

constexpr int kWidth = 560;
// Text is drawn a little differently by every version of the font library.
constexpr double kMostMean = 1.5;     // of 255, over all pixels
constexpr double kMostStrange = 0.01; // share of pixels that differ by more than kStrange
constexpr int kStrange = 64;

struct Difference {
  double mean = 0;
  double strange = 0;
  QImage shown;
};

Difference compare(const QImage& a, const QImage& b) {
  Difference found;
  found.shown = QImage(a.size(), QImage::Format_RGB32);
  double sum = 0;
  qint64 strange = 0;
  for (int y = 0; y < a.height(); ++y)
    for (int x = 0; x < a.width(); ++x) {
      const QRgb p = a.pixel(x, y);
      const QRgb q = b.pixel(x, y);
      const int r = std::abs(qRed(p) - qRed(q));
      const int g = std::abs(qGreen(p) - qGreen(q));
      const int blue = std::abs(qBlue(p) - qBlue(q));
      found.shown.setPixel(x, y, qRgb(r, g, blue));
      sum += (r + g + blue) / 3.;
      strange += std::max({r, g, blue}) > kStrange ? 1 : 0;
    }
  const double pixels = static_cast<double>(a.width()) * a.height();
  found.mean = sum / pixels;
  found.strange = static_cast<double>(strange) / pixels;
  return found;
}

// A cut of two picture lanes and a sound lane; the take has four paths, one of them off.
struct Cut : Studio {
  TimelineView view{context};

  explicit Cut(TimelineContent content, ThemeMode mode) {
    theme.set(mode, 1);
    theme.setReduceMotion(true);
    addPath({{Duration{}, {40, 300}, true}, {Duration::fromSeconds(2), {300, 60}, true}}, "Rocket");
    addPath({{Duration{}, {90, 310}, true},
             {Duration::fromSeconds(1), {150, 300}, false},
             {Duration::fromSeconds(2), {220, 280}, true}},
            "Exhaust");
    const TrackId hidden =
        addPath({{Duration{}, {10, 10}, true}, {Duration::fromSeconds(4), {600, 20}, true}}, "Clouds");
    change([&](const auto& d) { return edit::setTrackEnabled(d, take, hidden, false); });
    document::MediaItem sound;
    sound.kind = document::MediaKind::Sound;
    sound.name = "score.wav";
    sound.path = "/nowhere/score.wav";
    sound.length = Duration::fromSeconds(9);
    change([&](const auto& d) -> Result<document::DocumentPtr> { return document::addMediaClip(d, sound)->document; });
    change([&](const auto& d) -> Result<document::DocumentPtr> {
      return edit::addLane(d, document::LaneKind::Picture, "Titles", 0)->document;
    });
    change([&](const auto& d) { return edit::addMarker(d, {Time::fromSeconds(3), "Here", "amber"}); });
    change([&](const auto& d) { return edit::setMarks(d, Time::fromSeconds(1), Time::fromSeconds(3)); });
    view.setContent(content);
    view.resize(kWidth, content == TimelineContent::Lanes ? 190 : 170);
    view.show();
    runtime::TakeProgress progress;
    progress.take = take;
    progress.rate = {24, 1};
    progress.spans = {{0, 30, runtime::SpanState::Ready},
                      {30, 20, runtime::SpanState::Generating},
                      {50, 26, runtime::SpanState::NeedsWork},
                      {76, 20, runtime::SpanState::Failed}};
    port.tell(progress);
    engine.seek(Time::fromSeconds(1.5));
    QTest::qWait(1);
    QCoreApplication::processEvents();
  }
  void change(const ProjectSession::Edit& step) { QVERIFY(session.apply(QStringLiteral("Make"), step)); }
};

} // namespace

class TimelineGolden : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void looksAsItDid_data() {
    QTest::addColumn<int>("content");
    QTest::addColumn<int>("mode");
    const int lanes = static_cast<int>(TimelineContent::Lanes);
    const int motion = static_cast<int>(TimelineContent::Motion);
    QTest::newRow("lanes-dark") << lanes << static_cast<int>(ThemeMode::Dark);
    QTest::newRow("lanes-light") << lanes << static_cast<int>(ThemeMode::Light);
    QTest::newRow("motion-dark") << motion << static_cast<int>(ThemeMode::Dark);
    QTest::newRow("motion-contrast") << motion << static_cast<int>(ThemeMode::HighContrast);
  }
  void looksAsItDid() {
    if (!QFontDatabase::families().contains(QStringLiteral("Inter")))
      QSKIP("The font Inter, with which the pictures were made, is not installed.");
    QFETCH(int, content);
    QFETCH(int, mode);
    Cut cut(static_cast<TimelineContent>(content), static_cast<ThemeMode>(mode));
    const QImage shown = cut.view.grab().toImage().convertToFormat(QImage::Format_RGB32);
    const QString name = QString::fromLatin1(QTest::currentDataTag());
    QDir kept(QCoreApplication::applicationDirPath());
    kept.mkpath(QStringLiteral("golden/timeline"));
    kept.cd(QStringLiteral("golden/timeline"));
    QVERIFY(shown.save(kept.filePath(name + QStringLiteral("-actual.png"))));
    const QImage golden(QString::fromStdString(
        test::repositoryFile("tests/ui/timeline/golden/" + name.toStdString() + ".png").string()));
    QVERIFY2(!golden.isNull(), "There is no golden picture of this name.");
    QCOMPARE(shown.size(), golden.size());
    const Difference difference = compare(shown, golden.convertToFormat(QImage::Format_RGB32));
    difference.shown.save(kept.filePath(name + QStringLiteral("-difference.png")));
    const QString numbers = QStringLiteral("mean %1, strange %2; pictures in %3")
                                .arg(difference.mean)
                                .arg(difference.strange)
                                .arg(kept.path());
    QVERIFY2(difference.mean <= kMostMean, qPrintable(numbers));
    QVERIFY2(difference.strange <= kMostStrange, qPrintable(numbers));
  }

  void seesASmallChange() {
    Cut a(TimelineContent::Lanes, ThemeMode::Dark);
    const QImage before = a.view.grab().toImage();
    a.engine.seek(Time::fromSeconds(2.5)); // the playhead alone
    QCoreApplication::processEvents();
    const Difference playhead = compare(before, a.view.grab().toImage());
    QVERIFY(playhead.strange > 0);
    a.change([](const auto& d) { return edit::removeClip(d, d->lanes.back()->clips.front()->id); });
    const Difference clip = compare(before, a.view.grab().toImage());
    QVERIFY2(clip.mean > kMostMean, qPrintable(QString::number(clip.mean)));
  }
};

QTEST_MAIN(TimelineGolden)
#include "tst_timeline_golden.moc"
