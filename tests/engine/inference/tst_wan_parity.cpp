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
