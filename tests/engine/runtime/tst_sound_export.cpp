// SPDX-License-Identifier: Apache-2.0
// Sound of the timeline: which samples are heard when, alone and in exported files.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "engine/media/audio_reader.h"
#include "engine/media/decoder.h"
#include "engine/media/encoder.h"
#include "engine/runtime/export/sound_mix.h"
#include "tests/engine/runtime/engine_rig.h"

using namespace kinora;
using namespace kinora::runtime;
using kinora::test::EngineRig;
using kinora::test::must;
using kinora::test::TempFolder;
namespace edit = kinora::document::edit;
namespace fs = std::filesystem;

namespace {

constexpr std::int32_t kOut = 48'000;
constexpr FrameRate kNtsc{30'000, 1001};
constexpr Size kSize{64, 48};
constexpr std::int64_t kFlashEvery = 15; // frames; the first one is frame 4
constexpr std::int64_t kFirstFlash = 4;

bool flashes(std::int64_t frame) {
  return frame % kFlashEvery == kFirstFlash;
}

// Writes a sound file, made sample by sample.
void writeSound(const fs::path& path, media::AudioCodec codec, std::int32_t rate, std::int32_t channels,
                std::int64_t frames, const std::function<float(std::int64_t, std::int32_t)>& at) {
  media::EncodeSettings settings;
  settings.video = media::VideoCodec::None;
  settings.audio = codec;
  settings.audioSampleRate = rate;
  settings.audioChannels = channels;
  auto encoder = must(media::Encoder::create(path, settings));
  for (std::int64_t from = 0; from < frames; from += rate) {
    const std::int64_t count = std::min<std::int64_t>(rate, frames - from);
    std::vector<float> samples;
    for (std::int32_t c = 0; c < channels; ++c)
      for (std::int64_t i = 0; i < count; ++i)
        samples.push_back(at(from + i, c));
    must(encoder.push(AudioBlock(std::move(samples), channels, rate, {})));
  }
  must(encoder.finish());
}

// A film whose white frames come with a click at their very first sample.
void writeFlashes(const fs::path& path, FrameRate rate, std::int64_t frames, std::int32_t audioRate,
                  std::int32_t channels) {
  media::EncodeSettings settings = media::findPreset("ffv1-mkv")->settings;
  settings.size = kSize;
  settings.frameRate = rate;
  settings.audio = media::AudioCodec::Flac;
  settings.audioSampleRate = audioRate;
  settings.audioChannels = channels;
  auto encoder = must(media::Encoder::create(path, settings));
  std::int64_t written = 0;
  for (std::int64_t f = 0; f < frames; ++f) {
    const auto grey = static_cast<unsigned char>(flashes(f) ? 255 : 0);
    must(encoder.push(test::plainPicture(kSize, grey, grey, grey)));
    const std::int64_t end = samplesIn(rate.timeOf(f + 1) - Time{}, audioRate);
    std::vector<float> samples(static_cast<std::size_t>((end - written) * channels));
    if (flashes(f))
      for (std::int32_t c = 0; c < channels; ++c)
        samples[static_cast<std::size_t>((end - written) * c)] = .75F;
    must(encoder.push(AudioBlock(std::move(samples), channels, audioRate, {})));
    written = end;
  }
  must(encoder.finish());
}

// An empty timeline of that rate with files to put on it.
struct Timeline {
  explicit Timeline(FrameRate rate) {
    auto empty = std::make_shared<document::Document>();
    empty->frame = {kSize, rate};
    document = std::move(empty);
  }
  LaneId lane(document::LaneKind kind) {
    auto made = must(edit::addLane(document, kind, "Lane", 0));
    document = made.document;
    return made.id;
  }
  ClipId clip(LaneId lane, const fs::path& path, Time start, Duration length, Duration sourceIn) {
    auto media = must(edit::addMedia(document, must(describeMediaFile(path))));
    document::Clip clip;
    clip.name = path.filename().string();
    clip.media = media.id;
    clip.start = start;
    clip.length = length;
    clip.sourceIn = sourceIn;
    auto made = must(edit::addClip(media.document, lane, clip));
    document = made.document;
    return made.id;
  }
  // All of the timeline at once.
  [[nodiscard]] std::optional<AudioBlock> heard() const {
    auto mix = must(SoundMix::open(*document, {Time{}, document->length()}, kOut, {}));
    if (!mix)
      return std::nullopt;
    return must(mix->until(samplesIn(document->length(), kOut), {}));
  }

  document::DocumentPtr document;
};

Duration seconds(double s) {
  return Duration::fromSeconds(s);
}

std::string bytesOf(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

ExportFinished exported(EngineRig& rig, const document::DocumentPtr& document, ExportRequest request) {
  const JobId job = rig.engine->startExport(document, std::move(request));
  auto end = rig.untilEvent<ExportFinished>([job](const ExportFinished& e) { return e.job == job; });
  return end ? std::move(*end) : ExportFinished{{}, fail(ErrorCode::Internal, "The export never ended.")};
}

// Numbers of the frames that are white.
std::vector<std::int64_t> flashesIn(const fs::path& film, std::int64_t& frames) {
  auto decoder = must(media::Decoder::open(film));
  std::vector<std::int64_t> found;
  for (frames = 0;; ++frames) {
    const auto image = must(decoder.next());
    if (!image)
      return found;
    if (image->row<unsigned char>(kSize.height / 2)[kSize.width * 2] > 128)
      found.push_back(frames);
  }
}

} // namespace

class TestSoundExport : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void samplesAreCountedFromZero() {
    QCOMPARE(samplesIn(seconds(1), kOut), std::int64_t{48'000});
    QCOMPARE(samplesIn(kNtsc.timeOf(30'000) - Time{}, kOut), std::int64_t{48'048'000});
    QCOMPARE(samplesIn(Duration{-kTicksPerSecond}, kOut), std::int64_t{-48'000});
    QCOMPARE(samplesIn(Duration{7349}, kOut), std::int64_t{0});
    QCOMPARE(samplesIn(Duration{7350}, kOut), std::int64_t{1});
    QCOMPARE(samplesIn(seconds(1e6), 192'000), std::int64_t{192'000'000'000});
  }

  // Trims, gaps, two lanes at once, a lane that is off, a file that ends early: exact samples.
  void clipsAreTrimmedPlacedAndAdded() {
    const TempFolder folder;
    const fs::path ramp = folder.file("ramp.wav"); // sample i of the left side is i/2^17, the right side its negative
    writeSound(ramp, media::AudioCodec::PcmFloat, kOut, 2, kOut,
               [](std::int64_t i, std::int32_t c) { return static_cast<float>(c ? -i : i) / 131'072; });
    const fs::path half = folder.file("half.wav");
    writeSound(half, media::AudioCodec::PcmFloat, kOut, 1, kOut, [](std::int64_t, std::int32_t) { return .5F; });
    Timeline line({24, 1});
    const LaneId first = line.lane(document::LaneKind::Sound);
    const LaneId second = line.lane(document::LaneKind::Sound);
    const LaneId off = line.lane(document::LaneKind::Sound);
    line.clip(first, ramp, Time::fromSeconds(.5), seconds(.25), seconds(.125));
    line.clip(first, ramp, Time::fromSeconds(.75), seconds(.25), seconds(.875)); // ends in the file after .125 s
    line.clip(second, half, Time::fromSeconds(.625), seconds(1), {});
    line.clip(off, half, Time{}, seconds(2), {});
    line.document = must(edit::setLaneEnabled(line.document, off, false));
    const auto heard = line.heard();
    QVERIFY(heard.has_value());
    QCOMPARE(heard->frames(), std::size_t{96'000});
    for (std::int64_t i = 0; i < 96'000; ++i) {
      float left = 0;
      if (i >= 24'000 && i < 36'000)
        left = static_cast<float>(i - 24'000 + 6000) / 131'072;
      else if (i >= 36'000 && i < 42'000)
        left = static_cast<float>(i - 36'000 + 42'000) / 131'072;
      const float both = i >= 30'000 && i < 78'000 ? .5F : 0;
      const auto at = static_cast<std::size_t>(i);
      if (heard->channel(0)[at] != both + left || heard->channel(1)[at] != both - left)
        QFAIL(qPrintable(
            QStringLiteral("sample %1: %2 %3").arg(i).arg(heard->channel(0)[at]).arg(heard->channel(1)[at])));
    }
  }

  void piecesGiveWhatTheWholeGives() {
    const TempFolder folder;
    const fs::path noise = folder.file("noise.flac");
    writeSound(noise, media::AudioCodec::Flac, 44'100, 2, 88'200, [](std::int64_t i, std::int32_t c) {
      return static_cast<float>((i * 7919 + c * 104'729) % 2001 - 1000) / 2000;
    });
    Timeline line(kNtsc);
    line.clip(line.lane(document::LaneKind::Sound), noise, kNtsc.timeOf(3), seconds(1.5), kNtsc.timeOf(5) - Time{});
    const auto whole = line.heard();
    QVERIFY(whole.has_value());
    auto mix = must(SoundMix::open(*line.document, {Time{}, line.document->length()}, kOut, {}));
    std::size_t at = 0;
    for (std::int64_t f = 1; at < whole->frames(); ++f) {
      const auto end =
          std::min<std::int64_t>(samplesIn(kNtsc.timeOf(f) - Time{}, kOut), static_cast<std::int64_t>(whole->frames()));
      const AudioBlock piece = must(mix->until(end, {}));
      for (std::int32_t c = 0; c < 2; ++c)
        QVERIFY(std::ranges::equal(piece.channel(c), whole->channel(c).subspan(at, piece.frames())));
      at += piece.frames();
    }
  }

  void tooLoudIsClampedNotWrapped() {
    const TempFolder folder;
    const fs::path loud = folder.file("loud.wav");
    writeSound(loud, media::AudioCodec::Pcm16, kOut, 1, 4800, [](std::int64_t, std::int32_t) { return -.75F; });
    Timeline line({24, 1});
    line.clip(line.lane(document::LaneKind::Sound), loud, {}, seconds(.1), {});
    line.clip(line.lane(document::LaneKind::Sound), loud, {}, seconds(.1), {});
    const auto heard = line.heard();
    QVERIFY(heard.has_value());
    QVERIFY(std::ranges::all_of(heard->channel(0), [](float s) { return s == -1; }));
  }

  // 10 minutes at 29.97 frames a second from a 44.1 kHz file: the click of every 300th frame stays where its frame is.
  void tenMinutesDoNotDrift() {
    const TempFolder folder;
    const fs::path clicks = folder.file("clicks.wav");
    constexpr std::int64_t kFrames = 17'982;
    std::vector<std::int64_t> places;
    for (std::int64_t f = 0; f < kFrames; f += 300)
      places.push_back(samplesIn(kNtsc.timeOf(f) - Time{}, 44'100));
    std::size_t next = 0;
    writeSound(clicks, media::AudioCodec::Pcm16, 44'100, 1, samplesIn(kNtsc.timeOf(kFrames) - Time{}, 44'100),
               [&](std::int64_t i, std::int32_t) {
                 const bool click = next < places.size() && places[next] == i;
                 next += click ? 1 : 0;
                 return click ? .75F : 0;
               });
    Timeline line(kNtsc);
    line.clip(line.lane(document::LaneKind::Sound), clicks, {}, kNtsc.timeOf(kFrames) - Time{}, {});
    auto mix = must(SoundMix::open(*line.document, {Time{}, line.document->length()}, kOut, {}));
    QVERIFY(mix.has_value());
    std::int64_t at = 0;
    float loudest = 0;
    std::int64_t loudestAt = 0;
    for (std::int64_t f = 0; f < kFrames; ++f) {
      const AudioBlock block = must(mix->until(samplesIn(kNtsc.timeOf(f + 1) - Time{}, kOut), {}));
      for (const float sample : block.channel(0)) {
        if (sample > loudest) {
          loudest = sample;
          loudestAt = at;
        }
        ++at;
      }
      if (f % 300 == 150) {
        const std::int64_t wanted = samplesIn(kNtsc.timeOf(f - 150) - Time{}, kOut);
        QVERIFY2(std::abs(loudestAt - wanted) <= 1,
                 qPrintable(QStringLiteral("frame %1: %2 instead of %3").arg(f - 150).arg(loudestAt).arg(wanted)));
        loudest = 0;
      }
    }
    QCOMPARE(at, samplesIn(kNtsc.timeOf(kFrames) - Time{}, kOut));
  }

  void clicksStayWithTheirFrames_data() {
    QTest::addColumn<QString>("file");
    QTest::addColumn<FrameRate>("rate");
    QTest::addColumn<int>("audioRate");
    QTest::addColumn<int>("channels");
    QTest::addColumn<int>("start"); // frames
    QTest::addColumn<int>("sourceIn");
    QTest::addColumn<int>("rangeFrom");
    QTest::addColumn<int>("samples"); // that a click may be off
    const FrameRate film{24, 1};
    QTest::newRow("FLAC") << "a.mkv" << film << 48'000 << 2 << 0 << 0 << 0 << 1;
    QTest::newRow("FLAC, moved, trimmed, resampled") << "a.mkv" << kNtsc << 44'100 << 1 << 7 << 11 << 0 << 1;
    QTest::newRow("PCM, a range in the middle") << "a.mov" << kNtsc << 48'000 << 2 << 5 << 3 << 20 << 1;
    QTest::newRow("PCM, low rate") << "a.mov" << FrameRate{25, 1} << 22'050 << 1 << 0 << 8 << 0 << 1;
    // One millisecond; what is measured is printed below.
    QTest::newRow("AAC") << "a.mp4" << film << 48'000 << 2 << 0 << 0 << 0 << 48;
    QTest::newRow("AAC, moved, trimmed, resampled") << "a.mp4" << kNtsc << 44'100 << 1 << 7 << 11 << 9 << 48;
  }
  void clicksStayWithTheirFrames() {
    QFETCH(QString, file);
    QFETCH(FrameRate, rate);
    QFETCH(int, audioRate);
    QFETCH(int, channels);
    QFETCH(int, start);
    QFETCH(int, sourceIn);
    QFETCH(int, rangeFrom);
    QFETCH(int, samples);
    EngineRig rig;
    const fs::path source = rig.folder.file("flashes.mkv");
    writeFlashes(source, rate, 90, audioRate, channels);
    Timeline line(rate);
    line.clip(line.lane(document::LaneKind::Picture), source, rate.timeOf(start), rate.timeOf(80 - sourceIn) - Time{},
              rate.timeOf(sourceIn) - Time{});
    ExportRequest request{rig.folder.file(file.toStdString()), {}, {}, {}};
    if (rangeFrom > 0)
      request.range = TimeRange{rate.timeOf(rangeFrom), rate.timeOf(60) - rate.timeOf(rangeFrom)};
    const auto end = exported(rig, line.document, request);
    QVERIFY2(end.file.has_value(), end.file ? "" : end.file.error().text().c_str());
    std::int64_t frames = 0;
    const auto white = flashesIn(*end.file, frames);
    std::vector<std::int64_t> wanted;
    for (std::int64_t f = 0; f < frames; ++f)
      if (const std::int64_t s = f + rangeFrom - start + sourceIn; s >= sourceIn && s < 80 && flashes(s))
        wanted.push_back(f);
    QVERIFY(wanted.size() >= 2);
    QCOMPARE(white, wanted);
    const AudioBlock sound = must(media::readAudio(*end.file));
    QCOMPARE(sound.sampleRate(), kOut);
    QCOMPARE(sound.channels(), 2);
    const std::int64_t origin = samplesIn(sound.time() - Time{}, kOut); // of the first sample that was read
    std::int64_t worst = 0;
    for (const std::int64_t f : white) {
      const std::int64_t place = samplesIn(rate.timeOf(f) - Time{}, kOut) - origin;
      std::int64_t loudest = std::max<std::int64_t>(0, place - 4000);
      for (std::int64_t i = loudest; i < place + 4000 && i < static_cast<std::int64_t>(sound.frames()); ++i)
        if (std::abs(sound.channel(0)[static_cast<std::size_t>(i)]) >
            std::abs(sound.channel(0)[static_cast<std::size_t>(loudest)]))
          loudest = i;
      QVERIFY(std::abs(sound.channel(0)[static_cast<std::size_t>(loudest)]) > .1F);
      worst = std::max(worst, std::abs(loudest - place));
    }
    const std::int64_t length = samplesIn(rate.timeOf(frames) - Time{}, kOut);
    qInfo("largest offset %lld samples, %lld of %lld samples read from %lld", static_cast<long long>(worst),
          static_cast<long long>(sound.frames()), static_cast<long long>(length), static_cast<long long>(origin));
    QVERIFY2(worst <= samples, qPrintable(QString::number(worst)));
    if (samples == 1) { // lossless: not a sample too many, and none before the picture
      QCOMPARE(static_cast<std::int64_t>(sound.frames()), length);
      QCOMPARE(origin, std::int64_t{0});
    }
  }

  void twoRunsGiveTheSameBytes() {
    for (const char* ending : {"mp4", "mkv"}) {
      std::string first;
      for (const char* name : {"a.", "b."}) {
        EngineRig rig;
        const fs::path source = rig.folder.file("flashes.mkv");
        writeFlashes(source, kNtsc, 30, 44'100, 2);
        Timeline line(kNtsc);
        line.clip(line.lane(document::LaneKind::Picture), source, {}, seconds(.9), {});
        const auto end = exported(rig, line.document, {rig.folder.file(std::string(name) + ending), {}, {}, {}});
        QVERIFY2(end.file.has_value(), end.file ? "" : end.file.error().text().c_str());
        const std::string bytes = bytesOf(*end.file);
        QVERIFY(first.empty() || first == bytes);
        first = bytes;
      }
    }
  }

  void withoutSoundThereIsNoSoundTrack() {
    EngineRig rig;
    const fs::path source = rig.folder.file("flashes.mkv");
    writeFlashes(source, {24, 1}, 30, 48'000, 2);
    Timeline line({24, 1});
    const LaneId lane = line.lane(document::LaneKind::Picture);
    line.clip(lane, source, Time::fromSeconds(1), seconds(1), {});
    // Silent: pictures only; a lane that is off; a span without the clip; numbered pictures.
    const auto hasSound = [&](const document::DocumentPtr& document, ExportRequest request) {
      const auto end = exported(rig, document, request);
      return must(media::probe(must(end.file))).audio.has_value();
    };
    QVERIFY(hasSound(line.document, {rig.folder.file("a.mp4"), {}, {}, {}}));
    QVERIFY(!hasSound(rig.document, {rig.folder.file("b.mp4"), {}, {}, {}}));
    QVERIFY(!hasSound(must(edit::setLaneEnabled(line.document, lane, false)), {rig.folder.file("c.mp4"), {}, {}, {}}));
    QVERIFY(!hasSound(line.document, {rig.folder.file("d.mp4"), {}, TimeRange{{}, seconds(.5)}, {}}));
    QVERIFY(exported(rig, line.document, {rig.folder.file("e"), "png-sequence", {}, {}}).file.has_value());
  }

  void aSoundThatIsGoneIsNamed() {
    EngineRig rig;
    const fs::path sound = rig.folder.file("voice.wav");
    writeSound(sound, media::AudioCodec::Pcm16, kOut, 1, 4800, [](std::int64_t, std::int32_t) { return .5F; });
    Timeline line({24, 1});
    line.clip(line.lane(document::LaneKind::Sound), sound, {}, seconds(.1), {});
    fs::remove(sound);
    const auto end = exported(rig, line.document, {rig.folder.file("a.mp4"), {}, {}, {}});
    QVERIFY(!end.file.has_value());
    QVERIFY(end.file.error().text().find("voice.wav") != std::string::npos);
    QVERIFY(!fs::exists(rig.folder.file("a.mp4")));
  }
};

QTEST_APPLESS_MAIN(TestSoundExport)
#include "tst_sound_export.moc"
