// SPDX-License-Identifier: Apache-2.0
#include <QtTest/QtTest>

#include <cmath>
#include <limits>
#include <numbers>

#include "engine/vision/draft_motion_session.h"
#include "tests/support/pictures.h"

using namespace kinora;
using namespace kinora::session;

namespace {

constexpr Size kSize{192, 160};
constexpr Point kCentre{80.5F, 80.5F};
constexpr float kRadius = 26;
constexpr std::int64_t kFrames = 24;

const Image& scene() {
  static const Image picture = test::withDisc(test::texturedPicture(kSize, 7), kCentre, kRadius, 235, 40, 30);
  return picture;
}

ControlTrack still(std::uint64_t id, std::int32_t group, Point at, TrackRole role = TrackRole::Move) {
  ControlTrack track;
  track.id = {id};
  track.group = group;
  track.role = role;
  track.positions.assign(static_cast<std::size_t>(kFrames), TrackPosition{at, true});
  return track;
}

// Goes in a straight line to start + by at the last frame.
ControlTrack moving(std::uint64_t id, std::int32_t group, Point start, Point by) {
  ControlTrack track = still(id, group, start);
  for (std::int64_t f = 0; f < kFrames; ++f)
    track.positions[static_cast<std::size_t>(f)].at =
        start + by * (static_cast<float>(f) / static_cast<float>(kFrames - 1));
  return track;
}

MotionRequest requestWith(std::vector<ControlTrack> tracks) {
  MotionRequest request;
  request.picture = scene();
  request.outputSize = request.picture.size();
  request.frameCount = kFrames;
  request.tracks = std::move(tracks);
  return request;
}

Image frameOf(MotionSession& session, std::int64_t index) {
  auto frames = session.step({index, 1}, {});
  if (!frames || frames->size() != 1)
    return {};
  return frames->front().image;
}

// Red of the disc, which the texture never has so pure.
bool isRed(const Image& image, int x, int y) {
  const std::uint8_t* p = image.row<std::uint8_t>(y) + 4 * x;
  return p[0] > 190 && p[1] < 90 && p[2] < 90;
}

Point redCentre(const Image& image) {
  double x = 0;
  double y = 0;
  int count = 0;
  for (int j = 0; j < image.size().height; ++j)
    for (int i = 0; i < image.size().width; ++i)
      if (isRed(image, i, j)) {
        x += i + .5;
        y += j + .5;
        ++count;
      }
  return count > 0 ? Point{static_cast<float>(x / count), static_cast<float>(y / count)} : Point{-1, -1};
}

double overlap(const Image& matte, Point centre, float radius) {
  int both = 0;
  int either = 0;
  for (int y = 0; y < matte.size().height; ++y)
    for (int x = 0; x < matte.size().width; ++x) {
      const bool truth =
          std::hypot(static_cast<float>(x) + .5F - centre.x, static_cast<float>(y) + .5F - centre.y) <= radius;
      const bool made = matte.row<std::uint8_t>(y)[x] >= 128;
      both += truth && made ? 1 : 0;
      either += truth || made ? 1 : 0;
    }
  return either > 0 ? static_cast<double>(both) / either : 0;
}

} // namespace

class DraftMotionTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void oneClickFindsTheObject();
  void motionlessFramesAreThePicture();
  void objectFollowsItsHandle();
  void farPixelsKeepTheirBits();
  void uncoveredPartsAreFilled();
  void loopClosesBitForBit();
  void everyThreadCountGivesTheSamePixels();
  void pinOnTheObjectHoldsItsPlace();
  void hiddenObjectGoesBehindTheOthers();
  void cameraMovesTheWholeFrame();
  void correctionsWin();
  void softDiscMovesOnlyWhatIsInItsGrip();
  void liveDragShowsInTheNextFrame();
  void cancelledDragLeavesNothing();
  void stopRequestIsHonoured();
  void anotherOutputSizeScalesTheMotion();
  void preparedPathsKeepTheTexture();
  void hostileRequests_data();
  void hostileRequests();
  void strangeButUsableRequests();

 private:
  WorkerPool pool_{2};
};

