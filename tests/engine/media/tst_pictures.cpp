// SPDX-License-Identifier: Apache-2.0
#include <QtTest>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <random>

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

Image noise(Size size, bool opaque) {
  auto made = MutableImage::allocate(PixelFormat::Rgba8, size);
  std::mt19937 random(3);
  for (int y = 0; y < size.height; ++y)
    for (int i = 0; i < 4 * size.width; ++i)
      made->row<std::uint8_t>(y)[i] = opaque && i % 4 == 3 ? 255 : static_cast<std::uint8_t>(random());
  return std::move(*made).freeze();
}

// The half float of k / 1024 for 0 <= k <= 1024 and its value back.
std::uint16_t halfOf(int k) {
  if (k == 0)
    return 0;
  int exponent = 15; // of 1
  int mantissa = k;
  while (mantissa < 1024) {
    mantissa *= 2;
    --exponent;
  }
  return static_cast<std::uint16_t>((exponent << 10) + mantissa - 1024);
}

Image halfPicture(Size size, bool opaque) {
  auto made = MutableImage::allocate(PixelFormat::Rgba16F, size);
  std::mt19937 random(4);
  for (int y = 0; y < size.height; ++y)
    for (int i = 0; i < 4 * size.width; ++i)
      made->row<std::uint16_t>(y)[i] = opaque && i % 4 == 3 ? halfOf(1024) : halfOf(static_cast<int>(random() % 1025));
  return std::move(*made).freeze();
}

// An EXIF block that holds only the orientation, put behind the start of a JPEG.
void addOrientation(const fs::path& path, int orientation) {
  const std::string exif("Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 24);
  std::string block = exif + std::string(1, static_cast<char>(orientation)) + std::string(7, '\0');
  const auto length = static_cast<std::uint16_t>(block.size() + 2);
  std::string header("\xFF\xE1", 2);
  header += static_cast<char>(length >> 8);
  header += static_cast<char>(length & 255);
  std::string bytes = bytesOf(path);
  bytes.insert(2, header + block);
  std::ofstream(path, std::ios::binary) << bytes;
}

} // namespace

class TestMediaPictures : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void pngIsBitExact_data();
  void pngIsBitExact();
  void greyPng();
  void deepPng_data();
  void deepPng();
  void jpegIsClose();
  void jpegOrientation_data();
  void jpegOrientation();
  void jpegLaysOverBlack();
  void exrKeepsLight_data();
  void exrKeepsLight();
  void exrLooksTheSame();
  void foreignFormats_data();
  void foreignFormats();
  void equalBytes_data();
  void equalBytes();
  void samples_data();
  void samples();
  void refusedWrites_data();
  void refusedWrites();
  void refusedReads();
  void decoderGivesOneFrame();
  void contentDecides();
};

void TestMediaPictures::pngIsBitExact_data() {
  QTest::addColumn<int>("width");
  QTest::addColumn<int>("height");
  QTest::addColumn<bool>("opaque");
  for (const auto& [w, h] :
       {std::pair{1, 1}, std::pair{7, 5}, std::pair{641, 427}, std::pair{1, 300}, std::pair{300, 1}})
    for (const bool opaque : {true, false})
      QTest::addRow("%dx%d %s", w, h, opaque ? "opaque" : "with alpha") << w << h << opaque;
}

void TestMediaPictures::pngIsBitExact() {
  QFETCH(int, width);
  QFETCH(int, height);
  QFETCH(bool, opaque);
  const TempFolder folder;
  const Image image = noise({width, height}, opaque);
  const auto written = writeImage(folder.file("a.png"), image);
  QVERIFY2(written.has_value(), written ? "" : written.error().text().c_str());
  const auto read = readImage(folder.file("a.png"));
  QVERIFY2(read.has_value(), read ? "" : read.error().text().c_str());
  QVERIFY(samePixels(*read, image));
  QCOMPARE(read->color().matrix, ColorMatrix::Rgb);
  QCOMPARE(read->color().range, ColorRange::Full);
  QCOMPARE(read->color().transfer, ColorTransfer::Srgb);
  QCOMPARE(static_cast<int>(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator())), 1);
}

