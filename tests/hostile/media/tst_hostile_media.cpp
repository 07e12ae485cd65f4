// SPDX-License-Identifier: Apache-2.0
// Files that lie. Each row of the tables either is refused with a message that names the file, or gives frames and
// ends; nothing may crash, hang or read another file.
#include <QtTest>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <functional>
#include <random>

#include <fmt/format.h>
#include <sys/stat.h>

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

enum class End { Refused, Survives };

std::string be32(std::uint32_t v) {
  return {static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8), static_cast<char>(v)};
}
std::string le32(std::uint32_t v) {
  return {static_cast<char>(v), static_cast<char>(v >> 8), static_cast<char>(v >> 16), static_cast<char>(v >> 24)};
}
std::string le16(unsigned v) {
  return {static_cast<char>(v), static_cast<char>(v >> 8)};
}

std::uint32_t crc(const std::string& bytes) { // of PNG: ISO 3309
  std::uint32_t c = 0xFFFFFFFFU;
  for (const char b : bytes) {
    c ^= static_cast<unsigned char>(b);
    for (int k = 0; k < 8; ++k)
      c = (c & 1) != 0 ? 0xEDB88320U ^ (c >> 1) : c >> 1;
  }
  return ~c;
}

std::string pngChunk(const std::string& type, const std::string& data) {
  return be32(static_cast<std::uint32_t>(data.size())) + type + data + be32(crc(type + data));
}

std::string png(std::uint32_t width, std::uint32_t height, const std::string& rest) {
  std::string head = be32(width);
  head += be32(height);
  head += std::string("\x08\x02\0\0\0", 5);
  std::string all("\x89PNG\r\n\x1A\n", 8);
  all += pngChunk("IHDR", head);
  return all + rest;
}

// Deflated nothing: a valid, empty stream.
std::string emptyDeflate() {
  return {"\x78\x9C\x03\x00\x00\x00\x00\x01", 8};
}

std::string wav(unsigned channels, unsigned rate, std::uint32_t dataSize, std::size_t bytes) {
  std::string all = "RIFF";
  all += le32(36 + dataSize);
  all += "WAVEfmt ";
  all += le32(16) + le16(1) + le16(channels) + le32(rate) + le32(rate * channels * 2) + le16(channels * 2) + le16(16);
  all += "data";
  all += le32(dataSize);
  return all + std::string(bytes, '\x20');
}

std::string bmp(std::int32_t width, std::int32_t height, std::size_t bytes) {
  std::string all = "BM";
  all += le32(static_cast<std::uint32_t>(54 + bytes)) + le32(0) + le32(54) + le32(40);
  all += le32(static_cast<std::uint32_t>(width)) + le32(static_cast<std::uint32_t>(height));
  all += le16(1) + le16(24) + le32(0) + le32(0) + le32(0) + le32(0) + le32(0) + le32(0);
  return all + std::string(bytes, '\x20');
}

std::string replaced(std::string bytes, std::size_t at, const std::string& with) {
  bytes.replace(at, with.size(), with);
  return bytes;
}

// Position just behind the n-th occurrence of a box name in an MP4.
std::size_t behind(const std::string& bytes, const char* name) {
  const std::size_t at = bytes.find(name);
  return at == std::string::npos ? at : at + 4;
}

} // namespace

class TestHostileMedia : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase();
  void files_data();
  void files();
  void truncated_data();
  void truncated();
  void flippedBytes_data();
  void flippedBytes();
  void otherFilesStayUnread_data();
  void otherFilesStayUnread();
  void notAFile_data();
  void notAFile();
  void sequences();
  void restartingClock();

 private:
  // Everything that reads media, on one file. What went wrong first, or nothing ("broken: …" for what must never
  // happen); checks each error's form.
  std::string readEveryWay(const fs::path& path);
  void checkError(const Error& error, const fs::path& path);
  std::string sample(const char* name) const { return bytesOf(samples_.file(name)); }

  TempFolder samples_;
};

