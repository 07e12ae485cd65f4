// SPDX-License-Identifier: Apache-2.0
#include <QtTest>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <random>
#include <set>

#include "tests/engine/media/media_files.h"
#include "tests/support/files.h"
#include "tests/support/pictures.h"

using namespace kinora;
using namespace kinora::media;
using namespace kinora::test;

namespace {

// Frames shown at odd moments, as a phone records them: milliseconds.
constexpr std::array<int, 14> kMoments{0, 40, 73, 120, 121, 300, 340, 345, 700, 740, 1500, 1533, 1566, 2000};

Time momentOf(std::size_t i) {
  return Time{std::int64_t{kMoments[i]} * (kTicksPerSecond / 1000)};
}

QString qs(const std::string& text) {
  return QString::fromStdString(text);
}

// Turns the picture of an MP4 by rewriting the matrix in its track header.
void rewriteMatrix(const std::filesystem::path& path, const std::array<std::int32_t, 4>& abcd) {
  std::string bytes = bytesOf(path);
  const std::size_t header = bytes.find("tkhd");
  QVERIFY(header != std::string::npos);
  const std::size_t matrix = header + 4 + 40; // version 0: after times, id, duration, layer, group and volume
  const auto put = [&bytes](std::size_t at, std::int32_t value) {
    for (int i = 0; i < 4; ++i)
      bytes[at + static_cast<std::size_t>(i)] = static_cast<char>((static_cast<std::uint32_t>(value) >> (24 - 8 * i)));
  };
  put(matrix + 0, abcd[0] * 65536);
  put(matrix + 4, abcd[1] * 65536);
  put(matrix + 12, abcd[2] * 65536);
  put(matrix + 16, abcd[3] * 65536);
  std::ofstream(path, std::ios::binary) << bytes;
}

} // namespace

class TestMediaVideo : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void framesInOrder_data();
  void framesInOrder();
  void seekIsFrameExact_data();
  void seekIsFrameExact();
  void seekInForeignFiles_data();
  void seekInForeignFiles();
  void seekAtTheEnds();
  void variableRate_data();
  void variableRate();
  void exactRates_data();
  void exactRates();
  void coloursSurvive_data();
  void coloursSurvive();
  void untaggedColoursAreGuessed_data();
  void untaggedColoursAreGuessed();
  void rotation_data();
  void rotation();
  void pixelAspect();
  void transparency_data();
  void transparency();
  void tenBit_data();
  void tenBit();
  void oddSizes_data();
  void oddSizes();
  void fitWithin();
  void cancelled();
  void threadsGiveEqualFrames();
};

void TestMediaVideo::framesInOrder_data() {
  QTest::addColumn<QString>("preset");
  QTest::addColumn<QString>("name");
  QTest::newRow("h264 mp4") << "h264-mp4"
                            << "a.mp4";
  QTest::newRow("h264 mov") << "h264-mp4"
                            << "a.mov";
  QTest::newRow("h264 mkv") << "h264-mp4"
                            << "a.mkv";
  QTest::newRow("hevc mp4") << "hevc-mp4"
                            << "a.mp4";
  QTest::newRow("av1 mp4") << "av1-mp4"
                           << "a.mp4";
  QTest::newRow("av1 webm") << "av1-mp4"
                            << "a.webm";
  QTest::newRow("prores mov") << "prores-hq-mov"
                              << "a.mov";
  QTest::newRow("ffv1 mkv") << "ffv1-mkv"
                            << "a.mkv";
  QTest::newRow("png") << "png-sequence"
                       << "a_%04d.png";
}

void TestMediaVideo::framesInOrder() {
  QFETCH(QString, preset);
  QFETCH(QString, name);
  const TempFolder folder;
  const auto path = folder.file(name.toStdString());
  constexpr int kCount = 40;
  QCOMPARE(qs(writeNumbered(path, settingsOf(preset.toStdString(), kNumberedSize), kCount)), QString());
  const auto info = probe(path);
  QVERIFY2(info.has_value(), info ? "" : info.error().text().c_str());
  QCOMPARE(info->kind, MediaKind::Video);
  QVERIFY(info->video.has_value());
  QVERIFY(info->video->size == kNumberedSize);
  QVERIFY(info->video->frameRate == (FrameRate{24, 1}));
  QVERIFY(!info->video->variableFrameRate);
  QVERIFY2(!info->video->frameCount || *info->video->frameCount == kCount,
           qPrintable(QString::number(info->video->frameCount.value_or(0))));
  QVERIFY2(std::abs(info->duration.seconds() - kCount / 24.0) < .002,
           qPrintable(QString::number(info->duration.seconds())));
  std::string error;
  const auto images = readAll(path, &error);
  QCOMPARE(qs(error), QString());
  QCOMPARE(images.size(), std::size_t{kCount});
  for (int n = 0; n < kCount; ++n) {
    QCOMPARE(numberIn(images[static_cast<std::size_t>(n)]), n);
    QCOMPARE(images[static_cast<std::size_t>(n)].time().ticks, (FrameRate{24, 1}).timeOf(n).ticks);
  }
}

