// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/check/check.h"
#include "kernels/check/device.h"
#include "kernels/composite.h"

namespace kinora::kernels::check {
namespace {

// Porter and Duff's "over" in units of full.
Exact over(Exact s, Exact d, AlphaMode alpha, double opacity, double full) {
  const double a = s.a / full * opacity;
  const double b = d.a / full;
  const double both = a + b * (1 - a);
  if (alpha == AlphaMode::Premultiplied)
    return {s.r * opacity + d.r * (1 - a), s.g * opacity + d.g * (1 - a), s.b * opacity + d.b * (1 - a), both * full};
  if (both == 0)
    return d;
  const auto mix = [&](double sc, double dc) { return (sc * a + dc * b * (1 - a)) / both; };
  return {mix(s.r, d.r), mix(s.g, d.g), mix(s.b, d.b), both * full};
}

template <class Pixel>
void compareType(Comparison& comparison, const std::string& type, double full) {
  Random random(21);
  for (const AlphaMode alpha : {AlphaMode::Straight, AlphaMode::Premultiplied}) {
    for (const float opacity : {1.0f, 0.375f, 0.0f}) {
      const std::string what = type + (alpha == AlphaMode::Straight ? " straight" : " premultiplied") + ", opacity " +
                               std::to_string(opacity).substr(0, 5);
      for (const Shape shape : shapes()) {
        Picture<Pixel> src(shape.width, shape.height);
        Picture<Pixel> dst(shape.width, shape.height);
        fill(src, random, alpha);
        fill(dst, random, alpha);
        const Picture<Pixel> below = dst;
        const CompositeOptions options{alpha, opacity};
        composite(src.view(), dst.view(), options, comparison.pool());
        comparison.note(what, dst, kRounding, [&](std::int32_t x, std::int32_t y) {
          return over(exact(src.at(x, y)), exact(below.at(x, y)), alpha, opacity, full);
        });
#if KINORA_HAVE_CUDA
        if (comparison.cuda()) {
          const DevicePicture<Pixel> deviceSrc(src);
          const DevicePicture<Pixel> deviceDst(below);
          mustWork(cuda::composite(deviceSrc.view(), deviceDst.view(), options, nullptr));
          noteSame(comparison, what, deviceDst, dst);
        }
#endif
      }
    }
  }
}

void compare(Comparison& comparison) {
  compareType<Rgba8>(comparison, "rgba8", 255);
  compareType<Rgba16F>(comparison, "rgba16f", 1);
}

template <class Pixel>
void perfType(Stopwatch& stopwatch, const std::string& type) {
  constexpr std::int64_t kPixels = std::int64_t{1920} * 1080;
  Random random(2);
  Picture<Pixel> src(1920, 1080);
  Picture<Pixel> dst(1920, 1080);
  fill(src, random, AlphaMode::Premultiplied);
  fill(dst, random, AlphaMode::Premultiplied);
  const std::int64_t bytes = kPixels * 3 * static_cast<std::int64_t>(sizeof(Pixel));
  for (const AlphaMode alpha : {AlphaMode::Straight, AlphaMode::Premultiplied}) {
    const CompositeOptions options{alpha, 1};
    const std::string what = type + (alpha == AlphaMode::Straight ? " straight" : " premultiplied") + ", 1920x1080";
    stopwatch.time(what, bytes, [&] { composite(src.view(), dst.view(), options, stopwatch.pool()); });
#if KINORA_HAVE_CUDA
    if (stopwatch.cuda()) {
      const DevicePicture<Pixel> deviceSrc(src);
      const DevicePicture<Pixel> deviceDst(dst);
      stopwatch.timeCuda(what, bytes,
                         [&] { mustWork(cuda::composite(deviceSrc.view(), deviceDst.view(), options, nullptr)); });
    }
#endif
  }
}

void perf(Stopwatch& stopwatch) {
  perfType<Rgba8>(stopwatch, "rgba8");
  perfType<Rgba16F>(stopwatch, "rgba16f");
}

} // namespace

const Operation kComposite = {"composite", compare, perf};

} // namespace kinora::kernels::check
