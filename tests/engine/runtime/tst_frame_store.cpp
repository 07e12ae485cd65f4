// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include <QtTest/QTest>
#include <unistd.h>

#include "engine/runtime/generation/frame_store.h"
#include "tests/support/files.h"
#include "tests/support/pictures.h"

using namespace kinora;
using namespace kinora::runtime;
using session::Quality;
namespace fs = std::filesystem;

namespace {

constexpr Size kSize{64, 16};
const std::int64_t kFrameBytes = test::plainPicture(kSize, 0, 0, 0).byteSize();
const ContentKey kKey{1, 2};

Image frame(int n) {
  return test::plainPicture(kSize, static_cast<unsigned char>(n), 7, 9);
}

std::unique_ptr<FrameStore> store(std::int64_t frames, const fs::path& folder = {}, std::int64_t diskFrames = 1000) {
  auto opened = FrameStore::open(folder, frames * kFrameBytes, diskFrames * kFrameBytes);
  if (!opened)
    qFatal("%s", opened.error().message.c_str());
  return std::move(*opened);
}

std::vector<fs::path> filesBelow(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file())
      found.push_back(entry.path());
  return found;
}

} // namespace

class TestFrameStore : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void finalReplacesQuickAndNeverTheOtherWay() {
    const auto s = store(10);
    s->put({kKey, 0}, frame(1), Quality::Quick);
    s->put({kKey, 0}, frame(2), Quality::Final);
    s->put({kKey, 0}, frame(3), Quality::Quick);
    const auto found = s->find({kKey, 0});
    QVERIFY(found && found->quality == Quality::Final && found->opaque);
    QVERIFY(samePixels(found->image, frame(2)));
    QVERIFY(!s->find({kKey, 1}).has_value());
    QVERIFY(!s->find({ContentKey{9, 9}, 0}).has_value());
  }

  void promotionMakesAKeyFinal() {
    const auto s = store(10);
    s->put({kKey, 0}, frame(1), Quality::Quick);
    s->put({ContentKey{5, 5}, 0}, frame(1), Quality::Quick);
    s->promote(kKey);
    QVERIFY(s->quality({kKey, 0}) == Quality::Final);
    QVERIFY(s->quality({ContentKey{5, 5}, 0}) == Quality::Quick);
  }

  void memoryLimitDropsTheLongestUnused() {
    const auto s = store(3);
    for (int i = 0; i < 3; ++i)
      s->put({kKey, i}, frame(i), Quality::Final);
    QVERIFY(s->find({kKey, 0}).has_value()); // used: 1 is now the oldest
    s->put({kKey, 3}, frame(3), Quality::Final);
    QVERIFY(!s->find({kKey, 1}).has_value());
    QVERIFY(s->find({kKey, 0}).has_value());
    QCOMPARE(s->totals().memoryBytes, 3 * kFrameBytes);
    QCOMPARE(s->totals().frames, 3);
  }

  void pinnedFramesStayAndWantedOnesGoLast() {
    const auto s = store(3);
    const ContentKey wanted{7, 7};
    s->setWanted(PinOwner::Screen, {wanted});
    s->setPinned(PinOwner::Screen, {{kKey, 0}});
    s->put({kKey, 0}, frame(0), Quality::Final);
    s->put({wanted, 0}, frame(1), Quality::Final);
    s->put({kKey, 1}, frame(2), Quality::Final);
    s->put({kKey, 2}, frame(3), Quality::Final);
    QVERIFY(s->isInMemory({kKey, 0}));
    QVERIFY(s->isInMemory({wanted, 0}));
    QVERIFY(!s->isInMemory({kKey, 1}));
  }

  void framesPushedOutComeBackFromDisk() {
    const test::TempFolder folder;
    const auto s = store(2, folder.path());
    for (int i = 0; i < 6; ++i)
      s->put({kKey, i}, frame(i), Quality::Final);
    QVERIFY(!s->isInMemory({kKey, 0}));
    QVERIFY(s->quality({kKey, 0}) == Quality::Final);
    QVERIFY(s->load({kKey, 0}));
    QVERIFY(samePixels(s->find({kKey, 0})->image, frame(0)));
    QVERIFY(s->totals().diskBytes > 0);
    QCOMPARE(s->totals().frames, 6);
  }

  void quickFramesNeverReachTheDisk() {
    const test::TempFolder folder;
    const auto s = store(1, folder.path());
    for (int i = 0; i < 4; ++i)
      s->put({kKey, i}, frame(i), Quality::Quick);
    QVERIFY(filesBelow(folder.path()).empty());
  }

  void laterRunsFindEarlierFrames() {
    const test::TempFolder folder;
    {
      const auto s = store(1, folder.path());
      for (int i = 0; i < 3; ++i)
        s->put({kKey, i}, frame(i), Quality::Final);
    }
    const auto s = store(4, folder.path());
    QVERIFY(s->quality({kKey, 0}) == Quality::Final);
    QVERIFY(s->load({kKey, 1}));
    QVERIFY(samePixels(s->find({kKey, 1})->image, frame(1)));
  }

  void diskLimitRemovesTheOldest() {
    const test::TempFolder folder;
    const auto s = store(1, folder.path(), 3);
    for (int i = 0; i < 12; ++i)
      s->put({kKey, i}, frame(i), Quality::Final);
    std::int64_t bytes = 0;
    for (const fs::path& file : filesBelow(folder.path()))
      bytes += static_cast<std::int64_t>(fs::file_size(file));
    QVERIFY(bytes <= 3 * kFrameBytes);
    QCOMPARE(s->totals().diskBytes, bytes);
    QVERIFY(!s->load({kKey, 0}));
  }

  void damagedFilesAreForgotten_data() {
    QTest::addColumn<int>("how");
    QTest::newRow("empty") << 0;
    QTest::newRow("cut") << 1;
    QTest::newRow("one bit") << 2;
    QTest::newRow("text") << 3;
    QTest::newRow("gone") << 4;
  }
  void damagedFilesAreForgotten() {
    QFETCH(int, how);
    const test::TempFolder folder;
    const auto s = store(1, folder.path());
    s->put({kKey, 0}, frame(0), Quality::Final);
    s->put({kKey, 1}, frame(1), Quality::Final);
    QCOMPARE(filesBelow(folder.path()).size(), std::size_t{1});
    const fs::path file = filesBelow(folder.path()).front();
    switch (how) {
    case 0:
      fs::resize_file(file, 0);
      break;
    case 1:
      fs::resize_file(file, fs::file_size(file) / 2);
      break;
    case 2: {
      std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
      const auto middle = static_cast<std::streamoff>(fs::file_size(file) / 2);
      stream.seekg(middle);
      const int byte = stream.get();
      stream.seekp(middle);
      stream.put(static_cast<char>(byte ^ 1));
      break;
    }
    case 3:
      std::ofstream(file) << "hello";
      break;
    default:
      fs::remove(file);
      break;
    }
    QVERIFY(!s->load({kKey, 0}));
    QVERIFY(!s->quality({kKey, 0}).has_value());
    s->put({kKey, 0}, frame(5), Quality::Final); // made again
    QVERIFY(samePixels(s->find({kKey, 0})->image, frame(5)));
  }

  void leftOverPartsAndStrangersAreNotFrames() {
    const test::TempFolder folder;
    folder.write("aa/notakey/000001.frame", "x");
    folder.write("readme.txt", "mine");
    const auto s = store(4, folder.path());
    QCOMPARE(s->totals().frames, 0);
    QVERIFY(fs::exists(folder.file("readme.txt")));
  }

  // Another process may be writing to the same folder at this moment.
  void onlyPartsOfEndedProcessesAreRemoved() {
    const test::TempFolder folder;
    const auto part = [&](const std::string& process, bool old) {
      const fs::path path =
          folder.write("aa/aa000000000000000000000000000000/000001.frame." + process + ".0.part", "half");
      if (old)
        fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(1));
      return path;
    };
    const fs::path abandoned = part("2147483647", true);  // no process can have this number
    const fs::path elsewhere = part("2147483646", false); // of another machine: being written
    const fs::path ours = part(std::to_string(::getpid()), true);
    const fs::path strange = part("x", true);
    (void)store(4, folder.path());
    QVERIFY(!fs::exists(abandoned));
    for (const fs::path& path : {elsewhere, ours, strange})
      QVERIFY2(fs::exists(path), path.c_str());
  }

  void failuresRestAndAreForgiven() {
    const auto s = store(4);
    s->setWanted(PinOwner::Screen, {kKey});
    QVERIFY(s->mayTry(kKey) && !s->nextTry());
    s->fail(kKey, {ErrorCode::Device, "no luck", ""});
    QVERIFY(s->failure(kKey) && !s->mayTry(kKey));
    const auto first = s->nextTry();
    s->fail(kKey, {ErrorCode::Device, "no luck", ""});
    QVERIFY(first && *s->nextTry() - *first >= std::chrono::milliseconds(900)); // twice as long
    s->forgive(std::array{kKey});
    QVERIFY(!s->failure(kKey) && s->mayTry(kKey) && !s->nextTry());
    s->fail(kKey, {ErrorCode::Device, "no luck", ""});
    s->put({kKey, 3}, frame(1), Quality::Quick); // it worked after all
    QVERIFY(!s->failure(kKey));
  }

  void waitingEndsWithTheFrameTheFailureOrTheStop() {
    const auto s = store(10);
    std::stop_source stop;
    {
      std::jthread maker([&] {
        s->put({kKey, 0}, frame(1), Quality::Quick);
        s->put({kKey, 0}, frame(2), Quality::Final);
      });
      const auto got = s->waitFor({kKey, 0}, Quality::Final, stop.get_token());
      QVERIFY(got && samePixels(got->image, frame(2)));
    }
    {
      std::jthread breaker([&] { s->fail(kKey, {ErrorCode::Device, "no luck", ""}); });
      const auto got = s->waitFor({kKey, 1}, Quality::Final, stop.get_token());
      QVERIFY(!got && got.error().code == ErrorCode::Device);
    }
    {
      std::jthread stopper([&] { stop.request_stop(); });
      const auto got = s->waitFor({ContentKey{8, 8}, 0}, Quality::Final, stop.get_token());
      QVERIFY(!got && got.error().code == ErrorCode::Cancelled);
    }
  }

  void aFolderThatCannotBeWrittenIsAnError() {
    const test::TempFolder folder;
    folder.write("file", "in the way");
    const auto opened = FrameStore::open(folder.file("file") / "frames", 1000, 1000);
    QVERIFY(!opened.has_value());
    QCOMPARE(opened.error().code, ErrorCode::Io);
  }
};

QTEST_APPLESS_MAIN(TestFrameStore)
#include "tst_frame_store.moc"
