// SPDX-License-Identifier: Apache-2.0
#include <QTest>

#include <cmath>
#include <functional>
#include <limits>

#include "engine/document/sampling.h"
#include "engine/document/starter.h"
#include "engine/document/validate.h"
#include "tests/engine/document/samples.h"

using namespace kinora;
using namespace kinora::document;
using test::atSecond;
using test::need;
using test::seconds;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

TrackPtr trackOf(const DocumentPtr& doc, TakeId take, TrackId id) {
  for (const auto& track : doc->findTake(take)->tracks)
    if (track->id == id)
      return track;
  return nullptr;
}

bool near(Point a, Point b) {
  return std::abs(a.x - b.x) < .01F && std::abs(a.y - b.y) < .01F;
}

class EditTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void editsCopyOnlyTheTouchedPath() {
    const auto s = test::sampleDocument();
    const auto after = need(edit::setTrackStrength(s.document, s.take, s.path, .5F));
    QCOMPARE(trackOf(s.document, s.take, s.path)->strength, 1.F);
    QCOMPARE(trackOf(after, s.take, s.path)->strength, .5F);
    QCOMPARE(trackOf(after, s.take, s.pin), trackOf(s.document, s.take, s.pin));
    QCOMPARE(after->lanes, s.document->lanes);
    QCOMPARE(after->media, s.document->media);
    const auto trimmed = need(edit::trimClipEnd(after, s.videoClip, atSecond(6)));
    QCOMPARE(trimmed->findClip(s.takeClip), s.document->findClip(s.takeClip));
    QCOMPARE(trimmed->lanes[1], s.document->lanes[1]);
    QCOMPARE(trimmed->takes, after->takes);
  }

  void anEditThatChangesNothingReturnsTheSameDocument() {
    const auto s = test::sampleDocument();
    const auto& d = s.document;
    QCOMPARE(need(edit::rename(d, d->name)), d);
    QCOMPARE(need(edit::setTrackStrength(d, s.take, s.path, 1)), d);
    QCOMPARE(need(edit::moveClip(d, s.videoClip, s.pictures, atSecond(5))), d);
    QCOMPARE(need(edit::reorderTrack(d, s.take, s.path, 0)), d);
    QCOMPARE(need(edit::clearMatteEdits(d, s.take, 3)), d);
  }

  void idsAreNeverUsedTwice() {
    const auto s = test::sampleDocument();
    const auto removed = need(edit::removeClip(s.document, s.soundClip));
    Clip clip;
    clip.media = s.sound;
    clip.length = seconds(1);
    const auto added = need(edit::addClip(removed, s.sounds, clip));
    QVERIFY(added.id.value > s.soundClip.value);
    QVERIFY(added.id.value >= s.document->nextId);
  }

  void refusals_data() {
    using Make = std::function<Result<DocumentPtr>(const test::Sample&)>;
    QTest::addColumn<Make>("make");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("says");
    const auto row = [](const char* name, ErrorCode code, const char* says, Make make) {
      QTest::newRow(name) << make << static_cast<int>(code) << QString::fromUtf8(says);
    };
    const auto bad = ErrorCode::InvalidArgument;
    const auto missing = ErrorCode::NotFound;
    using S = const test::Sample&;
    row("no such take", missing, "take", [](S s) { return edit::renameTake(s.document, {999}, "x"); });
    row("no such track", missing, "track", [](S s) { return edit::setTrackSolo(s.document, s.take, {999}, true); });
    row("no such clip", missing, "clip", [](S s) { return edit::removeClip(s.document, {999}); });
    row("no such lane", missing, "lane", [](S s) { return edit::moveClip(s.document, s.takeClip, {999}, {}); });
    row("no such marker", missing, "marker", [](S s) { return edit::removeMarker(s.document, atSecond(7)); });
    row("no such point", missing, "point", [](S s) {
      return edit::movePoints(s.document, s.take, s.path, std::vector<std::size_t>{4}, {1, 1});
    });
    row("clips overlap", bad, "overlap",
        [](S s) { return edit::moveClip(s.document, s.videoClip, s.pictures, atSecond(3.9)); });
    row("clip grows into the next", bad, "overlap",
        [](S s) { return edit::trimClipEnd(s.document, s.takeClip, atSecond(5.1)); });
    row("clip before zero", bad, "start",
        [](S s) { return edit::moveClip(s.document, s.videoClip, s.pictures, atSecond(-1)); });
    row("clip at the end of time", bad, "start", [](S s) {
      return edit::moveClip(s.document, s.videoClip, s.pictures, {std::numeric_limits<std::int64_t>::max()});
    });
    row("empty clip", bad, "ends", [](S s) { return edit::trimClipStart(s.document, s.videoClip, atSecond(8)); });
    row("nothing before the source", bad, "first frame",
        [](S s) { return edit::trimClipStart(s.document, s.videoClip, atSecond(3.9)); });
    row("picture on a sound lane", bad, "sound lane",
        [](S s) { return edit::moveClip(s.document, s.takeClip, s.sounds, atSecond(20)); });
    row("sound on a picture lane", bad, "picture lane",
        [](S s) { return edit::moveClip(s.document, s.soundClip, s.pictures, atSecond(20)); });
    row("split at the edge", bad, "split",
        [](S s) -> Result<DocumentPtr> { return fail(edit::splitClip(s.document, s.videoClip, atSecond(5))); });
    row("media in use", bad, "Take 1", [](S s) { return edit::removeMedia(s.document, s.picture); });
    row("media on a lane", bad, "Sea", [](S s) { return edit::removeMedia(s.document, s.video); });
    row("take in use", bad, "Boat", [](S s) { return edit::removeTake(s.document, s.take); });
    row("frame without pixels", bad, "frame", [](S s) { return edit::setFrame(s.document, {{0, 10}, {24, 1}}); });
    row("frame rate without sense", bad, "rate", [](S s) { return edit::setFrame(s.document, {{10, 10}, {1, 0}}); });
    row("marks crossed", bad, "mark", [](S s) { return edit::setMarks(s.document, atSecond(2), atSecond(1)); });
    row("name that is not text", bad, "UTF-8", [](S s) { return edit::rename(s.document, "\xff\xfe"); });
    row("overlong UTF-8", bad, "UTF-8", [](S s) { return edit::rename(s.document, "\xc0\xaf"); });
    row("half a character", bad, "UTF-8", [](S s) { return edit::rename(s.document, "\xe6\xb5"); });
    row("name with a zero byte", bad, "zero", [](S s) { return edit::rename(s.document, std::string("a\0b", 3)); });
    row("endless name", bad, "bytes", [](S s) { return edit::rename(s.document, std::string(5000, 'x')); });
    row("strength above 1", bad, "strength",
        [](S s) { return edit::setTrackStrength(s.document, s.take, s.path, 1.1F); });
    row("strength not a number", bad, "strength",
        [](S s) { return edit::setTrackStrength(s.document, s.take, s.path, kNan); });
    row("grip without end", bad, "grip",
        [](S s) { return edit::setTrackMoves(s.document, s.take, s.path, TrackMoves::Point, kInf); });
    row("easing runs backwards", bad, "timing", [](S s) {
      return edit::setTrackEasing(s.document, s.take, s.path, {{1.2F, 0}, {.5F, 1}});
    });
    row("track shorter than its points", bad, "too many",
        [](S s) { return edit::setTrackTiming(s.document, s.take, s.path, {}, Duration{2}); });
    row("negative duration", bad, "long",
        [](S s) { return edit::setTrackTiming(s.document, s.take, s.path, {}, Duration{-1}); });
    row("track before the take", bad, "start",
        [](S s) { return edit::setTrackTiming(s.document, s.take, s.path, Time{-1}, seconds(1)); });
    row("moved by NaN", bad, "number", [](S s) {
      return edit::moveTracks(s.document, s.take, std::vector{s.path}, {kNan, 0});
    });
    row("point at infinity", bad, "number", [](S s) {
      return edit::insertPoint(s.document, s.take, s.path, {seconds(1), {kInf, 0}});
    });
    row("point before the start", bad, "point", [](S s) {
      return edit::insertPoint(s.document, s.take, s.path, {Duration{-1}, {1, 1}});
    });
    row("pins stay", bad, "pin", [](S s) {
      return edit::insertPoint(s.document, s.take, s.pin, {seconds(1), {1, 1}});
    });
    row("no point left", bad, "whole track", [](S s) {
      return edit::removePoints(s.document, s.take, s.path, std::vector<std::size_t>{0, 1, 2, 3, 3});
    });
    row("visibility without a span", bad, "span", [](S s) {
      return edit::setTrackVisibility(s.document, s.take, s.path, {atSecond(1), {}}, false);
    });
    row("visibility elsewhere", bad, "outside", [](S s) {
      return edit::setTrackVisibility(s.document, s.take, s.path, {atSecond(3), seconds(1)}, false);
    });
    row("visibility overflows", bad, "span", [](S s) {
      return edit::setTrackVisibility(s.document, s.take, s.path,
                                      {atSecond(3), {std::numeric_limits<std::int64_t>::max()}}, false);
    });
    row("track without points", bad, "points",
        [](S s) -> Result<DocumentPtr> { return fail(edit::addTrack(s.document, s.take, Track{})); });
    row("points out of order", bad, "order", [](S s) -> Result<DocumentPtr> {
      Track track;
      track.points = {{seconds(1), {1, 1}}, {seconds(.5), {2, 2}}};
      return fail(edit::addTrack(s.document, s.take, track));
    });
    row("take of a sound", bad, "sound", [](S s) -> Result<DocumentPtr> {
      Take take;
      take.picture = s.sound;
      take.length = seconds(1);
      return fail(edit::addTake(s.document, take));
    });
    row("take without length", bad, "long", [](S s) { return edit::setTakeLength(s.document, s.take, {}); });
    row("camera out of order", bad, "order", [](S s) {
      return edit::setCamera(s.document, s.take, {{atSecond(1), {}}, {atSecond(1), {}}});
    });
    row("camera without zoom", bad, "zoom", [](S s) {
      return edit::setCamera(s.document, s.take, {{atSecond(1), {0, 0, 0, 0}}});
    });
    row("polygon of two points", bad, "points", [](S s) {
      return edit::addMatteEdit(s.document, s.take, {1, true, 0, {{1, 1}, {2, 2}}});
    });
    row("brush of NaN", bad, "number", [](S s) {
      return edit::addMatteEdit(s.document, s.take, {1, true, 3, {{kNan, 1}}});
    });
    row("media without a file", bad, "path",
        [](S s) -> Result<DocumentPtr> { return fail(edit::addMedia(s.document, {})); });
    row("opacity above 1", bad, "opacity",
        [](S s) { return edit::setClipPlacement(s.document, s.videoClip, 2, 1, {}); });
  }

  void refusals() {
    QFETCH(std::function<Result<DocumentPtr>(const test::Sample&)>, make);
    QFETCH(int, code);
    QFETCH(QString, says);
    const auto s = test::sampleDocument();
    const auto result = make(s);
    QVERIFY(!result.has_value());
    const QString message = QString::fromStdString(result.error().message);
    QCOMPARE(static_cast<int>(result.error().code), code);
    QVERIFY2(message.contains(says), qPrintable(message));
    QVERIFY(validate(*s.document).has_value());
  }

  void lockedThingsStay() {
    const auto s = test::sampleDocument();
    auto doc = need(edit::setTrackLocked(s.document, s.take, s.path, true));
    const std::vector<TrackId> ids{s.path};
    QVERIFY(!edit::removeTracks(doc, s.take, ids));
    QVERIFY(!edit::moveTracks(doc, s.take, ids, {1, 1}));
    QVERIFY(!edit::renameTrack(doc, s.take, s.path, "x"));
    QVERIFY(!edit::reverseTrack(doc, s.take, s.path));
    QVERIFY(edit::setTrackEnabled(doc, s.take, s.path, false).has_value());
    QVERIFY(edit::setTrackLocked(doc, s.take, s.path, false).has_value());
    doc = need(edit::setLaneLocked(s.document, s.pictures, true));
    QVERIFY(!edit::removeClip(doc, s.takeClip));
    QVERIFY(!edit::moveClip(doc, s.takeClip, s.pictures, atSecond(20)));
    QVERIFY(!edit::splitClip(doc, s.takeClip, atSecond(1)));
    QVERIFY(!edit::trimClipEnd(doc, s.takeClip, atSecond(1)));
    QVERIFY(!edit::renameClip(doc, s.takeClip, "x"));
    QVERIFY(!edit::removeLane(doc, s.pictures));
  }

  void trimmingKeepsTheSourceInPlace() {
    const auto s = test::sampleDocument();
    const auto doc = need(edit::trimClipStart(s.document, s.videoClip, atSecond(6)));
    const auto clip = doc->findClip(s.videoClip);
    QCOMPARE(clip->sourceIn, seconds(2));
    QCOMPARE(clip->range(), (TimeRange{atSecond(6), seconds(2)}));
    QCOMPARE(*need(edit::trimClipStart(doc, s.videoClip, atSecond(5))), *s.document);
  }

  void splittingLosesNothing() {
    const auto s = test::sampleDocument();
    const auto made = need(edit::splitClip(s.document, s.videoClip, atSecond(6.25)));
    const auto left = made.document->findClip(s.videoClip);
    const auto right = made.document->findClip(made.id);
    QCOMPARE(left->range().end(), right->start);
    QCOMPARE(left->length + right->length, seconds(3));
    QCOMPARE(right->sourceIn, seconds(2.25));
    QVERIFY(validate(*made.document).has_value());
  }

  void timingStretchesTheRecordedTimes() {
    const auto s = test::sampleDocument();
    const auto doc = need(edit::setTrackTiming(s.document, s.take, s.path, atSecond(1), seconds(4)));
    const auto track = trackOf(doc, s.take, s.path);
    QCOMPARE(track->points[1].at, seconds(1));
    QCOMPARE(track->points[3].at, seconds(4));
    // Squeezed to the least, every point keeps a tick of its own; and back.
    const auto least = need(edit::setTrackTiming(doc, s.take, s.path, {}, Duration{3}));
    QVERIFY(validate(*least).has_value());
    QVERIFY(validate(*need(edit::setTrackTiming(least, s.take, s.path, {}, seconds(1)))).has_value());
  }

  void pointsOfALiveStrokeAreTidied() {
    const auto s = test::sampleDocument();
    Track track;
    track.points = {{{}, {1, 1}}, {{}, {2, 2}}, {seconds(1), {2e6F, -3e6F}}};
    const auto made = need(edit::addTrack(s.document, s.take, track));
    const auto added = trackOf(made.document, s.take, made.id);
    QCOMPARE(added->points.size(), std::size_t{2});
    QCOMPARE(added->points[0].position, (Point{2, 2}));
    QCOMPARE(added->points[1].position, (Point{1e6F, -1e6F}));
    QCOMPARE(added->duration, seconds(1));
  }

  void insertedAndRemovedPoints() {
    const auto s = test::sampleDocument();
    auto doc = need(edit::insertPoint(s.document, s.take, s.path, {seconds(1), {0, 0}}));
    QCOMPARE(trackOf(doc, s.take, s.path)->points.size(), std::size_t{5});
    doc = need(edit::insertPoint(doc, s.take, s.path, {seconds(1), {5, 5}}));
    QCOMPARE(trackOf(doc, s.take, s.path)->points[2].position, (Point{5, 5}));
    QCOMPARE(*need(edit::removePoints(doc, s.take, s.path, std::vector<std::size_t>{2})), *s.document);
    doc = need(edit::insertPoint(s.document, s.take, s.path, {seconds(3), {9, 9}}));
    QCOMPARE(trackOf(doc, s.take, s.path)->duration, seconds(3));
    doc = need(edit::removePoints(s.document, s.take, s.path, std::vector<std::size_t>{0, 3}));
    QCOMPARE(sampleTrack(*trackOf(doc, s.take, s.path), atSecond(1)).at, (Point{20, 40}));
    QVERIFY(validate(*doc).has_value());
  }

  void visibilityOfASpan() {
    const auto s = test::sampleDocument();
    const TimeRange range{atSecond(.8), seconds(1)};
    const auto doc = need(edit::setTrackVisibility(s.document, s.take, s.path, range, false));
    const auto before = trackOf(s.document, s.take, s.path);
    const auto track = trackOf(doc, s.take, s.path);
    for (int i = 0; i < 400; ++i) {
      const Time t = atSecond(i / 100.0);
      QCOMPARE(sampleTrack(*track, t).visible, !range.contains(t));
      QVERIFY(near(sampleTrack(*track, t).at, sampleTrack(*before, t).at));
    }
    const auto again = need(edit::setTrackVisibility(doc, s.take, s.path, {{}, seconds(4)}, true));
    for (int i = 0; i < 400; ++i)
      QVERIFY(sampleTrack(*trackOf(again, s.take, s.path), atSecond(i / 100.0)).visible);
    const auto rest = need(edit::setTrackVisibility(s.document, s.take, s.path, {atSecond(2), seconds(2)}, false));
    QVERIFY(!sampleTrack(*trackOf(rest, s.take, s.path), atSecond(50)).visible);
    QVERIFY(sampleTrack(*trackOf(rest, s.take, s.path), atSecond(1.9)).visible);
  }

  void visibilityUnderEasing() {
    const auto s = test::sampleDocument();
    auto doc = need(edit::setTrackEasing(s.document, s.take, s.path, {{.42F, 0}, {.58F, 1}}));
    const TimeRange range{atSecond(.8), seconds(1)};
    doc = need(edit::setTrackVisibility(doc, s.take, s.path, range, false));
    for (int i = 1; i < 400; i += 2) // between the edges, which lie on rounded ticks
      QCOMPARE(sampleTrack(*trackOf(doc, s.take, s.path), atSecond(i / 100.0 + .005)).visible,
               !range.contains(atSecond(i / 100.0 + .005)));
  }

  void visibilityOfAPin() {
    const auto s = test::sampleDocument();
    for (const double start : {0.0, 3.0}) {
      auto doc = need(edit::setTrackTiming(s.document, s.take, s.pin, atSecond(start), {}));
      const TimeRange range{atSecond(1), seconds(.75)};
      doc = need(edit::setTrackVisibility(doc, s.take, s.pin, range, false));
      QVERIFY(validate(*doc).has_value());
      for (int i = 0; i < 400; ++i)
        QCOMPARE(sampleTrack(*trackOf(doc, s.take, s.pin), atSecond(i / 100.0)).visible,
                 !range.contains(atSecond(i / 100.0)));
      QCOMPARE(trackOf(doc, s.take, s.pin)->kind, TrackKind::Pin);
    }
  }

  void movingOnePointOfAPinMovesIt() {
    const auto s = test::sampleDocument();
    auto doc = need(edit::setTrackVisibility(s.document, s.take, s.pin, {atSecond(1), seconds(1)}, false));
    doc = need(edit::movePoints(doc, s.take, s.pin, std::vector<std::size_t>{1}, {5, -5}));
    QVERIFY(validate(*doc).has_value());
    QCOMPARE(trackOf(doc, s.take, s.pin)->points[0].position, (Point{105, 95}));
  }

  void reversingPlaysTheMotionBackwards() {
    const auto s = test::sampleDocument();
    const auto eased = need(edit::setTrackEasing(s.document, s.take, s.path, {{.9F, .1F}, {.6F, .8F}}));
    const auto doc = need(edit::reverseTrack(eased, s.take, s.path));
    const auto forth = trackOf(eased, s.take, s.path);
    const auto back = trackOf(doc, s.take, s.path);
    for (int i = 0; i <= 200; ++i)
      QVERIFY(near(sampleTrack(*forth, atSecond(.5 + i / 100.0)).at, sampleTrack(*back, atSecond(2.5 - i / 100.0)).at));
  }

  void constantSpeedIsConstant() {
    const auto s = test::sampleDocument();
    const auto doc = need(edit::constantSpeed(s.document, s.take, s.path));
    const auto track = trackOf(doc, s.take, s.path);
    double slowest = 1e9;
    double fastest = 0;
    for (std::size_t i = 1; i < track->points.size(); ++i) {
      const Point step = track->points[i].position - track->points[i - 1].position;
      const double speed = std::hypot(step.x, step.y) / (track->points[i].at - track->points[i - 1].at).seconds();
      slowest = std::min(slowest, speed);
      fastest = std::max(fastest, speed);
    }
    QVERIFY(fastest - slowest < 1e-3);
    QCOMPARE(track->duration, seconds(2));
    // Without any way to spread over, the times are even and stay in order.
    Track still;
    for (int i = 0; i < 5; ++i)
      still.points.push_back({Duration{i * i + i}, {3, 3}});
    const auto added = need(edit::addTrack(s.document, s.take, still));
    QVERIFY(validate(*need(edit::constantSpeed(added.document, s.take, added.id))).has_value());
  }

  void smoothingTakesOutJitterAndKeepsTheEnds() {
    const auto s = test::sampleDocument();
    Track zigzag;
    for (int i = 0; i <= 100; ++i)
      zigzag.points.push_back({seconds(i / 50.0), {static_cast<float>(i), i % 2 == 0 ? 3.F : -3.F}});
    const auto added = need(edit::addTrack(s.document, s.take, zigzag));
    const auto roughness = [&](const DocumentPtr& doc) {
      const auto track = trackOf(doc, s.take, added.id);
      double sum = 0;
      for (std::size_t i = 20; i < 80; ++i)
        sum += std::abs(track->points[i].position.y);
      return sum / 60;
    };
    const auto half = need(edit::smoothTrack(added.document, s.take, added.id, .5F));
    const auto full = need(edit::smoothTrack(added.document, s.take, added.id, 1));
    QVERIFY(std::abs(roughness(half) - 1.5) < .05);
    QVERIFY(roughness(full) < .05);
    for (const auto& doc : {half, full}) {
      QCOMPARE(trackOf(doc, s.take, added.id)->points.front(), zigzag.points.front());
      QCOMPARE(trackOf(doc, s.take, added.id)->points.back(), zigzag.points.back());
      for (std::size_t i = 0; i < zigzag.points.size(); ++i) // a straight line stays straight, also near its ends
        QVERIFY(std::abs(trackOf(doc, s.take, added.id)->points[i].position.x - static_cast<float>(i)) < 1e-3F);
    }
    QCOMPARE(need(edit::smoothTrack(added.document, s.take, added.id, 0)), added.document);
  }

  void tenThousandTracksAreFine() {
    const auto s = test::sampleDocument();
    Take take;
    take.picture = s.picture;
    take.length = seconds(1);
    for (int i = 0; i < 10'000; ++i)
      take.tracks.push_back(std::make_shared<const Track>(test::samplePin()));
    const auto made = need(edit::addTake(s.document, take));
    QCOMPARE(made.document->findTake(made.id)->tracks.size(), std::size_t{10'000});
    QVERIFY(validate(*made.document).has_value());
  }

  void importedTracksComeInOneEdit() {
    const auto s = test::sampleDocument();
    const auto made = need(edit::addTracks(s.document, s.take, {test::samplePath(), test::samplePin()}, 1));
    const auto& tracks = made.document->findTake(s.take)->tracks;
    QCOMPARE(tracks.size(), std::size_t{4});
    QCOMPARE(tracks[0]->id, s.path);
    QCOMPARE(tracks[1]->id, made.id[0]);
    QCOMPARE(tracks[2]->id, made.id[1]);
    QVERIFY(validate(*made.document).has_value());
    QCOMPARE(need(edit::addTracks(s.document, s.take, {})).document, s.document);
    Track bad;
    QVERIFY(!edit::addTracks(s.document, s.take, {test::samplePath(), bad}));
    QVERIFY(!edit::addTracks(s.document, {999}, {test::samplePath()}));
    std::vector<Track> many(20'001, test::samplePin());
    QVERIFY(!edit::addTracks(s.document, s.take, many));
  }

  void removingAndMovingSeveralTracks() {
    const auto s = test::sampleDocument();
    const std::vector<TrackId> both{s.pin, s.path, s.pin};
    const auto moved = need(edit::moveTracks(s.document, s.take, both, {1, 2}));
    QCOMPARE(trackOf(moved, s.take, s.pin)->points[0].position, (Point{101, 102}));
    QCOMPARE(trackOf(moved, s.take, s.path)->points[0].position, (Point{11, 12}));
    QVERIFY(need(edit::removeTracks(moved, s.take, both))->findTake(s.take)->tracks.empty());
    QVERIFY(!edit::removeTracks(s.document, s.take, std::vector{s.pin, TrackId{999}}));
  }

  void startersMakeValidProjects() {
    MediaItem picture;
    picture.path = "/photos/Große Fahrt.png";
    picture.name = "Große Fahrt";
    picture.size = {4001, 3000};
    auto made = need(projectForPicture(picture, seconds(3), {24, 1}));
    QVERIFY(validate(*made.document).has_value());
    QCOMPARE(made.document->frame.size, (Size{1920, 1440}));
    MediaItem sound;
    sound.path = "/a.wav";
    sound.kind = MediaKind::Sound;
    sound.length = seconds(2);
    const auto withSound = need(addMediaClip(made.document, sound));
    QVERIFY(validate(*withSound.document).has_value());
    QCOMPARE(withSound.document->lanes.size(), std::size_t{2});
  }
};

} // namespace

QTEST_APPLESS_MAIN(EditTest)
#include "tst_edit.moc"
