// SPDX-License-Identifier: Apache-2.0
#include <QTest>

#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "engine/inference/parity/parity.h"
#include "tests/support/files.h"

using namespace kinora;
using namespace kinora::inference;

namespace fs = std::filesystem;

class TestWanParity : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  // Every Wan and DreamID-V case meets its reference, in every key grammar, call by call.
  void cases_data() {
    QTest::addColumn<QString>("folder");
    const fs::path root = test::goldensFolder().value_or(test::repositoryFile("tests/golden/cases"));
    int rows = 0;
    for (const char* group : {"wan", "dreamidv"}) {
      const auto found = findCases(root / group);
      if (!found)
        continue;
      for (const fs::path& folder : *found) {
        const std::string name = folder.filename().string();
        if (name.starts_with("vae"))
          continue; // the autoencoders have their own test
        QTest::newRow(qPrintable(QString("%1/%2").arg(group, QString::fromStdString(name))))
            << QString::fromStdString(folder.string());
        ++rows;
      }
    }
    QVERIFY2(rows >= 8, "the golden cases are missing");
  }
  void cases() {
    QFETCH(QString, folder);
    const auto report = replayCase(folder.toStdString());
    if (!report)
      QFAIL(qPrintable(QString::fromStdString(report.error().text())));
    QVERIFY(!report->outputs.empty());
    for (const OutputError& output : report->outputs)
      QVERIFY2(output.passed(), qPrintable(QString("%1: %2 of the tolerance %3")
                                               .arg(QString::fromStdString(output.name))
                                               .arg(output.worst)
                                               .arg(QString::fromStdString(output.problem))));
  }

  // The bookkeeping is compared number by number: one wrong index, one missing or added call, and the case fails.
  void bookkeepingIsCompared_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("change");
    QTest::newRow("window index") << "wan/causal_longlive_switch"
                                  << "local_end_index";
    QTest::newRow("time") << "wan/causal_longlive_switch"
                          << "t";
    QTest::newRow("missing call") << "wan/causal_longlive_switch"
                                  << "missing";
    QTest::newRow("eviction queue") << "wan/causal_sdv2_batch_adapt_hot"
                                    << "evict_end_slots";
    QTest::newRow("pixel frames") << "wan/causal_track_i2v"
                                  << "pixel_frames_needed";
  }
  void bookkeepingIsCompared() {
    QFETCH(QString, name);
    QFETCH(QString, change);
    const auto source = test::goldenCase(name.toStdString());
    if (!source)
      QSKIP("the case is not here");
    const test::TempFolder folder;
    fs::copy(*source, folder.path(), fs::copy_options::recursive);
    nlohmann::json description = nlohmann::json::parse(std::ifstream(folder.file("case.json")));
    nlohmann::json& steps = description.at("steps");
    const std::string field = change.toStdString();
    if (field == "missing")
      steps.erase(steps.size() - 1);
    else if (field == "evict_end_slots")
      steps.at(4).at(field).at("block1").at(1).push_back(1);
    else if (field == "pixel_frames_needed")
      steps.at(6).at(field) = {2, 13};
    else
      steps.at(7).at(field) = 3;
    std::ofstream(folder.file("case.json")) << description;
    const auto report = replayCase(folder.path());
    QVERIFY(!report.has_value());
    if (field != "missing")
      QVERIFY2(report.error().message.find(field) != std::string::npos,
               qPrintable(QString::fromStdString(report.error().message)));
  }
};

QTEST_APPLESS_MAIN(TestWanParity)
#include "tst_wan_parity.moc"
