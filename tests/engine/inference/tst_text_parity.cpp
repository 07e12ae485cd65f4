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

class TestTextParity : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  // One wrong id, one wrong character and the case fails: texts in case.json are outputs, too.
  void textsAreCompared_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("field");
    QTest::newRow("id") << "text/umt5"
                        << "ids";
    QTest::newRow("character") << "text/umt5"
                               << "cleaned";
    QTest::newRow("CLIP id") << "text/clip_bpe"
                             << "ids";
  }
  void textsAreCompared() {
    QFETCH(QString, name);
    QFETCH(QString, field);
    const auto source = test::goldenCase(name.toStdString());
    QVERIFY(source.has_value());
    const test::TempFolder folder;
    fs::copy(*source, folder.path(), fs::copy_options::recursive);
    nlohmann::json description = nlohmann::json::parse(std::ifstream(folder.file("case.json")));
    nlohmann::json& value = description.at("strings").at(2).at(field.toStdString());
    if (value.is_string())
      value = value.get<std::string>() + ".";
    else
      value.at(1) = value.at(1).get<int>() + 1;
    std::ofstream(folder.file("case.json")) << description;
    const auto report = replayCase(folder.path());
    QVERIFY(report.has_value());
    QVERIFY(!report->passed());
    for (const OutputError& output : report->outputs)
      QCOMPARE(output.passed(), output.name != "text 02: " + field.toStdString());
  }
};

QTEST_APPLESS_MAIN(TestTextParity)
#include "tst_text_parity.moc"