void DraftMotionTest::oneClickFindsTheObject() {
  const auto session = vision::makeDraftMotionSession(pool_);
  QVERIFY(session->prepare(requestWith({moving(1, 1, kCentre, {40, 0})}), {}).has_value());
  const auto matte = session->matte(1);
  QVERIFY(matte.has_value());
  QCOMPARE(matte->format(), PixelFormat::Gray8);
  QVERIFY(matte->size() == kSize);
  const double iou = overlap(*matte, kCentre, kRadius);
  QVERIFY2(iou >= .9, qPrintable(QString::number(iou)));
  QVERIFY(!session->matte(2).has_value());
}

void DraftMotionTest::motionlessFramesAreThePicture() {
  const auto session = vision::makeDraftMotionSession(pool_);
  MotionRequest request = requestWith({moving(1, 1, kCentre, {40, 0})});
  request.tracks[0].positions[5].at = kCentre + Point{.2F, 0};
  QVERIFY(session->prepare(request, {}).has_value());
  QVERIFY(samePixels(frameOf(*session, 0), scene()));
  QVERIFY(samePixels(frameOf(*session, 5), scene())); // less than a quarter of a pixel
  QVERIFY(!samePixels(frameOf(*session, 6), scene()));
}

void DraftMotionTest::objectFollowsItsHandle() {
  const auto session = vision::makeDraftMotionSession(pool_);
  QVERIFY(session->prepare(requestWith({moving(1, 1, kCentre, {60, 20})}), {}).has_value());
  QVERIFY(session->improve({}).has_value());
  for (const std::int64_t f : {0, 7, 15, 23}) {
    const Point at = redCentre(frameOf(*session, f));
    const Point wanted = kCentre + Point{60, 20} * (static_cast<float>(f) / (kFrames - 1));
    const float error = std::hypot(at.x - wanted.x, at.y - wanted.y);
    QVERIFY2(error < 1, qPrintable(QString("frame %1: %2 px").arg(f).arg(error)));
  }
}

void DraftMotionTest::farPixelsKeepTheirBits() {
  const auto session = vision::makeDraftMotionSession(pool_);
  QVERIFY(session->prepare(requestWith({moving(1, 1, kCentre, {50, 0})}), {}).has_value());
  QVERIFY(session->improve({}).has_value());
  for (const std::int64_t f : {9, 23}) {
    const Image frame = frameOf(*session, f);
    for (int y = 0; y < kSize.height; ++y)
      if (std::abs(static_cast<float>(y) - kCentre.y) > kRadius + 14)
        QVERIFY2(std::equal(frame.row<std::uint8_t>(y), frame.row<std::uint8_t>(y) + 4 * kSize.width,
                            scene().row<std::uint8_t>(y)),
                 qPrintable(QString("frame %1, row %2").arg(f).arg(y)));
  }
}

void DraftMotionTest::uncoveredPartsAreFilled() {
  const auto session = vision::makeDraftMotionSession(pool_);
  QVERIFY(session->prepare(requestWith({moving(1, 1, kCentre, {75, 0})}), {}).has_value());
  QVERIFY(!session->isFinal());
  const auto quick = session->step({kFrames - 1, 1}, {});
  QVERIFY(quick.has_value());
  QCOMPARE(quick->front().quality, Quality::Quick);
  const auto improved = session->improve({});
  QVERIFY(improved.has_value() && *improved);
  QVERIFY(session->isFinal());
  QVERIFY(!*session->improve({}));
  const auto best = session->step({kFrames - 1, 1}, {});
  QVERIFY(best.has_value());
  QCOMPARE(best->front().quality, Quality::Final);
  for (const Image& frame : {quick->front().image, best->front().image})
    for (int y = 60; y < 100; ++y)
      for (int x = 60; x < 100; ++x)
        QVERIFY2(!isRed(frame, x, y), qPrintable(QString("%1, %2").arg(x).arg(y)));
}

