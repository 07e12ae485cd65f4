// SPDX-License-Identifier: Apache-2.0
#include <QtTest>

#include <algorithm>
#include <cmath>
#include <random>

#include "engine/media/audio_reader.h"
#include "tests/engine/media/media_files.h"
#include "tests/support/files.h"

using namespace kinora;
using namespace kinora::media;
using namespace kinora::test;
namespace fs = std::filesystem;

namespace {

QString qs(const std::string& text) {
  return QString::fromStdString(text);
}

std::string writeSound(const fs::path& path, AudioCodec codec, const AudioBlock& sound, std::int32_t rate,
                       std::int32_t channels, std::int64_t piece = 777) {
  EncodeSettings settings;
  settings.video = VideoCodec::None;
  settings.audio = codec;
  settings.audioSampleRate = rate;
  settings.audioChannels = channels;
  auto encoder = Encoder::create(path, settings);
  if (!encoder)
    return encoder.error().text();
  for (std::int64_t at = 0; at < static_cast<std::int64_t>(sound.frames()); at += piece) {
    const std::int64_t n = std::min(piece, static_cast<std::int64_t>(sound.frames()) - at);
    std::vector<float> part;
    for (int c = 0; c < sound.channels(); ++c)
      part.insert(part.end(), sound.channel(c).begin() + at, sound.channel(c).begin() + at + n);
    if (auto done = encoder->push(AudioBlock(std::move(part), sound.channels(), sound.sampleRate(), {})); !done)
      return done.error().text();
  }
  const auto done = encoder->finish();
  return done ? std::string() : done.error().text();
}

} // namespace

class TestMediaSound : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void exact_data();
  void exact();
  void loudestSamples();
  void aacIsClose();
  void seekIsSampleExact_data();
  void seekIsSampleExact();
  void resampled();
  void mixed();
  void blocksFollowEachOther();
  void ofAVideo();
  void foreignFormats_data();
  void foreignFormats();
  void tooLong();
  void noSound();
  void cancelled();
};