void TestHostileMedia::initTestCase() {
  for (const auto& [preset, name] :
       {std::pair{"h264-mp4", "h264.mp4"}, std::pair{"h264-mp4", "h264.mkv"}, std::pair{"hevc-mp4", "hevc.mp4"},
        std::pair{"prores-4444-mov", "prores.mov"}, std::pair{"ffv1-mkv", "ffv1.mkv"}})
    QCOMPARE(QString::fromStdString(writeNumbered(samples_.file(name), settingsOf(preset, kNumberedSize), 12)),
             QString());
  const Image picture = texturedPicture({64, 48}, 1);
  for (const char* name : {"picture.png", "picture.jpg", "picture.exr"})
    QVERIFY(writeImage(samples_.file(name), picture).has_value());
  for (const auto& [codec, name] :
       {std::pair{AudioCodec::Pcm16, "sound.wav"}, std::pair{AudioCodec::Flac, "sound.flac"},
        std::pair{AudioCodec::Aac, "sound.m4a"}}) {
    EncodeSettings settings;
    settings.video = VideoCodec::None;
    settings.audio = codec;
    auto encoder = Encoder::create(samples_.file(name), settings);
    QVERIFY(encoder.has_value());
    QVERIFY(encoder->push(tones(9600, 2, 48'000, 16)).has_value());
    QVERIFY(encoder->finish().has_value());
  }
}

void TestHostileMedia::checkError(const Error& error, const fs::path& path) {
  QVERIFY2(error.message.size() >= 20, error.message.c_str());
  // It says which file, in the message or beside it.
  QVERIFY2(error.text().find(path.filename().string()) != std::string::npos, error.text().c_str());
  QVERIFY2(error.code != ErrorCode::Internal, error.text().c_str());
}

std::string TestHostileMedia::readEveryWay(const fs::path& path) {
  std::string first;
  const auto note = [&](const Error& error) {
    checkError(error, path);
    if (first.empty())
      first = error.text();
  };
  const auto info = probe(path);
  if (!info)
    note(info.error());
  for (const OutputDepth depth : {OutputDepth::Eight, OutputDepth::AsSource}) {
    DecoderOptions options;
    options.depth = depth;
    auto decoder = Decoder::open(path, options);
    if (!decoder) {
      checkError(decoder.error(), path);
      continue;
    }
    // No file here has more than a few frames; one that never ends is a failure.
    Time last{-1};
    int frames = 0;
    for (; frames < 2000; ++frames) {
      auto next = decoder->next();
      if (!next) {
        note(next.error());
        break;
      }
      if (!*next)
        break;
      if ((*next)->time() <= last)
        return "broken: times do not grow";
      last = (*next)->time();
    }
    if (frames == 2000)
      return "broken: never ends";
    for (const double seconds : {.2, 0., 1e9, -3., .4}) {
      if (auto sought = decoder->seek(Time::fromSeconds(seconds)); !sought) {
        note(sought.error());
        break;
      }
      if (auto next = decoder->next(); !next)
        note(next.error());
    }
  }
  if (info && info->kind != MediaKind::Video)
    if (auto image = readImage(path); !image)
      checkError(image.error(), path);
  auto sound = AudioReader::open(path);
  if (!sound && info && info->kind == MediaKind::Audio)
    note(sound.error());
  if (sound) {
    int blocks = 0;
    for (; blocks < 20'000; ++blocks) {
      auto next = sound->next();
      if (!next) {
        note(next.error());
        break;
      }
      if (!*next)
        break;
    }
    if (blocks == 20'000)
      return "broken: never ends";
    if (auto sought = sound->seek(Time::fromSeconds(.05)); sought)
      (void)sound->next();
  }
  return first;
}

void TestHostileMedia::files_data() {
  QTest::addColumn<QString>("name");
  QTest::addColumn<QByteArray>("bytes");
  QTest::addColumn<bool>("refused");
  const auto row = [](const char* title, const char* name, const std::string& bytes, End end) {
    QTest::newRow(title) << name << QByteArray::fromStdString(bytes) << (end == End::Refused);
  };
  std::mt19937 random(1);
  std::string noise;
  for (int i = 0; i < 5000; ++i)
    noise += static_cast<char>(random());

  row("0 bytes", "a.mp4", "", End::Refused);
  row("1 byte", "a.mp4", "x", End::Refused);
  row("text named .mp4", "a.mp4", "This is a letter, not a film.\n", End::Refused);
  row("text named .png", "a.png", "This is a letter, not a picture.\n", End::Refused);
  row("noise", "a.mkv", noise, End::Refused);
  row("zeros", "a.mov", std::string(100'000, '\0'), End::Refused);

  // Pictures
  row("PNG: start only", "a.png", std::string("\x89PNG\r\n\x1A\n", 8), End::Refused);
  row("PNG: 100000 x 1", "a.png", png(100'000, 1, pngChunk("IDAT", emptyDeflate()) + pngChunk("IEND", "")),
      End::Refused);
  row("PNG: 65535 x 65535", "a.png", png(65'535, 65'535, pngChunk("IDAT", emptyDeflate()) + pngChunk("IEND", "")),
      End::Refused);
  row("PNG: 2^31 - 1 x 2", "a.png", png(0x7FFFFFFF, 2, pngChunk("IDAT", emptyDeflate()) + pngChunk("IEND", "")),
      End::Refused);
  row("PNG: 0 x 5", "a.png", png(0, 5, pngChunk("IDAT", emptyDeflate()) + pngChunk("IEND", "")), End::Refused);
  row("PNG: no data", "a.png", png(8, 8, pngChunk("IEND", "")), End::Refused);
  row("PNG: data too short", "a.png", png(8, 8, pngChunk("IDAT", emptyDeflate()) + pngChunk("IEND", "")), End::Refused);
  row("PNG: chunk of 4 GiB", "a.png", png(8, 8, be32(0xFFFFFFFF) + "IDAT" + emptyDeflate()), End::Refused);
  const std::string goodPng = sample("picture.png");
  const std::size_t idat = goodPng.find("IDAT");
  row("PNG: one wrong byte in a chunk", "a.png", replaced(goodPng, idat + 40, "\x01\x02"), End::Refused);
  row("PNG: wrong checksum of the header", "a.png", replaced(goodPng, 29, "abcd"), End::Refused);
  const std::string goodJpg = sample("picture.jpg");
  const std::size_t sof = goodJpg.find(std::string("\xFF\xC0", 2));
  row("JPEG: 65535 x 65535", "a.jpg", replaced(goodJpg, sof + 5, std::string("\xFF\xFF\xFF\xFF", 4)), End::Refused);
  row("JPEG: 0 x 0", "a.jpg", replaced(goodJpg, sof + 5, std::string("\0\0\0\0", 4)), End::Refused);
  row("JPEG: end in the middle", "a.jpg", goodJpg.substr(0, goodJpg.size() / 2), End::Refused);
  row("BMP: 30000 x 30000 in 60 bytes", "a.bmp", bmp(30'000, 30'000, 6), End::Refused);
  row("BMP: lowest height there is", "a.bmp", bmp(10, INT32_MIN, 600), End::Refused);
  row("BMP: width -4", "a.bmp", bmp(-4, 4, 600), End::Refused);
  row("GIF: 0 x 0", "a.gif", std::string("GIF89a\0\0\0\0\0\0\0;", 14), End::Refused);
  row("GIF: 65535 x 65535", "a.gif",
      std::string("GIF89a\xFF\xFF\xFF\xFF\x80\0\0\0\0\0\xFF\xFF\xFF,\0\0\0\0\xFF\xFF\xFF\xFF\0\x02\x02\x4C\x01\0;", 36),
      End::Refused);
  row("TIFF: directory that points at itself", "a.tif",
      "II*" + std::string(1, '\0') + le32(8) + le16(1) + le16(256) + le16(3) + le32(1) + le32(4) + le32(8),
      End::Refused);
  row("TIFF: directory behind the end", "a.tif", "II*" + std::string(1, '\0') + le32(0x7FFFFFF0), End::Refused);
  row("WebP: size of 4 GiB", "a.webp", "RIFF" + le32(0xFFFFFFFF) + "WEBPVP8 " + le32(0xFFFFFFF0) + noise.substr(0, 64),
      End::Refused);
  const std::string exr = sample("picture.exr");
  const auto window = [&exr](const char* name, std::array<std::int32_t, 4> box) {
    std::string bytes = exr;
    const std::size_t at = bytes.find(std::string(name) + '\0' + "box2i") + std::strlen(name) + 1 + 6 + 4;
    for (std::size_t i = 0; i < 4; ++i)
      bytes.replace(at + 4 * i, 4, le32(static_cast<std::uint32_t>(box[i])));
    return bytes;
  };
  row("EXR: window of 2 000 000 000", "a.exr", window("dataWindow", {0, 0, 2'000'000'000, 2'000'000'000}),
      End::Refused);
  row("EXR: window from -2^31 to 2^31 - 1", "a.exr", window("dataWindow", {INT32_MIN, INT32_MIN, INT32_MAX, INT32_MAX}),
      End::Refused);
  row("EXR: window inside out", "a.exr", window("dataWindow", {50, 50, 10, 10}), End::Refused);
  row("EXR: 100000 x 1", "a.exr", window("dataWindow", {0, 0, 99'999, 0}), End::Refused);
  row("EXR: start only", "a.exr", exr.substr(0, 8), End::Refused);
  row("EXR: no lines", "a.exr", exr.substr(0, exr.size() / 3), End::Refused);

  // Videos
  const std::string mp4 = sample("h264.mp4");
  const std::size_t moov = mp4.find("moov") - 4;
  const std::size_t mdat = mp4.find("mdat") - 4;
  row("MP4: no directory", "a.mp4", mp4.substr(0, moov) + mp4.substr(mdat), End::Refused);
  row("MP4: directory alone", "a.mp4", mp4.substr(0, mdat), End::Refused);
  row("MP4: box of size 0", "a.mp4", replaced(mp4, moov, be32(0)), End::Survives);
  row("MP4: box of size 4", "a.mp4", replaced(mp4, moov, be32(4)), End::Refused);
  row("MP4: box of 4 GiB", "a.mp4", replaced(mp4, moov, be32(0xFFFFFFFF)), End::Survives);
  row("MP4: says 65535 x 65535", "a.mp4", replaced(mp4, behind(mp4, "avc1") + 24, std::string("\xFF\xFF\xFF\xFF", 4)),
      End::Survives);
  row("MP4: no time scale", "a.mp4", replaced(mp4, behind(mp4, "mdhd") + 12, be32(0)), End::Survives);
  row("MP4: 4 milliard frames", "a.mp4", replaced(mp4, behind(mp4, "stsz") + 8, be32(0xFFFFFFFF)), End::Refused);
  row("MP4: no frames", "a.mp4", replaced(mp4, behind(mp4, "stsz") + 8, be32(0)), End::Refused);
  row("MP4: frames of 2 GiB", "a.mp4", replaced(mp4, behind(mp4, "stsz") + 4, be32(0x7FFFFFFF)), End::Refused);
  row("MP4: frames behind the end", "a.mp4", replaced(mp4, behind(mp4, "stco") + 8, be32(0xFFFFFF00)), End::Refused);
  row("MP4: every frame lasts 0", "a.mp4", replaced(mp4, behind(mp4, "stts") + 12, be32(0)), End::Survives);
  row("MP4: every frame lasts -1", "a.mp4", replaced(mp4, behind(mp4, "stts") + 12, be32(0xFFFFFFFF)), End::Survives);
  row("MP4: shown 2^31 early", "a.mp4", replaced(mp4, behind(mp4, "ctts") + 12, be32(0x80000000)), End::Survives);
  row("MP4: shown 2^31 late", "a.mp4", replaced(mp4, behind(mp4, "ctts") + 12, be32(0x7FFFFFFF)), End::Survives);
  row("MP4: rotation of nothing", "a.mp4", replaced(mp4, behind(mp4, "tkhd") + 40, std::string(36, '\0')),
      End::Survives);
  row("MP4: stream headers gone", "a.mp4", replaced(mp4, behind(mp4, "avcC"), std::string(20, '\0')), End::Survives);
  row("MP4 in itself", "a.mp4", mp4 + mp4, End::Survives);
  row("Matroska: head alone", "a.mkv", sample("h264.mkv").substr(0, 200), End::Refused);
  row("Y4M: 65535 x 65535", "a.y4m", "YUV4MPEG2 W65535 H65535 F25:1 C420\nFRAME\n", End::Refused);
  row("Y4M: 0 frames a second", "a.y4m", "YUV4MPEG2 W16 H16 F0:0 C420\nFRAME\n" + std::string(384, 'x'), End::Survives);
  row("Y4M: negative size", "a.y4m", "YUV4MPEG2 W-16 H16 F25:1 C420\nFRAME\n" + std::string(384, 'x'), End::Refused);

  // Sound
  row("WAV: data of 4 GiB", "a.wav", wav(2, 48'000, 0xFFFFFFFF, 4000), End::Survives);
  row("WAV: no channels", "a.wav", wav(0, 48'000, 4000, 4000), End::Refused);
  row("WAV: 65535 channels", "a.wav", wav(65'535, 48'000, 4000, 4000), End::Refused);
  row("WAV: rate 0", "a.wav", wav(2, 0, 4000, 4000), End::Refused);
  row("WAV: rate of 4 GHz", "a.wav", wav(1, 0xFFFFFFFF, 4000, 4000), End::Refused);
  row("WAV: no samples", "a.wav", wav(2, 48'000, 0, 0), End::Refused);
  row("WAV: half a sample", "a.wav", wav(2, 48'000, 3, 3), End::Survives);
}

void TestHostileMedia::files() {
  QFETCH(QString, name);
  QFETCH(QByteArray, bytes);
  QFETCH(bool, refused);
  const TempFolder folder;
  const fs::path path = folder.write(name.toStdString(), bytes.toStdString());
  const std::string error = readEveryWay(path);
  QVERIFY2(!error.starts_with("broken"), error.c_str());
  if (refused)
    QVERIFY2(!error.empty(), "read without a word");
}

void TestHostileMedia::truncated_data() {
  QTest::addColumn<QString>("name");
  for (const auto& entry : fs::directory_iterator(samples_.path()))
    QTest::newRow(entry.path().filename().c_str()) << QString::fromStdString(entry.path().filename().string());
}

// Cut off anywhere: an error or fewer frames.
void TestHostileMedia::truncated() {
  QFETCH(QString, name);
  const std::string whole = bytesOf(samples_.file(name.toStdString()));
  const TempFolder folder;
  for (const double share : {.01, .05, .1, .2, .3, .4, .5, .6, .7, .8, .9, .97, .995}) {
    const auto length = static_cast<std::size_t>(static_cast<double>(whole.size()) * share);
    const fs::path path = folder.write(name.toStdString(), whole.substr(0, length));
    const std::string error = readEveryWay(path);
    QVERIFY2(!error.starts_with("broken"), error.c_str());
    // A picture that ends early is an error, not a picture that is half grey.
    if (name.startsWith(QStringLiteral("picture")) && share < .95)
      QVERIFY2(!error.empty(), qPrintable(QStringLiteral("%1 of it was taken for all").arg(share)));
  }
}

void TestHostileMedia::flippedBytes_data() {
  truncated_data();
}

void TestHostileMedia::flippedBytes() {
  QFETCH(QString, name);
  const std::string whole = bytesOf(samples_.file(name.toStdString()));
  const TempFolder folder;
  std::mt19937 random(5);
  for (int round = 0; round < 40; ++round) {
    std::string bytes = whole;
    // Some in the headers, where sizes and counts are, some anywhere.
    for (int i = 0; i < 3; ++i)
      bytes[random() % std::min<std::size_t>(bytes.size(), 1500)] = static_cast<char>(random());
    for (int i = 0; i < 6; ++i)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    const fs::path path = folder.write(name.toStdString(), bytes);
    const std::string error = readEveryWay(path);
    QVERIFY2(!error.starts_with("broken"), error.c_str());
  }
}

void TestHostileMedia::otherFilesStayUnread_data() {
  QTest::addColumn<QString>("name");
  QTest::addColumn<QString>("text");
  QTest::newRow("playlist") << "a.m3u8"
                            << "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nvictim.ts\n#EXT-X-ENDLIST\n";
  QTest::newRow("playlist named .mp4")
      << "a.mp4"
      << "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://VICTIM\n#EXT-X-ENDLIST\n";
  QTest::newRow("list of files") << "a.txt"
                                 << "ffconcat version 1.0\nfile victim.mp4\n";
  QTest::newRow("list of servers") << "a.mp4"
                                   << "ffconcat version 1.0\nfile http://127.0.0.1:9/x.mp4\n";
  QTest::newRow("session description")
      << "a.sdp"
      << "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n"
         "a=rtpmap:96 H264/90000\n";
  QTest::newRow("DASH") << "a.mpd"
                        << "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" "
                           "mediaPresentationDuration=\"PT1S\"><Period><AdaptationSet mimeType=\"video/mp4\">"
                           "<Representation id=\"1\"><BaseURL>victim.mp4</BaseURL></Representation></AdaptationSet>"
                           "</Period></MPD>";
}

void TestHostileMedia::otherFilesStayUnread() {
  QFETCH(QString, name);
  QFETCH(QString, text);
  const TempFolder folder;
  fs::copy_file(samples_.file("h264.mp4"), folder.file("victim.mp4"));
  fs::copy_file(samples_.file("h264.mp4"), folder.file("victim.ts"));
  const QString victim = QString::fromStdString(folder.file("victim.mp4").string());
  const fs::path path = folder.write(name.toStdString(), text.replace(QStringLiteral("VICTIM"), victim).toStdString());
  const auto before = fs::current_path();
  fs::current_path(folder.path());
  const std::string error = readEveryWay(path);
  fs::current_path(before);
  QVERIFY2(!error.empty(), "the other file was read");
}

void TestHostileMedia::notAFile_data() {
  QTest::addColumn<int>("kind");
  QTest::addColumn<int>("code");
  QTest::newRow("missing") << 0 << static_cast<int>(ErrorCode::NotFound);
  QTest::newRow("folder") << 1 << static_cast<int>(ErrorCode::InvalidArgument);
  QTest::newRow("pipe") << 2 << static_cast<int>(ErrorCode::InvalidArgument);
  QTest::newRow("link in a circle") << 3 << static_cast<int>(ErrorCode::Io);
  QTest::newRow("below a file") << 4 << static_cast<int>(ErrorCode::NotFound);
  QTest::newRow("name of 5000 letters") << 5 << static_cast<int>(ErrorCode::Io);
  QTest::newRow("nothing") << 6 << static_cast<int>(ErrorCode::NotFound);
}

void TestHostileMedia::notAFile() {
  QFETCH(int, kind);
  QFETCH(int, code);
  const TempFolder folder;
  fs::path path = folder.file("a.mp4");
  if (kind == 1)
    fs::create_directory(path);
  else if (kind == 2)
    QCOMPARE(::mkfifo(path.c_str(), 0600), 0);
  else if (kind == 3)
    fs::create_symlink(path, path);
  else if (kind == 4)
    path = folder.write("b", "x") / "a.mp4";
  else if (kind == 5)
    path = folder.file(std::string(5000, 'a'));
  else if (kind == 6)
    path.clear();
  const auto info = probe(path);
  QVERIFY(!info.has_value());
  QVERIFY2(static_cast<int>(info.error().code) == code, info.error().text().c_str());
  QCOMPARE(static_cast<int>(Decoder::open(path).error().code), code);
  QCOMPARE(static_cast<int>(readImage(path).error().code), code);
  QCOMPARE(static_cast<int>(AudioReader::open(path).error().code), code);
}

// Numbered pictures: gaps end them, a wrong one among them is an error that names it.
void TestHostileMedia::sequences() {
  const TempFolder folder;
  QCOMPARE(probe(folder.file("none_%03d.png")).error().code, ErrorCode::NotFound);
  for (const int n : {5, 6, 7, 9})
    QVERIFY(writeImage(folder.file(fmt::format("a_{:03}.png", n)), numberedFrame(n)).has_value());
  std::string error;
  const auto images = readAll(folder.file("a_%03d.png"), &error);
  QVERIFY2(error.empty(), error.c_str());
  QCOMPARE(images.size(), std::size_t{3});
  QCOMPARE(numberIn(images[2]), 7);
  std::ofstream(folder.file("a_006.png")) << "not a picture any more";
  const auto fewer = readAll(folder.file("a_%03d.png"), &error);
  QCOMPARE(fewer.size(), std::size_t{1});
  QVERIFY2(error.find("a_006.png") != std::string::npos, error.c_str());
  // Another size in the middle is brought to the size of the first.
  QVERIFY(writeImage(folder.file("a_006.png"), plainPicture({400, 400}, 1, 2, 3)).has_value());
  error.clear();
  const auto mixed = readAll(folder.file("a_%03d.png"), &error);
  QVERIFY2(error.empty(), error.c_str());
  QCOMPARE(mixed.size(), std::size_t{3});
  QVERIFY(mixed[1].size() == kNumberedSize);
}

// Two transport streams one behind the other: the clock jumps back in the middle. Times still grow, nothing is lost.
void TestHostileMedia::restartingClock() {
  if (!haveFfmpeg())
    QSKIP("The ffmpeg program, which makes this file, is not installed.");
  const TempFolder folder;
  if (!runFfmpeg({"-i", samples_.file("h264.mp4").string(), "-c", "copy", folder.file("a.ts").string()}))
    QSKIP("This build of ffmpeg cannot make the file.");
  const std::string once = bytesOf(folder.file("a.ts"));
  const fs::path path = folder.write("b.ts", once + once + once);
  std::string error;
  const auto images = readAll(path, &error);
  QVERIFY2(error.empty(), error.c_str());
  QVERIFY2(images.size() >= 30, qPrintable(QString::number(images.size())));
  for (std::size_t i = 1; i < images.size(); ++i)
    QVERIFY(images[i - 1].time() < images[i].time());
  QVERIFY(!readEveryWay(path).starts_with("broken"));
}

QTEST_APPLESS_MAIN(TestHostileMedia)
#include "tst_hostile_media.moc"
