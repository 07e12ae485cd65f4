// SPDX-License-Identifier: Apache-2.0
#include <QtTest/QtTest>

#include <cmath>
#include <limits>

#include "engine/vision/tracking/track_estimation.h"
#include "tests/support/pictures.h"

using namespace kinora;
using namespace kinora::session;

namespace {

constexpr Size kSize{160, 120};

// The part of a larger picture that begins at (x, y).
Image cropped(const Image& image, int x, int y) {
  auto out = MutableImage::allocate(PixelFormat::Rgba8, kSize);
  for (int row = 0; row < kSize.height; ++row)
    std::copy_n(image.row<std::uint8_t>(y + row) + 4 * x, 4 * kSize.width, out->row<std::uint8_t>(row));
  return std::move(*out).freeze();
}

// A film in which everything moves by (dx, dy) pixels a frame.
vision::FrameProvider film(int frames, int dx, int dy) {
  const Image wide = test::texturedPicture({260, 220}, 5);
  return [=, next = 0]() mutable -> Result<std::optional<Image>> {
    if (next == frames)
      return std::optional<Image>();
    const int f = next++;
    return std::optional<Image>(cropped(wide, 50 - dx * f, 50 - dy * f));
  };
}

} // namespace

class TrackingTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void followsKnownMotion();
  void unseenBeyondThePicture();
  void measuresTheDifference();
  void gridLiesInTheMiddleOfItsCells();
  void refusesBadInput();
  void passesTheProvidersErrorOn();
};

void TrackingTest::followsKnownMotion() {
  const std::vector<Point> points = vision::gridPoints({100, 60}, 4, 3);
  const auto tracks = vision::estimateTracks(film(10, 3, 2), points);
  QVERIFY2(tracks.has_value(), tracks ? "" : tracks.error().message.c_str());
  QCOMPARE(tracks->frameCount, 10);
  QVERIFY(tracks->size == kSize);
  QCOMPARE(tracks->tracks.size(), points.size());
  for (std::size_t i = 0; i < points.size(); ++i)
    for (std::size_t f = 0; f < 10; ++f) {
      const TrackPosition& p = tracks->tracks[i].positions[f];
      QVERIFY(p.visible);
      const Point wanted = points[i] + Point{3, 2} * static_cast<float>(f);
      QVERIFY(std::hypot(p.at.x - wanted.x, p.at.y - wanted.y) < .3F);
    }
}

void TrackingTest::unseenBeyondThePicture() {
  const auto tracks = vision::estimateTracks(film(12, 4, 0), {{140, 60}});
  QVERIFY(tracks.has_value());
  QVERIFY(tracks->tracks[0].positions[2].visible);
  QVERIFY(!tracks->tracks[0].positions[11].visible);
}

void TrackingTest::measuresTheDifference() {
  std::vector<std::vector<TrackPosition>> wanted(1);
  for (int f = 0; f < 8; ++f)
    wanted[0].push_back({Point{50, 50} + Point{3, 0} * static_cast<float>(f), true});
  const auto right = vision::measureTracks(film(8, 3, 0), wanted);
  QVERIFY(right.has_value());
  QVERIFY(right->mean < .3);
  QVERIFY(right->percentTracked > 99);
  for (std::size_t f = 1; f < wanted[0].size(); ++f)
    wanted[0][f].at.y += 5;
  const auto wrong = vision::measureTracks(film(8, 3, 0), wanted);
  QVERIFY(wrong.has_value());
  QVERIFY(std::abs(wrong->median - 5) < .3);
}

void TrackingTest::gridLiesInTheMiddleOfItsCells() {
  const std::vector<Point> points = vision::gridPoints({100, 60}, 2, 3);
  QCOMPARE(points.size(), std::size_t{6});
  QVERIFY((points[0] == Point{25, 10}));
  QVERIFY((points[5] == Point{75, 50}));
}

void TrackingTest::refusesBadInput() {
  QCOMPARE(vision::estimateTracks(film(3, 1, 0), {}).error().code, ErrorCode::InvalidArgument);
  QCOMPARE(vision::estimateTracks(film(3, 1, 0), {{-5, 3}}).error().code, ErrorCode::InvalidArgument);
  QCOMPARE(vision::estimateTracks(film(3, 1, 0), {{std::numeric_limits<float>::quiet_NaN(), 3}}).error().code,
           ErrorCode::InvalidArgument);
  QCOMPARE(vision::estimateTracks(film(0, 1, 0), {{5, 5}}).error().code, ErrorCode::InvalidArgument);
  std::stop_source stop;
  stop.request_stop();
  QCOMPARE(vision::estimateTracks(film(3, 1, 0), {{5, 5}}, stop.get_token()).error().code, ErrorCode::Cancelled);
}

void TrackingTest::passesTheProvidersErrorOn() {
  const vision::FrameProvider broken = []() -> Result<std::optional<Image>> {
    return fail(ErrorCode::Corrupt, "broken film");
  };
  const auto result = vision::estimateTracks(broken, {{5, 5}});
  QVERIFY(!result.has_value());
  QCOMPARE(result.error().code, ErrorCode::Corrupt);
}

QTEST_APPLESS_MAIN(TrackingTest)
#include "tst_tracking.moc"