void DraftMotionTest::loopClosesBitForBit() {
  const auto session = vision::makeDraftMotionSession(pool_);
  MotionRequest request = requestWith({});
  request.frameCount = 360;
  ControlTrack track = still(1, 1, kCentre);
  track.positions.clear();
  for (int f = 0; f < 360; ++f) {
    const double angle = 2 * std::numbers::pi * (f % 180) / 180;
    track.positions.push_back(
        {kCentre + Point{static_cast<float>(20 - 20 * std::cos(angle)), static_cast<float>(15 * std::sin(angle))},
         true});
  }
  request.tracks = {track};
  QVERIFY(session->prepare(request, {}).has_value());
  QVERIFY(session->improve({}).has_value());
  std::vector<Image> first;
  for (const std::int64_t f : {0, 1, 45, 90, 179})
    first.push_back(frameOf(*session, f));
  std::size_t i = 0;
  for (const std::int64_t f : {180, 181, 225, 270, 359})
    QVERIFY2(samePixels(frameOf(*session, f), first[i++]), qPrintable(QString("frame %1").arg(f)));
  QVERIFY(samePixels(frameOf(*session, 180), scene()));
}

void DraftMotionTest::everyThreadCountGivesTheSamePixels() {
  std::vector<Image> made;
  for (const int threads : {1, 2, 5}) {
    const WorkerPool pool(threads);
    const auto session = vision::makeDraftMotionSession(pool);
    MotionRequest request =
        requestWith({moving(1, 1, kCentre, {30, 10}), moving(2, 1, kCentre + Point{10, 8}, {34, -6}),
                     moving(3, 2, {150, 40}, {-20, 30})});
    QVERIFY(session->prepare(request, {}).has_value());
    QVERIFY(session->improve({}).has_value());
    made.push_back(frameOf(*session, 17));
  }
  QVERIFY(samePixels(made[0], made[1]));
  QVERIFY(samePixels(made[0], made[2]));
}

void DraftMotionTest::pinOnTheObjectHoldsItsPlace() {
  // The lone pin lies on the disc's left edge, the handle pulls the right one upwards.
  const Point pin = kCentre - Point{18, 0};
  const auto session = vision::makeDraftMotionSession(pool_);
  QVERIFY(session
              ->prepare(
                  requestWith({moving(1, 1, kCentre + Point{16, 0}, {0, -14}), still(2, 2, pin, TrackRole::Hold)}), {})
              .has_value());
  const Image frame = frameOf(*session, kFrames - 1);
  QVERIFY(isRed(frame, static_cast<int>(pin.x), static_cast<int>(pin.y)));
  const Point centre = redCentre(frame);
  QVERIFY2(centre.y < kCentre.y - 3 && centre.y > kCentre.y - 12, qPrintable(QString::number(centre.y)));
  // Without the pin the whole disc rises with its handle.
  QVERIFY(session->prepare(requestWith({moving(1, 1, kCentre + Point{16, 0}, {0, -14})}), {}).has_value());
  QVERIFY(std::abs(redCentre(frameOf(*session, kFrames - 1)).y - (kCentre.y - 14)) < 1);
}

void DraftMotionTest::hiddenObjectGoesBehindTheOthers() {
  const Image two = test::withDisc(scene(), {150.5F, 80.5F}, 20, 20, 60, 240);
  MotionRequest request = requestWith({moving(1, 1, kCentre, {70, 0}), moving(2, 2, {150.5F, 80.5F}, {0, 2})});
  request.picture = two;
  const auto session = vision::makeDraftMotionSession(pool_);
  QVERIFY(session->prepare(request, {}).has_value());
  QVERIFY(isRed(frameOf(*session, kFrames - 1), 150, 80)); // the first in the list is in front
  for (TrackPosition& p : request.tracks[0].positions)
    p.visible = false;
  QVERIFY(session->prepare(request, {}).has_value());
  QVERIFY(!isRed(frameOf(*session, kFrames - 1), 150, 80));
}

