// SPDX-License-Identifier: Apache-2.0
// The device is lost in the middle: the table of its functions is the seam, one of them answers VK_ERROR_DEVICE_LOST.
#include <cstring>
#include <mutex>

#include <QtTest>

#include "engine/gpu/device_p.h"
#include "engine/gpu/presenter.h"
#include "engine/gpu/shared_transport.h"
#include "tests/support/pictures.h"

using namespace kinora;

namespace {

VKAPI_ATTR VkResult VKAPI_CALL lostSubmit(VkQueue, std::uint32_t, const VkSubmitInfo2*, VkFence) {
  return VK_ERROR_DEVICE_LOST;
}
VKAPI_ATTR VkResult VKAPI_CALL lostWait(VkDevice, const VkSemaphoreWaitInfo*, std::uint64_t) {
  return VK_ERROR_DEVICE_LOST;
}
VKAPI_ATTR VkResult VKAPI_CALL lostImage(VkDevice, const VkImageCreateInfo*, const VkAllocationCallbacks*, VkImage*) {
  return VK_ERROR_DEVICE_LOST;
}
VKAPI_ATTR VkResult VKAPI_CALL fullImage(VkDevice, const VkImageCreateInfo*, const VkAllocationCallbacks*, VkImage*) {
  return VK_ERROR_OUT_OF_DEVICE_MEMORY;
}

void hand(gpu::FrameTransport& transport, const Image& picture, std::int64_t number = 1) {
  const auto slot = transport.beginWrite(picture.size());
  QVERIFY(slot.has_value());
  for (int y = 0; y < picture.size().height; ++y)
    std::memcpy(slot->pixels + y * slot->strideBytes, picture.row<std::byte>(y),
                static_cast<std::size_t>(picture.size().width) * 4);
  QVERIFY(transport.endWrite({}, number).has_value());
}

} // namespace

class LossTest : public QObject {
  Q_OBJECT

  std::unique_ptr<gpu::Device> device_;
  std::mutex mutex_;
  QStringList messages_;
  std::unique_ptr<gpu::FrameTransport> transport_ = gpu::makeHostTransport();
  const Image picture_ = test::texturedPicture({96, 64}, 9);

  gpu::DrawList list() {
    gpu::DrawList list;
    list.frame = transport_->latest();
    return list;
  }
  std::unique_ptr<gpu::Presenter> presenter() {
    auto made = gpu::Presenter::offscreen(*device_, picture_.size());
    if (!made)
      qFatal("%s", made.error().text().c_str());
    return std::move(*made);
  }
  // The functions of the device that is open now answer as if it were gone.
  void lose(void (*how)(VolkDeviceTable&)) { how(device_->state()->vk); }

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
    hand(*transport_, picture_);
  }
  void cleanup() {
    const std::lock_guard lock(mutex_);
    const QStringList messages = std::exchange(messages_, {});
    QVERIFY2(messages.isEmpty(), qPrintable(messages.join("\n")));
  }

  void aLostDeviceIsOpenedAnewAndThePictureDrawnAgain_data() {
    using How = void (*)(VolkDeviceTable&);
    QTest::addColumn<How>("how");
    QTest::newRow("submitting") << How([](VolkDeviceTable& vk) { vk.vkQueueSubmit2 = lostSubmit; });
    QTest::newRow("waiting") << How([](VolkDeviceTable& vk) { vk.vkWaitSemaphores = lostWait; });
    QTest::newRow("making an image") << How([](VolkDeviceTable& vk) { vk.vkCreateImage = lostImage; });
  }
  void aLostDeviceIsOpenedAnewAndThePictureDrawnAgain() {
    using How = void (*)(VolkDeviceTable&);
    QFETCH(const How, how);
    const auto first = presenter();
    const auto other = presenter();
    for (gpu::Presenter* p : {first.get(), other.get()}) {
      QVERIFY(p->draw(list()).has_value());
      QCOMPARE(test::largestDifference(*p->readback(), picture_), 0);
    }
    const int generation = device_->generation();
    first->resize({100, 70}); // needs a new image
    lose(how);
    const auto drawn = first->draw(list());
    QVERIFY2(drawn && *drawn == gpu::DrawOutcome::Shown, drawn ? "" : drawn.error().text().c_str());
    QCOMPARE(device_->generation(), generation + 1);
    QCOMPARE(first->stats().rebuilds, 1u);
    const auto shown = first->readback();
    QVERIFY(shown.has_value());
    QCOMPARE(shown->size().width, 100);
    for (int y = 0; y < picture_.size().height; ++y)
      QVERIFY(std::memcmp(shown->row<std::byte>(y), picture_.row<std::byte>(y), 96 * 4) == 0);
    // The other presenter finds the new device and does not open a third one.
    QVERIFY(other->draw(list()).has_value());
    QCOMPARE(test::largestDifference(*other->readback(), picture_), 0);
    QCOMPARE(device_->generation(), generation + 1);
    QCOMPARE(first->stats().rebuilds, 1u);
  }

  void aLossWhileReadingBackIsMendedByTheNextDraw() {
    const auto p = presenter();
    QVERIFY(p->draw(list()).has_value());
    lose([](VolkDeviceTable& vk) { vk.vkQueueSubmit2 = lostSubmit; });
    QCOMPARE(p->readback().error().code, ErrorCode::Device);
    QVERIFY(p->draw(list()).has_value());
    QCOMPARE(test::largestDifference(*p->readback(), picture_), 0);
  }

  void fullMemoryIsNoLoss() {
    const auto p = presenter();
    QVERIFY(p->draw(list()).has_value());
    const int generation = device_->generation();
    const auto real = device_->state()->vk.vkCreateImage;
    p->resize({200, 200});
    lose([](VolkDeviceTable& vk) { vk.vkCreateImage = fullImage; });
    QCOMPARE(p->draw(list()).error().code, ErrorCode::OutOfMemory);
    QCOMPARE(device_->generation(), generation);
    device_->state()->vk.vkCreateImage = real;
    QVERIFY(p->draw(list()).has_value());
  }

  void framesOfTheLostDeviceDoNotComeBack() {
    if (!device_->capabilities().externalMemoryFd)
      QSKIP("This device does not hand memory out as a descriptor.");
    const auto make = [this] {
      auto importer = gpu::makeMappedImporter(*device_);
      return gpu::makeSharedTransport(*device_, std::move(*importer));
    };
    auto shared = make();
    QVERIFY(shared.has_value());
    hand(**shared, picture_);
    const auto p = presenter();
    gpu::DrawList list;
    list.surround = {9, 9, 9};
    list.frame = (*shared)->latest();
    list.frame.pixels = nullptr; // only the device could read it
    lose([](VolkDeviceTable& vk) { vk.vkQueueSubmit2 = lostSubmit; });
    QVERIFY(p->draw(list).has_value());
    QCOMPARE(p->readback()->row<std::uint8_t>(5)[20], std::uint8_t{9});
    shared = make();
    QVERIFY(shared.has_value());
    hand(**shared, picture_);
    list.frame = (*shared)->latest();
    QVERIFY(p->draw(list).has_value());
    QCOMPARE(test::largestDifference(*p->readback(), picture_), 0);
  }
};

QTEST_GUILESS_MAIN(LossTest)
#include "tst_gpu_loss.moc"
