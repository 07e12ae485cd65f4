// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/check/check.h"
#include "kernels/check/device.h"
#include "kernels/splat.h"

namespace kinora::kernels::check {
namespace {

// Everything that lands on one pixel, in reading order.
struct Landed {
  Exact colour;
  double weight;
  double depth;
};

template <class Pixel>
std::vector<std::vector<Landed>> landings(const Picture<Pixel>& src, const Picture<Float2>& flow,
                                          const Picture<float>& depth, Shape out, SplatMode mode) {
  std::vector<std::vector<Landed>> all(static_cast<std::size_t>(out.width) * static_cast<std::size_t>(out.height));
  const auto put = [&](double x, double y, Landed landed) {
    if (landed.weight > 0 && x >= 0 && y >= 0 && x < out.width && y < out.height)
      all[static_cast<std::size_t>(y) * static_cast<std::size_t>(out.width) + static_cast<std::size_t>(x)].push_back(
          landed);
  };
  for (std::int32_t y = 0; y < src.height(); ++y)
    for (std::int32_t x = 0; x < src.width(); ++x) {
      const Float2 f = flow.at(x, y);
      const double z = depth.at(x, y);
      if (!std::isfinite(f.x) || !std::isfinite(f.y) || !std::isfinite(z))
        continue;
      const double px = x + std::floor(f.x * 256.0 + 0.5) / 256;
      const double py = y + std::floor(f.y * 256.0 + 0.5) / 256;
      const Exact colour = exact(src.at(x, y));
      if (mode == SplatMode::Nearest) {
        put(std::floor(px + 0.5), std::floor(py + 0.5), {colour, 1, z});
        continue;
      }
      const double fx = px - std::floor(px);
      const double fy = py - std::floor(py);
      put(std::floor(px), std::floor(py), {colour, (1 - fx) * (1 - fy), z});
      put(std::floor(px) + 1, std::floor(py), {colour, fx * (1 - fy), z});
      put(std::floor(px), std::floor(py) + 1, {colour, (1 - fx) * fy, z});
      put(std::floor(px) + 1, std::floor(py) + 1, {colour, fx * fy, z});
    }
  return all;
}

struct Shown {
  Exact colour;
  double coverage;
};

Shown shown(const std::vector<Landed>& landed, const SplatOptions& options) {
  if (landed.empty())
    return {{}, 0};
  const auto nearer = [](const Landed& a, const Landed& b) { return a.depth < b.depth; };
  const Landed& front = *std::min_element(landed.begin(), landed.end(), nearer);
  if (options.mode == SplatMode::Nearest)
    return {front.colour, 255};
  const bool straight = options.alpha == AlphaMode::Straight;
  Exact sum;
  double weight = 0;
  for (const Landed& one : landed) {
    if (one.depth > front.depth + static_cast<double>(options.depthTolerance))
      continue;
    const double w = one.weight * (straight ? one.colour.a : 1);
    sum = {sum.r + w * one.colour.r, sum.g + w * one.colour.g, sum.b + w * one.colour.b,
           sum.a + one.weight * one.colour.a};
    weight += one.weight;
  }
  const double coverage = 255 * std::min(1.0, weight);
  const double divisor = straight ? sum.a : weight;
  if (divisor == 0)
    return {{}, coverage};
  return {{sum.r / divisor, sum.g / divisor, sum.b / divisor, sum.a / weight}, coverage};
}

template <class Pixel>
void compareType(Comparison& comparison, const std::string& type) {
  Random random(71);
  for (const SplatMode mode : {SplatMode::Nearest, SplatMode::Bilinear})
    for (const AlphaMode alpha : {AlphaMode::Premultiplied, AlphaMode::Straight})
      for (const float tolerance : {0.0f, 0.5f})
        for (const Shape shape : shapes()) {
          const SplatOptions options{mode, alpha, tolerance};
          Picture<Pixel> src(shape.width, shape.height);
          fill(src, random, alpha);
          Picture<Float2> flow(shape.width, shape.height);
          Picture<float> depth(shape.width, shape.height);
          for (std::int32_t y = 0; y < shape.height; ++y)
            for (std::int32_t x = 0; x < shape.width; ++x) {
              flow.at(x, y) = {random.grid(-3, 3), random.grid(-3, 3)};
              depth.at(x, y) = static_cast<float>(random.below(8)) / 4 - 1;
              if (random.below(50) == 0)
                flow.at(x, y).x = NAN;
              if (random.below(50) == 0)
                depth.at(x, y) = INFINITY;
            }
          const Shape out = {shape.width + 1, std::max(1, shape.height - 1)};
          Picture<Pixel> dst(out.width, out.height);
          Picture<Gray8> coverage(out.width, out.height);
          [[maybe_unused]] const Picture<Pixel> empty = dst;
          [[maybe_unused]] const Picture<Gray8> emptyCoverage = coverage;
          splat(src.view(), flow.view(), depth.view(), dst.view(), coverage.view(), options, comparison.pool());
          const std::string what = type + (mode == SplatMode::Nearest ? " nearest" : " bilinear") +
                                   (alpha == AlphaMode::Straight ? ", straight" : ", premultiplied") +
                                   ", depth tolerance " + std::to_string(tolerance).substr(0, 3);
          const auto all = landings(src, flow, depth, out, mode);
          const auto formula = [&](std::int32_t x, std::int32_t y) {
            return shown(
                all[static_cast<std::size_t>(y) * static_cast<std::size_t>(out.width) + static_cast<std::size_t>(x)],
                options);
          };
          // Straight halves are summed as alpha times colour in units of 2^-24: a few places less where alpha is small.
          const bool rough = alpha == AlphaMode::Straight && sizeof(Pixel) == sizeof(Rgba16F);
          comparison.note(what, dst, rough ? 0.55 : kRounding, [&](auto x, auto y) { return formula(x, y).colour; });
          comparison.note(what + ", coverage", coverage, kRounding,
                          [&](auto x, auto y) { return formula(x, y).coverage; });
#if KINORA_HAVE_CUDA
          if (comparison.cuda()) {
            const DevicePicture<Pixel> deviceSrc(src);
            const DevicePicture<Float2> deviceFlow(flow);
            const DevicePicture<float> deviceDepth(depth);
            const DevicePicture<Pixel> deviceDst(empty);
            const DevicePicture<Gray8> deviceCoverage(emptyCoverage);
            mustWork(cuda::splat(ConstImageView<Pixel>(deviceSrc.view()), deviceFlow.view(), deviceDepth.view(),
                                 deviceDst.view(), deviceCoverage.view(), options, nullptr));
            noteSame(comparison, what, deviceDst, dst);
            noteSame(comparison, what + ", coverage", deviceCoverage, coverage);
          }
#endif
        }
}

void compare(Comparison& comparison) {
  compareType<Rgba8>(comparison, "rgba8");
  compareType<Rgba16F>(comparison, "rgba16f");
}

void perf(Stopwatch& stopwatch) {
  Random random(7);
  Picture<Rgba8> src(512, 512);
  fill(src, random, AlphaMode::Premultiplied);
  Picture<Float2> flow(512, 512);
  Picture<float> depth(512, 512);
  for (std::int32_t y = 0; y < 512; ++y)
    for (std::int32_t x = 0; x < 512; ++x) {
      flow.at(x, y) = {3.25f + static_cast<float>(x % 7) / 7, -2.5f};
      depth.at(x, y) = static_cast<float>(x % 5);
    }
  Picture<Rgba8> dst(512, 512);
  constexpr std::int64_t kBytes = std::int64_t{512} * 512 * (4 + 8 + 4 + 4);
  for (const SplatMode mode : {SplatMode::Nearest, SplatMode::Bilinear}) {
    const SplatOptions options{mode, AlphaMode::Premultiplied, 0};
    const std::string what = mode == SplatMode::Nearest ? "rgba8 nearest, 512x512" : "rgba8 bilinear, 512x512";
    stopwatch.time(what, kBytes,
                   [&] { splat(src.view(), flow.view(), depth.view(), dst.view(), {}, options, stopwatch.pool()); });
#if KINORA_HAVE_CUDA
    if (stopwatch.cuda()) {
      const DevicePicture<Rgba8> deviceSrc(src);
      const DevicePicture<Float2> deviceFlow(flow);
      const DevicePicture<float> deviceDepth(depth);
      const DevicePicture<Rgba8> deviceDst(dst);
      stopwatch.timeCuda(what, kBytes, [&] {
        mustWork(cuda::splat(deviceSrc.view(), deviceFlow.view(), deviceDepth.view(), deviceDst.view(), {}, options,
                             nullptr));
      });
    }
#endif
  }
}

} // namespace

const Operation kSplat = {"splat", compare, perf};

} // namespace kinora::kernels::check