void TestMediaPictures::greyPng() {
  const TempFolder folder;
  auto made = MutableImage::allocate(PixelFormat::Gray8, {256, 3});
  for (int y = 0; y < 3; ++y)
    for (int x = 0; x < 256; ++x)
      made->row<std::uint8_t>(y)[x] = static_cast<std::uint8_t>(x);
  QVERIFY(writeImage(folder.file("a.png"), std::move(*made).freeze()).has_value());
  const auto info = probe(folder.file("a.png"));
  QVERIFY(info.has_value() && info->video);
  QCOMPARE(qs(info->video->pixelFormat), QStringLiteral("gray"));
  const auto read = readImage(folder.file("a.png"));
  QVERIFY(read.has_value());
  for (int x = 0; x < 256; ++x)
    for (int c = 0; c < 4; ++c)
      QCOMPARE(static_cast<int>(read->row<std::uint8_t>(1)[4 * x + c]), c == 3 ? 255 : x);
}

void TestMediaPictures::deepPng_data() {
  QTest::addColumn<bool>("opaque");
  QTest::newRow("opaque") << true;
  QTest::newRow("with alpha") << false;
}

// Steps of 1/1024 survive 16-bit PNG exactly.
void TestMediaPictures::deepPng() {
  QFETCH(bool, opaque);
  const TempFolder folder;
  const Image image = halfPicture({65, 33}, opaque);
  QVERIFY(writeImage(folder.file("a.png"), image).has_value());
  const auto info = probe(folder.file("a.png"));
  QVERIFY(info.has_value() && info->video);
  QCOMPARE(info->video->bitDepth, 16);
  QCOMPARE(info->video->hasAlpha, !opaque);
  const auto read = readImage(folder.file("a.png"));
  QVERIFY2(read.has_value(), read ? "" : read.error().text().c_str());
  QVERIFY(samePixels(*read, image));
  const auto eight = readImage(folder.file("a.png"), OutputDepth::Eight);
  QVERIFY(eight.has_value());
  QCOMPARE(eight->format(), PixelFormat::Rgba8);
  for (int y = 0; y < 33; ++y)
    for (int i = 0; i < 4 * 65; ++i) {
      const std::uint16_t bits = image.row<std::uint16_t>(y)[i];
      const double value = bits == 0 ? 0 : std::ldexp(1024.0 + (bits & 1023), (bits >> 10) - 25);
      QVERIFY(std::abs(eight->row<std::uint8_t>(y)[i] - 255 * value) <= 1);
    }
}

void TestMediaPictures::jpegIsClose() {
  const TempFolder folder;
  const Image bars = colourBars();
  double last = 0;
  for (const int quality : {30, 92, 100}) {
    ImageWriteOptions options;
    options.jpegQuality = quality;
    QVERIFY(writeImage(folder.file("a.jpg"), bars, options).has_value());
    const auto read = readImage(folder.file("a.jpg"));
    QVERIFY2(read.has_value(), read ? "" : read.error().text().c_str());
    QCOMPARE(read->format(), PixelFormat::Rgba8);
    QVERIFY2(barDifference(bars, *read) <= (quality == 30 ? 12 : 4),
             qPrintable(QString::number(barDifference(bars, *read))));
    const Image textured = texturedPicture({200, 120}, 2);
    QVERIFY(writeImage(folder.file("b.jpg"), textured, options).has_value());
    const auto again = readImage(folder.file("b.jpg"));
    QVERIFY(again.has_value());
    const double now = psnr(*again, textured);
    QVERIFY2(now > last, qPrintable(QString::number(now)));
    last = now;
  }
  QVERIFY2(last > 40, qPrintable(QString::number(last)));
}

void TestMediaPictures::jpegOrientation_data() {
  QTest::addColumn<int>("orientation");
  QTest::addColumn<bool>("turned");
  QTest::addColumn<int>("corner"); // where the stored top-left corner is shown: 0 1 / 2 3
  const int corners[8] = {0, 1, 3, 2, 0, 1, 3, 2};
  for (int i = 1; i <= 8; ++i)
    QTest::addRow("%d", i) << i << (i >= 5) << corners[i - 1];
}

