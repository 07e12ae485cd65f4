// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "kernels/check/check.h"
#include "kernels/check/device.h"
#include "kernels/composite.h"
#include "kernels/warp.h"

namespace kinora::kernels::check {
namespace {

double weightAt(Sampling sampling, double x) {
  x = std::abs(x);
  if (sampling == Sampling::Bilinear)
    return std::max(0.0, 1 - x);
  if (x <= 1)
    return 1.5 * x * x * x - 2.5 * x * x + 1;
  return x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2 : 0;
}

// src at a position (pixel centres at .5), rounded to 1/256 as the header says.
template <class Pixel>
Exact seen(const Picture<Pixel>& src, double px, double py, const WarpOptions& options) {
  const double x = std::floor((px - 0.5) * 256 + 0.5) / 256;
  const double y = std::floor((py - 0.5) * 256 + 0.5) / 256;
  if (x == std::floor(x) && y == std::floor(y)) {
    const double cx = std::clamp(x, 0.0, src.width() - 1.0);
    const double cy = std::clamp(y, 0.0, src.height() - 1.0);
    if (options.outside == Outside::Transparent && (cx != x || cy != y))
      return {};
    return exact(src.at(static_cast<std::int32_t>(cx), static_cast<std::int32_t>(cy)));
  }
  Exact sum;
  const auto left = static_cast<std::int32_t>(std::floor(x));
  const auto top = static_cast<std::int32_t>(std::floor(y));
  for (std::int32_t j = top - 1; j <= top + 2; ++j)
    for (std::int32_t i = left - 1; i <= left + 2; ++i) {
      const std::int32_t ci = std::clamp(i, 0, src.width() - 1);
      const std::int32_t cj = std::clamp(j, 0, src.height() - 1);
      if (options.outside == Outside::Transparent && (ci != i || cj != j))
        continue;
      const double w = weightAt(options.sampling, i - x) * weightAt(options.sampling, j - y);
      const Exact v = exact(src.at(ci, cj));
      const double f = options.alpha == AlphaMode::Straight ? w * v.a : w;
      sum = {sum.r + v.r * f, sum.g + v.g * f, sum.b + v.b * f, sum.a + v.a * w};
    }
  if (options.alpha == AlphaMode::Premultiplied)
    return sum;
  return sum.a > 0 ? Exact{sum.r / sum.a, sum.g / sum.a, sum.b / sum.a, sum.a} : Exact{};
}

// Ratios of almost nothing have no colour to compare.
template <class Pixel>
double difference(Pixel pixel, Exact v, const WarpOptions& options, double full) {
  if (options.alpha == AlphaMode::Straight && v.a < full / 255) {
    const Exact p = exact(pixel);
    return std::abs(p.a - std::clamp(v.a, 0.0, full)) / full * 255;
  }
  return errorOf(pixel, v);
}

// In levels of 255; straight colours as far as they can be seen.
double differenceSeen(Exact p, Exact v, const WarpOptions& options, double full) {
  const auto within = [full](double value) { return std::clamp(value, 0.0, full); };
  const bool straight = options.alpha == AlphaMode::Straight;
  const double pa = within(p.a) / full;
  const double va = within(v.a) / full;
  const auto one = [&](double pc, double vc) {
    return std::abs(within(pc) * (straight ? pa : 1) - within(vc) * (straight ? va : 1)) / full;
  };
  return 255 * std::max({one(p.r, v.r), one(p.g, v.g), one(p.b, v.b), std::abs(pa - va)});
}

std::vector<WarpOptions> allOptions() {
  std::vector<WarpOptions> all;
  for (const Sampling sampling : {Sampling::Bilinear, Sampling::Bicubic})
    for (const Outside outside : {Outside::Transparent, Outside::Clamp})
      for (const AlphaMode alpha : {AlphaMode::Premultiplied, AlphaMode::Straight})
        all.push_back({sampling, outside, alpha, {}, {}});
  return all;
}

// The photo's shape costs most of the time: one kind of options for each sampling meets it.
std::span<const Shape> shapesFor(const WarpOptions& options) {
  const bool usual = options.outside == Outside::Transparent && options.alpha == AlphaMode::Premultiplied;
  return usual ? shapes() : smallShapes();
}

std::string nameOf(const WarpOptions& options) {
  std::string name = options.sampling == Sampling::Bilinear ? "bilinear" : "bicubic";
  name += options.outside == Outside::Transparent ? ", transparent" : ", clamp";
  name += options.alpha == AlphaMode::Straight ? ", straight" : ", premultiplied";
  return name;
}

template <class Pixel>
void compareMaps(Comparison& comparison, const std::string& type, double full) {
  Random random(41);
  for (const WarpOptions& options : allOptions()) {
    for (const Shape shape : shapesFor(options)) {
      Picture<Pixel> src(shape.width, shape.height);
      fill(src, random, options.alpha);
      const Shape out = {std::max(1, shape.width - 1), shape.height + 2};
      Picture<Float2> map(out.width, out.height);
      for (std::int32_t y = 0; y < out.height; ++y)
        for (std::int32_t x = 0; x < out.width; ++x)
          map.at(x, y) = {random.grid(-4, static_cast<float>(shape.width) + 4),
                          random.grid(-4, static_cast<float>(shape.height) + 4)};
      Picture<Pixel> dst(out.width, out.height);
      [[maybe_unused]] const Picture<Pixel> empty = dst;
      warp(src.view(), map.view(), dst.view(), options, comparison.pool());
      const std::string what = "map, " + type + ", " + nameOf(options);
      double worst = dst.guardsHold() ? 0 : INFINITY;
      for (std::int32_t y = 0; y < out.height; ++y)
        for (std::int32_t x = 0; x < out.width; ++x) {
          const Float2 at = map.at(x, y);
          const Exact v = seen(src, at.x, at.y, options);
          worst = Comparison::larger(worst, difference(dst.at(x, y), v, options, full));
        }
      comparison.note(what, "cpu - formula", out, worst, 0.51);
#if KINORA_HAVE_CUDA
      if (comparison.cuda()) {
        const DevicePicture<Pixel> deviceSrc(src);
        const DevicePicture<Float2> deviceMap(map);
        const DevicePicture<Pixel> deviceDst(empty);
        mustWork(cuda::warp(ConstImageView<Pixel>(deviceSrc.view()), ConstImageView<Float2>(deviceMap.view()),
                            deviceDst.view(), options, nullptr));
        noteSame(comparison, what, deviceDst, dst);
      }
#endif
    }
  }
}

// A picture without noise: positions that floats round to another 1/256 pixel change it by little.
template <class Pixel>
void fillSmoothly(Picture<Pixel>& picture, double full) {
  for (std::int32_t y = 0; y < picture.height(); ++y)
    for (std::int32_t x = 0; x < picture.width(); ++x) {
      const auto value = [&](double a, double b) {
        return static_cast<float>(full * (0.5 + 0.45 * std::sin(a * x) * std::cos(b * y)));
      };
      picture.at(x, y) =
          Channels<Pixel>::store({value(.05, .03), value(.02, .06), value(.04, .05), static_cast<float>(full)});
    }
}

Picture<Float2> nodesFor(Shape shape, std::int32_t columns, std::int32_t rows, Random& random) {
  Picture<Float2> nodes(columns, rows);
  for (std::int32_t j = 0; j < rows; ++j)
    for (std::int32_t i = 0; i < columns; ++i)
      nodes.at(i, j) = {static_cast<float>(i * shape.width) / static_cast<float>(columns - 1) + random.grid(-6, 6),
                        static_cast<float>(j * shape.height) / static_cast<float>(rows - 1) + random.grid(-6, 6)};
  return nodes;
}

template <class Pixel>
void compareLattices(Comparison& comparison, const std::string& type, double full) {
  Random random(43);
  // In levels of 255: half a one of rounding, and what 1/256 pixel may change: less than .05 * 255 * 2 / 256.
  constexpr double kTolerance = 0.65;
  for (const WarpOptions& options : allOptions()) {
    for (const Shape shape : shapesFor(options)) {
      for (const std::int32_t count : {2, 9, 17}) {
        Picture<Pixel> src(shape.width, shape.height);
        fillSmoothly(src, full);
        const Picture<Float2> nodes = nodesFor(shape, count, count, random);
        Picture<Pixel> dst(shape.width, shape.height);
        [[maybe_unused]] const Picture<Pixel> empty = dst;
        warp(src.view(), latticeOver(nodes.view(), shape.width, shape.height), dst.view(), options, comparison.pool());
        const std::string what =
            "lattice " + std::to_string(count) + "x" + std::to_string(count) + ", " + type + ", " + nameOf(options);
        double worst = dst.guardsHold() ? 0 : INFINITY;
        for (std::int32_t y = 0; y < shape.height; ++y)
          for (std::int32_t x = 0; x < shape.width; ++x) {
            const double u = (x + 0.5) * (count - 1) / shape.width;
            const double v = (y + 0.5) * (count - 1) / shape.height;
            const auto i = static_cast<std::int32_t>(u);
            const auto j = static_cast<std::int32_t>(v);
            const auto at = [&](auto part) {
              const double top = part(nodes.at(i, j)) * (1 - (u - i)) + part(nodes.at(i + 1, j)) * (u - i);
              const double low = part(nodes.at(i, j + 1)) * (1 - (u - i)) + part(nodes.at(i + 1, j + 1)) * (u - i);
              return top * (1 - (v - j)) + low * (v - j);
            };
            const double px = at([](Float2 p) { return static_cast<double>(p.x); });
            const double py = at([](Float2 p) { return static_cast<double>(p.y); });
            // Next to the edge of a picture that ends, 1/256 pixel is a level.
            const bool edge = options.outside == Outside::Transparent &&
                              (px < 1.51 || py < 1.51 || px > shape.width - 1.51 || py > shape.height - 1.51);
            const Exact expected = seen(src, px, py, options);
            const double error = differenceSeen(exact(dst.at(x, y)), expected, options, full);
            worst = Comparison::larger(worst, edge ? error / 4 : error);
          }
        comparison.note(what, "cpu - formula", shape, worst, kTolerance);
#if KINORA_HAVE_CUDA
        if (comparison.cuda()) {
          const DevicePicture<Pixel> deviceSrc(src);
          const DevicePicture<Float2> deviceNodes(nodes);
          const DevicePicture<Pixel> deviceDst(empty);
          mustWork(cuda::warp(ConstImageView<Pixel>(deviceSrc.view()),
                              latticeOver(ConstImageView<Float2>(deviceNodes.view()), shape.width, shape.height),
                              deviceDst.view(), options, nullptr));
          noteSame(comparison, what, deviceDst, dst);
        }
#endif
      }
    }
  }
}

void compare(Comparison& comparison) {
  compareMaps<Rgba8>(comparison, "rgba8", 255);
  compareMaps<Rgba16F>(comparison, "rgba16f", 1);
  compareLattices<Rgba8>(comparison, "rgba8", 255);
  compareLattices<Rgba16F>(comparison, "rgba16f", 1);
}

template <class Pixel>
void perfType(Stopwatch& stopwatch, const std::string& type) {
  constexpr Shape kShape = {512, 512};
  constexpr std::int64_t kBytes = std::int64_t{512} * 512 * 2 * static_cast<std::int64_t>(sizeof(Pixel));
  Random random(4);
  Picture<Pixel> src(512, 512);
  Picture<Pixel> dst(512, 512);
  Picture<Pixel> plate(512, 512);
  fill(src, random, AlphaMode::Premultiplied);
  fill(plate, random, AlphaMode::Premultiplied);
  const Picture<Float2> nodes = nodesFor(kShape, 17, 17, random);
  Picture<Float2> map(512, 512);
  for (std::int32_t y = 0; y < 512; ++y)
    for (std::int32_t x = 0; x < 512; ++x)
      map.at(x, y) = {static_cast<float>(x) + 3.25f, static_cast<float>(y) - 2.75f};
  const WorkerPool& pool = stopwatch.pool();
  const Lattice lattice = latticeOver(nodes.view(), 512, 512);
  for (const Sampling sampling : {Sampling::Bilinear, Sampling::Bicubic}) {
    WarpOptions options;
    options.sampling = sampling;
    const std::string name = type + (sampling == Sampling::Bilinear ? " bilinear" : " bicubic");
    stopwatch.time(name + ", lattice 17x17, 512x512", kBytes,
                   [&] { warp(src.view(), lattice, dst.view(), options, pool); });
    stopwatch.time(name + ", map, 512x512", kBytes + std::int64_t{512} * 512 * 8,
                   [&] { warp(src.view(), map.view(), dst.view(), options, pool); });
#if KINORA_HAVE_CUDA
    if (stopwatch.cuda()) {
      const DevicePicture<Pixel> from(src);
      const DevicePicture<Pixel> to(dst);
      const DevicePicture<Float2> grid(nodes);
      const Lattice onDevice = latticeOver(ConstImageView<Float2>(grid.view()), 512, 512);
      stopwatch.timeCuda(name + ", lattice 17x17, 512x512", kBytes,
                         [&] { mustWork(cuda::warp(from.view(), onDevice, to.view(), options, nullptr)); });
    }
#endif
  }
  // The Draft engine's frame: a layer over its plate; here the layer fills a quarter of the picture.
  const Rect content = {128, 128, 256, 256};
  stopwatch.time(type + " layer of a quarter over its plate, 512x512", kBytes, [&] {
    WarpOptions options;
    options.content = content;
    options.region = latticeCoverage(lattice, content, 512, 512, Sampling::Bilinear);
    warp(src.view(), lattice, dst.view(), options, pool);
    composite(dst.view().sub(options.region), plate.view().sub(options.region), {AlphaMode::Premultiplied, 1}, pool);
  });
  stopwatch.time(type + " full layer over its plate, 512x512", kBytes, [&] {
    warp(src.view(), lattice, dst.view(), WarpOptions{}, pool);
    composite(dst.view(), plate.view(), {AlphaMode::Premultiplied, 1}, pool);
  });
}

void perf(Stopwatch& stopwatch) {
  perfType<Rgba8>(stopwatch, "rgba8");
  perfType<Rgba16F>(stopwatch, "rgba16f");
}

} // namespace

const Operation kWarp = {"warp", compare, perf};

} // namespace kinora::kernels::check
