// SPDX-License-Identifier: Apache-2.0
#include <QtTest/QTest>

#include "app/cli/exit_code.h"
#include "app/cli/values.h"

using namespace kinora;

class TestCliValues : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void sizes_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("width");
    QTest::addColumn<int>("height");
    QTest::newRow("square") << QByteArray("512x512") << 512 << 512;
    QTest::newRow("wide") << QByteArray("832x480") << 832 << 480;
    for (const char* bad : {"", "x", "512", "512x", "x512", "512X512", "0x512", "-4x4", "1x1", "512x512x3", "5e2x512",
                            "99999x2", "512 x 512", "99999999999x2"})
      QTest::newRow(qPrintable(QStringLiteral("bad: ") + QLatin1String(bad))) << QByteArray(bad) << 0 << 0;
  }
  void sizes() {
    QFETCH(QByteArray, text);
    QFETCH(int, width);
    QFETCH(int, height);
    const auto size = cli::parseSize(text.toStdString());
    QCOMPARE(size.has_value(), width > 0);
    if (size)
      QCOMPARE(*size, (Size{width, height}));
    else
      QVERIFY(size.error().message.find("512x512") != std::string::npos);
  }

  void framings() {
    QCOMPARE(*cli::parseFraming("fit"), runtime::Framing::Fit);
    QCOMPARE(*cli::parseFraming("fill"), runtime::Framing::Fill);
    for (const char* bad : {"", "Fill", "crop", "fit "})
      QVERIFY(!cli::parseFraming(bad).has_value());
  }

  void frameRates_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("num");
    QTest::addColumn<int>("den");
    QTest::newRow("24") << QByteArray("24") << 24 << 1;
    QTest::newRow("23.976") << QByteArray("23.976") << 24000 << 1001;
    QTest::newRow("29.97") << QByteArray("29.97") << 30000 << 1001;
    QTest::newRow("59.94") << QByteArray("59.94") << 60000 << 1001;
    QTest::newRow("12.5") << QByteArray("12.5") << 25 << 2;
    QTest::newRow("fraction") << QByteArray("30000/1001") << 30000 << 1001;
    for (const char* bad : {"", "0", "-1", "nan", "inf", "24/0", "24/", "1001", "fast", "24fps"})
      QTest::newRow(qPrintable(QStringLiteral("bad: ") + QLatin1String(bad))) << QByteArray(bad) << 0 << 0;
  }
  void frameRates() {
    QFETCH(QByteArray, text);
    QFETCH(int, num);
    QFETCH(int, den);
    const auto rate = cli::parseFrameRate(text.toStdString());
    QCOMPARE(rate.has_value(), num > 0);
    if (rate)
      QCOMPARE(*rate, (FrameRate{num, den}));
  }

  void ranges_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("first");
    QTest::addColumn<int>("count");
    QTest::newRow("frames") << QByteArray("0-47") << 0 << 48;
    QTest::newRow("one frame") << QByteArray("7-7") << 7 << 1;
    QTest::newRow("seconds") << QByteArray("1.5s-3s") << 36 << 36;
    QTest::newRow("timecodes") << QByteArray("00:00:01:00-00:00:02:12") << 24 << 36;
    QTest::newRow("mixed") << QByteArray("24-2s") << 24 << 24;
    for (const char* bad :
         {"", "-", "5", "5-", "-5", "9-5", "2s-1s", "a-b", "0:0-1:0", "1.5-3", "00:00:01:00:00-3s", "nans-infs"})
      QTest::newRow(qPrintable(QStringLiteral("bad: ") + QLatin1String(bad))) << QByteArray(bad) << 0 << 0;
  }
  void ranges() {
    QFETCH(QByteArray, text);
    QFETCH(int, first);
    QFETCH(int, count);
    const FrameRate rate{24, 1};
    const auto range = cli::parseRange(text.toStdString(), rate);
    QCOMPARE(range.has_value(), count > 0);
    if (range) {
      QCOMPARE(rate.frameAt(range->start), first);
      QCOMPARE(rate.framesIn(range->length), count);
    }
  }

  void points() {
    const auto two = cli::parsePoints("1.5,2;-3,4");
    QVERIFY(two.has_value());
    QCOMPARE(two->size(), std::size_t{2});
    QCOMPARE((*two)[1], (Point{-3, 4}));
    QCOMPARE(cli::parsePoints("1,2;")->size(), std::size_t{1}); // a last semicolon is forgiven
    for (const char* bad : {"", ";", "1", "1,", ",1", "1,2;3", "nan,1", "1,inf", "1;2"})
      QVERIFY2(!cli::parsePoints(bad).has_value(), bad);
  }

  void exitCodesFollowTheContract() {
    using cli::ExitCode;
    using cli::Stage;
    const auto code = [](ErrorCode c, Stage s) { return cli::exitCodeFor({c, "", ""}, s); };
    QCOMPARE(code(ErrorCode::NotFound, Stage::Reading), ExitCode::InputMissing);
    QCOMPARE(code(ErrorCode::NotFound, Stage::Writing), ExitCode::CannotWrite);
    QCOMPARE(code(ErrorCode::Io, Stage::Writing), ExitCode::CannotWrite);
    QCOMPARE(code(ErrorCode::Corrupt, Stage::Reading), ExitCode::BadInput);
    QCOMPARE(code(ErrorCode::Device, Stage::Reading), ExitCode::TryAgain);
    QCOMPARE(code(ErrorCode::OutOfMemory, Stage::Writing), ExitCode::TryAgain);
    QCOMPARE(code(ErrorCode::Cancelled, Stage::Writing), ExitCode::Interrupted);
    QCOMPARE(code(ErrorCode::Internal, Stage::Reading), ExitCode::Bug);
    QCOMPARE(static_cast<int>(ExitCode::Usage), 64);
  }
};

QTEST_APPLESS_MAIN(TestCliValues)
#include "tst_cli_values.moc"