void DraftMotionTest::cameraMovesTheWholeFrame() {
  MotionRequest request = requestWith({});
  request.camera.assign(static_cast<std::size_t>(kFrames), CameraPose{});
  request.camera[10].panX = 24.F / kSize.width;
  request.camera[20].zoom = 1.5F;
  const auto session = vision::makeDraftMotionSession(pool_);
  QVERIFY(session->prepare(request, {}).has_value());
  QVERIFY(samePixels(frameOf(*session, 0), scene()));
  const Image panned = frameOf(*session, 10);
  QVERIFY(std::abs(redCentre(panned).x - (kCentre.x + 24)) < .5F);
  // Whole pixels: inside of the picture the bits are those of the photo, moved.
  for (int y = 0; y < kSize.height; ++y)
    for (int x = 24; x < kSize.width; ++x)
      for (int c = 0; c < 4; ++c)
        QCOMPARE(panned.row<std::uint8_t>(y)[4 * x + c], scene().row<std::uint8_t>(y)[4 * (x - 24) + c]);
  const Point zoomed = redCentre(frameOf(*session, 20));
  const Point wanted = Point{96, 80} + (kCentre - Point{96, 80}) * 1.5F;
  QVERIFY(std::hypot(zoomed.x - wanted.x, zoomed.y - wanted.y) < 1);
}

void DraftMotionTest::correctionsWin() {
  MotionRequest request = requestWith({moving(1, 1, kCentre, {40, 0})});
  request.corrections.push_back({1, true, 0, {{120, 20}, {170, 20}, {170, 50}, {120, 50}}}); // a far polygon
  request.corrections.push_back({1, false, 8, {{80, 60}, {80, 70}}});                        // a bite out of the disc
  request.corrections.push_back({2, true, 20, {{30, 130}}});                                 // of another object
  const auto session = vision::makeDraftMotionSession(pool_);
  QVERIFY(session->prepare(request, {}).has_value());
  const auto matte = session->matte(1);
  QVERIFY(matte.has_value());
  QCOMPARE(int(matte->row<std::uint8_t>(35)[145]), 255);
  QCOMPARE(int(matte->row<std::uint8_t>(65)[80]), 0);
  QVERIFY(int(matte->row<std::uint8_t>(90)[80]) > 200);
  QVERIFY(int(matte->row<std::uint8_t>(130)[30]) < 50);
}

void DraftMotionTest::softDiscMovesOnlyWhatIsInItsGrip() {
  ControlTrack track = moving(1, 1, {150, 120}, {0, -8});
  track.wholeObject = false;
  track.grip = 14;
  const auto session = vision::makeDraftMotionSession(pool_);
  QVERIFY(session->prepare(requestWith({track}), {}).has_value());
  const Image frame = frameOf(*session, kFrames - 1);
  QVERIFY(!samePixels(frame, scene()));
  for (int y = 0; y < kSize.height; ++y)
    for (int x = 0; x < kSize.width; ++x) {
      const float fx = static_cast<float>(x) + .5F;
      const float fy = static_cast<float>(y) + .5F;
      if (std::hypot(fx - 150, fy - std::clamp(fy, 112.F, 120.F)) <= 14 + 10)
        continue;
      for (int c = 0; c < 3; ++c)
        QCOMPARE(frame.row<std::uint8_t>(y)[4 * x + c], scene().row<std::uint8_t>(y)[4 * x + c]);
    }
}

void DraftMotionTest::liveDragShowsInTheNextFrame() {
  const auto session = vision::makeDraftMotionSession(pool_);
  QVERIFY(session->prepare(requestWith({}), {}).has_value());
  ControlSample sample;
  sample.phase = ControlPhase::Begin;
  sample.track = {9};
  sample.group = 3;
  sample.at = kCentre;
  session->push(std::span(&sample, 1));
  QVERIFY(samePixels(frameOf(*session, 0), scene())); // nothing has moved yet
  QVERIFY(session->matte(3).has_value());
  for (int i = 1; i <= 4; ++i) {
    sample.phase = ControlPhase::Move;
    sample.frame = i;
    sample.at = kCentre + Point{12.F * static_cast<float>(i), 0};
    session->push(std::span(&sample, 1));
    const Point at = redCentre(frameOf(*session, i));
    QVERIFY2(std::abs(at.x - sample.at.x) < 1, qPrintable(QString::number(at.x)));
  }
  QVERIFY(!session->isFinal());
  sample.phase = ControlPhase::End;
  session->push(std::span(&sample, 1));
  QVERIFY(std::abs(redCentre(frameOf(*session, kFrames - 1)).x - sample.at.x) < 1);
  // What is published afterwards counts alone.
  QVERIFY(session->prepare(requestWith({}), {}).has_value());
  QVERIFY(samePixels(frameOf(*session, 4), scene()));
}

