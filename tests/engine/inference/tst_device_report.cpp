// SPDX-License-Identifier: Apache-2.0
#include <QtTest/QTest>

#include "engine/inference/device_report.h"

using namespace kinora;

class TestDeviceReport : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void reportsThePinnedLibraryAndMeasuredSpeed() {
    const auto report = inference::probeDevices(1);
    QVERIFY2(report.has_value(), report ? "" : report.error().message.c_str());
    QCOMPARE(QString::fromStdString(report->torchVersion), QStringLiteral("2.11.0"));
    QCOMPARE(report->threads, 1);
    QVERIFY(report->gflopsFloat32 > 0);
    QVERIFY(report->gflopsBfloat16 > 0);
    QVERIFY(!report->cpuCapability.empty());
  }

  void saysWhyThereIsNoCuda() {
    const auto report = inference::probeDevices(0);
    QVERIFY(report.has_value());
    QVERIFY(report->threads >= 1);
    QVERIFY2(!report->cudaNote.empty(), "with or without CUDA there is a note");
    QCOMPARE(report->cuda, report->cudaDevices > 0);
  }
};

QTEST_APPLESS_MAIN(TestDeviceReport)
#include "tst_device_report.moc"
