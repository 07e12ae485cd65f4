// SPDX-License-Identifier: Apache-2.0
// Frames through memory that the graphics device hands out: who owns which descriptor, and that what is shown equals
// the copied path. The validation layer watches where it is installed; any message of it fails the test.
#include <atomic>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <mutex>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <QtTest>

#include "engine/gpu/presenter.h"
#include "engine/gpu/shared_transport.h"
#include "kernels/cuda.h"
#include "tests/support/pictures.h"

using namespace kinora;

namespace {

std::ptrdiff_t openDescriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
}

void hand(gpu::FrameTransport& transport, const Image& picture, std::int64_t number = 1) {
  const auto slot = transport.beginWrite(picture.size());
  QVERIFY2(slot.has_value(), slot ? "" : slot.error().text().c_str());
  for (int y = 0; y < picture.size().height; ++y)
    std::memcpy(slot->pixels + y * slot->strideBytes, picture.row<std::byte>(y),
                static_cast<std::size_t>(picture.size().width) * 4);
  QVERIFY(transport.endWrite(Time{number}, number).has_value());
}

// Opens what the mapped importer opens, until it is told to fail.
class FailingImporter : public gpu::SlotImporter {
 public:
  FailingImporter(std::unique_ptr<gpu::SlotImporter> real, int good) : real_(std::move(real)), good_(good) {}
  MemoryKind memoryKind() const override { return real_->memoryKind(); }
  Result<std::unique_ptr<gpu::ImportedMemory>> importMemory(gpu::ExportedMemory memory) override {
    if (good_-- <= 0)
      return fail(ErrorCode::Device, "The test's importer opens no more memory.");
    return real_->importMemory(std::move(memory));
  }
  Result<void> importProduced(gpu::OwnedFd fd) override { return real_->importProduced(std::move(fd)); }
  Result<void> signalProduced(std::uint64_t value) override { return real_->signalProduced(value); }
  Result<void> finish() override {
    if (finishes)
      return real_->finish();
    return fail(ErrorCode::Device, "The test's importer does not finish.");
  }
  bool finishes = true;

 private:
  std::unique_ptr<gpu::SlotImporter> real_;
  int good_;
};

} // namespace

class SharedTransportTest : public QObject {
  Q_OBJECT

  std::unique_ptr<gpu::Device> device_;
  std::mutex mutex_;
  QStringList messages_;

  std::unique_ptr<gpu::FrameTransport> make() {
    auto importer = gpu::makeMappedImporter(*device_);
    if (!importer)
      qFatal("%s", importer.error().text().c_str());
    auto transport = gpu::makeSharedTransport(*device_, std::move(*importer));
    if (!transport)
      qFatal("%s", transport.error().text().c_str());
    return std::move(*transport);
  }

  static Image shown(gpu::Presenter& presenter, const gpu::FrameView& frame) {
    gpu::DrawList list;
    list.frame = frame;
    const auto drawn = presenter.draw(list);
    if (!drawn)
      qWarning("%s", drawn.error().text().c_str());
    const auto image = presenter.readback();
    return image ? *image : Image{};
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
    if (!device)
      QSKIP(("No graphics device: " + device.error().text()).c_str());
    if (!(*device)->capabilities().externalMemoryFd)
      QSKIP(("“" + (*device)->capabilities().deviceName + "” does not hand memory out as a descriptor.").c_str());
    device_ = std::move(*device);
    if (!device_->capabilities().validation)
      qWarning("The validation layer is not installed: its messages are not proved absent.");
  }
  void cleanup() {
    const std::lock_guard lock(mutex_);
    const QStringList messages = std::exchange(messages_, {});
    QVERIFY2(messages.isEmpty(), qPrintable(messages.join("\n")));
  }

  void whatIsShownEqualsTheCopiedPath() {
    auto presenter = gpu::Presenter::offscreen(*device_, {400, 300});
    QVERIFY(presenter.has_value());
    const auto shared = make();
    const auto copied = gpu::makeHostTransport();
    for (const Size size : {Size{64, 48}, Size{321, 200}, Size{640, 360}, Size{7, 5}})
      for (unsigned seed = 1; seed < 5; ++seed) {
        const Image picture = test::texturedPicture(size, seed);
        hand(*shared, picture, seed);
        hand(*copied, picture, seed);
        const gpu::FrameView direct = shared->latest();
        QVERIFY(direct.device != nullptr);
        const Image a = shown(**presenter, direct);
        const Image b = shown(**presenter, copied->latest());
        QCOMPARE(a.size().width, 400);
        QCOMPARE(test::largestDifference(a, b), 0);
        QCOMPARE(direct.frameNumber, std::int64_t{seed});
      }
  }

