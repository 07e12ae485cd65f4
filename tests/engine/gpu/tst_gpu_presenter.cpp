// SPDX-License-Identifier: Apache-2.0
// Everything is drawn with the validation layer on where it is installed; any message of it fails the test.
#include <cstring>
#include <mutex>

#include <QtTest>

#include "engine/gpu/presenter.h"
#include "tests/support/pictures.h"

using namespace kinora;

namespace {

void hand(gpu::FrameTransport& transport, const Image& picture, std::int64_t number = 1) {
  const auto slot = transport.beginWrite(picture.size());
  QVERIFY(slot.has_value());
  for (int y = 0; y < picture.size().height; ++y)
    std::memcpy(slot->pixels + y * slot->strideBytes, picture.row<std::byte>(y),
                static_cast<std::size_t>(picture.size().width) * 4);
  QVERIFY(transport.endWrite({}, number).has_value());
}

std::array<int, 4> pixel(const Image& image, int x, int y) {
  const auto* p = image.row<std::uint8_t>(y) + x * 4;
  return {p[0], p[1], p[2], p[3]};
}

} // namespace

class PresenterTest : public QObject {
  Q_OBJECT

  std::unique_ptr<gpu::Device> device_;
  std::mutex mutex_;
  QStringList messages_;

  Image draw(gpu::Presenter& presenter, const gpu::DrawList& list) {
    const auto drawn = presenter.draw(list);
    if (!drawn)
      qWarning("%s", drawn.error().text().c_str());
    auto image = presenter.readback();
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
    device_ = std::move(*device);
    if (!device_->capabilities().validation)
      qWarning("The validation layer is not installed: its messages are not proved absent.");
  }
  void cleanup() {
    const std::lock_guard lock(mutex_);
    const QStringList messages = std::exchange(messages_, {});
    QVERIFY2(messages.isEmpty(), qPrintable(messages.join("\n")));
  }

  void capabilitiesAreFilled() {
    const gpu::Capabilities& c = device_->capabilities();
    QVERIFY(!c.deviceName.empty());
    QVERIFY(c.timelineSemaphore && c.synchronization2 && c.dynamicRendering);
    QVERIFY(c.maxImageSide >= 4096);
    QVERIFY(!c.surfaces); // they were not asked for
    QVERIFY(device_->nativeInstance() != 0);
  }

  void anUnknownDeviceIsNamed() {
    gpu::DeviceOptions options;
    options.device = "no such card";
    const auto device = gpu::Device::create(options);
    QVERIFY(!device.has_value());
    QCOMPARE(device.error().code, ErrorCode::NotFound);
    QVERIFY(device.error().message.find("no such card") != std::string::npos);
    QVERIFY(device.error().message.find(device_->capabilities().deviceName) != std::string::npos);
  }

  void withoutDriverTheMessageSaysWhatToInstall() {
    const QByteArray before = qgetenv("VK_ICD_FILENAMES");
    qputenv("VK_ICD_FILENAMES", "/nonexistent.json");
    const auto device = gpu::Device::create();
    before.isNull() ? qunsetenv("VK_ICD_FILENAMES") : qputenv("VK_ICD_FILENAMES", before);
    QVERIFY(!device.has_value());
    QCOMPARE(device.error().code, ErrorCode::Unsupported);
    QVERIFY(device.error().message.find("Install") != std::string::npos);
  }

  void whatIsShownEqualsTheSource() {
    const Image picture = test::texturedPicture({321, 200}, 4);
    const auto transport = gpu::makeHostTransport();
    hand(*transport, picture);
    auto presenter = gpu::Presenter::offscreen(*device_, picture.size());
    QVERIFY(presenter.has_value());
    gpu::DrawList list;
    list.frame = transport->latest();
    const Image shown = draw(**presenter, list);
    QCOMPARE(test::largestDifference(shown, picture), 0);
  }

  void surroundAndOffset() {
    const Image picture = test::plainPicture({10, 10}, 200, 20, 30);
    const auto transport = gpu::makeHostTransport();
    hand(*transport, picture);
    auto presenter = gpu::Presenter::offscreen(*device_, {40, 30});
    QVERIFY(presenter.has_value());
    gpu::DrawList list;
    list.surround = {17, 34, 51};
    QCOMPARE(pixel(draw(**presenter, list), 20, 15), (std::array{17, 34, 51, 255}));
    list.frame = transport->latest();
    list.transform = {2, 5, 7};
    const Image shown = draw(**presenter, list);
    QCOMPARE(pixel(shown, 4, 7), (std::array{17, 34, 51, 255}));
    QCOMPARE(pixel(shown, 5, 7), (std::array{200, 20, 30, 255}));
    QCOMPARE(pixel(shown, 24, 26), (std::array{200, 20, 30, 255}));
    QCOMPARE(pixel(shown, 25, 27), (std::array{17, 34, 51, 255}));
  }

  void largeZoomShowsSquares() {
    const Image picture = test::texturedPicture({8, 8}, 2);
    const auto transport = gpu::makeHostTransport();
    hand(*transport, picture);
    auto presenter = gpu::Presenter::offscreen(*device_, {64, 64});
    QVERIFY(presenter.has_value());
    gpu::DrawList list;
    list.frame = transport->latest();
    list.transform.scale = 8;
    const Image shown = draw(**presenter, list);
    for (int y = 0; y < 64; ++y)
      for (int x = 0; x < 64; ++x)
        QCOMPARE(pixel(shown, x, y), pixel(picture, x / 8, y / 8));
  }

