// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cstring>
#include <thread>

#include <QtTest>

#include "engine/gpu/frame_transport.h"

using namespace kinora;

namespace {

constexpr Size kSize{64, 48};

// Every pixel carries the number, so a torn frame shows.
void fill(const gpu::WriteSlot& slot, std::uint32_t number) {
  for (int y = 0; y < slot.size.height; ++y)
    for (int x = 0; x < slot.size.width; ++x)
      std::memcpy(slot.pixels + y * slot.strideBytes + x * 4, &number, 4);
}
bool holdsOnly(const gpu::FrameView& frame, std::uint32_t number) {
  for (int y = 0; y < frame.size.height; ++y)
    for (int x = 0; x < frame.size.width; ++x)
      if (std::memcmp(frame.pixels + y * frame.strideBytes + x * 4, &number, 4) != 0)
        return false;
  return true;
}
void hand(gpu::FrameTransport& transport, std::uint32_t number, Size size = kSize) {
  const auto slot = transport.beginWrite(size);
  QVERIFY(slot.has_value());
  fill(*slot, number);
  QVERIFY(transport.endWrite(Time{number * 10}, number).has_value());
}

} // namespace

class TransportTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void nothingIsThereBeforeTheFirstFrame() {
    const auto transport = gpu::makeHostTransport();
    QVERIFY(transport->latest().isNull());
    QCOMPARE(transport->stats().produced, 0u);
  }

  void theNewestFrameWinsAndTheOvertakenIsCounted() {
    const auto transport = gpu::makeHostTransport();
    for (std::uint32_t n = 1; n <= 5; ++n)
      hand(*transport, n);
    const gpu::FrameView frame = transport->latest();
    QCOMPARE(frame.frameNumber, 5);
    QCOMPARE(frame.time.ticks, 50);
    QCOMPARE(frame.serial, 5u);
    QVERIFY(holdsOnly(frame, 5));
    const gpu::TransportStats stats = transport->stats();
    QCOMPARE(stats.produced, 5u);
    QCOMPARE(stats.taken, 1u);
    QCOMPARE(stats.dropped, 4u);
  }

  void theFrameOnShowIsNeverRewritten() {
    const auto transport = gpu::makeHostTransport();
    hand(*transport, 1);
    const gpu::FrameView shown = transport->latest();
    for (std::uint32_t n = 2; n <= 9; ++n) {
      hand(*transport, n);
      QVERIFY(holdsOnly(shown, 1));
    }
    QCOMPARE(transport->stats().consumed, 0u);
    const gpu::FrameView next = transport->latest();
    QCOMPARE(next.frameNumber, 9);
    QCOMPARE(transport->stats().consumed, 1u);
    const gpu::FrameView again = transport->latest();
    QCOMPARE(again.serial, next.serial);
    QCOMPARE(transport->stats().taken, 2u);
  }

  void frameNumbersMayGoBack() {
    const auto transport = gpu::makeHostTransport();
    hand(*transport, 90);
    QCOMPARE(transport->latest().frameNumber, 90);
    hand(*transport, 0);
    const gpu::FrameView looped = transport->latest();
    QCOMPARE(looped.frameNumber, 0);
    QCOMPARE(looped.serial, 2u);
  }

  void sizesMayChange() {
    const auto transport = gpu::makeHostTransport();
    for (const Size size : {Size{8, 8}, Size{640, 360}, Size{3, 5}}) {
      hand(*transport, 7, size);
      const gpu::FrameView frame = transport->latest();
      QCOMPARE(frame.size.width, size.width);
      QCOMPARE(frame.size.height, size.height);
      QVERIFY(holdsOnly(frame, 7));
    }
  }

  void impossibleSizesAreRefused() {
    const auto transport = gpu::makeHostTransport();
    for (const Size size : {Size{}, Size{-1, 4}, Size{4, 0}, Size{kMaxImageSide + 1, 1}, Size{32'768, 32'768}}) {
      const auto slot = transport->beginWrite(size);
      QVERIFY(!slot.has_value());
      QCOMPARE(slot.error().code, ErrorCode::InvalidArgument);
    }
    hand(*transport, 3);
    QVERIFY(holdsOnly(transport->latest(), 3));
  }

  void aSlotNotHandedOverIsGivenAgain() {
    const auto transport = gpu::makeHostTransport();
    const auto first = transport->beginWrite(kSize);
    const auto second = transport->beginWrite(kSize);
    QVERIFY(first && second);
    QCOMPARE(first->pixels, second->pixels);
    QCOMPARE(transport->stats().produced, 0u);
  }

  void theListenerHearsEveryFrame() {
    const auto transport = gpu::makeHostTransport();
    int heard = 0;
    transport->setListener([&] { ++heard; });
    hand(*transport, 1);
    hand(*transport, 2);
    QCOMPARE(heard, 2);
    transport->setListener({});
    hand(*transport, 3);
    QCOMPARE(heard, 2);
  }

  void twoTransportsAreToldApart() {
    const auto a = gpu::makeHostTransport();
    const auto b = gpu::makeHostTransport();
    hand(*a, 1);
    hand(*b, 1);
    QVERIFY(a->latest().transport != b->latest().transport);
  }

  void twoThreadsNeverSeeATornFrame() {
    constexpr std::uint32_t kFrames = 4000;
    const auto transport = gpu::makeHostTransport();
    std::atomic<bool> ended = false;
    std::jthread writer([&] {
      for (std::uint32_t n = 1; n <= kFrames; ++n)
        hand(*transport, n);
      ended = true;
    });
    std::int64_t last = 0;
    bool whole = true;
    bool forward = true;
    for (bool final = false; !final;) {
      final = ended; // read before latest(), so that the last frame is seen
      const gpu::FrameView frame = transport->latest();
      if (frame.isNull())
        continue;
      whole = whole && holdsOnly(frame, static_cast<std::uint32_t>(frame.frameNumber));
      forward = forward && frame.frameNumber >= last;
      last = frame.frameNumber;
    }
    writer.join();
    QVERIFY(whole);
    QVERIFY(forward);
    QCOMPARE(last, std::int64_t{kFrames});
    const gpu::TransportStats stats = transport->stats();
    QCOMPARE(stats.produced, std::uint64_t{kFrames});
    QCOMPARE(stats.taken + stats.dropped, std::uint64_t{kFrames});
  }
};

QTEST_APPLESS_MAIN(TransportTest)
#include "tst_gpu_transport.moc"
