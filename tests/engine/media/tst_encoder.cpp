// SPDX-License-Identifier: Apache-2.0
#include <QtTest>

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "engine/media/audio_reader.h"
#include "engine/media/image_file.h"
#include "tests/engine/media/media_files.h"
#include "tests/support/files.h"
#include "tests/support/pictures.h"

using namespace kinora;
using namespace kinora::media;
using namespace kinora::test;
namespace fs = std::filesystem;

namespace {

QString qs(const std::string& text) {
  return QString::fromStdString(text);
}

// Where a preset writes to.
fs::path targetOf(const EncodePreset& preset, const TempFolder& folder, const std::string& name) {
  return folder.file(name + std::string(preset.extension));
}

// Everything below a folder, contents included, in a fixed order.
std::string contentsOf(const fs::path& path) {
  if (!fs::is_directory(path))
    return bytesOf(path);
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(path))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::string all;
  for (const fs::path& file : files)
    all += file.filename().string() + "\n" + (fs::is_regular_file(file) ? bytesOf(file) : std::string());
  return all;
}

int entriesIn(const fs::path& folder) {
  return static_cast<int>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

void addPresets() {
  QTest::addColumn<QString>("id");
  for (const EncodePreset& preset : presets())
    QTest::newRow(std::string(preset.id).c_str()) << qs(std::string(preset.id));
}

} // namespace

class TestMediaEncoder : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void presetsAreNamed();
  void everyPresetWrites_data();
  void everyPresetWrites();
  void equalInputEqualBytes_data();
  void equalInputEqualBytes();
  void noThreadCountAndNoOptionsInTheFile_data();
  void noThreadCountAndNoOptionsInTheFile();
  void soundGivesEqualBytes();
  void abandonedLeavesNothing_data();
  void abandonedLeavesNothing();
  void oldFileStaysUntilFinish();
  void shortVideos_data();
  void shortVideos();
  void pictureAndSound_data();
  void pictureAndSound();
  void yuvIsStoredAsItIs();
  void yuvOfAnotherMatrixIsConverted();
  void transparencyOverBlack();
  void refusedSettings_data();
  void refusedSettings();
  void refusedImages();
  void nothingPushed();
  void sequenceNames_data();
  void sequenceNames();
  void awkwardNames_data();
  void awkwardNames();
  void encoderList();
  void automaticAcceleration();
  void qualityCounts();
};

void TestMediaEncoder::presetsAreNamed() {
  QVERIFY(presets().size() >= 8);
  QCOMPARE(qs(std::string(presets()[0].id)), QStringLiteral("h264-mp4"));
  QStringList ids;
  for (const EncodePreset& preset : presets()) {
    QVERIFY(!preset.title.empty());
    QVERIFY(findPreset(preset.id) == &preset);
    ids << qs(std::string(preset.id));
  }
  QCOMPARE(ids.removeDuplicates(), 0);
  QVERIFY(findPreset("no such preset") == nullptr);
}

void TestMediaEncoder::everyPresetWrites_data() {
  addPresets();
}

void TestMediaEncoder::everyPresetWrites() {
  QFETCH(QString, id);
  const EncodePreset& preset = *findPreset(id.toStdString());
  const TempFolder folder;
  const fs::path path = targetOf(preset, folder, "out");
  const std::string error = writeNumbered(path, settingsOf(id.toStdString(), kNumberedSize), 5);
  QCOMPARE(qs(error), QString());
  QCOMPARE(entriesIn(folder.path()), 1); // no part file stays
  const bool sequence = preset.extension.empty();
  if (sequence)
    QCOMPARE(entriesIn(path), 5);
  const std::string ending = preset.settings.video == VideoCodec::ExrSequence ? ".exr" : ".png";
  std::string failed;
  const auto images = readAll(sequence ? path / fmt::format("%05d{}", ending) : path, &failed);
  QCOMPARE(qs(failed), QString());
  QCOMPARE(images.size(), std::size_t{5});
  for (int n = 0; n < 5; ++n)
    QCOMPARE(numberIn(images[static_cast<std::size_t>(n)]), n);
}

void TestMediaEncoder::equalInputEqualBytes_data() {
  addPresets();
}