  void theFrameOnShowIsNotCopiedByTheProcessor() {
    const Image picture = test::texturedPicture({64, 64}, 3);
    const auto shared = make();
    hand(*shared, picture);
    gpu::FrameView frame = shared->latest();
    frame.pixels = nullptr; // as on a graphics card: only the device can read it
    auto presenter = gpu::Presenter::offscreen(*device_, picture.size());
    QVERIFY(presenter.has_value());
    QCOMPARE(test::largestDifference(shown(**presenter, frame), picture), 0);
    auto second = gpu::Presenter::offscreen(*device_, picture.size()); // reads the same frame again
    QVERIFY(second.has_value());
    QCOMPARE(test::largestDifference(shown(**second, frame), picture), 0);
  }

  void everyDescriptorIsClosedExactlyOnce() {
    { // what the driver opens once for itself
      auto presenter = gpu::Presenter::offscreen(*device_, {64, 48});
      const auto shared = make();
      hand(*shared, test::texturedPicture({64, 48}, 1));
      QVERIFY(presenter && !shown(**presenter, shared->latest()).isNull());
    }
    const std::ptrdiff_t before = openDescriptors();
    std::vector<int> strangers; // take the numbers of descriptors that are closed too early or twice
    {
      auto presenter = gpu::Presenter::offscreen(*device_, {64, 48});
      QVERIFY(presenter.has_value());
      const auto shared = make();
      for (unsigned n = 1; n <= 30; ++n) {
        const Size size{static_cast<std::int32_t>(40 + n * 8), 48}; // grows: slots are made anew
        hand(*shared, test::texturedPicture(size, n), n);
        if (n % 3 == 0)
          QVERIFY(!shown(**presenter, shared->latest()).isNull());
        strangers.push_back(::open("/dev/null", O_RDONLY));
        QVERIFY(strangers.back() >= 0);
      }
      QVERIFY(openDescriptors() <= before + 30 + 3 * 2); // at most what the driver keeps per slot and its import
    }
    for (const int fd : strangers) {
      struct stat info {};
      QVERIFY(::fstat(fd, &info) == 0); // nobody else closed it
      QVERIFY(S_ISCHR(info.st_mode));
      ::close(fd);
    }
    QCOMPARE(openDescriptors(), before);
  }

  void failuresCloseTheirDescriptors() {
    const std::ptrdiff_t before = openDescriptors();
    for (const int good : {0, 1, 2}) {
      auto real = gpu::makeMappedImporter(*device_);
      QVERIFY(real.has_value());
      auto transport = gpu::makeSharedTransport(*device_, std::make_unique<FailingImporter>(std::move(*real), good));
      QVERIFY(transport.has_value());
      const Image picture = test::texturedPicture({32, 32}, 1);
      for (int n = 0; n < good; ++n)
        hand(**transport, test::texturedPicture({32, 32 << n}, 1), n);
      const auto refused = (*transport)->beginWrite({2048, 64});
      QVERIFY(!refused.has_value());
      QCOMPARE(refused.error().code, ErrorCode::Device);
      QCOMPARE((*transport)->latest().isNull(), good == 0);
    }
    // Not memory at all: the driver refuses, and the descriptor is closed.
    auto real = gpu::makeMappedImporter(*device_);
    QVERIFY(real.has_value());
    gpu::ExportedMemory wrong;
    wrong.dedicated = true;
    wrong.fd = gpu::OwnedFd(::open("/dev/null", O_RDONLY));
    QCOMPARE((*real)->importMemory(std::move(wrong)).error().code, ErrorCode::Unsupported);
    QCOMPARE(openDescriptors(), before);
  }

  void aFrameThatIsNotFinishedIsNotShown() {
    auto real = gpu::makeMappedImporter(*device_);
    QVERIFY(real.has_value());
    auto importer = std::make_unique<FailingImporter>(std::move(*real), 100);
    FailingImporter* control = importer.get();
    auto transport = gpu::makeSharedTransport(*device_, std::move(importer));
    QVERIFY(transport.has_value());
    hand(**transport, test::texturedPicture({32, 32}, 1), 1);
    control->finishes = false;
    QVERIFY((*transport)->beginWrite({32, 32}).has_value());
    QCOMPARE((*transport)->endWrite({}, 2).error().code, ErrorCode::Device);
    QCOMPARE((*transport)->latest().frameNumber, 1);
    control->finishes = true;
    hand(**transport, test::texturedPicture({32, 32}, 3), 3);
    QCOMPARE((*transport)->latest().frameNumber, 3);
    QCOMPARE((*transport)->stats().produced, 2u);
  }