void TestMediaPictures::jpegOrientation() {
  QFETCH(int, orientation);
  QFETCH(bool, turned);
  QFETCH(int, corner);
  const TempFolder folder;
  const fs::path path = folder.file("a.jpg");
  // Top-left red, top-right green: tells turns and mirrors apart.
  Image image = withDisc(plainPicture({96, 64}, 10, 10, 10), {16, 16}, 12, 240, 20, 20);
  image = withDisc(image, {80, 16}, 12, 20, 240, 20);
  QVERIFY(writeImage(path, image).has_value());
  addOrientation(path, orientation);
  const Size shown = turned ? Size{64, 96} : Size{96, 64};
  const auto info = probe(path);
  QVERIFY2(info.has_value(), info ? "" : info.error().text().c_str());
  QVERIFY(info->video->size == shown);
  const auto read = readImage(path);
  QVERIFY2(read.has_value(), read ? "" : read.error().text().c_str());
  QVERIFY(read->size() == shown);
  const auto at = [&read, shown](int c, int channel) {
    const int x = c % 2 == 0 ? 16 : shown.width - 17;
    const int y = c < 2 ? 16 : shown.height - 17;
    return read->row<std::uint8_t>(y)[4 * x + channel] > 128;
  };
  for (int c = 0; c < 4; ++c)
    QCOMPARE(at(c, 0), c == corner);
  // The green disc lies beside the red one along the stored picture's upper edge.
  const int beside[8] = {1, 0, 2, 3, 2, 3, 1, 0};
  for (int c = 0; c < 4; ++c)
    QCOMPARE(at(c, 1), c == beside[orientation - 1]);
}

void TestMediaPictures::jpegLaysOverBlack() {
  const TempFolder folder;
  auto made = MutableImage::allocate(PixelFormat::Rgba8, {32, 32});
  for (int y = 0; y < 32; ++y)
    for (int i = 0; i < 4 * 32; ++i)
      made->row<std::uint8_t>(y)[i] = i % 4 == 3 ? 128 : 200;
  QVERIFY(writeImage(folder.file("a.jpg"), std::move(*made).freeze()).has_value());
  const auto read = readImage(folder.file("a.jpg"));
  QVERIFY(read.has_value());
  QVERIFY(std::abs(read->row<std::uint8_t>(16)[64] - 100) <= 3);
}

void TestMediaPictures::exrKeepsLight_data() {
  QTest::addColumn<bool>("opaque");
  QTest::newRow("opaque") << true;
  QTest::newRow("with alpha") << false;
}

// Linear halves come back as they were; with alpha within one rounding of the multiplication and its inverse.
void TestMediaPictures::exrKeepsLight() {
  QFETCH(bool, opaque);
  const TempFolder folder;
  Image source = halfPicture({47, 31}, opaque);
  auto made = MutableImage::allocate(PixelFormat::Rgba16F, source.size());
  for (int y = 0; y < 31; ++y)
    for (int i = 0; i < 4 * 47; ++i) {
      std::uint16_t bits = source.row<std::uint16_t>(y)[i];
      if (i % 4 == 3)
        bits = std::max(bits, halfOf(64));
      else if (i % 97 == 0)
        bits = 0x4500; // 5: brighter than white
      made->row<std::uint16_t>(y)[i] = bits;
    }
  const Image image =
      std::move(*made).freeze({}, {ColorMatrix::Rgb, ColorRange::Full, ColorPrimaries::Bt709, ColorTransfer::Linear});
  const auto written = writeImage(folder.file("a.exr"), image);
  QVERIFY2(written.has_value(), written ? "" : written.error().text().c_str());
  const auto read = readImage(folder.file("a.exr"));
  QVERIFY2(read.has_value(), read ? "" : read.error().text().c_str());
  QCOMPARE(read->format(), PixelFormat::Rgba16F);
  QCOMPARE(read->color().transfer, ColorTransfer::Linear);
  if (opaque) {
    QVERIFY(samePixels(*read, image));
    return;
  }
  for (int y = 0; y < 31; ++y)
    for (int i = 0; i < 4 * 47; ++i) {
      const int a = image.row<std::uint16_t>(y)[i];
      const int b = read->row<std::uint16_t>(y)[i];
      QVERIFY2(i % 4 == 3 ? a == b : std::abs(a - b) <= 2, qPrintable(QStringLiteral("%1 %2").arg(a).arg(b)));
    }
}