void TestMediaSound::exact_data() {
  QTest::addColumn<int>("codec");
  QTest::addColumn<QString>("name");
  QTest::addColumn<int>("bits");
  QTest::addColumn<int>("rate");
  QTest::addColumn<int>("channels");
  const auto row = [](const char* title, AudioCodec codec, const char* name, int bits, int rate, int channels) {
    QTest::newRow(title) << static_cast<int>(codec) << name << bits << rate << channels;
  };
  row("PCM 16", AudioCodec::Pcm16, "a.wav", 16, 48'000, 2);
  row("PCM 16 mono 16 kHz", AudioCodec::Pcm16, "a.wav", 16, 16'000, 1);
  row("PCM 24", AudioCodec::Pcm24, "a.wav", 24, 44'100, 2);
  row("PCM float", AudioCodec::PcmFloat, "a.wav", 24, 48'000, 2);
  row("PCM 5.1", AudioCodec::Pcm16, "a.wav", 16, 48'000, 6);
  row("FLAC of 16 bit", AudioCodec::Flac, "a.flac", 16, 44'100, 2);
  row("FLAC of 24 bit", AudioCodec::Flac, "a.flac", 24, 96'000, 2);
  row("FLAC in Matroska", AudioCodec::Flac, "a.mka", 24, 48'000, 1);
}

void TestMediaSound::exact() {
  QFETCH(int, codec);
  QFETCH(QString, name);
  QFETCH(int, bits);
  QFETCH(int, rate);
  QFETCH(int, channels);
  const TempFolder folder;
  const fs::path path = folder.file(name.toStdString());
  const AudioBlock sound = tones(20'011, channels, rate, bits);
  QCOMPARE(qs(writeSound(path, static_cast<AudioCodec>(codec), sound, rate, channels)), QString());
  const auto info = probe(path);
  QVERIFY2(info.has_value(), info ? "" : info.error().text().c_str());
  QCOMPARE(info->kind, MediaKind::Audio);
  QVERIFY(info->audio && !info->video);
  QCOMPARE(info->audio->sampleRate, rate);
  QCOMPARE(info->audio->channels, channels);
  QVERIFY2(std::abs(info->duration.seconds() - 20'011.0 / rate) < .002,
           qPrintable(QString::number(info->duration.seconds())));
  const auto read = readAudio(path);
  QVERIFY2(read.has_value(), read ? "" : read.error().text().c_str());
  QCOMPARE(read->frames(), sound.frames());
  QCOMPARE(read->time().ticks, std::int64_t{0});
  for (int c = 0; c < channels; ++c)
    QVERIFY(std::ranges::equal(read->channel(c), sound.channel(c)));
}

// Full scale and beyond is clamped, never wrapped round.
void TestMediaSound::loudestSamples() {
  const TempFolder folder;
  const std::vector<float> loud{0, 1, -1, 2, -2, .5F, -.5F, 0};
  for (const auto& [codec, name] : {std::pair{AudioCodec::Pcm16, "a.wav"}, std::pair{AudioCodec::Pcm24, "b.wav"},
                                    std::pair{AudioCodec::Flac, "a.flac"}}) {
    QCOMPARE(qs(writeSound(folder.file(name), codec, AudioBlock(loud, 1, 48'000, {}), 48'000, 1)), QString());
    const auto read = readAudio(folder.file(name));
    QVERIFY2(read.has_value(), read ? "" : read.error().text().c_str());
    QCOMPARE(read->frames(), loud.size());
    for (std::size_t i = 0; i < loud.size(); ++i) {
      const float expected = std::clamp(loud[i], -1.0F, 1.0F);
      QVERIFY2(std::abs(read->channel(0)[i] - expected) <= 1.0F / 32'768,
               qPrintable(QStringLiteral("%1 for %2").arg(read->channel(0)[i]).arg(loud[i])));
    }
  }
}

// Delay of the codec taken off: the sound lies where it was.
void TestMediaSound::aacIsClose() {
  const TempFolder folder;
  const fs::path path = folder.file("a.m4a");
  const AudioBlock sound = tones(48'000, 2, 48'000, 16);
  QCOMPARE(qs(writeSound(path, AudioCodec::Aac, sound, 48'000, 2)), QString());
  const auto read = readAudio(path);
  QVERIFY2(read.has_value(), read ? "" : read.error().text().c_str());
  QVERIFY2(std::abs(static_cast<double>(read->frames()) - 48'000) <= 1024, qPrintable(QString::number(read->frames())));
  const auto offset = static_cast<std::int64_t>(std::llround(read->time().seconds() * 48'000));
  double error = 0;
  double power = 0;
  for (std::int64_t i = 4800; i < 43'000; ++i) {
    const double a = sound.channel(0)[static_cast<std::size_t>(i)];
    const double b = read->channel(0)[static_cast<std::size_t>(i - offset)];
    error += (a - b) * (a - b);
    power += a * a;
  }
  QVERIFY2(10 * std::log10(power / error) > 25, qPrintable(QString::number(10 * std::log10(power / error))));
}

void TestMediaSound::seekIsSampleExact_data() {
  QTest::addColumn<int>("codec");
  QTest::addColumn<QString>("name");
  QTest::newRow("wav") << static_cast<int>(AudioCodec::Pcm16) << "a.wav";
  QTest::newRow("flac") << static_cast<int>(AudioCodec::Flac) << "a.flac";
  QTest::newRow("flac in mka") << static_cast<int>(AudioCodec::Flac) << "a.mka";
  QTest::newRow("pcm in mka") << static_cast<int>(AudioCodec::Pcm24) << "a.mka";
  QTest::newRow("aac") << static_cast<int>(AudioCodec::Aac) << "a.m4a";
}

void TestMediaSound::seekIsSampleExact() {
  QFETCH(int, codec);
  QFETCH(QString, name);
  const TempFolder folder;
  const fs::path path = folder.file(name.toStdString());
  constexpr std::int32_t kRate = 44'100;
  constexpr std::int64_t kFrames = 5 * kRate;
  QCOMPARE(qs(writeSound(path, static_cast<AudioCodec>(codec), tones(kFrames, 1, kRate, 16), kRate, 1)), QString());
  const auto whole = readAudio(path);
  QVERIFY2(whole.has_value(), whole ? "" : whole.error().text().c_str());
  const auto first = static_cast<std::int64_t>(std::llround(whole->time().seconds() * kRate));
  auto reader = AudioReader::open(path);
  QVERIFY(reader.has_value());
  std::mt19937 random(2);
  for (int i = 0; i < 40; ++i) {
    const auto sample = i == 0 ? std::int64_t{0} : static_cast<std::int64_t>(random() % (kFrames - 2000));
    const Time time{sample * (kTicksPerSecond / kRate)};
    const auto sought = reader->seek(time);
    QVERIFY2(sought.has_value(), sought ? "" : sought.error().text().c_str());
    std::int64_t at = sample;
    for (int blocks = 0; blocks < 2; ++blocks) {
      const auto block = reader->next();
      QVERIFY2(block.has_value() && block->has_value(), block ? "no block" : block.error().text().c_str());
      QCOMPARE((*block)->time().ticks, at * (kTicksPerSecond / kRate));
      for (std::size_t k = 0; k < std::min<std::size_t>(500, (*block)->frames()); ++k) {
        const auto index = static_cast<std::size_t>(at - first) + k;
        // AAC's made noise depends on where decoding began; one sample of shift would be 2e-2.
        QVERIFY2(std::abs((*block)->channel(0)[k] - whole->channel(0)[index]) <=
                     (codec == static_cast<int>(AudioCodec::Aac) ? 1e-3F : 0.F),
                 qPrintable(QStringLiteral("sample %1: %2 for %3")
                                .arg(index)
                                .arg((*block)->channel(0)[k])
                                .arg(whole->channel(0)[index])));
      }
      at += static_cast<std::int64_t>((*block)->frames());
    }
  }
  // Behind the end there is nothing.
  QVERIFY(reader->seek(Time::fromSeconds(100)).has_value());
  const auto none = reader->next();
  QVERIFY(none.has_value() && !none->has_value());
}

void TestMediaSound::resampled() {
  const TempFolder folder;
  const fs::path path = folder.file("a.wav");
  QCOMPARE(qs(writeSound(path, AudioCodec::Pcm16, tones(44'100, 2, 44'100, 16), 44'100, 2)), QString());
  AudioReaderOptions options;
  options.sampleRate = 16'000;
  options.channels = 1;
  const auto read = readAudio(path, options);
  QVERIFY2(read.has_value(), read ? "" : read.error().text().c_str());
  QCOMPARE(read->sampleRate(), 16'000);
  QCOMPARE(read->channels(), 1);
  QVERIFY2(std::abs(static_cast<double>(read->frames()) - 16'000) <= 1, qPrintable(QString::number(read->frames())));
  // The mean of both tones, still in phase.
  const AudioBlock ideal = tones(16'000, 2, 16'000, 24);
  for (std::size_t i = 200; i < 15'800; ++i)
    QVERIFY2(std::abs(read->channel(0)[i] - (ideal.channel(0)[i] + ideal.channel(1)[i]) / 2) < .01F,
             qPrintable(QStringLiteral("%1 for %2 and %3")
                            .arg(read->channel(0)[i])
                            .arg(ideal.channel(0)[i])
                            .arg(ideal.channel(1)[i])));
}

void TestMediaSound::mixed() {
  const TempFolder folder;
  // Written with another rate and count than pushed.
  QCOMPARE(qs(writeSound(folder.file("a.wav"), AudioCodec::Pcm16, tones(16'000, 1, 16'000, 16), 48'000, 2)), QString());
  const auto read = readAudio(folder.file("a.wav"));
  QVERIFY(read.has_value());
  QCOMPARE(read->channels(), 2);
  QVERIFY2(std::abs(static_cast<double>(read->frames()) - 48'000) <= 3, qPrintable(QString::number(read->frames())));
  const AudioBlock ideal = tones(48'000, 1, 48'000, 24);
  for (std::size_t i = 500; i < 47'500; ++i) {
    QCOMPARE(read->channel(0)[i], read->channel(1)[i]);
    // Mono to both sides, with the same loudness in all: 3 dB less each.
    QVERIFY2(std::abs(read->channel(0)[i] - ideal.channel(0)[i] * .7071F) < .02F ||
                 std::abs(read->channel(0)[i] - ideal.channel(0)[i]) < .02F,
             qPrintable(QString::number(read->channel(0)[i])));
  }
}

void TestMediaSound::blocksFollowEachOther() {
  const TempFolder folder;
  const fs::path path = folder.file("a.flac");
  QCOMPARE(qs(writeSound(path, AudioCodec::Flac, tones(100'000, 1, 44'100, 16), 44'100, 1)), QString());
  auto reader = AudioReader::open(path);
  QVERIFY(reader.has_value());
  std::int64_t frames = 0;
  for (;;) {
    const auto block = reader->next();
    QVERIFY(block.has_value());
    if (!*block)
      break;
    QVERIFY((*block)->frames() > 0);
    QCOMPARE((*block)->time().ticks, frames * (kTicksPerSecond / 44'100));
    frames += static_cast<std::int64_t>((*block)->frames());
  }
  QCOMPARE(frames, std::int64_t{100'000});
}

void TestMediaSound::ofAVideo() {
  const TempFolder folder;
  EncodeSettings settings = settingsOf("h264-mp4", kNumberedSize);
  settings.audio = AudioCodec::Flac;
  auto encoder = Encoder::create(folder.file("a.mkv"), settings);
  QVERIFY(encoder.has_value());
  const AudioBlock sound = tones(48'000, 2, 48'000, 16);
  for (int n = 0; n < 24; ++n)
    QVERIFY(encoder->push(numberedFrame(n)).has_value());
  QVERIFY(encoder->push(sound).has_value());
  QVERIFY(encoder->finish().has_value());
  const auto read = readAudio(folder.file("a.mkv"));
  QVERIFY2(read.has_value(), read ? "" : read.error().text().c_str());
  QVERIFY(std::ranges::equal(read->channel(1), sound.channel(1)));
}

void TestMediaSound::foreignFormats_data() {
  QTest::addColumn<QString>("name");
  for (const char* name : {"a.mp3", "a.ogg", "a.opus", "a.aiff", "a.au"})
    QTest::newRow(name) << name;
}

void TestMediaSound::foreignFormats() {
  QFETCH(QString, name);
  if (!haveFfmpeg())
    QSKIP("The ffmpeg program, which makes these files, is not installed.");
  const TempFolder folder;
  const AudioBlock sound = tones(96'000, 2, 48'000, 16);
  QCOMPARE(qs(writeSound(folder.file("source.wav"), AudioCodec::Pcm16, sound, 48'000, 2)), QString());
  if (!runFfmpeg({"-i", folder.file("source.wav").string(), folder.file(name.toStdString()).string()}))
    QSKIP("This build of ffmpeg cannot make the file.");
  const auto read = readAudio(folder.file(name.toStdString()));
  QVERIFY2(read.has_value(), read ? "" : read.error().text().c_str());
  QCOMPARE(read->channels(), 2);
  QVERIFY2(std::abs(static_cast<double>(read->frames()) - 96'000) <= 3000, qPrintable(QString::number(read->frames())));
  const auto offset = static_cast<std::int64_t>(std::llround(read->time().seconds() * 48'000));
  double error = 0;
  double power = 0;
  for (std::int64_t i = 9600; i < 80'000; ++i) {
    const double a = sound.channel(0)[static_cast<std::size_t>(i)];
    const double b = read->channel(0)[static_cast<std::size_t>(i - offset)];
    error += (a - b) * (a - b);
    power += a * a;
  }
  QVERIFY2(10 * std::log10(power / error) > 15, qPrintable(QString::number(10 * std::log10(power / error))));
}

void TestMediaSound::tooLong() {
  const TempFolder folder;
  QCOMPARE(qs(writeSound(folder.file("a.wav"), AudioCodec::Pcm16, tones(10'000, 1, 8000, 16), 8000, 1)), QString());
  const auto read = readAudio(folder.file("a.wav"), {}, 5000);
  QVERIFY(!read.has_value());
  QCOMPARE(read.error().code, ErrorCode::InvalidArgument);
  QVERIFY(readAudio(folder.file("a.wav"), {}, 10'000).has_value());
}

void TestMediaSound::noSound() {
  const TempFolder folder;
  QCOMPARE(qs(writeNumbered(folder.file("a.mp4"), settingsOf("h264-mp4", kNumberedSize), 3)), QString());
  const auto reader = AudioReader::open(folder.file("a.mp4"));
  QVERIFY(!reader.has_value());
  QCOMPARE(reader.error().code, ErrorCode::Corrupt);
  QCOMPARE(AudioReader::open(folder.file("missing.wav")).error().code, ErrorCode::NotFound);
}

void TestMediaSound::cancelled() {
  const TempFolder folder;
  QCOMPARE(qs(writeSound(folder.file("a.wav"), AudioCodec::Pcm16, tones(10'000, 1, 8000, 16), 8000, 1)), QString());
  auto reader = AudioReader::open(folder.file("a.wav"));
  QVERIFY(reader.has_value());
  std::stop_source stop;
  stop.request_stop();
  QCOMPARE(reader->next(stop.get_token()).error().code, ErrorCode::Cancelled);
  QCOMPARE(reader->seek({}, stop.get_token()).error().code, ErrorCode::Cancelled);
  QVERIFY(reader->next().has_value());
}

QTEST_APPLESS_MAIN(TestMediaSound)
#include "tst_sound.moc"