  void anOwnedDescriptorHasOneOwner() {
    const std::ptrdiff_t before = openDescriptors();
    {
      gpu::OwnedFd a(::open("/dev/null", O_RDONLY));
      gpu::OwnedFd b(std::move(a));
      QVERIFY(b.isOpen());
      gpu::OwnedFd c(::open("/dev/null", O_RDONLY));
      c = std::move(b); // closes what it had
      QCOMPARE(openDescriptors(), before + 1);
      const int given = c.release();
      QVERIFY(!c.isOpen());
      ::close(given);
    }
    QCOMPARE(openDescriptors(), before);
  }

  void theWriterNeverWaitsAndNeverTearsAFrame() {
    constexpr int kFrames = 600;
    const auto shared = make();
    auto presenter = gpu::Presenter::offscreen(*device_, {32, 32});
    QVERIFY(presenter.has_value());
    std::atomic<bool> ended = false;
    std::jthread writer([&] {
      for (int n = 1; n <= kFrames; ++n) {
        const auto v = static_cast<unsigned char>(n);
        hand(*shared, test::plainPicture({32, 32}, v, static_cast<unsigned char>(255 - v), 7), n);
      }
      ended = true;
    });
    std::int64_t last = 0;
    bool whole = true;
    for (bool final = false; !final;) {
      final = ended;
      const gpu::FrameView frame = shared->latest();
      if (frame.isNull())
        continue;
      whole = whole && frame.frameNumber >= last;
      last = frame.frameNumber;
      const Image image = shown(**presenter, frame);
      const auto v = static_cast<unsigned char>(last);
      const Image wanted = test::plainPicture({32, 32}, v, static_cast<unsigned char>(255 - v), 7);
      whole = whole && test::largestDifference(image, wanted) == 0;
    }
    writer.join();
    QVERIFY(whole);
    QCOMPARE(shared->latest().frameNumber, std::int64_t{kFrames});
    const gpu::TransportStats stats = shared->stats();
    QCOMPARE(stats.taken + stats.dropped, std::uint64_t{kFrames});
  }

  void impossibleSizesAreRefused() {
    const auto shared = make();
    for (const Size size : {Size{}, Size{-1, 4}, Size{kMaxImageSide + 1, 1}})
      QCOMPARE(shared->beginWrite(size).error().code, ErrorCode::InvalidArgument);
    QVERIFY(shared->latest().isNull());
  }

  // On a machine without CUDA, or where the graphics device is another one, sharing is refused with the reason. Where
  // both are the same card this runs the real thing.
  void cudaIsChosenOnlyForTheSameDevice() {
    auto importer = gpu::makeCudaImporter(*device_, nullptr);
    if (!importer) {
      QCOMPARE(importer.error().code, ErrorCode::Unsupported);
      QSKIP(("Not proved with CUDA: " + importer.error().text()).c_str());
    }
    QVERIFY((*importer)->memoryKind() == MemoryKind::Cuda);
    auto transport = gpu::makeSharedTransport(*device_, std::move(*importer));
    QVERIFY2(transport.has_value(), transport ? "" : transport.error().text().c_str());
#if KINORA_HAVE_CUDA
    const Image picture = test::texturedPicture({64, 48}, 5);
    const auto slot = (*transport)->beginWrite(picture.size());
    QVERIFY2(slot.has_value(), slot ? "" : slot.error().text().c_str());
    QVERIFY(slot->memory == MemoryKind::Cuda);
    for (int y = 0; y < 48; ++y)
      QVERIFY(
          kernels::cuda::copyToDevice(slot->pixels + y * slot->strideBytes, picture.row<std::byte>(y), 64 * 4, nullptr)
              .ok());
    QVERIFY((*transport)->endWrite({}, 1).has_value());
    auto presenter = gpu::Presenter::offscreen(*device_, picture.size());
    QVERIFY(presenter.has_value());
    const gpu::FrameView frame = (*transport)->latest();
    QVERIFY(frame.pixels == nullptr);
    QCOMPARE(test::largestDifference(shown(**presenter, frame), picture), 0);
#endif
  }
};

QTEST_GUILESS_MAIN(SharedTransportTest)
#include "tst_gpu_shared.moc"
