// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numbers>

#include "kernels/check/check.h"
#include "kernels/check/device.h"
#include "kernels/resize.h"

namespace kinora::kernels::check {
namespace {

double filterAt(Filter filter, double x) {
  x = std::abs(x);
  if (filter == Filter::Bicubic) {
    const double a = -0.5;
    if (x <= 1)
      return (a + 2) * x * x * x - (a + 3) * x * x + 1;
    return x < 2 ? a * x * x * x - 5 * a * x * x + 8 * a * x - 4 * a : 0;
  }
  if (x >= 3)
    return 0;
  const double p = std::numbers::pi * x;
  return x == 0 ? 1 : 3 * std::sin(p) * std::sin(p / 3) / (p * p);
}

// The weight of input k (which may lie beyond the edges) for output i, not normalised.
double weight(Filter filter, int from, int to, int i, int k) {
  const double scale = static_cast<double>(from) / to;
  if (filter == Filter::Area)
    return std::max(0.0, std::min((i + 1) * scale, k + 1.0) - std::max(i * scale, static_cast<double>(k)));
  const double stretch = std::max(1.0, scale);
  return filterAt(filter, (k + 0.5 - (i + 0.5) * scale) / stretch);
}

// Dense matrix of the filter with the edges folded in.
std::vector<std::vector<double>> matrix(Filter filter, int from, int to) {
  std::vector<std::vector<double>> rows(static_cast<std::size_t>(to));
  const int far = 4 * from / to + 8;
  for (int i = 0; i < to; ++i) {
    auto& row = rows[static_cast<std::size_t>(i)];
    row.assign(static_cast<std::size_t>(from), 0);
    double sum = 0;
    for (int k = -far; k < from + far; ++k) {
      const double w = weight(filter, from, to, i, k);
      row[static_cast<std::size_t>(std::clamp(k, 0, from - 1))] += w;
      sum += w;
    }
    for (double& w : row)
      w /= sum;
  }
  return rows;
}

Exact plus(Exact p, Exact q, double w) {
  return {p.r + q.r * w, p.g + q.g * w, p.b + q.b * w, p.a + q.a * w};
}

// Reads a picture as doubles: colours weighted by alpha when they are straight.
template <class Pixel>
Exact input(Pixel p, AlphaMode alpha) {
  const Exact v = exact(p);
  return alpha == AlphaMode::Straight ? Exact{v.r * v.a, v.g * v.a, v.b * v.a, v.a} : v;
}

Exact input(Gray8 p, AlphaMode) {
  return {static_cast<double>(p)};
}

Exact input(Gray32F p, AlphaMode) {
  return {static_cast<double>(p)};
}

Exact finished(Exact v, AlphaMode alpha) {
  if (alpha == AlphaMode::Premultiplied)
    return v;
  // A sum of alphas that rounding may take for nothing or something has no colour to compare.
  return v.a > 0 ? Exact{v.r / v.a, v.g / v.a, v.b / v.a, v.a} : Exact{};
}

double difference(Rgba8 pixel, Exact v, AlphaMode alpha) {
  // Bicubic and Lanczos can leave tiny alphas by cancellation, whose colours are ratios of rounding errors.
  if (alpha == AlphaMode::Straight && v.a < 1)
    return errorOf(pixel.a, v.a);
  return errorOf(pixel, v);
}

double difference(Rgba16F pixel, Exact v, AlphaMode alpha) {
  if (alpha == AlphaMode::Straight && v.a < 1.0 / 255)
    return errorOfHalf(pixel.a, v.a);
  return errorOf(pixel, v);
}

double difference(Gray8 pixel, Exact v, AlphaMode) {
  return errorOf(pixel, v.r);
}

double difference(Gray32F pixel, Exact v, AlphaMode) {
  return std::abs(static_cast<double>(pixel) - v.r) * 1e5;
}

template <class Pixel>
void compareType(Comparison& comparison, const std::string& type, AlphaMode alpha) {
  Random random(31);
  constexpr Shape kTargets[] = {{1, 1}, {5, 3}, {33, 20}, {150, 111}};
  constexpr const char* kNames[] = {"area", "bicubic", "lanczos3"};
  for (const Filter filter : {Filter::Area, Filter::Bicubic, Filter::Lanczos3}) {
    const ResizeOptions options{filter, alpha};
    for (const Shape from : smallShapes()) {
      for (const Shape to : kTargets) {
        Picture<Pixel> src(from.width, from.height);
        if constexpr (sizeof(Pixel) > 1 && !std::is_same_v<Pixel, float>)
          fill(src, random, alpha);
        else
          fill(src, random);
        Picture<Pixel> dst(to.width, to.height);
        [[maybe_unused]] const Picture<Pixel> empty = dst;
        resize(src.view(), dst.view(), options, comparison.pool());
        const std::string what = type + " " + kNames[static_cast<int>(filter)] + " from " + text(from);

        const auto across = matrix(filter, from.width, to.width);
        const auto down = matrix(filter, from.height, to.height);
        double worst = dst.guardsHold() ? 0 : INFINITY;
        for (std::int32_t y = 0; y < to.height; ++y) {
          std::vector<Exact> line(static_cast<std::size_t>(from.width));
          for (std::int32_t j = 0; j < from.height; ++j)
            for (std::int32_t i = 0; i < from.width; ++i) {
              Exact& sum = line[static_cast<std::size_t>(i)];
              sum =
                  plus(sum, input(src.at(i, j), alpha), down[static_cast<std::size_t>(y)][static_cast<std::size_t>(j)]);
            }
          for (std::int32_t x = 0; x < to.width; ++x) {
            Exact sum;
            for (std::size_t i = 0; i < line.size(); ++i)
              sum = plus(sum, line[i], across[static_cast<std::size_t>(x)][i]);
            worst = Comparison::larger(worst, difference(dst.at(x, y), finished(sum, alpha), alpha));
          }
        }
        comparison.note(what, "cpu - formula", to, worst, 0.515);
#if KINORA_HAVE_CUDA
        if (comparison.cuda()) {
          const DevicePicture<Pixel> deviceSrc(src);
          const DevicePicture<Pixel> deviceDst(empty);
          mustWork(cuda::resize(ConstImageView<Pixel>(deviceSrc.view()), deviceDst.view(), options, nullptr));
          noteSame(comparison, what, deviceDst, dst);
        }
#endif
      }
    }
  }
}

void compare(Comparison& comparison) {
  compareType<Rgba8>(comparison, "rgba8 straight", AlphaMode::Straight);
  compareType<Rgba8>(comparison, "rgba8 premultiplied", AlphaMode::Premultiplied);
  compareType<Rgba16F>(comparison, "rgba16f straight", AlphaMode::Straight);
  compareType<Rgba16F>(comparison, "rgba16f premultiplied", AlphaMode::Premultiplied);
  compareType<Gray8>(comparison, "gray8", AlphaMode::Premultiplied);
  compareType<Gray32F>(comparison, "gray32f (error in 1e-5)", AlphaMode::Premultiplied);
}

void perf(Stopwatch& stopwatch) {
  Random random(3);
  Picture<Rgba8> large(1920, 1080);
  Picture<Rgba8> half(960, 540);
  fill(large, random, AlphaMode::Straight);
  constexpr std::int64_t kBytes = std::int64_t{1920} * 1080 * 4 + std::int64_t{960} * 540 * 4;
  constexpr const char* kNames[] = {"area", "bicubic", "lanczos3"};
  for (const Filter filter : {Filter::Area, Filter::Bicubic, Filter::Lanczos3}) {
    const std::string name = std::string("rgba8 straight ") + kNames[static_cast<int>(filter)];
    const ResizeOptions options{filter, AlphaMode::Straight};
    stopwatch.time(name + ", 1920x1080 -> 960x540", kBytes,
                   [&] { resize(large.view(), half.view(), options, stopwatch.pool()); });
    stopwatch.time(name + ", 960x540 -> 1920x1080", kBytes,
                   [&] { resize(half.view(), large.view(), options, stopwatch.pool()); });
#if KINORA_HAVE_CUDA
    if (stopwatch.cuda()) {
      const DevicePicture<Rgba8> from(large);
      const DevicePicture<Rgba8> to(half);
      stopwatch.timeCuda(name + ", 1920x1080 -> 960x540", kBytes,
                         [&] { mustWork(cuda::resize(from.view(), to.view(), options, nullptr)); });
    }
#endif
  }
}

} // namespace

const Operation kResize = {"resize", compare, perf};

} // namespace kinora::kernels::check
