// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include <QtTest/QTest>

#include "engine/base/file.h"
#include "tests/support/files.h"

using namespace kinora;
namespace fs = std::filesystem;

class TestFiles : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void writesWholeFilesAndLeavesNoPart() {
    const test::TempFolder folder;
    const fs::path path = folder.file("project.kinora");
    QVERIFY(writeFileAtomically(path, "first").has_value());
    QVERIFY(writeFileAtomically(path, "second").has_value());
    QCOMPARE(*readTextFile(path, 100), std::string("second"));
    QCOMPARE(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), std::ptrdiff_t{1});
  }

  void aFailedWriteKeepsTheOldFile() {
    const test::TempFolder folder;
    const fs::path path = folder.write("kept.kinora", "old");
    fs::create_directory(partPath(path)); // the part file cannot be created
    const auto written = writeFileAtomically(path, "new");
    QVERIFY(!written.has_value());
    QCOMPARE(written.error().code, ErrorCode::Io);
    QCOMPARE(*readTextFile(path, 100), std::string("old"));
  }

  void partNamesKeepTheEnding() {
    QCOMPARE(partPath("a/clip.mp4"), fs::path("a/clip.part.mp4"));
    QCOMPARE(partPath("frames"), fs::path("frames.part"));
  }

  void readingSaysWhatIsWrong() {
    const test::TempFolder folder;
    QCOMPARE(readFile(folder.file("none"), 10).error().code, ErrorCode::NotFound);
    QCOMPARE(readFile(folder.path(), 10).error().code, ErrorCode::InvalidArgument);
    const fs::path large = folder.write("large", std::string(100'000, 'x'));
    const auto tooLarge = readFile(large, 99'999);
    QCOMPARE(tooLarge.error().code, ErrorCode::InvalidArgument);
    QVERIFY(tooLarge.error().text().find("large") != std::string::npos);
    QCOMPARE(readFile(large, 100'000)->size(), std::size_t{100'000});
    QCOMPARE(readFile("/dev/null", 10)->size(), std::size_t{0});
  }

  void publishingAMissingPartIsAnError() {
    const test::TempFolder folder;
    QVERIFY(!publishPart(folder.file("no.part.mp4"), folder.file("no.mp4")).has_value());
    QVERIFY(!fs::exists(folder.file("no.mp4")));
  }

  void hashesFollowTheBytes() {
    const test::TempFolder folder;
    const fs::path a = folder.write("a", "same");
    const fs::path b = folder.write("b", "same");
    const fs::path c = folder.write("c", "other");
    QVERIFY(*hashFile(a) == *hashFile(b));
    QVERIFY(*hashFile(a) != *hashFile(c));
    QCOMPARE(hashFile(folder.file("none")).error().code, ErrorCode::NotFound);
  }
};

QTEST_APPLESS_MAIN(TestFiles)
#include "tst_files.moc"
