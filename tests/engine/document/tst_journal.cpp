// SPDX-License-Identifier: Apache-2.0
#include <QTest>

#include <algorithm>
#include <csignal>
#include <optional>

#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/document/journal.h"
#include "tests/engine/document/samples.h"
#include "tests/support/files.h"

using namespace kinora;
using namespace kinora::document;
using test::need;
namespace fs = std::filesystem;

namespace {

std::size_t copiesIn(const fs::path& folder) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(folder))
    count += entry.path().extension() == ".kinora" ? 1 : 0;
  return count;
}

std::vector<fs::path> copyPaths(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".kinora")
      paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

class JournalTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void init() { folder_.emplace(); }
  void cleanup() { folder_.reset(); }

  void restoresWhatWasSavedLast() {
    const auto s = test::sampleDocument();
    const auto renamed = need(edit::rename(s.document, "Crossing"));
    {
      auto journal = need(Journal::open(folder_->path(), "/projects/sea.kinora"));
      QVERIFY(journal.save(s.document).has_value());
      QVERIFY(journal.save(renamed).has_value());
      QVERIFY(need(listRecoverable(folder_->path())).empty()); // its owner lives
    }
    const auto found = need(listRecoverable(folder_->path()));
    QCOMPARE(found.size(), std::size_t{1});
    QCOMPARE(found[0].original, fs::path("/projects/sea.kinora"));
    QCOMPARE(found[0].name, std::string("Crossing"));
    QVERIFY(*need(recover(found[0])) == *renamed);
    QVERIFY(discard(found[0]).has_value());
    QVERIFY(need(listRecoverable(folder_->path())).empty());
    QVERIFY(!fs::exists(found[0].folder));
    QVERIFY(discard(found[0]).has_value()); // once more does no harm
  }

  void closingLeavesNothing() {
    auto journal = need(Journal::open(folder_->path(), {}));
    QVERIFY(journal.save(test::sampleDocument().document).has_value());
    QVERIFY(journal.close().has_value());
    QVERIFY(fs::is_empty(folder_->path()));
  }

  void keepsAFewCopies() {
    auto doc = test::sampleDocument().document;
    auto journal = need(Journal::open(folder_->path(), {}, 2));
    for (int i = 0; i < 12; ++i) {
      doc = need(edit::rename(doc, "Version " + std::to_string(i)));
      QVERIFY(journal.save(doc).has_value());
      QVERIFY(journal.save(doc).has_value()); // the same again writes nothing
      QCOMPARE(copiesIn(journal.folder()), std::size_t(std::min(i + 1, 3)));
    }
  }

  void aDamagedCopyFallsBackToTheOneBefore_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("cut off") << QByteArray("{\"schema\": \"kinora.project/1\", \"na");
    QTest::newRow("zeros") << QByteArray(4096, '\0');
    QTest::newRow("other file") << QByteArray(R"({"schema": "kinora.tracks/1"})");
  }

  void aDamagedCopyFallsBackToTheOneBefore() {
    QFETCH(QByteArray, bytes);
    const auto s = test::sampleDocument();
    fs::path place;
    {
      auto journal = need(Journal::open(folder_->path(), "/a.kinora"));
      QVERIFY(journal.save(s.document).has_value());
      QVERIFY(journal.save(need(edit::rename(s.document, "Later"))).has_value());
      place = journal.folder();
    }
    const auto paths = copyPaths(place);
    QCOMPARE(paths.size(), std::size_t{2});
    QVERIFY(writeFileAtomically(paths[1], {bytes.data(), static_cast<std::size_t>(bytes.size())}).has_value());
    auto found = need(listRecoverable(folder_->path()));
    QCOMPARE(found.size(), std::size_t{1});
    QVERIFY(*need(recover(found[0])) == *s.document);
    // With no copy left that can be read there is nothing to offer.
    QVERIFY(writeFileAtomically(paths[0], {bytes.data(), static_cast<std::size_t>(bytes.size())}).has_value());
    QVERIFY(need(listRecoverable(folder_->path())).empty());
    QVERIFY(!recover(found[0]).has_value());
  }

  void anUnfinishedWriteIsNoCopy() {
    fs::path place;
    {
      auto journal = need(Journal::open(folder_->path(), {}));
      place = journal.folder();
    }
    QVERIFY(writeFileAtomically(place / "copy-000001.part.kinora", "{").has_value());
    QVERIFY(writeFileAtomically(place / "copy-x.kinora", "{").has_value());
    QVERIFY(writeFileAtomically(place / "copy-99999999999999999999999.kinora", "{").has_value());
    QVERIFY(need(listRecoverable(folder_->path())).empty());
    QVERIFY(!fs::exists(place)); // nothing in it was worth keeping
  }

  void survivesAKilledProgram() {
    const auto s = test::sampleDocument();
    const pid_t child = ::fork();
    if (child == 0) {
      auto journal = Journal::open(folder_->path(), "/killed.kinora");
      if (!journal || !journal->save(s.document))
        ::_exit(1);
      ::kill(::getpid(), SIGKILL);
    }
    QVERIFY(child > 0);
    int status = 0;
    QCOMPARE(::waitpid(child, &status, 0), child);
    QVERIFY(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    const auto found = need(listRecoverable(folder_->path()));
    QCOMPARE(found.size(), std::size_t{1});
    QVERIFY(*need(recover(found[0])) == *s.document);
  }

  void aDamagedNoteLosesOnlyThePath() {
    const auto s = test::sampleDocument();
    fs::path place;
    {
      auto journal = need(Journal::open(folder_->path(), "/a.kinora"));
      QVERIFY(journal.save(s.document).has_value());
      QVERIFY(journal.setOriginal("/b/c.kinora").has_value());
      place = journal.folder();
    }
    QCOMPARE(need(listRecoverable(folder_->path()))[0].original, fs::path("/b/c.kinora"));
    QVERIFY(writeFileAtomically(place / "about.json", "{\"original\": 7").has_value());
    const auto found = need(listRecoverable(folder_->path()));
    QCOMPARE(found.size(), std::size_t{1});
    QVERIFY(found[0].original.empty());
  }

  void severalProjectsSideBySide() {
    const auto s = test::sampleDocument();
    auto open = need(Journal::open(folder_->path(), "/open.kinora"));
    QVERIFY(open.save(s.document).has_value());
    {
      auto crashed = need(Journal::open(folder_->path(), "/crashed.kinora"));
      QVERIFY(crashed.save(s.document).has_value());
    }
    const auto found = need(listRecoverable(folder_->path()));
    QCOMPARE(found.size(), std::size_t{1});
    QCOMPARE(found[0].original, fs::path("/crashed.kinora"));
    // What is open cannot be thrown away from elsewhere, and nothing that is not a journal either.
    QVERIFY(!discard({open.folder(), {}, {}, {}}).has_value());
    QVERIFY(!discard({folder_->path(), {}, {}, {}}).has_value());
    QVERIFY(fs::exists(open.folder()));
  }

  void foreignThingsInTheFolder() {
    QVERIFY(need(listRecoverable(folder_->file("not there"))).empty());
    fs::create_directories(folder_->file("project-abcdef"));
    fs::create_directories(folder_->file("other"));
    folder_->write("project-file", "x");
    QVERIFY(need(listRecoverable(folder_->path())).empty());
    QVERIFY(!Journal::open(folder_->path(), {}, -1).has_value());
    QCOMPARE(Journal::open(folder_->file("project-file"), {}).error().code, ErrorCode::Io);
  }

 private:
  std::optional<test::TempFolder> folder_;
};

} // namespace

QTEST_APPLESS_MAIN(JournalTest)
#include "tst_journal.moc"