void DraftMotionTest::cancelledDragLeavesNothing() {
  const auto session = vision::makeDraftMotionSession(pool_);
  QVERIFY(session->prepare(requestWith({moving(1, 1, kCentre, {20, 0})}), {}).has_value());
  const Image before = frameOf(*session, 20);
  ControlSample sample;
  sample.phase = ControlPhase::Begin;
  sample.track = {1};
  sample.group = 1;
  sample.at = kCentre;
  session->push(std::span(&sample, 1));
  sample.phase = ControlPhase::Move;
  sample.at = kCentre + Point{0, 30};
  session->push(std::span(&sample, 1));
  QVERIFY(!samePixels(frameOf(*session, 20), before));
  sample.phase = ControlPhase::Cancel;
  session->push(std::span(&sample, 1));
  QVERIFY(samePixels(frameOf(*session, 20), before));
}

void DraftMotionTest::stopRequestIsHonoured() {
  const auto session = vision::makeDraftMotionSession(pool_);
  QVERIFY(session->prepare(requestWith({moving(1, 1, kCentre, {40, 0})}), {}).has_value());
  const Image before = frameOf(*session, 20);
  std::stop_source stop;
  stop.request_stop();
  const auto prepared = session->prepare(requestWith({moving(1, 1, {150, 40}, {-40, 0})}), stop.get_token());
  QVERIFY(!prepared.has_value());
  QCOMPARE(prepared.error().code, ErrorCode::Cancelled);
  QVERIFY(samePixels(frameOf(*session, 20), before)); // as it was
  const auto improved = session->improve(stop.get_token());
  QVERIFY(!improved.has_value());
  QCOMPARE(improved.error().code, ErrorCode::Cancelled);
  QVERIFY(!session->isFinal());
  QCOMPARE(session->step({3, 1}, stop.get_token()).error().code, ErrorCode::Cancelled);
}

void DraftMotionTest::anotherOutputSizeScalesTheMotion() {
  const auto session = vision::makeDraftMotionSession(pool_);
  MotionRequest request = requestWith({moving(1, 1, kCentre, {40, 0})});
  request.outputSize = {384, 320};
  QVERIFY(session->prepare(request, {}).has_value());
  const Image frame = frameOf(*session, kFrames - 1);
  QVERIFY(frame.size() == request.outputSize);
  QVERIFY(std::abs(redCentre(frame).x - 2 * (kCentre.x + 40)) < 1.5F);
  QVERIFY(session->matte(1)->size() == kSize);
}

void DraftMotionTest::preparedPathsKeepTheTexture() {
  const auto session = vision::makeDraftMotionSession(pool_);
  QVERIFY(session->prepare(requestWith({moving(1, 1, kCentre, {40, 0})}), {}).has_value());
  QVERIFY(session->improve({}).has_value());
  QVERIFY(session->prepare(requestWith({moving(1, 1, kCentre, {0, 40})}), {}).has_value());
  QVERIFY(session->isFinal()); // only the path changed: matte and plate are still there
  QVERIFY(session->prepare(requestWith({moving(1, 1, {150, 40}, {0, 40})}), {}).has_value());
  QVERIFY(!session->isFinal());
}

void DraftMotionTest::hostileRequests_data() {
  QTest::addColumn<int>("kind");
  QTest::newRow("no picture") << 0;
  QTest::newRow("no frames") << 1;
  QTest::newRow("negative frames") << 2;
  QTest::newRow("not a number") << 3;
  QTest::newRow("infinite") << 4;
  QTest::newRow("track too short") << 5;
  QTest::newRow("camera too short") << 6;
  QTest::newRow("camera without zoom") << 7;
  QTest::newRow("100000 x 1") << 8;
  QTest::newRow("no output size") << 9;
  QTest::newRow("correction not a number") << 10;
  QTest::newRow("grey picture") << 11;
}

