// SPDX-License-Identifier: Apache-2.0
#include <QTest>

#include <cmath>
#include <limits>

#include "engine/document/sampling.h"
#include "tests/engine/document/samples.h"

using namespace kinora;
using namespace kinora::document;
using test::atSecond;
using test::seconds;

namespace {

bool near(Point a, Point b, float within = 1e-3F) {
  return std::abs(a.x - b.x) <= within && std::abs(a.y - b.y) <= within;
}

class SamplingTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void restsBeforeAndAfter() {
    const Track track = test::samplePath();
    for (const Time t : {Time{std::numeric_limits<std::int64_t>::min()}, Time{}, atSecond(.5)})
      QCOMPARE(sampleTrack(track, t).at, (Point{10, 10}));
    for (const Time t : {atSecond(2.5), atSecond(100), Time{std::numeric_limits<std::int64_t>::max()}})
      QCOMPARE(sampleTrack(track, t).at, (Point{70, 50}));
  }

  void goesThroughItsPointsAndBetween() {
    const Track track = test::samplePath();
    QCOMPARE(sampleTrack(track, atSecond(1)).at, (Point{20, 40}));
    QVERIFY(near(sampleTrack(track, atSecond(1.5)).at, {40, 30}));
    const auto frames = sampleTrack(track, {4, 1}, 12);
    QCOMPARE(frames.size(), std::size_t{12});
    QCOMPARE(frames[4].at, (Point{20, 40}));
    QVERIFY(sampleTrack(track, {4, 1}, 0).empty());
    QVERIFY(sampleTrack(track, {4, 1}, -3).empty());
  }

  void strengthScalesTheWayFromTheFirstPoint() {
    Track track = test::samplePath();
    track.strength = .25F;
    QVERIFY(near(sampleTrack(track, atSecond(2.5)).at, {25, 20}));
    track.strength = 0;
    QCOMPARE(sampleTrack(track, atSecond(2.5)).at, (Point{10, 10}));
  }

  void hiddenSpans() {
    Track track = test::samplePath();
    track.points[1].visible = false;
    QVERIFY(sampleTrack(track, atSecond(.99)).visible);
    QVERIFY(!sampleTrack(track, atSecond(1)).visible);
    QVERIFY(!sampleTrack(track, atSecond(1.99)).visible);
    QVERIFY(sampleTrack(track, atSecond(2)).visible);
  }

  // Independent solution: the parameter is found by plain bisection in long double.
  void easingIsTheBezierCurve() {
    const auto curve = [](long double a, long double b, long double s) {
      return 3 * (1 - s) * (1 - s) * s * a + 3 * (1 - s) * s * s * b + s * s * s;
    };
    const std::vector<Easing> easings{{{.42F, 0}, {.58F, 1}},  {{0, 0}, {1, 1}}, {{1, 0}, {0, 1}},
                                      {{0, 1}, {0, 1}},        {{1, 0}, {1, 0}}, {{0, 1}, {1, 0}},
                                      {{.25F, .1F}, {.25F, 1}}};
    for (const Easing& e : easings) {
      double last = 0;
      for (int i = 0; i <= 1000; ++i) {
        const double x = i / 1000.0;
        long double low = 0;
        long double high = 1;
        for (int k = 0; k < 100; ++k)
          (curve(e.first[0], e.second[0], (low + high) / 2) < x ? low : high) = (low + high) / 2;
        const auto wanted = static_cast<double>(curve(e.first[1], e.second[1], low));
        // Where the curve stands upright (x' = 0) many y belong to one x, up to rounding.
        QVERIFY2(std::abs(e.at(x) - wanted) < 1e-4, qPrintable(QString("x %1: %2 %3").arg(x).arg(e.at(x)).arg(wanted)));
        QVERIFY(e.at(x) >= last - 1e-9);
        last = e.at(x);
      }
      QCOMPARE(e.at(0), 0.0);
      QCOMPARE(e.at(1), 1.0);
      QCOMPARE(e.at(-5), 0.0);
      QCOMPARE(e.at(7), 1.0);
      QCOMPARE(e.at(std::numeric_limits<double>::quiet_NaN()), 0.0);
    }
    QVERIFY(Easing{}.isLinear());
    QCOMPARE(Easing{}.at(.3), .3);
  }

  void easingBendsTimeNotThePath() {
    Track track = test::samplePath();
    track.easing = {{.42F, 0}, {.58F, 1}};
    QVERIFY(near(sampleTrack(track, atSecond(1.5)).at, {40, 30}, .01F)); // the middle of a symmetric curve
    QVERIFY(sampleTrack(track, atSecond(.7)).at.x < 14);                 // slow at first: 14 with even time
  }

  void camera() {
    QVERIFY(sampleCamera({}, atSecond(1)).isIdentity());
    const std::vector<CameraKey> keys{{atSecond(1), {1, 0, 0, 0}}, {atSecond(3), {4, 1, -1, .5F}}};
    QCOMPARE(sampleCamera(keys, Time{}), keys[0].pose);
    QCOMPARE(sampleCamera(keys, atSecond(3)), keys[1].pose);
    QCOMPARE(sampleCamera(keys, atSecond(9)), keys[1].pose);
    const CameraPose middle = sampleCamera(keys, atSecond(2));
    QVERIFY(std::abs(middle.zoom - 2) < 1e-5F); // geometric
    QVERIFY(std::abs(middle.panX - .5F) < 1e-6F);
    QVERIFY(std::abs(middle.rotation - .25F) < 1e-6F);
    QVERIFY(sampleCamera(keys, atSecond(1.2)).panX < .1F); // starts gently
  }

  void activeTracksFollowEyeAndSolo() {
    const auto s = test::sampleDocument();
    const auto active = [&](const DocumentPtr& doc) {
      std::vector<TrackId> ids;
      for (const auto& track : activeTracks(*doc->findTake(s.take)))
        ids.push_back(track->id);
      return ids;
    };
    QCOMPARE(active(s.document), (std::vector{s.path, s.pin}));
    const auto solo = test::need(edit::setTrackSolo(s.document, s.take, s.pin, true));
    QCOMPARE(active(solo), std::vector{s.pin});
    const auto hidden = test::need(edit::setTrackEnabled(solo, s.take, s.pin, false));
    QCOMPARE(active(hidden), std::vector{s.path}); // a hidden solo does not silence the rest
  }
};

} // namespace

QTEST_APPLESS_MAIN(SamplingTest)
#include "tst_sampling.moc"