void TestMediaVideo::seekIsFrameExact_data() {
  QTest::addColumn<QString>("preset");
  QTest::addColumn<QString>("name");
  QTest::addColumn<int>("num");
  QTest::addColumn<int>("den");
  QTest::newRow("h264 mp4, B-frames") << "h264-mp4"
                                      << "a.mp4" << 24 << 1;
  QTest::newRow("h264 mp4, 29.97") << "h264-mp4"
                                   << "a.mp4" << 30000 << 1001;
  QTest::newRow("h264 mkv, clock of 1 ms") << "h264-mp4"
                                           << "a.mkv" << 30000 << 1001;
  QTest::newRow("hevc mp4, open GOP") << "hevc-mp4"
                                      << "a.mp4" << 25 << 1;
  QTest::newRow("av1 mp4") << "av1-mp4"
                           << "a.mp4" << 24 << 1;
  QTest::newRow("prores mov") << "prores-hq-mov"
                              << "a.mov" << 24 << 1;
  QTest::newRow("ffv1 mkv") << "ffv1-mkv"
                            << "a.mkv" << 60 << 1;
}

void TestMediaVideo::seekIsFrameExact() {
  QFETCH(QString, preset);
  QFETCH(QString, name);
  QFETCH(int, num);
  QFETCH(int, den);
  const FrameRate rate{num, den};
  const TempFolder folder;
  const auto path = folder.file(name.toStdString());
  constexpr int kCount = 100;
  EncodeSettings settings = settingsOf(preset.toStdString(), kNumberedSize, rate);
  settings.keyFrameInterval = 20;
  QCOMPARE(qs(writeNumbered(path, settings, kCount)), QString());
  auto decoder = Decoder::open(path);
  QVERIFY2(decoder.has_value(), decoder ? "" : decoder.error().text().c_str());
  std::mt19937 random(7);
  for (int i = 0; i < 60; ++i) {
    const int n = static_cast<int>(random() % kCount);
    // Anywhere inside the frame's time, its first and last tick too.
    const std::int64_t length = rate.timeOf(n + 1).ticks - rate.timeOf(n).ticks;
    const std::int64_t inside = i % 3 == 0 ? 0 : i % 3 == 1 ? length - 1 : static_cast<std::int64_t>(random()) % length;
    const Time t = rate.timeOf(n) + Duration{inside};
    const auto done = decoder->seek(t);
    QVERIFY2(done.has_value(), done ? "" : done.error().text().c_str());
    for (int more = 0; more < 3 && n + more < kCount; ++more) {
      const auto image = decoder->next();
      QVERIFY2(image.has_value() && image->has_value(), image ? "no frame" : image.error().text().c_str());
      QCOMPARE(numberIn(**image), n + more);
      QCOMPARE((*image)->time().ticks, rate.timeOf(n + more).ticks);
    }
  }
}

void TestMediaVideo::seekInForeignFiles_data() {
  QTest::addColumn<QStringList>("arguments");
  QTest::addColumn<QString>("name");
  const QString x264 = QStringLiteral("libx264");
  const QStringList still{"-c:v", x264, "-crf", "10"};
  QTest::newRow("open GOP") << (still + QStringList{"-g", "20", "-x264-params", "open-gop=1:bframes=5:b-adapt=0"})
                            << "a.mp4";
  QTest::newRow("open GOP in MKV") << (still + QStringList{"-g", "20", "-x264-params", "open-gop=1:bframes=5"})
                                   << "a.mkv";
  QTest::newRow("transport stream") << (still + QStringList{"-g", "20"}) << "a.ts";
  QTest::newRow("transport stream, open GOP")
      << (still + QStringList{"-g", "20", "-x264-params", "open-gop=1:bframes=3"}) << "a.ts";
  QTest::newRow("AVI without presentation times")
      << QStringList{"-c:v", "mpeg4", "-q:v", "2", "-bf", "2", "-g", "20"} << "a.avi";
  QTest::newRow("raw H.264 without any times") << (still + QStringList{"-g", "20"}) << "a.h264";
  QTest::newRow("MPEG-2 program stream") << QStringList{"-c:v", "mpeg2video", "-q:v", "2", "-bf", "2", "-g", "15"}
                                         << "a.mpg";
  QTest::newRow("clock starts at 1000 s") << (still + QStringList{"-g", "20", "-output_ts_offset", "1000"}) << "a.mkv";
  QTest::newRow("VP9") << QStringList{"-c:v", "libvpx-vp9", "-crf", "10", "-b:v", "0", "-g", "20", "-cpu-used", "8"}
                       << "a.webm";
}

