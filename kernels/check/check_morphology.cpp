// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/check/check.h"
#include "kernels/check/device.h"
#include "kernels/morphology.h"

namespace kinora::kernels::check {
namespace {

// Largest (or smallest) value in the disc round a pixel.
double extreme(const Picture<Gray8>& src, std::int32_t x, std::int32_t y, double radius, bool largest) {
  const auto reach = static_cast<std::int32_t>(radius);
  int value = src.at(x, y);
  for (std::int32_t j = std::max(0, y - reach); j <= std::min(src.height() - 1, y + reach); ++j)
    for (std::int32_t i = std::max(0, x - reach); i <= std::min(src.width() - 1, x + reach); ++i)
      if ((i - x) * (i - x) + (j - y) * (j - y) <= radius * radius)
        value = largest ? std::max<int>(value, src.at(i, j)) : std::min<int>(value, src.at(i, j));
  return value;
}

void compare(Comparison& comparison) {
  Random random(91);
  for (const Shape shape : smallShapes()) {
    Picture<Gray8> src(shape.width, shape.height);
    fill(src, random);
    for (const float radius : {0.0f, 0.75f, 1.0f, 1.5f, 2.25f, 5.0f, 12.0f}) {
      for (const bool largest : {true, false}) {
        Picture<Gray8> dst(shape.width, shape.height);
        [[maybe_unused]] const Picture<Gray8> empty = dst;
        const std::string what = (largest ? "dilate, radius " : "erode, radius ") + std::to_string(radius).substr(0, 4);
        (largest ? dilate : erode)(src.view(), dst.view(), radius, comparison.pool());
        comparison.note(what, dst, 0,
                        [&](auto x, auto y) { return extreme(src, x, y, static_cast<double>(radius), largest); });
#if KINORA_HAVE_CUDA
        if (comparison.cuda()) {
          const DevicePicture<Gray8> deviceSrc(src);
          const DevicePicture<Gray8> deviceDst(empty);
          mustWork((largest ? cuda::dilate : cuda::erode)(deviceSrc.view(), deviceDst.view(), radius, nullptr));
          noteSame(comparison, what, deviceDst, dst);
        }
#endif
      }
    }
  }
}

void perf(Stopwatch& stopwatch) {
  Random random(9);
  Picture<Gray8> src(1024, 1024);
  Picture<Gray8> dst(1024, 1024);
  fill(src, random);
  constexpr std::int64_t kBytes = std::int64_t{1024} * 1024 * 2;
  for (const int radius : {4, 16}) {
    const std::string what = "dilate, radius " + std::to_string(radius) + ", 1024x1024";
    stopwatch.time(what, kBytes, [&] { dilate(src.view(), dst.view(), static_cast<float>(radius), stopwatch.pool()); });
#if KINORA_HAVE_CUDA
    if (stopwatch.cuda()) {
      const DevicePicture<Gray8> from(src);
      const DevicePicture<Gray8> to(dst);
      stopwatch.timeCuda(what, kBytes,
                         [&] { mustWork(cuda::dilate(from.view(), to.view(), static_cast<float>(radius), nullptr)); });
    }
#endif
  }
}

} // namespace

const Operation kMorphology = {"morphology", compare, perf};

} // namespace kinora::kernels::check