void TestMediaEncoder::equalInputEqualBytes() {
  QFETCH(QString, id);
  const EncodePreset& preset = *findPreset(id.toStdString());
  const TempFolder folder;
  std::vector<Image> images;
  for (int n = 0; n < 20; ++n)
    images.push_back(
        withDisc(texturedPicture({320, 192}, 5), {40.F + 12.F * static_cast<float>(n), 96}, 30, 220, 60, 40));
  const EncodeSettings settings = settingsOf(id.toStdString(), {320, 192});
  // The same name in another folder: a name must not get into the file either.
  fs::create_directories(folder.file("a"));
  fs::create_directories(folder.file("b"));
  const fs::path first = folder.file("a") / fmt::format("x{}", preset.extension);
  const fs::path second = folder.file("b") / fmt::format("y{}", preset.extension);
  QCOMPARE(qs(writeImages(first, settings, images)), QString());
  QCOMPARE(qs(writeImages(second, settings, images)), QString());
  const std::string a = contentsOf(first);
  QVERIFY(a.size() > 1000);
  QVERIFY(a == contentsOf(second));
}

void TestMediaEncoder::noThreadCountAndNoOptionsInTheFile_data() {
  addPresets();
}

// With sound where the format holds it: the same bytes whatever the number of workers, and no names of programs,
// versions or options.
void TestMediaEncoder::noThreadCountAndNoOptionsInTheFile() {
  QFETCH(QString, id);
  const EncodePreset& preset = *findPreset(id.toStdString());
  const TempFolder folder;
  EncodeSettings settings = settingsOf(id.toStdString(), {320, 192});
  if (!preset.extension.empty())
    settings.audio = preset.extension == ".mkv" ? AudioCodec::Flac : AudioCodec::Aac;
  std::string first;
  for (const int threads : {1, 5}) {
    const WorkerPool pool(threads);
    const fs::path path = targetOf(preset, folder, std::to_string(threads));
    auto encoder = Encoder::create(path, settings, &pool);
    QVERIFY2(encoder.has_value(), encoder ? "" : encoder.error().text().c_str());
    for (int n = 0; n < 12; ++n) {
      QVERIFY(encoder->push(
          withDisc(texturedPicture({320, 192}, 5), {40.F + 12.F * static_cast<float>(n), 96}, 30, 220, 60, 40)));
      if (settings.audio != AudioCodec::None)
        QVERIFY(encoder->push(tones(2000, 2, 48'000, 16)));
    }
    QVERIFY(encoder->finish());
    const std::string bytes = contentsOf(path);
    for (const char* text : {"x264", "x265", "SVT", "options:", "Lavc5", "Lavf5"})
      QVERIFY2(bytes.find(text) == std::string::npos, text);
    QVERIFY(first.empty() || first == bytes);
    first = bytes;
  }
}

void TestMediaEncoder::soundGivesEqualBytes() {
  const TempFolder folder;
  for (const auto& [codec, ending] : {std::pair{AudioCodec::Aac, ".m4a"}, std::pair{AudioCodec::Flac, ".flac"},
                                      std::pair{AudioCodec::Pcm16, ".wav"}}) {
    std::string files[2];
    for (int i = 0; i < 2; ++i) {
      EncodeSettings settings;
      settings.video = VideoCodec::None;
      settings.audio = codec;
      const fs::path path = folder.file(fmt::format("s{}{}", i, ending));
      auto encoder = Encoder::create(path, settings);
      QVERIFY2(encoder.has_value(), encoder ? "" : encoder.error().text().c_str());
      QVERIFY(encoder->push(tones(30'000, 2, 48'000, 16)).has_value());
      QVERIFY(encoder->finish().has_value());
      files[i] = bytesOf(path);
    }
    QVERIFY(files[0].size() > 1000);
    QVERIFY(files[0] == files[1]);
  }
}

void TestMediaEncoder::abandonedLeavesNothing_data() {
  QTest::addColumn<QString>("id");
  QTest::addColumn<int>("pushed");
  for (const EncodePreset& preset : presets())
    for (const int pushed : {0, 3})
      QTest::addRow("%s after %d", std::string(preset.id).c_str(), pushed) << qs(std::string(preset.id)) << pushed;
}

void TestMediaEncoder::abandonedLeavesNothing() {
  QFETCH(QString, id);
  QFETCH(int, pushed);
  const EncodePreset& preset = *findPreset(id.toStdString());
  const TempFolder folder;
  {
    auto encoder = Encoder::create(targetOf(preset, folder, "out"), settingsOf(id.toStdString(), kNumberedSize));
    QVERIFY2(encoder.has_value(), encoder ? "" : encoder.error().text().c_str());
    for (int n = 0; n < pushed; ++n)
      QVERIFY(encoder->push(numberedFrame(n)).has_value());
    // While it is written nothing carries the final name.
    QVERIFY(!fs::exists(targetOf(preset, folder, "out")));
    QVERIFY(entriesIn(folder.path()) > 0);
  }
  QCOMPARE(entriesIn(folder.path()), 0);
}

void TestMediaEncoder::oldFileStaysUntilFinish() {
  const TempFolder folder;
  const fs::path path = folder.write("out.mp4", "old");
  {
    auto encoder = Encoder::create(path, settingsOf("h264-mp4", kNumberedSize));
    QVERIFY(encoder.has_value());
    QVERIFY(encoder->push(numberedFrame(1)).has_value());
  }
  QCOMPARE(qs(bytesOf(path)), QStringLiteral("old"));
  QCOMPARE(qs(writeNumbered(path, settingsOf("h264-mp4", kNumberedSize), 3)), QString());
  QVERIFY(bytesOf(path).size() > 100);
  QCOMPARE(entriesIn(folder.path()), 1);
}

void TestMediaEncoder::shortVideos_data() {
  QTest::addColumn<QString>("id");
  QTest::addColumn<int>("count");
  for (const EncodePreset& preset : presets())
    for (const int count : {1, 2, 3})
      QTest::addRow("%s %d", std::string(preset.id).c_str(), count) << qs(std::string(preset.id)) << count;
}

void TestMediaEncoder::shortVideos() {
  QFETCH(QString, id);
  QFETCH(int, count);
  const EncodePreset& preset = *findPreset(id.toStdString());
  const TempFolder folder;
  const fs::path path = targetOf(preset, folder, "out");
  QCOMPARE(qs(writeNumbered(path, settingsOf(id.toStdString(), kNumberedSize, {30'000, 1001}), count)), QString());
  const std::string ending = preset.settings.video == VideoCodec::ExrSequence ? ".exr" : ".png";
  std::string failed;
  const auto images = readAll(preset.extension.empty() ? path / fmt::format("%05d{}", ending) : path, &failed);
  QCOMPARE(qs(failed), QString());
  QCOMPARE(static_cast<int>(images.size()), count);
  for (int n = 0; n < count; ++n)
    QCOMPARE(numberIn(images[static_cast<std::size_t>(n)]), n);
}

void TestMediaEncoder::pictureAndSound_data() {
  QTest::addColumn<QString>("preset");
  QTest::addColumn<QString>("name");
  QTest::addColumn<int>("codec");
  QTest::newRow("mp4 aac") << "h264-mp4"
                           << "a.mp4" << static_cast<int>(AudioCodec::Aac);
  QTest::newRow("mov pcm") << "prores-hq-mov"
                           << "a.mov" << static_cast<int>(AudioCodec::Pcm16);
  QTest::newRow("mkv flac") << "ffv1-mkv"
                            << "a.mkv" << static_cast<int>(AudioCodec::Flac);
  QTest::newRow("mkv pcm 24") << "h264-mp4"
                              << "a.mkv" << static_cast<int>(AudioCodec::Pcm24);
}

void TestMediaEncoder::pictureAndSound() {
  QFETCH(QString, preset);
  QFETCH(QString, name);
  QFETCH(int, codec);
  const TempFolder folder;
  const fs::path path = folder.file(name.toStdString());
  EncodeSettings settings = settingsOf(preset.toStdString(), kNumberedSize, {24, 1});
  settings.audio = static_cast<AudioCodec>(codec);
  auto encoder = Encoder::create(path, settings);
  QVERIFY2(encoder.has_value(), encoder ? "" : encoder.error().text().c_str());
  // Two seconds, sound in blocks that fit no frame.
  const AudioBlock sound = tones(96'000, 2, 48'000, 16);
  for (int n = 0; n < 48; ++n) {
    QVERIFY(encoder->push(numberedFrame(n)).has_value());
    const std::int64_t begin = 2000 * n;
    std::vector<float> part;
    for (int c = 0; c < 2; ++c)
      part.insert(part.end(), sound.channel(c).begin() + begin, sound.channel(c).begin() + begin + 2000);
    QVERIFY(encoder->push(AudioBlock(std::move(part), 2, 48'000, {})).has_value());
  }
  const auto done = encoder->finish();
  QVERIFY2(done.has_value(), done ? "" : done.error().text().c_str());
  const auto info = probe(path);
  QVERIFY(info.has_value() && info->video && info->audio);
  QCOMPARE(info->kind, MediaKind::Video);
  QVERIFY(std::abs(info->duration.seconds() - 2) < .002);
  QVERIFY(std::abs(info->audio->length.seconds() - 2) < .03);
  QVERIFY(std::abs(info->audio->start.seconds()) < .03);
  QCOMPARE(info->audio->channels, 2);
  QCOMPARE(info->audio->sampleRate, 48'000);
  std::string failed;
  QCOMPARE(readAll(path, &failed).size(), std::size_t{48});
  const auto heard = readAudio(path);
  QVERIFY2(heard.has_value(), heard ? "" : heard.error().text().c_str());
  QVERIFY(heard->frames() >= 96'000);
  // In step: the file's time line has the sound where it was pushed.
  const auto offset = static_cast<std::int64_t>(std::llround(heard->time().seconds() * 48'000));
  double worst = 0;
  for (std::int64_t i = 4800; i < 90'000; ++i)
    worst = std::max(worst, std::abs(static_cast<double>(sound.channel(0)[static_cast<std::size_t>(i)]) -
                                     heard->channel(0)[static_cast<std::size_t>(i - offset)]));
  QVERIFY2(worst <= (static_cast<AudioCodec>(codec) == AudioCodec::Aac ? .05 : 0), qPrintable(QString::number(worst)));
}

// What the decoder's planes are goes into the file untouched: lossless YUV in, the same YUV out.
void TestMediaEncoder::yuvIsStoredAsItIs() {
  const TempFolder folder;
  auto made = MutableImage::allocate(PixelFormat::Yuv420P, {64, 48});
  QVERIFY(made.has_value());
  for (int p = 0; p < 3; ++p) {
    const PlaneShape shape = planeShape(PixelFormat::Yuv420P, {64, 48}, p);
    for (int y = 0; y < shape.height; ++y)
      for (int x = 0; x < shape.width; ++x)
        made->row<std::uint8_t>(y, p)[x] = static_cast<std::uint8_t>(60 + 40 * p + x + y);
  }
  const ColorInfo color{ColorMatrix::Bt709, ColorRange::Limited, ColorPrimaries::Bt709, ColorTransfer::Bt709};
  const Image yuv = std::move(*made).freeze({}, color);
  EncodeSettings settings = settingsOf("ffv1-mkv", yuv.size());
  settings.chroma = ChromaFormat::Yuv420;
  settings.alpha = false;
  settings.color = color;
  QCOMPARE(qs(writeImages(folder.file("yuv.mkv"), settings, {yuv})), QString());
  // The oracle: ffmpeg's own decoder, raw planes.
  if (!haveFfmpeg())
    QSKIP("The ffmpeg program, which reads the planes back, is not installed.");
  QVERIFY(runFfmpeg({"-i", folder.file("yuv.mkv").string(), "-f", "rawvideo", "-pix_fmt", "yuv420p",
                     folder.file("planes.raw").string()}));
  const std::string planes = bytesOf(folder.file("planes.raw"));
  QCOMPARE(planes.size(), std::size_t{64 * 48 * 3 / 2});
  std::size_t at = 0;
  for (int p = 0; p < 3; ++p) {
    const PlaneShape shape = planeShape(PixelFormat::Yuv420P, {64, 48}, p);
    for (int y = 0; y < shape.height; ++y)
      for (int x = 0; x < shape.width; ++x)
        QCOMPARE(static_cast<std::uint8_t>(planes[at++]), yuv.row<std::uint8_t>(y, p)[x]);
  }
}

void TestMediaEncoder::yuvOfAnotherMatrixIsConverted() {
  const TempFolder folder;
  auto made = MutableImage::allocate(PixelFormat::Yuv420P, {64, 48});
  QVERIFY(made.has_value());
  // Pure red in BT.601, limited range: 81, 90, 240.
  const std::uint8_t red[3] = {81, 90, 240};
  for (int p = 0; p < 3; ++p) {
    const PlaneShape shape = planeShape(PixelFormat::Yuv420P, {64, 48}, p);
    for (int y = 0; y < shape.height; ++y)
      std::fill_n(made->row<std::uint8_t>(y, p), shape.width, red[p]);
  }
  const Image yuv = std::move(*made).freeze(
      {}, {ColorMatrix::Bt601, ColorRange::Limited, ColorPrimaries::Bt709, ColorTransfer::Bt709});
  EncodeSettings settings = settingsOf("ffv1-mkv", yuv.size());
  settings.chroma = ChromaFormat::Yuv420;
  settings.alpha = false;
  settings.color = {ColorMatrix::Bt709, ColorRange::Full, ColorPrimaries::Bt709, ColorTransfer::Bt709};
  QCOMPARE(qs(writeImages(folder.file("a.mkv"), settings, {yuv})), QString());
  std::string failed;
  const auto images = readAll(folder.file("a.mkv"), &failed);
  QCOMPARE(images.size(), std::size_t{1});
  QVERIFY(largestDifference(images[0], plainPicture({64, 48}, 255, 0, 0)) <= 2);
}

void TestMediaEncoder::transparencyOverBlack() {
  const TempFolder folder;
  auto made = MutableImage::allocate(PixelFormat::Rgba8, {64, 64});
  QVERIFY(made.has_value());
  for (int y = 0; y < 64; ++y)
    for (int x = 0; x < 64; ++x) {
      auto* p = made->row<std::uint8_t>(y) + 4 * x;
      p[0] = p[1] = p[2] = 200;
      p[3] = x < 32 ? 0 : 128;
    }
  EncodeSettings settings = settingsOf("h264-mp4", {64, 64});
  settings.quality = 97;
  QCOMPARE(qs(writeImages(folder.file("a.mp4"), settings, {std::move(*made).freeze()})), QString());
  std::string failed;
  const auto images = readAll(folder.file("a.mp4"), &failed);
  QCOMPARE(images.size(), std::size_t{1});
  QVERIFY(images[0].row<std::uint8_t>(32)[4 * 16] <= 3);
  QVERIFY(std::abs(images[0].row<std::uint8_t>(32)[4 * 48] - 100) <= 3);
  QCOMPARE(images[0].row<std::uint8_t>(32)[4 * 48 + 3], std::uint8_t{255});
}

void TestMediaEncoder::refusedSettings_data() {
  QTest::addColumn<QString>("name");
  QTest::addColumn<QString>("preset");
  QTest::addColumn<int>("change");
  QTest::addColumn<int>("code");
  const auto row = [](const char* title, const char* name, const char* preset, int change, ErrorCode code) {
    QTest::newRow(title) << name << preset << change << static_cast<int>(code);
  };
  row("no size", "a.mp4", "h264-mp4", 1, ErrorCode::InvalidArgument);
  row("huge size", "a.mp4", "h264-mp4", 2, ErrorCode::InvalidArgument);
  row("no frame rate", "a.mp4", "h264-mp4", 3, ErrorCode::InvalidArgument);
  row("quality 0", "a.mp4", "h264-mp4", 4, ErrorCode::InvalidArgument);
  row("H.264 with 12 bit", "a.mp4", "h264-mp4", 5, ErrorCode::InvalidArgument);
  row("H.264 with transparency", "a.mp4", "h264-mp4", 6, ErrorCode::InvalidArgument);
  row("RGB in H.264", "a.mp4", "h264-mp4", 7, ErrorCode::InvalidArgument);
  row("unknown ending", "a.xyz", "h264-mp4", 0, ErrorCode::InvalidArgument);
  row("no ending", "a", "h264-mp4", 0, ErrorCode::InvalidArgument);
  row("ProRes in WebM", "a.webm", "prores-hq-mov", 0, ErrorCode::InvalidArgument);
  row("H.264 in WAV", "a.wav", "h264-mp4", 0, ErrorCode::InvalidArgument);
  row("missing folder", "no/such/folder/a.mp4", "h264-mp4", 0, ErrorCode::Io);
  row("neither picture nor sound", "a.mp4", "h264-mp4", 8, ErrorCode::InvalidArgument);
  row("100 channels", "a.mp4", "h264-mp4", 9, ErrorCode::InvalidArgument);
  row("sound in a sequence", "a_%03d.png", "png-sequence", 10, ErrorCode::InvalidArgument);
  row("NVENC for ProRes", "a.mov", "prores-hq-mov", 11, ErrorCode::Unsupported);
}

void TestMediaEncoder::refusedSettings() {
  QFETCH(QString, name);
  QFETCH(QString, preset);
  QFETCH(int, change);
  QFETCH(int, code);
  EncodeSettings s = settingsOf(preset.toStdString(), kNumberedSize);
  const std::function<void()> changes[] = {[] {},
                                           [&] { s.size = {}; },
                                           [&] {
                                             s.size = {100'000, 1};
                                           },
                                           [&] {
                                             s.frameRate = {0, 1};
                                           },
                                           [&] { s.quality = 0; },
                                           [&] { s.bitDepth = 12; },
                                           [&] { s.alpha = true; },
                                           [&] { s.chroma = ChromaFormat::Rgb; },
                                           [&] { s.video = VideoCodec::None; },
                                           [&] {
                                             s.audio = AudioCodec::Aac;
                                             s.audioChannels = 100;
                                           },
                                           [&] { s.audio = AudioCodec::Pcm16; },
                                           [&] { s.acceleration = Acceleration::Nvenc; }};
  changes[change]();
  const TempFolder folder;
  const auto encoder = Encoder::create(folder.file(name.toStdString()), s);
  QVERIFY(!encoder.has_value());
  QVERIFY2(static_cast<int>(encoder.error().code) == code, encoder.error().text().c_str());
  QVERIFY(encoder.error().message.size() > 20);
  QCOMPARE(entriesIn(folder.path()), 0);
}

void TestMediaEncoder::refusedImages() {
  const TempFolder folder;
  EncodeSettings settings = settingsOf("h264-mp4", {64, 64});
  settings.timing = FrameTiming::FromImage;
  auto encoder = Encoder::create(folder.file("a.mp4"), settings);
  QVERIFY(encoder.has_value());
  const Image good = plainPicture({64, 64}, 1, 2, 3);
  QCOMPARE(encoder->push(plainPicture({64, 62}, 1, 2, 3)).error().code, ErrorCode::InvalidArgument);
  QCOMPARE(encoder->push(Image()).error().code, ErrorCode::InvalidArgument);
  auto depth = MutableImage::allocate(PixelFormat::Gray32F, {64, 64});
  QCOMPARE(encoder->push(std::move(*depth).freeze()).error().code, ErrorCode::InvalidArgument);
  QCOMPARE(encoder->push(tones(100, 2, 48'000, 16)).error().code, ErrorCode::InvalidArgument);
  QVERIFY(encoder->push(good.at(Time::fromSeconds(1))).has_value());
  QCOMPARE(encoder->push(good.at(Time::fromSeconds(1))).error().code, ErrorCode::InvalidArgument);
  QCOMPARE(encoder->push(good.at(Time::fromSeconds(.5))).error().code, ErrorCode::InvalidArgument);
  QVERIFY(encoder->push(good.at(Time::fromSeconds(2))).has_value());
  QVERIFY(encoder->finish().has_value());
  QCOMPARE(encoder->push(good.at(Time::fromSeconds(3))).error().code, ErrorCode::InvalidArgument);
}

void TestMediaEncoder::nothingPushed() {
  const TempFolder folder;
  for (const char* id : {"h264-mp4", "png-sequence"}) {
    auto encoder = Encoder::create(targetOf(*findPreset(id), folder, "out"), settingsOf(id, kNumberedSize));
    QVERIFY(encoder.has_value());
    const auto done = encoder->finish();
    QVERIFY(!done.has_value());
    QCOMPARE(done.error().code, ErrorCode::InvalidArgument);
  }
  QCOMPARE(entriesIn(folder.path()), 0);
}

void TestMediaEncoder::sequenceNames_data() {
  QTest::addColumn<QString>("target");
  QTest::addColumn<QString>("second");
  QTest::newRow("folder") << "shots"
                          << "shots/00001.png";
  QTest::newRow("folder with a stroke") << "shots/"
                                        << "shots/00001.png";
  QTest::newRow("pattern") << "shot_%03d.png"
                           << "shot_001.png";
  QTest::newRow("pattern in a folder") << "deep/er/shot%d.png"
                                       << "deep/er/shot1.png";
}

void TestMediaEncoder::sequenceNames() {
  QFETCH(QString, target);
  QFETCH(QString, second);
  const TempFolder folder;
  QCOMPARE(qs(writeNumbered(folder.file(target.toStdString()), settingsOf("png-sequence", kNumberedSize), 3)),
           QString());
  const auto image = readImage(folder.file(second.toStdString()));
  QVERIFY2(image.has_value(), image ? "" : image.error().text().c_str());
  QCOMPARE(numberIn(*image), 1);
}

void TestMediaEncoder::awkwardNames_data() {
  QTest::addColumn<QString>("name");
  QTest::newRow("space") << "my film.mp4";
  QTest::newRow("colon") << "rtmp:film.mp4";
  QTest::newRow("percent") << "100%.mp4";
  QTest::newRow("letters") << QString::fromUtf8("Füße 映画.mp4");
  QTest::newRow("capitals") << "FILM.MP4";
  QTest::newRow("two dots") << "a.b.mp4";
  QTest::newRow("hash and question mark") << "a#b?c.mp4";
}

void TestMediaEncoder::awkwardNames() {
  QFETCH(QString, name);
  const TempFolder folder;
  const fs::path path = folder.file(name.toStdString());
  QCOMPARE(qs(writeNumbered(path, settingsOf("h264-mp4", kNumberedSize), 3)), QString());
  QVERIFY(fs::exists(path));
  std::string failed;
  QCOMPARE(readAll(path, &failed).size(), std::size_t{3});
  QCOMPARE(qs(failed), QString());
}

void TestMediaEncoder::encoderList() {
  const auto all = encoders();
  const auto status = [&all](const char* name) {
    return std::find_if(all.begin(), all.end(), [name](const EncoderStatus& s) { return s.name == name; });
  };
  for (const char* name : {"libx264", "libx265", "libsvtav1", "prores_ks", "ffv1"}) {
    QVERIFY2(status(name) != all.end(), name);
    QVERIFY2(status(name)->usable, name);
  }
  QVERIFY(status("h264_nvenc") != all.end());
  for (const EncoderStatus& s : all) {
    QVERIFY(!s.codec.empty());
    QCOMPARE(s.usable, s.reason.empty());
  }
}

// With a GPU or without: it opens and writes, and says with what.
void TestMediaEncoder::automaticAcceleration() {
  const TempFolder folder;
  EncodeSettings settings = settingsOf("h264-mp4", {320, 192});
  settings.acceleration = Acceleration::Automatic;
  auto encoder = Encoder::create(folder.file("a.mp4"), settings);
  QVERIFY2(encoder.has_value(), encoder ? "" : encoder.error().text().c_str());
  QVERIFY(encoder->encoderName() == "libx264" || encoder->encoderName() == "h264_nvenc");
  QVERIFY(encoder->push(plainPicture({320, 192}, 10, 90, 160)).has_value());
  QVERIFY(encoder->finish().has_value());
  std::string failed;
  QCOMPARE(readAll(folder.file("a.mp4"), &failed).size(), std::size_t{1});
}

void TestMediaEncoder::qualityCounts() {
  const TempFolder folder;
  const Image image = texturedPicture({320, 192}, 9);
  double last = 0;
  std::uintmax_t size = 0;
  for (const int quality : {20, 60, 80, 95}) {
    EncodeSettings settings = settingsOf("h264-mp4", image.size());
    settings.quality = quality;
    const fs::path path = folder.file(fmt::format("{}.mp4", quality));
    QCOMPARE(qs(writeImages(path, settings, {image, image, image})), QString());
    std::string failed;
    const auto images = readAll(path, &failed);
    const double now = psnr(images.at(1), image);
    QVERIFY2(now > last, qPrintable(QStringLiteral("%1 dB after %2").arg(now).arg(last)));
    QVERIFY(fs::file_size(path) > size);
    last = now;
    size = fs::file_size(path);
  }
}

QTEST_APPLESS_MAIN(TestMediaEncoder)
#include "tst_encoder.moc"
