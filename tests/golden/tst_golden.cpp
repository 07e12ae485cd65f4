// SPDX-License-Identifier: Apache-2.0
// Every golden case: the compact choice of tests/golden/cases, or the full set that KINORA_GOLDENS names.
#include <QFile>
#include <QTest>

#include "engine/inference/parity/parity.h"
#include "tests/support/files.h"

using namespace kinora;
using namespace kinora::inference;
namespace fs = std::filesystem;

namespace {

// Groups of the full set that these networks replay; others (voices, faces) have networks of their own.
constexpr const char* kGroups[] = {"wan", "dreamidv", "taehv", "text", "clip", "sd", "lora", "schedulers"};

std::vector<fs::path> casesBelow(const fs::path& root) {
  std::vector<fs::path> all;
  for (const char* group : kGroups) {
    if (!fs::exists(root / group))
      continue;
    const std::vector<fs::path> found = findCases(root / group).value();
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

void addRows(const std::vector<fs::path>& folders) {
  QTest::addColumn<QString>("folder");
  for (const fs::path& folder : folders)
    QTest::newRow((folder.parent_path().filename() / folder.filename()).c_str())
        << QString::fromStdString(folder.string());
}

void replay() {
  QFETCH(QString, folder);
  const auto report = replayCase(folder.toStdString());
  QVERIFY2(report, report ? "" : report.error().text().c_str());
  for (const OutputError& output : report->outputs)
    QVERIFY2(output.passed(), QByteArray::fromStdString(output.name + ": " + output.problem + ", " +
                                                        std::to_string(output.worst) + " of the tolerance"));
}

} // namespace

class TestGolden : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void compactChoice_data() { addRows(casesBelow(test::repositoryFile("tests/golden/cases"))); }
  void compactChoice() { replay(); }

  void fullSet_data() {
    const auto full = test::goldensFolder();
    addRows(full ? casesBelow(*full) : std::vector<fs::path>());
    if (!full)
      QTest::newRow("none") << QString();
  }
  void fullSet() {
    QFETCH(QString, folder);
    if (folder.isEmpty())
      QSKIP("KINORA_GOLDENS is not set: only the compact choice in tests/golden/cases was replayed.");
    replay();
  }

  void aCaseFailsWhenItsNumbersAreWrong() {
    const test::TempFolder folder;
    const auto cases = casesBelow(test::repositoryFile("tests/golden/cases"));
    QVERIFY(!cases.empty());
    const fs::path copy = folder.path() / cases.front().filename();
    fs::copy(cases.front(), copy);
    // One byte of the last number of the last output.
    const fs::path outputs = copy / "outputs.safetensors";
    QFile file(QString::fromStdString(outputs.string()));
    QVERIFY(file.open(QIODevice::ReadWrite));
    QVERIFY(file.seek(file.size() - 1));
    QCOMPARE(file.write("\x4b", 1), 1);
    file.close();
    const auto report = replayCase(copy);
    QVERIFY(!report || !report->passed());
  }
};

QTEST_GUILESS_MAIN(TestGolden)
#include "tst_golden.moc"