// An sRGB picture through EXR is the same picture again.
void TestMediaPictures::exrLooksTheSame() {
  const TempFolder folder;
  const Image image = texturedPicture({120, 80}, 8);
  QVERIFY(writeImage(folder.file("a.exr"), image).has_value());
  const auto read = readImage(folder.file("a.exr"), OutputDepth::Eight);
  QVERIFY(read.has_value());
  QVERIFY(largestDifference(*read, image) <= 1);
  const auto light = readImage(folder.file("a.exr"));
  QVERIFY(light.has_value());
  // Mid grey 188 is half the light of white.
  QVERIFY(writeImage(folder.file("b.exr"), plainPicture({4, 4}, 188, 255, 0)).has_value());
  const auto grey = readImage(folder.file("b.exr"));
  QVERIFY(grey.has_value());
  const std::uint16_t* p = grey->row<std::uint16_t>(0);
  QVERIFY2(std::abs(p[0] - 0x3800) <= 12, qPrintable(QString::number(p[0], 16))); // .5
  QCOMPARE(p[1], std::uint16_t{0x3C00});
  QCOMPARE(p[2], std::uint16_t{0});
  const auto info = probe(folder.file("b.exr"));
  QVERIFY(info.has_value());
  QCOMPARE(info->kind, MediaKind::Picture);
  QVERIFY(info->video->size == (Size{4, 4}));
}

void TestMediaPictures::foreignFormats_data() {
  QTest::addColumn<QString>("name");
  QTest::addColumn<int>("tolerance");
  QTest::newRow("BMP") << "a.bmp" << 0;
  QTest::newRow("TIFF") << "a.tif" << 0;
  QTest::newRow("PPM") << "a.ppm" << 0;
  QTest::newRow("WebP") << "a.webp" << 255; // lossy: only the size is checked
  QTest::newRow("GIF") << "a.gif" << 255;
  QTest::newRow("JPEG 4:2:0") << "a.jpg" << 255;
}

void TestMediaPictures::foreignFormats() {
  QFETCH(QString, name);
  QFETCH(int, tolerance);
  if (!haveFfmpeg())
    QSKIP("The ffmpeg program, which makes these files, is not installed.");
  const TempFolder folder;
  const Image image = noise({33, 21}, true);
  QVERIFY(writeImage(folder.file("source.png"), image).has_value());
  const fs::path path = folder.file(name.toStdString());
  if (!runFfmpeg({"-i", folder.file("source.png").string(), "-frames:v", "1", path.string()}))
    QSKIP("This build of ffmpeg cannot make the file.");
  const auto read = readImage(path);
  QVERIFY2(read.has_value(), read ? "" : read.error().text().c_str());
  QVERIFY(read->size() == image.size());
  QVERIFY(largestDifference(*read, image) <= tolerance);
  const auto info = probe(path);
  QVERIFY(info.has_value());
  QCOMPARE(info->kind, MediaKind::Picture);
}

void TestMediaPictures::equalBytes_data() {
  QTest::addColumn<QString>("ending");
  for (const char* ending : {"png", "jpg", "exr"})
    QTest::newRow(ending) << ending;
}

void TestMediaPictures::equalBytes() {
  QFETCH(QString, ending);
  const TempFolder folder;
  const Image image = texturedPicture({100, 60}, 1);
  const fs::path a = folder.file("a." + ending.toStdString());
  const fs::path b = folder.file("b." + ending.toStdString());
  QVERIFY(writeImage(a, image).has_value());
  QVERIFY(writeImage(b, image).has_value());
  QVERIFY(bytesOf(a).size() > 100);
  QVERIFY(bytesOf(a) == bytesOf(b));
}

void TestMediaPictures::samples_data() {
  QTest::addColumn<QString>("name");
  QTest::addColumn<int>("width");
  QTest::addColumn<int>("height");
  QTest::newRow("rocket") << "rocket.jpg" << 640 << 427;
  QTest::newRow("chelsea") << "chelsea.png" << 451 << 300;
  QTest::newRow("coffee") << "coffee.png" << 600 << 400;
}

void TestMediaPictures::samples() {
  QFETCH(QString, name);
  QFETCH(int, width);
  QFETCH(int, height);
  const auto image = readImage(repositoryFile("assets/samples/" + name.toStdString()));
  QVERIFY2(image.has_value(), image ? "" : image.error().text().c_str());
  QCOMPARE(image->format(), PixelFormat::Rgba8);
  QVERIFY(image->size() == (Size{width, height}));
  const auto* middle = image->row<std::uint8_t>(height / 2) + 4 * (width / 2);
  QCOMPARE(middle[3], std::uint8_t{255});
}

