// SPDX-License-Identifier: Apache-2.0
// What the headers of kernels/ promise: formulas by way of kernelcheck's cases, and the rules that are exact.
#include <QtTest>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "kernels/check/check.h"
#include "kernels/composite.h"
#include "kernels/convert.h"
#include "kernels/feather.h"
#include "kernels/morphology.h"
#include "kernels/resize.h"
#include "kernels/rgb_to_yuv.h"
#include "kernels/splat.h"
#include "kernels/views.h"
#include "kernels/warp.h"

using namespace kinora;
using namespace kinora::kernels;
using kinora::kernels::check::Picture;
using kinora::kernels::check::Random;

namespace {

const WorkerPool& onePool() {
  static const WorkerPool pool(1);
  return pool;
}

Picture<Rgba8> noise(std::int32_t width, std::int32_t height, AlphaMode alpha, unsigned seed = 1) {
  Random random(seed);
  Picture<Rgba8> picture(width, height);
  fill(picture, random, alpha);
  return picture;
}

Picture<Rgba16F> noise16(std::int32_t width, std::int32_t height, AlphaMode alpha, unsigned seed = 1) {
  Random random(seed);
  Picture<Rgba16F> picture(width, height);
  fill(picture, random, alpha);
  return picture;
}

Picture<Gray8> grayNoise(std::int32_t width, std::int32_t height, unsigned seed = 1) {
  Random random(seed);
  Picture<Gray8> picture(width, height);
  fill(picture, random);
  return picture;
}

// The same pixels (guards do not count).
template <class T>
bool samePixels(const Picture<T>& a, const Picture<T>& b) {
  if (a.width() != b.width() || a.height() != b.height())
    return false;
  for (std::int32_t y = 0; y < a.height(); ++y)
    if (std::memcmp(&a.at(0, y), &b.at(0, y), sizeof(T) * static_cast<std::size_t>(a.width())) != 0)
      return false;
  return true;
}

Picture<Float2> identityNodes(std::int32_t width, std::int32_t height, std::int32_t columns, std::int32_t rows) {
  Picture<Float2> nodes(columns, rows);
  const float cellWidth = static_cast<float>(width) / static_cast<float>(columns - 1);
  const float cellHeight = static_cast<float>(height) / static_cast<float>(rows - 1);
  for (std::int32_t j = 0; j < rows; ++j)
    for (std::int32_t i = 0; i < columns; ++i)
      nodes.at(i, j) = {static_cast<float>(i) * cellWidth, static_cast<float>(j) * cellHeight};
  return nodes;
}

constexpr WarpOptions kWarps[] = {{Sampling::Bilinear, Outside::Transparent, AlphaMode::Premultiplied, {}, {}},
                                  {Sampling::Bilinear, Outside::Clamp, AlphaMode::Straight, {}, {}},
                                  {Sampling::Bicubic, Outside::Transparent, AlphaMode::Straight, {}, {}},
                                  {Sampling::Bicubic, Outside::Clamp, AlphaMode::Premultiplied, {}, {}}};

} // namespace

