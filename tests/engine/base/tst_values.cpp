// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <QtTest/QTest>

#include "engine/base/audio_block.h"
#include "engine/base/content_key.h"
#include "engine/base/frame_pool.h"
#include "engine/base/id.h"
#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/base/time.h"
#include "tests/support/pictures.h"

using namespace kinora;

class TestValues : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void frameRatesMapFramesAndTimesBothWays_data() {
    QTest::addColumn<int>("num");
    QTest::addColumn<int>("den");
    QTest::newRow("24") << 24 << 1;
    QTest::newRow("25") << 25 << 1;
    QTest::newRow("23.976") << 24000 << 1001;
    QTest::newRow("29.97") << 30000 << 1001;
    QTest::newRow("59.94") << 60000 << 1001;
    QTest::newRow("odd") << 997 << 31;
    QTest::newRow("1000") << 1000 << 1;
    QTest::newRow("slow") << 1 << 100;
  }
  void frameRatesMapFramesAndTimesBothWays() {
    QFETCH(int, num);
    QFETCH(int, den);
    const FrameRate rate{num, den};
    QVERIFY(rate.isValid());
    std::mt19937_64 random(7);
    for (int i = 0; i < 2000; ++i) {
      const auto frame = static_cast<std::int64_t>(random() % 10'000'000) - 5'000'000;
      QCOMPARE(rate.frameAt(rate.timeOf(frame)), frame);
      QCOMPARE(rate.frameAt(rate.timeOf(frame + 1) - Duration{1}), frame);
    }
    QCOMPARE(rate.framesIn(rate.timeOf(48) - Time{}), 48);
    QCOMPARE(rate.framesIn(rate.timeOf(48) - Time{} + Duration{1}), 49);
    QCOMPARE(rate.framesIn(Duration{0}), 0);
    QCOMPARE(rate.framesIn(Duration{-5}), 0);
  }

  void invalidFrameRatesAreRefused() {
    QVERIFY(!(FrameRate{0, 1}.isValid()));
    QVERIFY(!(FrameRate{24, 0}.isValid()));
    QVERIFY(!(FrameRate{-24, 1}.isValid()));
    QVERIFY(!(FrameRate{1, 101}.isValid()));
    QVERIFY(!(FrameRate{1001, 1}.isValid()));
  }

  void secondsSaturateInsteadOfOverflowing() {
    QCOMPARE(Duration::fromSeconds(1).ticks, kTicksPerSecond);
    QCOMPARE(Duration::fromSeconds(std::numeric_limits<double>::quiet_NaN()).ticks, 0);
    QVERIFY(Duration::fromSeconds(1e300).ticks > 9'000'000'000'000'000'000);
    QVERIFY(Duration::fromSeconds(-std::numeric_limits<double>::infinity()).ticks < 0);
  }

  void timecodesCountFrames() {
    QCOMPARE(timecode(Time::fromSeconds(2.125), FrameRate{24, 1}), std::string("00:00:02:03"));
    QCOMPARE(timecode(Time::fromSeconds(3661), FrameRate{25, 1}), std::string("01:01:01:00"));
    QCOMPARE(timecode(FrameRate{30000, 1001}.timeOf(30), FrameRate{30000, 1001}), std::string("00:00:01:00"));
  }

  void contentKeysDependOnEveryValueAndItsPlace() {
    const auto key = [](auto&&... values) {
      ContentHasher hasher;
      (hasher.integer(values), ...);
      return hasher.finish();
    };
    QVERIFY(key(1, 2) == key(1, 2));
    QVERIFY(key(1, 2) != key(2, 1));
    QVERIFY(ContentHasher().text("ab").text("c").finish() != ContentHasher().text("a").text("bc").finish());
    QVERIFY(ContentHasher().real(0.0).finish() == ContentHasher().real(-0.0).finish());
    QVERIFY(ContentHasher().real(std::nan("1")).finish() == ContentHasher().real(-std::nan("2")).finish());
    QCOMPARE(key(1).hex().size(), std::size_t{32});
    QVERIFY(!key(1).isNull());
  }

  void imagesHaveAlignedPlanesOfTheRightShape() {
    for (const PixelFormat format : {PixelFormat::Rgba8, PixelFormat::Rgba16F, PixelFormat::Gray8, PixelFormat::Gray32F,
                                     PixelFormat::Yuv420P, PixelFormat::Nv12, PixelFormat::Yuv420P10}) {
      auto image = MutableImage::allocate(format, {33, 17});
      QVERIFY(image.has_value());
      for (int p = 0; p < planeCount(format); ++p) {
        const PlaneShape shape = planeShape(format, {33, 17}, p);
        QVERIFY(image->strideBytes(p) >= shape.width * shape.sampleBytes);
        QCOMPARE(reinterpret_cast<std::uintptr_t>(image->data(p)) % 64, std::uintptr_t{0});
        // Every byte of every row may be written.
        for (int y = 0; y < shape.height; ++y)
          std::fill_n(image->row<unsigned char>(y, p), shape.width * shape.sampleBytes, static_cast<unsigned char>(y));
      }
    }
    QCOMPARE(planeShape(PixelFormat::Yuv420P, {33, 17}, 1).width, 17);
    QCOMPARE(planeShape(PixelFormat::Nv12, {33, 17}, 1).height, 9);
  }

  void impossibleImagesAreErrors_data() {
    QTest::addColumn<int>("width");
    QTest::addColumn<int>("height");
    QTest::newRow("empty") << 0 << 0;
    QTest::newRow("negative") << -1 << 10;
    QTest::newRow("too wide") << 100'000 << 1;
    QTest::newRow("too large") << 32'768 << 32'768;
  }
  void impossibleImagesAreErrors() {
    QFETCH(int, width);
    QFETCH(int, height);
    const auto image = MutableImage::allocate(PixelFormat::Rgba8, {width, height});
    QVERIFY(!image.has_value());
    QCOMPARE(image.error().code, ErrorCode::InvalidArgument);
  }

  void samePixelsLooksAtVisibleBytesOnly() {
    const Image a = test::texturedPicture({37, 11}, 1);
    const Image b = test::texturedPicture({37, 11}, 1);
    QVERIFY(!a.sharesPixels(b));
    QVERIFY(samePixels(a, b));
    QVERIFY(!samePixels(a, test::texturedPicture({37, 11}, 2)));
    QVERIFY(!samePixels(a, test::texturedPicture({11, 37}, 1)));
    QVERIFY(samePixels(Image{}, Image{}));
    QVERIFY(!samePixels(a, Image{}));
    QVERIFY(a.at(Time{5}).sharesPixels(a));
    QCOMPARE(a.at(Time{5}).time().ticks, 5);
  }

  void aSteadyStreamOfPooledFramesDoesNotAllocate() {
    FramePool pool(4);
    for (int i = 0; i < 100; ++i) {
      auto one = pool.acquire(PixelFormat::Rgba8, {64, 64});
      auto two = pool.acquire(PixelFormat::Rgba8, {64, 64});
      QVERIFY(one && two);
      QVERIFY(one->data() != two->data());
      const Image shared = std::move(*one).freeze();
      const Image copy = shared;
      QVERIFY(copy.sharesPixels(shared));
    }
    QCOMPARE(pool.allocations(), 2);
    QVERIFY(pool.acquire(PixelFormat::Gray8, {64, 64}).has_value());
    QCOMPARE(pool.allocations(), 3);
  }

  void imagesOutliveTheirPool() {
    Image survivor;
    {
      FramePool pool;
      auto image = pool.acquire(PixelFormat::Rgba8, {8, 8});
      image->row<unsigned char>(7)[31] = 42;
      survivor = std::move(*image).freeze();
    }
    QCOMPARE(static_cast<int>(survivor.row<unsigned char>(7)[31]), 42);
  }

  void audioBlocksAreChannelAfterChannel() {
    const AudioBlock block({1, 2, 3, 4, 5, 6}, 2, 48000, Time{7});
    QCOMPARE(block.frames(), std::size_t{3});
    QCOMPARE(block.channel(1)[0], 4.F);
    QCOMPARE(AudioBlock{}.frames(), std::size_t{0});
  }

  void errorsReadAsOneSentenceWithThePlace() {
    const Result<int> failed = fail(ErrorCode::Corrupt, "The file ends too early.", "a.kinora, byte 12");
    QCOMPARE(failed.error().text(), std::string("The file ends too early. (a.kinora, byte 12)"));
    QCOMPARE(errorCodeName(ErrorCode::OutOfMemory), std::string_view("outOfMemory"));
    const Result<double> passedOn = fail(failed);
    QCOMPARE(passedOn.error().code, ErrorCode::Corrupt);
  }
};

QTEST_APPLESS_MAIN(TestValues)
#include "tst_values.moc"