void TestMediaVideo::seekInForeignFiles() {
  QFETCH(QStringList, arguments);
  QFETCH(QString, name);
  if (!haveFfmpeg())
    QSKIP("The ffmpeg program, which makes these files, is not installed.");
  const TempFolder folder;
  const auto source = folder.file("source.mkv");
  const FrameRate rate{25, 1};
  constexpr int kCount = 90;
  QCOMPARE(qs(writeNumbered(source, settingsOf("ffv1-mkv", kNumberedSize, rate), kCount)), QString());
  const auto path = folder.file(name.toStdString());
  std::vector<std::string> all{"-i", source.string()};
  for (const QString& argument : arguments)
    all.push_back(argument.toStdString());
  all.insert(all.end(), {"-pix_fmt", "yuv420p", "-r", "25", path.string()});
  if (!runFfmpeg(all))
    QSKIP("This build of ffmpeg cannot make the file.");
  std::string error;
  const auto images = readAll(path, &error);
  QCOMPARE(qs(error), QString());
  QCOMPARE(images.size(), std::size_t{kCount});
  for (int n = 0; n < kCount; ++n) {
    QCOMPARE(numberIn(images[static_cast<std::size_t>(n)]), n);
    QCOMPARE(images[static_cast<std::size_t>(n)].time().ticks, rate.timeOf(n).ticks);
  }
  auto decoder = Decoder::open(path);
  QVERIFY(decoder.has_value());
  std::mt19937 random(11);
  for (int i = 0; i < 40; ++i) {
    const int n = static_cast<int>(random() % kCount);
    const auto done = decoder->seek(rate.timeOf(n) + Duration{i % 2 == 0 ? 0 : 1000});
    QVERIFY2(done.has_value(), done ? "" : done.error().text().c_str());
    const auto image = decoder->next();
    QVERIFY2(image.has_value() && image->has_value(), image ? "no frame" : image.error().text().c_str());
    QCOMPARE(numberIn(**image), n);
    QVERIFY(samePixels(**image, images[static_cast<std::size_t>(n)]));
    QCOMPARE((*image)->time().ticks, rate.timeOf(n).ticks);
  }
}

void TestMediaVideo::seekAtTheEnds() {
  const TempFolder folder;
  const auto path = folder.file("a.mp4");
  QCOMPARE(qs(writeNumbered(path, settingsOf("h264-mp4", kNumberedSize), 30)), QString());
  auto decoder = Decoder::open(path);
  QVERIFY(decoder.has_value());
  const auto shownAt = [&decoder](Time t) {
    if (!decoder->seek(t))
      return -2;
    const auto image = decoder->next();
    return image && *image ? numberIn(**image) : -1;
  };
  QCOMPARE(shownAt(Time::fromSeconds(-5)), 0);
  QCOMPARE(shownAt(Time{}), 0);
  QCOMPARE(shownAt(Time::fromSeconds(1000)), 29);
  const auto behind = decoder->next();
  QVERIFY(behind.has_value() && !behind->has_value());
  QCOMPARE(shownAt(Time{}), 0);
  QCOMPARE(shownAt(FrameRate{24, 1}.timeOf(29)), 29);
}

void TestMediaVideo::variableRate_data() {
  QTest::addColumn<QString>("name");
  QTest::newRow("mp4") << "a.mp4";
  QTest::newRow("mkv") << "a.mkv";
}