class TestKernels : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  // Every operation against its formula in double precision.
  void formulas_data() {
    QTest::addColumn<int>("index");
    int index = 0;
    for (const check::Operation* operation : check::operations())
      QTest::newRow(operation->name) << index++;
  }
  void formulas() {
    QFETCH(int, index);
    const check::Operation* operation = check::operations()[static_cast<std::size_t>(index)];
    check::Comparison comparison(operation->name, onePool(), false);
    operation->compare(comparison);
    QVERIFY(comparison.findings().size() > 20);
    for (const check::Finding& f : comparison.findings())
      QVERIFY2(f.passed(), (f.what + " at " + f.shape + ": error " + std::to_string(f.error) + ", allowed " +
                            std::to_string(f.tolerance))
                               .c_str());
  }

  // A check that accepts everything proves nothing.
  void findingsCanFail() {
    check::Comparison comparison("made", onePool(), false);
    comparison.note("above", "cpu - formula", {1, 1}, 0.6, 0.5);
    comparison.note("not a number", "cpu - formula", {1, 1}, std::numeric_limits<double>::quiet_NaN(), 0.5);
    comparison.note("below", "cpu - formula", {1, 1}, 0.4, 0.5);
    QVERIFY(!comparison.findings()[0].passed());
    QVERIFY(!comparison.findings()[1].passed());
    QVERIFY(comparison.findings()[2].passed());
    Picture<Gray8> picture(3, 2);
    QVERIFY(picture.guardsHold());
    picture.view().row(0)[3] = 0;
    QVERIFY(!picture.guardsHold());
  }

  // Same inputs, same bytes, however many threads there are and whichever takes which rows.
  void threads_data() {
    QTest::addColumn<int>("which");
    const char* names[] = {"yuv to rgb", "rgb to yuv", "resize", "warp by map", "warp by lattice", "splat",
                           "composite",  "feather",    "blur",   "dilate",      "convert"};
    int which = 0;
    for (const char* name : names)
      QTest::newRow(name) << which++;
  }
  void threads() {
    QFETCH(int, which);
    constexpr std::int32_t kWidth = 643;
    constexpr std::int32_t kHeight = 411;
    const Picture<Rgba8> src = noise(kWidth, kHeight, AlphaMode::Premultiplied, 3);
    const Picture<Gray8> gray = grayNoise(kWidth, kHeight, 4);
    Random random(5);
    Picture<Float2> map(kWidth, kHeight);
    Picture<Float2> flow(kWidth, kHeight);
    Picture<float> depth(kWidth, kHeight);
    for (std::int32_t y = 0; y < kHeight; ++y)
      for (std::int32_t x = 0; x < kWidth; ++x) {
        flow.at(x, y) = {random.grid(-9, 9), random.grid(-9, 9)};
        map.at(x, y) = {static_cast<float>(x) + flow.at(x, y).x, static_cast<float>(y) + flow.at(x, y).y};
        depth.at(x, y) = random.grid(0, 1);
      }
    Picture<Float2> nodes = identityNodes(kWidth, kHeight, 9, 7);
    for (std::int32_t j = 0; j < 7; ++j)
      for (std::int32_t i = 0; i < 9; ++i)
        nodes.at(i, j).x += random.grid(-9, 9);

    // Runs the operation and gives its output as bytes.
    const auto run = [&](const WorkerPool& pool) {
      Picture<Rgba8> dst = noise(kWidth, kHeight, AlphaMode::Premultiplied, 6);
      Picture<Rgba8> half(kWidth / 2, kHeight / 2);
      Picture<Gray8> grayOut(kWidth, kHeight);
      Picture<Rgba16F> halves(kWidth, kHeight);
      MutableImage video = MutableImage::allocate(PixelFormat::Nv12, {kWidth, kHeight}).value();
      const auto bytes = [](const auto& picture) {
        return QByteArray(reinterpret_cast<const char*>(picture.memory().data()),
                          static_cast<qsizetype>(picture.memory().size() * sizeof(picture.memory()[0])));
      };
      switch (which) {
      case 0:
        rgbToYuv(src.view(), {}, yuvView(video), onePool());
        yuvToRgb(yuvView(video), {}, dst.view(), pool);
        return bytes(dst);
      case 1: {
        rgbToYuv(src.view(), {}, yuvView(video), pool);
        QByteArray all;
        for (int plane = 0; plane < 2; ++plane)
          for (int y = 0; y < (plane == 0 ? kHeight : (kHeight + 1) / 2); ++y)
            all.append(video.row<char>(y, plane), plane == 0 ? kWidth : kWidth + 1);
        return all;
      }
      case 2:
        resize(src.view(), half.view(), {Filter::Lanczos3, AlphaMode::Premultiplied}, pool);
        return bytes(half);
      case 3:
        warp(src.view(), map.view(), dst.view(), {}, pool);
        return bytes(dst);
      case 4:
        warp(src.view(), latticeOver(nodes.view(), kWidth, kHeight), dst.view(), {}, pool);
        return bytes(dst);
      case 5:
        splat(src.view(), flow.view(), depth.view(), dst.view(), grayOut.view(), {}, pool);
        return bytes(dst) + bytes(grayOut);
      case 6:
        composite(src.view(), dst.view(), {AlphaMode::Premultiplied, 0.7f}, pool);
        return bytes(dst);
      case 7:
        feather(gray.view(), grayOut.view(), 7, pool);
        return bytes(grayOut);
      case 8:
        blur(gray.view(), grayOut.view(), 2.5f, pool);
        return bytes(grayOut);
      case 9:
        dilate(gray.view(), grayOut.view(), 6.5f, pool);
        return bytes(grayOut);
      default:
        convert(src.view(), halves.view(), pool);
        return bytes(halves);
      }
    };
    const QByteArray expected = run(onePool());
    for (const int threads : {2, 3, 7}) {
      const WorkerPool pool(threads);
      for (int repeat = 0; repeat < 3; ++repeat)
        QVERIFY(run(pool) == expected);
    }
  }

  // --- yuv_to_rgb, rgb_to_yuv ---

  void colourBars_data() {
    QTest::addColumn<int>("format");
    QTest::addColumn<int>("matrix");
    QTest::addColumn<int>("range");
    for (const PixelFormat format : {PixelFormat::Nv12, PixelFormat::Yuv420P, PixelFormat::Yuv420P10})
      for (const ColorMatrix matrix : {ColorMatrix::Bt601, ColorMatrix::Bt709, ColorMatrix::Bt2020})
        for (const ColorRange range : {ColorRange::Full, ColorRange::Limited})
          QTest::addRow("%s %d %d", pixelFormatName(format).data(), static_cast<int>(matrix), static_cast<int>(range))
              << static_cast<int>(format) << static_cast<int>(matrix) << static_cast<int>(range);
  }
  void colourBars() {
    QFETCH(int, format);
    QFETCH(int, matrix);
    QFETCH(int, range);
    const YuvEncoding encoding{static_cast<ColorMatrix>(matrix), static_cast<ColorRange>(range)};
    constexpr std::int32_t kBar = 16;
    const int levels[] = {0, 191, 255};
    std::vector<Rgba8> colours;
    for (const int r : levels)
      for (const int g : levels)
        for (const int b : levels)
          colours.push_back(
              {static_cast<std::uint8_t>(r), static_cast<std::uint8_t>(g), static_cast<std::uint8_t>(b), 255});
    const auto width = static_cast<std::int32_t>(colours.size()) * kBar;
    Picture<Rgba8> bars(width, 12);
    for (std::int32_t y = 0; y < 12; ++y)
      for (std::int32_t x = 0; x < width; ++x)
        bars.at(x, y) = colours[static_cast<std::size_t>(x / kBar)];
    MutableImage video = MutableImage::allocate(static_cast<PixelFormat>(format), {width, 12}).value();
    Picture<Rgba8> back(width, 12);
    rgbToYuv(bars.view(), encoding, yuvView(video), onePool());
    yuvToRgb(yuvView(video), encoding, back.view(), onePool());
    int worst = 0;
    for (std::int32_t y = 0; y < 12; ++y)
      for (std::int32_t x = 0; x < width; ++x) {
        // Chroma has half the columns: the two next to a bar's edge belong to both bars.
        if (x % kBar < 2 || x % kBar >= kBar - 2)
          continue;
        const Rgba8 a = bars.at(x, y);
        const Rgba8 b = back.at(x, y);
        worst = std::max({worst, std::abs(a.r - b.r), std::abs(a.g - b.g), std::abs(a.b - b.b)});
        QCOMPARE(b.a, std::uint8_t{255});
      }
    QVERIFY2(worst <= 2, std::to_string(worst).c_str());
  }

  void greyStaysGrey() {
    for (const ColorMatrix matrix : {ColorMatrix::Bt601, ColorMatrix::Bt709, ColorMatrix::Bt2020}) {
      Picture<Rgba8> ramp(256, 2);
      for (std::int32_t x = 0; x < 256; ++x) {
        const auto v = static_cast<std::uint8_t>(x);
        ramp.at(x, 0) = ramp.at(x, 1) = {v, v, v, 255};
      }
      MutableImage video = MutableImage::allocate(PixelFormat::Yuv420P, {256, 2}).value();
      Picture<Rgba8> back(256, 2);
      const YuvEncoding full{matrix, ColorRange::Full};
      rgbToYuv(ramp.view(), full, yuvView(video), onePool());
      yuvToRgb(yuvView(video), full, back.view(), onePool());
      QVERIFY(samePixels(ramp, back));
    }
  }

  // --- resize ---

  void resizeKeepsWhatItShould() {
    const Picture<Rgba8> src = noise(61, 47, AlphaMode::Straight);
    for (const Filter filter : {Filter::Area, Filter::Bicubic, Filter::Lanczos3}) {
      Picture<Rgba8> same(61, 47);
      resize(src.view(), same.view(), {filter, AlphaMode::Straight}, onePool());
      QVERIFY(samePixels(src, same));

      // One colour stays that colour, at every size.
      Picture<Rgba8> plain(61, 47);
      for (std::int32_t y = 0; y < 47; ++y)
        std::fill_n(plain.view().row(y), 61, Rgba8{13, 77, 201, 255});
      for (const auto& [w, h] : {std::pair{7, 5}, std::pair{200, 151}, std::pair{61, 3}}) {
        for (const AlphaMode alpha : {AlphaMode::Straight, AlphaMode::Premultiplied}) {
          Picture<Rgba8> out(w, h);
          resize(plain.view(), out.view(), {filter, alpha}, onePool());
          for (std::int32_t y = 0; y < h; ++y)
            for (std::int32_t x = 0; x < w; ++x)
              QCOMPARE(out.at(x, y), (Rgba8{13, 77, 201, 255}));
        }
      }
    }
  }

  void invisibleColoursDoNotBleed() {
    // A red half beside an invisible green one.
    Picture<Rgba8> src(32, 8);
    for (std::int32_t y = 0; y < 8; ++y)
      for (std::int32_t x = 0; x < 32; ++x)
        src.at(x, y) = x < 16 ? Rgba8{255, 0, 0, 255} : Rgba8{0, 255, 0, 0};
    for (const Filter filter : {Filter::Area, Filter::Bicubic, Filter::Lanczos3}) {
      Picture<Rgba8> dst(11, 5);
      resize(src.view(), dst.view(), {filter, AlphaMode::Straight}, onePool());
      for (std::int32_t x = 0; x < 11; ++x)
        if (dst.at(x, 2).a > 0)
          QCOMPARE(dst.at(x, 2).g, std::uint8_t{0});
      QCOMPARE(dst.at(0, 2), (Rgba8{255, 0, 0, 255}));
      QCOMPARE(dst.at(10, 2).a, std::uint8_t{0});
    }
  }

  // Far more rows than are kept at a time.
  void hugeShrinking() {
    Picture<Gray8> tall(3, 4000);
    Picture<Rgba8> wide(4000, 3);
    for (std::int32_t i = 0; i < 4000; ++i)
      for (std::int32_t k = 0; k < 3; ++k) {
        tall.at(k, i) = static_cast<Gray8>(i < 2000 ? 10 : 200);
        wide.at(i, k) = i < 2000 ? Rgba8{10, 20, 30, 255} : Rgba8{200, 100, 50, 255};
      }
    for (const Filter filter : {Filter::Area, Filter::Bicubic, Filter::Lanczos3}) {
      Picture<Gray8> ends(1, 20);
      resize(tall.view(), ends.view(), {filter, AlphaMode::Straight}, onePool());
      QCOMPARE(ends.at(0, 0), Gray8{10});
      QCOMPARE(ends.at(0, 19), Gray8{200});
      Picture<Rgba8> small(20, 1);
      resize(wide.view(), small.view(), {filter, AlphaMode::Straight}, onePool());
      QCOMPARE(small.at(0, 0), (Rgba8{10, 20, 30, 255}));
      QCOMPARE(small.at(19, 0), (Rgba8{200, 100, 50, 255}));
    }
  }

  // A pattern finer than the small picture can show becomes its mean.
  void shrinkingDoesNotAlias() {
    Picture<Gray8> src(512, 512);
    for (std::int32_t y = 0; y < 512; ++y)
      for (std::int32_t x = 0; x < 512; ++x)
        src.at(x, y) = (x + y) % 2 == 0 ? 255 : 0;
    for (const Filter filter : {Filter::Area, Filter::Bicubic, Filter::Lanczos3}) {
      Picture<Gray8> dst(64, 64);
      resize(src.view(), dst.view(), {filter, AlphaMode::Straight}, onePool());
      for (std::int32_t y = 4; y < 60; ++y)
        for (std::int32_t x = 4; x < 60; ++x)
          QVERIFY(std::abs(dst.at(x, y) - 127.5) <= 1);
    }
  }

  // --- warp ---

  void identityIsACopy_data() {
    QTest::addColumn<int>("width");
    QTest::addColumn<int>("height");
    QTest::addColumn<int>("columns");
    QTest::addColumn<int>("rows");
    QTest::newRow("512, 17 nodes") << 512 << 512 << 17 << 17;
    QTest::newRow("512, 33 nodes") << 512 << 512 << 33 << 33;
    QTest::newRow("photo") << 640 << 427 << 17 << 17;
    QTest::newRow("cells that are no binary fractions") << 1279 << 719 << 14 << 8;
    QTest::newRow("tiny") << 1 << 1 << 2 << 2;
    QTest::newRow("more nodes than pixels") << 5 << 3 << 17 << 17;
    QTest::newRow("wide") << 8191 << 4 << 48 << 3;
  }
  void identityIsACopy() {
    QFETCH(int, width);
    QFETCH(int, height);
    QFETCH(int, columns);
    QFETCH(int, rows);
    const Picture<Float2> nodes = identityNodes(width, height, columns, rows);
    Picture<Float2> map(width, height);
    for (std::int32_t y = 0; y < height; ++y)
      for (std::int32_t x = 0; x < width; ++x)
        map.at(x, y) = {static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f};
    // Straight noise has colours behind alpha 0: a copy keeps them, too.
    const Picture<Rgba8> src = noise(width, height, AlphaMode::Straight);
    const Picture<Rgba16F> src16 = noise16(width, height, AlphaMode::Straight);
    for (const WarpOptions& options : kWarps) {
      Picture<Rgba8> dst(width, height);
      warp(src.view(), map.view(), dst.view(), options, onePool());
      QVERIFY(samePixels(src, dst));
      Picture<Rgba8> other(width, height);
      warp(src.view(), latticeOver(nodes.view(), width, height), other.view(), options, onePool());
      QVERIFY(samePixels(src, other));
      Picture<Rgba16F> halves(width, height);
      warp(src16.view(), latticeOver(nodes.view(), width, height), halves.view(), options, onePool());
      QVERIFY(samePixels(src16, halves));
    }
  }

  void wholePixelMovesAreCopies() {
    const Picture<Rgba8> src = noise(64, 48, AlphaMode::Premultiplied);
    Picture<Float2> nodes = identityNodes(64, 48, 5, 4);
    for (std::int32_t j = 0; j < 4; ++j)
      for (std::int32_t i = 0; i < 5; ++i)
        nodes.at(i, j) = {nodes.at(i, j).x - 7, nodes.at(i, j).y + 3};
    Picture<Rgba8> dst(64, 48);
    warp(src.view(), latticeOver(nodes.view(), 64, 48), dst.view(), {}, onePool());
    for (std::int32_t y = 0; y < 48; ++y)
      for (std::int32_t x = 0; x < 64; ++x)
        QCOMPARE(dst.at(x, y), x >= 7 && y + 3 < 48 ? src.at(x - 7, y + 3) : Rgba8{});
    WarpOptions clamped;
    clamped.outside = Outside::Clamp;
    warp(src.view(), latticeOver(nodes.view(), 64, 48), dst.view(), clamped, onePool());
    for (std::int32_t y = 0; y < 48; ++y)
      for (std::int32_t x = 0; x < 64; ++x)
        QCOMPARE(dst.at(x, y), src.at(std::max(0, x - 7), std::min(47, y + 3)));
  }

  // content, region and coverage change how much is done, never what is seen.
  void contentAndRegion() {
    constexpr std::int32_t kSide = 200;
    const Rect content{60, 70, 40, 30};
    Random random(9);
    for (int round = 0; round < 20; ++round) {
      Picture<Rgba8> src(kSide, kSide);
      for (std::int32_t y = 0; y < kSide; ++y)
        for (std::int32_t x = 0; x < kSide; ++x) {
          const bool in = x >= 60 && x < 100 && y >= 70 && y < 100;
          src.at(x, y) = in ? Rgba8{200, 100, 50, 255} : Rgba8{};
        }
      Picture<Float2> nodes = identityNodes(kSide, kSide, 11, 11);
      for (std::int32_t j = 0; j < 11; ++j)
        for (std::int32_t i = 0; i < 11; ++i)
          nodes.at(i, j) = {nodes.at(i, j).x + random.grid(-30, 30), nodes.at(i, j).y + random.grid(-30, 30)};
      const Lattice lattice = latticeOver(nodes.view(), kSide, kSide);
      for (const Sampling sampling : {Sampling::Bilinear, Sampling::Bicubic}) {
        WarpOptions options;
        options.sampling = sampling;
        Picture<Rgba8> whole(kSide, kSide);
        warp(src.view(), lattice, whole.view(), options, onePool());

        options.content = content;
        Picture<Rgba8> skipped(kSide, kSide);
        warp(src.view(), lattice, skipped.view(), options, onePool());
        QVERIFY(samePixels(whole, skipped));

        options.region = latticeCoverage(lattice, content, kSide, kSide, sampling);
        const Rgba8 untouched{1, 2, 3, 4};
        Picture<Rgba8> part(kSide, kSide);
        for (std::int32_t y = 0; y < kSide; ++y)
          std::fill_n(part.view().row(y), kSide, untouched);
        warp(src.view(), lattice, part.view(), options, onePool());
        const Rect r = options.region;
        QVERIFY(!r.isEmpty());
        for (std::int32_t y = 0; y < kSide; ++y)
          for (std::int32_t x = 0; x < kSide; ++x) {
            const bool in = x >= r.x && x < r.x + r.width && y >= r.y && y < r.y + r.height;
            QCOMPARE(part.at(x, y), in ? whole.at(x, y) : untouched);
            if (!in)
              QCOMPARE(whole.at(x, y), Rgba8{});
          }
      }
    }
    // Content that nothing looks at.
    Picture<Float2> away = identityNodes(kSide, kSide, 2, 2);
    for (std::int32_t j = 0; j < 2; ++j)
      for (std::int32_t i = 0; i < 2; ++i)
        away.at(i, j).x += 1000;
    QVERIFY(
        latticeCoverage(latticeOver(away.view(), kSide, kSide), content, kSide, kSide, Sampling::Bicubic).isEmpty());
  }

  void strangePositions_data() {
    QTest::addColumn<float>("value");
    QTest::newRow("not a number") << std::numeric_limits<float>::quiet_NaN();
    QTest::newRow("infinite") << std::numeric_limits<float>::infinity();
    QTest::newRow("minus infinite") << -std::numeric_limits<float>::infinity();
    QTest::newRow("largest") << std::numeric_limits<float>::max();
    QTest::newRow("lowest") << std::numeric_limits<float>::lowest();
    QTest::newRow("beyond integers") << 3e9f;
  }
  void strangePositions() {
    QFETCH(float, value);
    const Picture<Rgba8> src = noise(16, 16, AlphaMode::Premultiplied);
    for (const WarpOptions& options : kWarps) {
      Picture<Float2> map(8, 8);
      for (std::int32_t y = 0; y < 8; ++y)
        for (std::int32_t x = 0; x < 8; ++x)
          map.at(x, y) = {y % 2 == 0 ? value : 3.25f, y % 2 == 0 ? 3.25f : value};
      Picture<Rgba8> dst(8, 8);
      warp(src.view(), map.view(), dst.view(), options, onePool());
      if (options.outside == Outside::Transparent)
        for (std::int32_t y = 0; y < 8; ++y)
          for (std::int32_t x = 0; x < 8; ++x)
            QCOMPARE(dst.at(x, y), Rgba8{});
      // One bad node spoils its four cells, no more.
      Picture<Float2> nodes = identityNodes(16, 16, 5, 5);
      nodes.at(1, 1) = {value, value};
      Picture<Rgba8> out(16, 16);
      warp(src.view(), latticeOver(nodes.view(), 16, 16), out.view(), options, onePool());
      for (std::int32_t y = 8; y < 16; ++y)
        for (std::int32_t x = 8; x < 16; ++x)
          QCOMPARE(out.at(x, y), src.at(x, y));
    }
  }

  // --- splat ---

  void splatWithoutFlowIsACopy() {
    const Picture<Rgba8> src = noise(33, 17, AlphaMode::Premultiplied);
    const Picture<Rgba16F> src16 = noise16(33, 17, AlphaMode::Premultiplied);
    Picture<Float2> flow(33, 17);
    for (std::int32_t y = 0; y < 17; ++y)
      std::fill_n(flow.view().row(y), 33, Float2{});
    for (const SplatMode mode : {SplatMode::Nearest, SplatMode::Bilinear}) {
      Picture<Rgba8> dst(33, 17);
      Picture<Gray8> coverage(33, 17);
      splat(src.view(), flow.view(), {}, dst.view(), coverage.view(), {mode, AlphaMode::Premultiplied, 0}, onePool());
      QVERIFY(samePixels(src, dst));
      for (std::int32_t y = 0; y < 17; ++y)
        for (std::int32_t x = 0; x < 33; ++x)
          QCOMPARE(coverage.at(x, y), Gray8{255});
      Picture<Rgba16F> dst16(33, 17);
      splat(src16.view(), flow.view(), {}, dst16.view(), {}, {mode, AlphaMode::Premultiplied, 0}, onePool());
      QVERIFY(samePixels(src16, dst16));
    }
  }

  void nearestPixelWins() {
    Picture<Rgba8> src(3, 1);
    src.at(0, 0) = {10, 0, 0, 255};
    src.at(1, 0) = {20, 0, 0, 255};
    src.at(2, 0) = {30, 0, 0, 255};
    Picture<Float2> flow(3, 1);
    Picture<float> depth(3, 1);
    for (std::int32_t x = 0; x < 3; ++x)
      flow.at(x, 0) = {static_cast<float>(-x), 0};
    const auto shown = [&](float a, float b, float c, SplatMode mode) {
      depth.at(0, 0) = a;
      depth.at(1, 0) = b;
      depth.at(2, 0) = c;
      Picture<Rgba8> dst(3, 1);
      splat(src.view(), flow.view(), depth.view(), dst.view(), {}, {mode, AlphaMode::Premultiplied, 0}, onePool());
      return static_cast<int>(dst.at(0, 0).r);
    };
    for (const SplatMode mode : {SplatMode::Nearest, SplatMode::Bilinear}) {
      QCOMPARE(shown(3, 1, 2, mode), 20);
      QCOMPARE(shown(-1, -5, -9, mode), 30);
      QCOMPARE(shown(-0.0f, 0.5f, std::numeric_limits<float>::quiet_NaN(), mode), 10);
    }
    // Equal depths, both zeros alike: the first in reading order, or the mean.
    QCOMPARE(shown(0.0f, -0.0f, 0.0f, SplatMode::Nearest), 10);
    QCOMPARE(shown(0.0f, -0.0f, 0.0f, SplatMode::Bilinear), 20);
  }

  // --- composite ---

  void compositeIsExactAtTheEnds() {
    for (int d = 0; d < 256; ++d)
      for (int s = 0; s < 256; ++s) {
        const auto sv = static_cast<std::uint8_t>(s);
        const auto dv = static_cast<std::uint8_t>(d);
        const auto out = [](Rgba8 upper, Rgba8 lower, AlphaMode alpha, float opacity) {
          composite(ConstImageView<Rgba8>{&upper, 1, 1, 4}, ImageView<Rgba8>{&lower, 1, 1, 4}, {alpha, opacity},
                    onePool());
          return lower;
        };
        const Rgba8 lower{dv, sv, static_cast<std::uint8_t>(255 - d), dv};
        const Rgba8 upper{sv, dv, static_cast<std::uint8_t>(255 - s), 255};
        const Rgba8 invisible{sv, dv, sv, 0};
        QCOMPARE(out(invisible, lower, AlphaMode::Straight, 1), lower);
        QCOMPARE(out(upper, lower, AlphaMode::Straight, 0), lower);
        QCOMPARE(out(upper, lower, AlphaMode::Straight, 1), upper);
        QCOMPARE(out(upper, lower, AlphaMode::Premultiplied, 1), upper);
        QCOMPARE(out(upper, lower, AlphaMode::Premultiplied, 0), lower);
        QCOMPARE(out(Rgba8{}, lower, AlphaMode::Premultiplied, 1), lower);
        QCOMPARE(out(Rgba8{}, lower, AlphaMode::Premultiplied, 0.3f), lower);
      }
  }

  void compositeIsExactAtTheEnds16() {
    const Picture<Rgba16F> noisePicture = noise16(97, 31, AlphaMode::Straight, 8);
    for (const AlphaMode alpha : {AlphaMode::Straight, AlphaMode::Premultiplied}) {
      Picture<Rgba16F> opaque = noise16(97, 31, alpha, 9);
      Picture<Rgba16F> nothing(97, 31);
      Picture<Rgba16F> dst = noisePicture;
      // Values that arithmetic would change: minus zero, not-a-number, more than 1.
      dst.at(0, 0) = {{0x8000}, {0x7e01}, {0x5000}, {0x3c00}};
      const Picture<Rgba16F> before = dst;
      for (std::int32_t y = 0; y < 31; ++y)
        for (std::int32_t x = 0; x < 97; ++x) {
          opaque.at(x, y).a = {0x3c00};
          nothing.at(x, y) = alpha == AlphaMode::Straight ? Rgba16F{{0x3c00}, {0x3800}, {0x3400}, {0}} : Rgba16F{};
        }
      composite(nothing.view(), dst.view(), {alpha, 1}, onePool());
      QVERIFY(samePixels(dst, before));
      composite(opaque.view(), dst.view(), {alpha, 0}, onePool());
      QVERIFY(samePixels(dst, before));
      composite(opaque.view(), dst.view(), {alpha, 1}, onePool());
      QVERIFY(samePixels(dst, opaque));
    }
  }

  void lightAboveAlphaSaturates() {
    Picture<Rgba8> glow(3, 1);
    Picture<Rgba8> dst(3, 1);
    for (std::int32_t x = 0; x < 3; ++x) {
      glow.at(x, 0) = {200, 100, 255, 0};
      dst.at(x, 0) = {100, 100, 255, 255};
    }
    composite(glow.view(), dst.view(), {AlphaMode::Premultiplied, 1}, onePool());
    QCOMPARE(dst.at(2, 0), (Rgba8{255, 200, 255, 255}));
  }

  void strangeOpacities() {
    const Picture<Rgba8> src = noise(9, 9, AlphaMode::Straight, 1);
    const Picture<Rgba8> below = noise(9, 9, AlphaMode::Straight, 2);
    const auto at = [&](float opacity) {
      Picture<Rgba8> dst = below;
      composite(src.view(), dst.view(), {AlphaMode::Straight, opacity}, onePool());
      return dst;
    };
    QVERIFY(samePixels(at(-3), below));
    QVERIFY(samePixels(at(std::numeric_limits<float>::quiet_NaN()), below));
    QVERIFY(samePixels(at(17), at(1)));
  }

  // --- feather, morphology ---

  void hardEdgesAndFlatMattes() {
    Picture<Gray8> matte(40, 30);
    Picture<Gray8> hard(40, 30);
    for (std::int32_t y = 0; y < 30; ++y)
      for (std::int32_t x = 0; x < 40; ++x) {
        matte.at(x, y) = static_cast<Gray8>(x * y % 256);
        hard.at(x, y) = matte.at(x, y) >= 128 ? 255 : 0;
      }
    for (const float width : {0.0f, 0.5f, 1.0f}) {
      Picture<Gray8> out(40, 30);
      feather(matte.view(), out.view(), width, onePool());
      QVERIFY(samePixels(out, hard));
    }
    // The border of the picture is no edge.
    for (const Gray8 value : {Gray8{0}, Gray8{255}}) {
      Picture<Gray8> flat(40, 30);
      for (std::int32_t y = 0; y < 30; ++y)
        std::fill_n(flat.view().row(y), 40, value);
      Picture<Gray8> out(40, 30);
      feather(flat.view(), out.view(), 20, onePool());
      QVERIFY(samePixels(out, flat));
      blur(flat.view(), out.view(), 5, onePool());
      QVERIFY(samePixels(out, flat));
      dilate(flat.view(), out.view(), 5, onePool());
      QVERIFY(samePixels(out, flat));
      erode(flat.view(), out.view(), 5, onePool());
      QVERIFY(samePixels(out, flat));
    }
  }

  void featherIsARampAcrossAStraightEdge() {
    Picture<Gray8> matte(64, 9);
    for (std::int32_t y = 0; y < 9; ++y)
      for (std::int32_t x = 0; x < 64; ++x)
        matte.at(x, y) = x >= 32 ? 255 : 0;
    Picture<Gray8> out(64, 9);
    feather(matte.view(), out.view(), 10, onePool());
    for (std::int32_t x = 0; x < 64; ++x) {
      const double expected = 255 * std::clamp(0.5 + (x + 0.5 - 32) / 10, 0.0, 1.0);
      QVERIFY(std::abs(out.at(x, 4) - expected) <= 0.501);
    }
  }

  void aPointGrowsToADisc() {
    Picture<Gray8> point(41, 41);
    for (std::int32_t y = 0; y < 41; ++y)
      std::fill_n(point.view().row(y), 41, Gray8{0});
    point.at(20, 20) = 200;
    for (const float radius : {0.0f, 0.99f, 1.0f, 3.0f, 7.5f, 12.0f, 20.0f, 100.0f, kMaxMorphologyRadius}) {
      Picture<Gray8> grown(41, 41);
      dilate(point.view(), grown.view(), radius, onePool());
      for (std::int32_t y = 0; y < 41; ++y)
        for (std::int32_t x = 0; x < 41; ++x) {
          const bool in = (x - 20) * (x - 20) + (y - 20) * (y - 20) <= static_cast<double>(radius) * radius;
          QCOMPARE(grown.at(x, y), in ? Gray8{200} : Gray8{0});
        }
      Picture<Gray8> shrunk(41, 41);
      erode(point.view(), shrunk.view(), radius, onePool());
      QCOMPARE(shrunk.at(20, 20), radius < 1 ? Gray8{200} : Gray8{0});
    }
  }

  // --- convert ---

  void bytesSurviveHalves() {
    Picture<Rgba8> all(256, 1);
    for (std::int32_t x = 0; x < 256; ++x) {
      const auto v = static_cast<std::uint8_t>(x);
      all.at(x, 0) = {v, static_cast<std::uint8_t>(255 - v), v, v};
    }
    Picture<Rgba16F> halves(256, 1);
    Picture<Rgba8> back(256, 1);
    convert(all.view(), halves.view(), onePool());
    convert(halves.view(), back.view(), onePool());
    QVERIFY(samePixels(all, back));
    QCOMPARE(halves.at(255, 0).r.bits, std::uint16_t{0x3c00});
    QCOMPARE(halves.at(0, 0).r.bits, std::uint16_t{0});
  }

  // All 65536 halves: to float and back, and what they mean.
  void everyHalf() {
    for (std::uint32_t bits = 0; bits < 65'536; ++bits) {
      const Half half{static_cast<std::uint16_t>(bits)};
      const float value = halfToFloat(half);
      const double meant = check::exactHalf(half);
      if (std::isnan(meant)) {
        QVERIFY(std::isnan(value));
        QVERIFY(std::isnan(halfToFloat(floatToHalf(value))));
        continue;
      }
      QVERIFY(static_cast<double>(value) == meant);
      QCOMPARE(floatToHalf(value).bits, half.bits);
      // Half-way to the next one up: ties go to the even one; a little less stays, a little more goes.
      if (bits < 0x7bff) {
        const float next = halfToFloat({static_cast<std::uint16_t>(bits + 1)});
        const float middle = (value + next) / 2;
        QCOMPARE(floatToHalf(middle).bits, static_cast<std::uint16_t>((bits & 1) == 0 ? bits : bits + 1));
        QCOMPARE(floatToHalf(std::nextafter(middle, 0.0f)).bits, static_cast<std::uint16_t>(bits));
        QCOMPARE(floatToHalf(std::nextafter(middle, 1e9f)).bits, static_cast<std::uint16_t>(bits + 1));
      }
    }
    QCOMPARE(floatToHalf(65520.0f).bits, std::uint16_t{0x7c00});
    QCOMPARE(floatToHalf(65519.9f).bits, std::uint16_t{0x7bff});
    QCOMPARE(floatToHalf(1e30f).bits, std::uint16_t{0x7c00});
    QCOMPARE(floatToHalf(-1e-30f).bits, std::uint16_t{0x8000});
  }

  void strangeHalvesBecomeBytes() {
    Picture<Rgba16F> src(2, 1);
    src.at(0, 0) = {{0x7e00}, {0x7c00}, {0xfc00}, {0x4000}}; // not a number, infinite, minus infinite, 2
    src.at(1, 0) = {{0xbc00}, {0x0001}, {0x3bff}, {0x3c00}};
    Picture<Rgba8> dst(2, 1);
    convert(src.view(), dst.view(), onePool());
    QCOMPARE(dst.at(0, 0), (Rgba8{0, 255, 0, 255}));
    QCOMPARE(dst.at(1, 0), (Rgba8{0, 0, 255, 255}));
  }

  void premultiplyAndBack() {
    for (int a = 0; a < 256; ++a)
      for (int c = 0; c < 256; ++c) {
        Rgba8 p{static_cast<std::uint8_t>(c), static_cast<std::uint8_t>(255 - c), 7, static_cast<std::uint8_t>(a)};
        const Rgba8 before = p;
        const ImageView<Rgba8> view{&p, 1, 1, 4};
        premultiply(view, view, onePool()); // in place
        QCOMPARE(static_cast<int>(p.r), (2 * c * a + 255) / 510);
        const Rgba8 multiplied = p;
        unpremultiply(view, view, onePool());
        if (a == 255)
          QCOMPARE(p, before);
        if (a == 0)
          QCOMPARE(p, Rgba8{});
        // As near as a / 255 of the levels allows; multiplied again it is the same.
        if (a != 0)
          QVERIFY(std::abs(p.r - c) <= 255 / (2 * a) + 1);
        premultiply(view, view, onePool());
        QCOMPARE(p, multiplied);
      }
  }

  // --- views ---

  void viewsOfImages() {
    MutableImage image = MutableImage::allocate(PixelFormat::Rgba8, {5, 3}).value();
    const ImageView<Rgba8> all = view<Rgba8>(image);
    QCOMPARE(all.width, 5);
    QCOMPARE(all.height, 3);
    const ImageView<Rgba8> part = all.sub({1, 2, 3, 1});
    part.row(0)[0] = {9, 8, 7, 6};
    const Image frozen = std::move(image).freeze();
    QCOMPARE(view<Rgba8>(frozen).row(2)[1], (Rgba8{9, 8, 7, 6}));
    const Image video = MutableImage::allocate(PixelFormat::Yuv420P10, {7, 5}).value().freeze();
    QCOMPARE(view<std::uint16_t>(video, 2).width, 4);
    QCOMPARE(view<std::uint16_t>(video, 2).height, 3);
    QCOMPARE(yuvView(video).strideBytes[2], video.strideBytes(2));
    QCOMPARE(intersected({0, 0, 10, 10}, {8, -2, 10, 5}), (Rect{8, 0, 2, 3}));
    QVERIFY(intersected({0, 0, 10, 10}, {10, 0, 5, 5}).isEmpty());
  }
};

QTEST_APPLESS_MAIN(TestKernels)
#include "tst_kernels.moc"