  void shrinkingAverages() {
    auto checks = MutableImage::allocate(PixelFormat::Rgba8, {64, 64});
    QVERIFY(checks.has_value());
    for (int y = 0; y < 64; ++y)
      for (int x = 0; x < 64; ++x) {
        const std::uint8_t v = (x + y) % 2 ? 255 : 0;
        auto* p = checks->row<std::uint8_t>(y) + x * 4;
        p[0] = p[1] = p[2] = v;
        p[3] = 255;
      }
    const Image picture = std::move(*checks).freeze();
    const auto transport = gpu::makeHostTransport();
    hand(*transport, picture);
    auto presenter = gpu::Presenter::offscreen(*device_, {8, 8});
    QVERIFY(presenter.has_value());
    gpu::DrawList list;
    list.frame = transport->latest();
    list.transform.scale = .125f;
    const Image shown = draw(**presenter, list);
    for (int y = 0; y < 8; ++y)
      for (int x = 0; x < 8; ++x)
        QVERIFY(std::abs(pixel(shown, x, y)[0] - 127) <= 2);
  }

  void theOverlayIsBlendedAndUploadedWhereDirty() {
    auto presenter = gpu::Presenter::offscreen(*device_, {32, 32});
    QVERIFY(presenter.has_value());
    std::vector<std::uint8_t> overlay(32 * 32 * 4, 0);
    gpu::DrawList list;
    list.surround = {100, 100, 100};
    list.overlay = {reinterpret_cast<const std::byte*>(overlay.data()), 32 * 4, {32, 32}, {}};
    QCOMPARE(pixel(draw(**presenter, list), 3, 3), (std::array{100, 100, 100, 255}));
    const std::uint64_t first = (*presenter)->stats().uploadedBytes;
    QCOMPARE(first, 32u * 32 * 4);
    for (const int x : {3, 20}) {
      std::uint8_t* p = overlay.data() + (3 * 32 + x) * 4;
      p[0] = 128; // half-transparent red, premultiplied
      p[3] = 128;
    }
    const gpu::PixelRect dirty[] = {{2, 2, 4, 4}, {-10, -10, 4, 4}};
    list.overlay.dirty = dirty;
    const Image shown = draw(**presenter, list);
    QVERIFY(std::abs(pixel(shown, 3, 3)[0] - 178) <= 1);
    QVERIFY(std::abs(pixel(shown, 3, 3)[1] - 50) <= 1);
    QCOMPARE(pixel(shown, 20, 3), (std::array{100, 100, 100, 255})); // was not said to be dirty
    QCOMPARE((*presenter)->stats().uploadedBytes, first + 4 * 4 * 4);
  }

  void aSteadyStreamDoesNotAllocate() {
    const Image picture = test::texturedPicture({200, 100}, 1);
    const auto transport = gpu::makeHostTransport();
    auto presenter = gpu::Presenter::offscreen(*device_, {200, 100});
    QVERIFY(presenter.has_value());
    std::uint64_t after = 0;
    for (int n = 0; n < 20; ++n) {
      hand(*transport, picture, n);
      gpu::DrawList list;
      list.frame = transport->latest();
      QVERIFY((*presenter)->draw(list).has_value());
      if (n == 3)
        after = (*presenter)->stats().allocations;
    }
    QCOMPARE((*presenter)->stats().allocations, after);
    QCOMPARE((*presenter)->stats().shown, 20u);
  }

  void resizeAndMinimise() {
    auto presenter = gpu::Presenter::offscreen(*device_, {20, 20});
    QVERIFY(presenter.has_value());
    (*presenter)->resize({});
    const auto skipped = (*presenter)->draw({});
    QVERIFY(skipped && *skipped == gpu::DrawOutcome::Skipped);
    for (const Size size : {Size{50, 10}, Size{7, 90}, Size{300, 300}}) {
      (*presenter)->resize(size);
      QCOMPARE(draw(**presenter, {}).size().width, size.width);
    }
  }

  void afterTheDeviceIsLostTheFrameIsStillThere() {
    const Image picture = test::texturedPicture({64, 64}, 9);
    const auto transport = gpu::makeHostTransport();
    hand(*transport, picture);
    auto presenter = gpu::Presenter::offscreen(*device_, picture.size());
    QVERIFY(presenter.has_value());
    gpu::DrawList list;
    list.frame = transport->latest();
    QCOMPARE(test::largestDifference(draw(**presenter, list), picture), 0);
    const int generation = device_->generation();
    QVERIFY(device_->recreate().has_value());
    QCOMPARE(device_->generation(), generation + 1);
    QCOMPARE(test::largestDifference(draw(**presenter, list), picture), 0);
    QCOMPARE((*presenter)->stats().rebuilds, 1u);
  }

  void impossibleRequestsAreErrors() {
    QVERIFY(!gpu::Presenter::offscreen(*device_, {}).has_value());
    QVERIFY(!gpu::Presenter::offscreen(*device_, {1 << 20, 4}).has_value());
    QCOMPARE(gpu::Presenter::window(*device_, 1, {4, 4}).error().code, ErrorCode::Unsupported);
    auto presenter = gpu::Presenter::offscreen(*device_, {4, 4});
    QVERIFY(presenter.has_value());
    QCOMPARE((*presenter)->readback().error().code, ErrorCode::InvalidArgument);
  }
};

QTEST_GUILESS_MAIN(PresenterTest)
#include "tst_gpu_presenter.moc"