void DraftMotionTest::hostileRequests() {
  QFETCH(int, kind);
  MotionRequest request = requestWith({moving(41, 1, kCentre, {40, 0})});
  Point& point = request.tracks[0].positions[3].at;
  switch (kind) {
  case 0:
    request.picture = {};
    break;
  case 1:
    request.frameCount = 0;
    request.tracks.clear();
    break;
  case 2:
    request.frameCount = -5;
    break;
  case 3:
    point.x = std::numeric_limits<float>::quiet_NaN();
    break;
  case 4:
    point.y = std::numeric_limits<float>::infinity();
    break;
  case 5:
    request.tracks[0].positions.pop_back();
    break;
  case 6:
    request.camera.resize(3);
    break;
  case 7:
    request.camera.assign(static_cast<std::size_t>(kFrames), CameraPose{0, 0, 0, 0});
    break;
  case 8:
    request.outputSize = {100'000, 1};
    break;
  case 9:
    request.outputSize = {0, 0};
    break;
  case 10:
    request.corrections.push_back({1, true, 4, {{std::numeric_limits<float>::quiet_NaN(), 2}}});
    break;
  default:
    request.picture = std::move(*MutableImage::allocate(PixelFormat::Gray8, kSize)).freeze();
  }
  const auto session = vision::makeDraftMotionSession(pool_);
  const auto prepared = session->prepare(request, {});
  QVERIFY(!prepared.has_value());
  QCOMPARE(prepared.error().code, ErrorCode::InvalidArgument);
  QVERIFY(!prepared.error().message.empty());
  if (kind >= 3 && kind <= 5)
    QVERIFY(prepared.error().message.find("41") != std::string::npos); // names the track
}

void DraftMotionTest::strangeButUsableRequests() {
  const auto session = vision::makeDraftMotionSession(pool_);
  QVERIFY(!session->step({0, 1}, {}).has_value()); // before any picture

  // Starts far outside: no object, so nothing moves.
  QVERIFY(session->prepare(requestWith({moving(1, 1, {-500, 1e30F}, {40, 0})}), {}).has_value());
  QVERIFY(samePixels(frameOf(*session, kFrames - 1), scene()));
  QVERIFY(!session->step({kFrames, 1}, {}).has_value());
  QVERIFY(!session->step({-1, 1}, {}).has_value());

  // Pulled far out of the picture.
  QVERIFY(session->prepare(requestWith({moving(1, 1, kCentre, {1e30F, 0})}), {}).has_value());
  QVERIFY(!frameOf(*session, kFrames - 1).isNull());

  // One pixel.
  MotionRequest dot = requestWith({moving(1, 1, {.5F, .5F}, {3, 0})});
  dot.picture = test::plainPicture({1, 1}, 9, 8, 7);
  dot.outputSize = {1, 1};
  QVERIFY(session->prepare(dot, {}).has_value());
  QVERIFY(session->improve({}).has_value());
  QVERIFY(!frameOf(*session, kFrames - 1).isNull());

  // 10,000 tracks, in one group and each in its own.
  for (const bool own : {false, true}) {
    MotionRequest many = requestWith({});
    for (int i = 0; i < 10'000; ++i)
      many.tracks.push_back(moving(static_cast<std::uint64_t>(i + 1), own ? i + 1 : 1,
                                   {static_cast<float>(i % 190) + .5F, static_cast<float>(i / 190) + .5F}, {5, 5}));
    QVERIFY(session->prepare(many, {}).has_value());
    QVERIFY(!frameOf(*session, kFrames - 1).isNull());
    QVERIFY(samePixels(frameOf(*session, 0), scene()));
  }
}

QTEST_APPLESS_MAIN(DraftMotionTest)
#include "tst_draft_motion.moc"