void TestMediaVideo::variableRate() {
  QFETCH(QString, name);
  const TempFolder folder;
  const auto path = folder.file(name.toStdString());
  EncodeSettings settings = settingsOf("h264-mp4", kNumberedSize, {30, 1});
  settings.timing = FrameTiming::FromImage;
  settings.keyFrameInterval = 5;
  std::vector<Image> images;
  for (std::size_t i = 0; i < kMoments.size(); ++i)
    images.push_back(numberedFrame(static_cast<int>(i)).at(momentOf(i)));
  QCOMPARE(qs(writeImages(path, settings, images)), QString());
  const auto info = probe(path);
  QVERIFY(info.has_value() && info->video);
  QVERIFY(info->video->variableFrameRate);
  std::string error;
  const auto read = readAll(path, &error);
  QCOMPARE(qs(error), QString());
  QCOMPARE(read.size(), kMoments.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    QCOMPARE(numberIn(read[i]), static_cast<int>(i));
    QCOMPARE(read[i].time().ticks, momentOf(i).ticks);
  }
  auto decoder = Decoder::open(path);
  QVERIFY(decoder.has_value());
  for (int ms = 2100; ms >= 0; ms -= 37) {
    const auto after = std::upper_bound(kMoments.begin(), kMoments.end(), ms);
    QVERIFY(decoder->seek(Time{std::int64_t{ms} * (kTicksPerSecond / 1000)}).has_value());
    const auto image = decoder->next();
    QVERIFY(image.has_value() && image->has_value());
    QCOMPARE(numberIn(**image), static_cast<int>(after - kMoments.begin()) - 1);
  }
}