void TestMediaPictures::refusedWrites_data() {
  QTest::addColumn<QString>("name");
  QTest::addColumn<int>("format");
  QTest::addColumn<int>("code");
  const auto row = [](const char* title, const char* name, PixelFormat format, ErrorCode code) {
    QTest::newRow(title) << name << static_cast<int>(format) << static_cast<int>(code);
  };
  row("unknown ending", "a.xyz", PixelFormat::Rgba8, ErrorCode::InvalidArgument);
  row("no ending", "a", PixelFormat::Rgba8, ErrorCode::InvalidArgument);
  row("video planes", "a.png", PixelFormat::Yuv420P, ErrorCode::InvalidArgument);
  row("float mask", "a.png", PixelFormat::Gray32F, ErrorCode::InvalidArgument);
  row("missing folder, PNG", "no/a.png", PixelFormat::Rgba8, ErrorCode::NotFound);
  row("missing folder, EXR", "no/a.exr", PixelFormat::Rgba8, ErrorCode::Io);
}

void TestMediaPictures::refusedWrites() {
  QFETCH(QString, name);
  QFETCH(int, format);
  QFETCH(int, code);
  const TempFolder folder;
  auto made = MutableImage::allocate(static_cast<PixelFormat>(format), {16, 16});
  for (int p = 0; p < planeCount(static_cast<PixelFormat>(format)); ++p)
    std::fill_n(made->data(p), made->strideBytes(p), std::byte{0});
  const auto written = writeImage(folder.file(name.toStdString()), std::move(*made).freeze());
  QVERIFY(!written.has_value());
  QVERIFY2(static_cast<int>(written.error().code) == code, written.error().text().c_str());
  QVERIFY(fs::is_empty(folder.path()));
  QCOMPARE(writeImage(folder.file("null.png"), Image()).error().code, ErrorCode::InvalidArgument);
}

void TestMediaPictures::refusedReads() {
  const TempFolder folder;
  QCOMPARE(readImage(folder.file("missing.png")).error().code, ErrorCode::NotFound);
  QCOMPARE(readImage(folder.path()).error().code, ErrorCode::InvalidArgument);
  EncodeSettings sound;
  sound.video = VideoCodec::None;
  sound.audio = AudioCodec::Pcm16;
  auto encoder = Encoder::create(folder.file("a.wav"), sound);
  QVERIFY(encoder.has_value());
  QVERIFY(encoder->push(tones(4800, 2, 48'000, 16)).has_value());
  QVERIFY(encoder->finish().has_value());
  QVERIFY(!readImage(folder.file("a.wav")).has_value());
}

void TestMediaPictures::decoderGivesOneFrame() {
  const TempFolder folder;
  const Image image = noise({50, 40}, false);
  QVERIFY(writeImage(folder.file("a.png"), image).has_value());
  auto decoder = Decoder::open(folder.file("a.png"));
  QVERIFY(decoder.has_value());
  QCOMPARE(decoder->info().kind, MediaKind::Picture);
  for (int round = 0; round < 2; ++round) {
    const auto first = decoder->next();
    QVERIFY(first.has_value() && first->has_value());
    QVERIFY(samePixels(**first, image));
    QCOMPARE((*first)->time().ticks, std::int64_t{0});
    const auto second = decoder->next();
    QVERIFY(second.has_value() && !second->has_value());
    QVERIFY(decoder->seek(Time::fromSeconds(3)).has_value());
  }
}

void TestMediaPictures::contentDecides() {
  const TempFolder folder;
  const Image image = noise({20, 20}, true);
  QVERIFY(writeImage(folder.file("a.png"), image).has_value());
  for (const char* name : {"a.jpg", "a.mp4", "a", "a%d", "100%.png"}) {
    fs::copy_file(folder.file("a.png"), folder.file(name));
    const auto read = readImage(folder.file(name));
    QVERIFY2(read.has_value(), read ? "" : read.error().text().c_str());
    QVERIFY(samePixels(*read, image));
  }
}

QTEST_APPLESS_MAIN(TestMediaPictures)
#include "tst_pictures.moc"