void TestMediaVideo::exactRates_data() {
  QTest::addColumn<int>("num");
  QTest::addColumn<int>("den");
  QTest::addColumn<QString>("name");
  for (const auto* name : {"a.mp4", "a.mkv"})
    for (const FrameRate rate : {FrameRate{24'000, 1001}, FrameRate{24, 1}, FrameRate{25, 1}, FrameRate{30'000, 1001},
                                 FrameRate{60'000, 1001}, FrameRate{60, 1}, FrameRate{12, 1}, FrameRate{15, 2}})
      QTest::addRow("%d/%d %s", rate.num, rate.den, name) << rate.num << rate.den << name;
}

void TestMediaVideo::exactRates() {
  QFETCH(int, num);
  QFETCH(int, den);
  QFETCH(QString, name);
  const FrameRate rate{num, den};
  const TempFolder folder;
  const auto path = folder.file(name.toStdString());
  QCOMPARE(qs(writeNumbered(path, settingsOf("h264-mp4", kNumberedSize, rate), 50)), QString());
  const auto info = probe(path);
  QVERIFY(info.has_value() && info->video);
  QCOMPARE(info->video->frameRate.num, num);
  QCOMPARE(info->video->frameRate.den, den);
  QVERIFY(!info->video->variableFrameRate);
  std::string error;
  const auto images = readAll(path, &error);
  QCOMPARE(qs(error), QString());
  QCOMPARE(images.size(), std::size_t{50});
  for (int n = 0; n < 50; ++n)
    QCOMPARE(images[static_cast<std::size_t>(n)].time().ticks, rate.timeOf(n).ticks);
}

void TestMediaVideo::coloursSurvive_data() {
  QTest::addColumn<QString>("preset");
  QTest::addColumn<QString>("name");
  QTest::addColumn<int>("matrix");
  QTest::addColumn<int>("range");
  QTest::addColumn<int>("chroma");
  QTest::addColumn<int>("depth");
  const auto add = [](const char* preset, const char* name, ChromaFormat chroma, int depth, bool full) {
    for (const ColorMatrix matrix : {ColorMatrix::Bt601, ColorMatrix::Bt709, ColorMatrix::Bt2020})
      for (const ColorRange range : {ColorRange::Limited, ColorRange::Full}) {
        if (range == ColorRange::Full && !full)
          continue;
        QTest::addRow("%s %s, chroma %d, %d bit, matrix %d, %s", preset, name, static_cast<int>(chroma), depth,
                      static_cast<int>(matrix), range == ColorRange::Full ? "full" : "limited")
            << preset << name << static_cast<int>(matrix) << static_cast<int>(range) << static_cast<int>(chroma)
            << depth;
      }
  };
  for (const ChromaFormat chroma : {ChromaFormat::Yuv420, ChromaFormat::Yuv422, ChromaFormat::Yuv444})
    for (const int depth : {8, 10}) {
      add("h264-mp4", "a.mp4", chroma, depth, true);
      add("ffv1-mkv", "a.mkv", chroma, depth, true);
    }
  add("h264-mp4", "a.mkv", ChromaFormat::Yuv420, 8, true);
  add("hevc-mp4", "a.mp4", ChromaFormat::Yuv420, 8, true);
  add("hevc-mp4", "a.mp4", ChromaFormat::Yuv420, 10, true);
  add("prores-hq-mov", "a.mov", ChromaFormat::Yuv422, 10, false);
  add("prores-4444-mov", "a.mov", ChromaFormat::Yuv444, 10, false);
}

// Bars -> file -> bars -> file -> bars: each file changes no value by more than 2 of 255. One more for BT.2020 in lossy
// codecs, where one step of 8-bit chroma is 2.1 steps of blue.
void TestMediaVideo::coloursSurvive() {
  QFETCH(QString, preset);
  QFETCH(QString, name);
  QFETCH(int, matrix);
  QFETCH(int, range);
  QFETCH(int, chroma);
  QFETCH(int, depth);
  const TempFolder folder;
  const Image bars = colourBars();
  EncodeSettings settings = settingsOf(preset.toStdString(), bars.size());
  settings.chroma = static_cast<ChromaFormat>(chroma);
  settings.bitDepth = depth;
  settings.alpha = false;
  settings.quality = 100;
  settings.color.matrix = static_cast<ColorMatrix>(matrix);
  settings.color.range = static_cast<ColorRange>(range);
  const bool lossless = preset == QStringLiteral("ffv1-mkv");
  const int allowed = !lossless && settings.color.matrix == ColorMatrix::Bt2020 ? 3 : 2;
  Image now = bars;
  for (const char* generation : {"1", "2"}) {
    const auto path = folder.file(generation + name.toStdString());
    QCOMPARE(qs(writeImages(path, settings, {now, now, now})), QString());
    const auto info = probe(path);
    QVERIFY(info.has_value() && info->video);
    QCOMPARE(static_cast<int>(info->video->color.matrix), matrix);
    QCOMPARE(static_cast<int>(info->video->color.range), range);
    QCOMPARE(info->video->color.primaries, ColorPrimaries::Bt709);
    QCOMPARE(info->video->color.transfer, ColorTransfer::Bt709);
    QVERIFY(!info->video->colorGuessed);
    std::string error;
    const auto images = readAll(path, &error);
    QCOMPARE(qs(error), QString());
    QCOMPARE(images.size(), std::size_t{3});
    for (const Image& image : images) {
      const int difference = barDifference(now, image);
      QVERIFY2(difference <= allowed,
               qPrintable(QStringLiteral("off by %1 in generation %2").arg(difference).arg(generation)));
      if (lossless)
        QVERIFY(barDifference(bars, image) <= 2);
    }
    now = images[1];
  }
}

void TestMediaVideo::untaggedColoursAreGuessed_data() {
  QTest::addColumn<int>("height");
  QTest::addColumn<int>("matrix");
  QTest::newRow("576 lines") << 576 << static_cast<int>(ColorMatrix::Bt601);
  QTest::newRow("720 lines") << 720 << static_cast<int>(ColorMatrix::Bt709);
}

void TestMediaVideo::untaggedColoursAreGuessed() {
  QFETCH(int, height);
  QFETCH(int, matrix);
  if (!haveFfmpeg())
    QSKIP("The ffmpeg program, which makes these files, is not installed.");
  const TempFolder folder;
  const auto path = folder.file("a.avi");
  QVERIFY(runFfmpeg({"-f", "lavfi", "-i", "color=gray:size=320x" + std::to_string(height) + ":duration=0.2:rate=10",
                     "-c:v", "mpeg4", path.string()}));
  const auto info = probe(path);
  QVERIFY(info.has_value() && info->video);
  QVERIFY(info->video->colorGuessed);
  QCOMPARE(static_cast<int>(info->video->color.matrix), matrix);
  QCOMPARE(info->video->color.range, ColorRange::Limited);
}

void TestMediaVideo::rotation_data() {
  QTest::addColumn<QList<int>>("matrix");
  QTest::addColumn<int>("degrees");
  QTest::addColumn<bool>("mirrored");
  QTest::addColumn<int>("firstCorner"); // of the shown picture, where the stored top-left corner lies: 0 1 / 2 3
  QTest::newRow("upright") << QList<int>{1, 0, 0, 1} << 0 << false << 0;
  QTest::newRow("90 clockwise") << QList<int>{0, 1, -1, 0} << 90 << false << 1;
  QTest::newRow("180") << QList<int>{-1, 0, 0, -1} << 180 << false << 3;
  QTest::newRow("270 clockwise") << QList<int>{0, -1, 1, 0} << 270 << false << 2;
  QTest::newRow("mirrored") << QList<int>{-1, 0, 0, 1} << 0 << true << 1;
  QTest::newRow("flipped") << QList<int>{1, 0, 0, -1} << 180 << true << 2;
}

void TestMediaVideo::rotation() {
  QFETCH(QList<int>, matrix);
  QFETCH(int, degrees);
  QFETCH(bool, mirrored);
  QFETCH(int, firstCorner);
  const TempFolder folder;
  const auto path = folder.file("a.mp4");
  const Size stored{192, 96};
  const Image base = plainPicture(stored, 20, 40, 200);
  const Image image = withDisc(base, {24, 24}, 16, 240, 230, 30);
  QCOMPARE(qs(writeImages(path, settingsOf("h264-mp4", stored), {image, image})), QString());
  rewriteMatrix(path, {matrix[0], matrix[1], matrix[2], matrix[3]});
  const auto info = probe(path);
  QVERIFY(info.has_value() && info->video);
  QCOMPARE(info->video->rotationDegrees, degrees);
  QCOMPARE(info->video->mirrored, mirrored);
  const Size shown = degrees % 180 == 0 ? stored : Size{96, 192};
  QVERIFY(info->video->size == shown);
  QVERIFY(info->video->storedSize == stored);
  std::string error;
  const auto images = readAll(path, &error);
  QCOMPARE(qs(error), QString());
  QVERIFY(images.at(0).size() == shown);
  for (int corner = 0; corner < 4; ++corner) {
    const int x = corner % 2 == 0 ? 24 : shown.width - 25;
    const int y = corner < 2 ? 24 : shown.height - 25;
    QCOMPARE(images[0].row<std::uint8_t>(y)[4 * x] > 128, corner == firstCorner);
  }
}

void TestMediaVideo::pixelAspect() {
  if (!haveFfmpeg())
    QSKIP("The ffmpeg program, which makes this file, is not installed.");
  const TempFolder folder;
  const auto path = folder.file("a.mp4");
  QVERIFY(runFfmpeg({"-f", "lavfi", "-i", "color=red:size=144x96:duration=0.2:rate=10", "-vf", "setsar=4/3", "-pix_fmt",
                     "yuv420p", path.string()}));
  auto decoder = Decoder::open(path);
  QVERIFY(decoder.has_value());
  QVERIFY(decoder->info().video->storedSize == (Size{144, 96}));
  QVERIFY(decoder->outputSize() == (Size{192, 96}));
  const auto image = decoder->next();
  QVERIFY(image.has_value() && image->has_value());
  QVERIFY((*image)->size() == (Size{192, 96}));
}

void TestMediaVideo::transparency_data() {
  QTest::addColumn<QString>("preset");
  QTest::addColumn<QString>("name");
  QTest::addColumn<int>("tolerance");
  QTest::newRow("ProRes 4444") << "prores-4444-mov"
                               << "a.mov" << 3;
  QTest::newRow("FFV1") << "ffv1-mkv"
                        << "a.mkv" << 0;
  QTest::newRow("PNG") << "png-sequence"
                       << "a_%03d.png" << 0;
  QTest::newRow("EXR") << "exr-sequence"
                       << "a_%03d.exr" << 1;
}

void TestMediaVideo::transparency() {
  QFETCH(QString, preset);
  QFETCH(QString, name);
  QFETCH(int, tolerance);
  const TempFolder folder;
  const auto path = folder.file(name.toStdString());
  const Size size{128, 64};
  auto made = MutableImage::allocate(PixelFormat::Rgba8, size);
  QVERIFY(made.has_value());
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x) {
      auto* p = made->row<std::uint8_t>(y) + 4 * x;
      p[0] = 200;
      p[1] = 100;
      p[2] = 50;
      p[3] = static_cast<std::uint8_t>(64 + 191 * x / (size.width - 1));
    }
  const Image image = std::move(*made).freeze();
  QCOMPARE(qs(writeImages(path, settingsOf(preset.toStdString(), size), {image, image})), QString());
  std::string error;
  const auto images = readAll(path, &error);
  QCOMPARE(qs(error), QString());
  QCOMPARE(images.size(), std::size_t{2});
  const auto info = probe(path);
  QVERIFY(info.has_value() && info->video && info->video->hasAlpha);
  const int difference = largestDifference(images[1], image);
  QVERIFY2(difference <= tolerance, qPrintable(QString::number(difference)));
}

void TestMediaVideo::tenBit_data() {
  QTest::addColumn<QString>("preset");
  QTest::addColumn<QString>("name");
  QTest::addColumn<int>("chroma");
  QTest::newRow("FFV1 4:2:0") << "ffv1-mkv"
                              << "a.mkv" << static_cast<int>(ChromaFormat::Yuv420);
  QTest::newRow("FFV1 4:4:4") << "ffv1-mkv"
                              << "a.mkv" << static_cast<int>(ChromaFormat::Yuv444);
  QTest::newRow("ProRes") << "prores-hq-mov"
                          << "a.mov" << static_cast<int>(ChromaFormat::Yuv422);
  QTest::newRow("HEVC") << "hevc-mp4"
                        << "a.mp4" << static_cast<int>(ChromaFormat::Yuv420);
}

// A slow grey ramp keeps more steps than 8 bits have, and Rgba8 shows the same ramp.
void TestMediaVideo::tenBit() {
  QFETCH(QString, preset);
  QFETCH(QString, name);
  QFETCH(int, chroma);
  const TempFolder folder;
  const auto path = folder.file(name.toStdString());
  const Size size{1024, 64};
  const auto bitsOf = [](double v) { // positive half floats from 2^-14 on
    const int exponent = std::max(-14, static_cast<int>(std::floor(std::log2(std::max(v, 1e-9)))));
    const auto mantissa = static_cast<int>(std::lround(std::ldexp(v, 10 - exponent)));
    return static_cast<std::uint16_t>(((exponent + 15) << 10) + mantissa - 1024);
  };
  const auto valueOf = [](std::uint16_t bits) {
    const int exponent = (bits >> 10) & 31;
    const double mantissa = bits & 1023;
    return exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(mantissa + 1024, exponent - 25);
  };
  auto made = MutableImage::allocate(PixelFormat::Rgba16F, size);
  QVERIFY(made.has_value());
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x) {
      auto* p = made->row<std::uint16_t>(y) + 4 * x;
      p[0] = p[1] = p[2] = bitsOf(.25 + .5 * x / 1023.0);
      p[3] = bitsOf(1);
    }
  const Image image = std::move(*made).freeze();
  EncodeSettings settings = settingsOf(preset.toStdString(), size);
  settings.chroma = static_cast<ChromaFormat>(chroma);
  settings.bitDepth = 10;
  settings.alpha = false;
  settings.quality = 97;
  QCOMPARE(qs(writeImages(path, settings, {image, image})), QString());
  const auto info = probe(path);
  QVERIFY(info.has_value() && info->video);
  QCOMPARE(info->video->bitDepth, 10);
  DecoderOptions options;
  options.depth = OutputDepth::AsSource;
  std::string error;
  const auto deep = readAll(path, &error, options);
  QCOMPARE(qs(error), QString());
  QCOMPARE(deep.at(0).format(), PixelFormat::Rgba16F);
  std::set<std::uint16_t> steps;
  for (int x = 0; x < size.width; ++x) {
    const auto* p = deep[0].row<std::uint16_t>(32) + 4 * x;
    steps.insert(p[1]);
    QVERIFY2(std::abs(valueOf(p[1]) - (.25 + .5 * x / 1023.0)) < 1.5 / 255,
             qPrintable(QStringLiteral("%1 at %2").arg(valueOf(p[1])).arg(x)));
    QCOMPARE(valueOf(p[3]), 1.0);
  }
  QVERIFY2(steps.size() > 300, qPrintable(QString::number(steps.size()))); // 8 bit would keep 128 at most
  const auto eight = readAll(path, &error);
  QCOMPARE(eight.at(0).format(), PixelFormat::Rgba8);
  for (int x = 0; x < size.width; ++x)
    QVERIFY(std::abs(eight[0].row<std::uint8_t>(32)[4 * x + 1] - (63.75 + 127.5 * x / 1023.0)) < 2.1);
}

void TestMediaVideo::oddSizes_data() {
  QTest::addColumn<QString>("preset");
  QTest::addColumn<QString>("name");
  QTest::addColumn<int>("width");
  QTest::addColumn<int>("height");
  QTest::newRow("4:2:0") << "h264-mp4"
                         << "a.mp4" << 642 << 428;
  QTest::newRow("4:2:0 10 bit") << "hevc-mp4"
                                << "a.mp4" << 642 << 428;
  QTest::newRow("4:2:2") << "prores-hq-mov"
                         << "a.mov" << 642 << 427;
  QTest::newRow("RGB") << "ffv1-mkv"
                       << "a.mkv" << 641 << 427;
  QTest::newRow("PNG") << "png-sequence"
                       << "a_%02d.png" << 641 << 427;
}

void TestMediaVideo::oddSizes() {
  QFETCH(QString, preset);
  QFETCH(QString, name);
  QFETCH(int, width);
  QFETCH(int, height);
  const TempFolder folder;
  const auto path = folder.file(name.toStdString());
  const Image image = withDisc(plainPicture({641, 427}, 60, 120, 180), {640, 426}, 80, 220, 200, 40);
  EncodeSettings settings = settingsOf(preset.toStdString(), image.size());
  settings.quality = 97;
  auto encoder = Encoder::create(path, settings);
  QVERIFY2(encoder.has_value(), encoder ? "" : encoder.error().text().c_str());
  QVERIFY(encoder->codedSize() == (Size{width, height}));
  QVERIFY(encoder->push(image).has_value());
  const auto done = encoder->finish();
  QVERIFY2(done.has_value(), done ? "" : done.error().text().c_str());
  std::string error;
  const auto images = readAll(path, &error);
  QCOMPARE(qs(error), QString());
  QVERIFY(images.at(0).size() == (Size{width, height}));
  // The last column and row are repeated: the corner keeps its colour.
  const auto* corner = images[0].row<std::uint8_t>(height - 1) + 4 * (width - 1);
  QVERIFY2(std::abs(corner[0] - 220) <= 6 && std::abs(corner[1] - 200) <= 6 && std::abs(corner[2] - 40) <= 6,
           qPrintable(QStringLiteral("%1 %2 %3").arg(corner[0]).arg(corner[1]).arg(corner[2])));
}

void TestMediaVideo::fitWithin() {
  const TempFolder folder;
  const auto path = folder.file("a.mp4");
  const Image image = plainPicture({320, 180}, 200, 30, 30);
  QCOMPARE(qs(writeImages(path, settingsOf("h264-mp4", image.size()), {image})), QString());
  for (const auto& [within, expected] :
       {std::pair{Size{160, 160}, Size{160, 90}}, std::pair{Size{90, 90}, Size{90, 51}},
        std::pair{Size{1000, 1000}, Size{320, 180}}}) {
    DecoderOptions options;
    options.fitWithin = within;
    std::string error;
    const auto images = readAll(path, &error, options);
    QCOMPARE(qs(error), QString());
    QVERIFY(images.at(0).size() == expected);
    QVERIFY(std::abs(images[0].row<std::uint8_t>(20)[80] - 200) <= 4);
  }
}

void TestMediaVideo::cancelled() {
  const TempFolder folder;
  const auto path = folder.file("a.mp4");
  QCOMPARE(qs(writeNumbered(path, settingsOf("h264-mp4", kNumberedSize), 30)), QString());
  auto decoder = Decoder::open(path);
  QVERIFY(decoder.has_value());
  std::stop_source stop;
  stop.request_stop();
  const auto image = decoder->next(stop.get_token());
  QVERIFY(!image.has_value());
  QCOMPARE(image.error().code, ErrorCode::Cancelled);
  const auto sought = decoder->seek(Time::fromSeconds(1), stop.get_token());
  QVERIFY(!sought.has_value());
  QCOMPARE(sought.error().code, ErrorCode::Cancelled);
  // The decoder stays good.
  QVERIFY(decoder->seek(FrameRate{24, 1}.timeOf(12)).has_value());
  const auto again = decoder->next();
  QVERIFY(again.has_value() && again->has_value());
  QCOMPARE(numberIn(**again), 12);
}

void TestMediaVideo::threadsGiveEqualFrames() {
  const TempFolder folder;
  const auto path = folder.file("a.mp4");
  QCOMPARE(qs(writeNumbered(path, settingsOf("h264-mp4", kNumberedSize), 24)), QString());
  const WorkerPool pool(3);
  DecoderOptions one;
  one.threads = 1;
  DecoderOptions many;
  many.threads = 4;
  many.pool = &pool;
  std::string error;
  const auto a = readAll(path, &error, one);
  const auto b = readAll(path, &error, many);
  QCOMPARE(qs(error), QString());
  QCOMPARE(a.size(), std::size_t{24});
  QCOMPARE(b.size(), a.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    QVERIFY(samePixels(a[i], b[i]));
}

QTEST_APPLESS_MAIN(TestMediaVideo)
#include "tst_video.moc"
