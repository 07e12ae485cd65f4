// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/check/check.h"
#include "kernels/check/device.h"
#include "kernels/feather.h"

namespace kinora::kernels::check {
namespace {

double ramp(const Picture<Gray8>& src, std::int32_t x, std::int32_t y, double width) {
  const bool inside = src.at(x, y) >= 128;
  double nearest = INFINITY;
  for (std::int32_t j = 0; j < src.height(); ++j)
    for (std::int32_t i = 0; i < src.width(); ++i)
      if ((src.at(i, j) >= 128) != inside)
        nearest = std::min(nearest, std::hypot(i - x, j - y));
  const double distance = nearest - 0.5;
  return 255 * std::clamp(0.5 + (inside ? distance : -distance) / std::max(width, 1.0), 0.0, 1.0);
}

double blurred(const Picture<Gray8>& src, std::int32_t x, std::int32_t y, double sigma) {
  const auto radius = static_cast<std::int32_t>(std::ceil(3 * sigma));
  double sum = 0;
  double weights = 0;
  for (std::int32_t j = -radius; j <= radius; ++j)
    for (std::int32_t i = -radius; i <= radius; ++i) {
      const double w = std::exp(-(i * i + j * j) / (2 * sigma * sigma));
      sum += w * src.at(std::clamp(x + i, 0, src.width() - 1), std::clamp(y + j, 0, src.height() - 1));
      weights += w;
    }
  return sum / weights;
}

// Blobs: an edge every few pixels.
void fillBlobs(Picture<Gray8>& picture, Random& random) {
  const double a = 0.1 + random.below(100) / 200.0;
  const double b = 0.1 + random.below(100) / 200.0;
  for (std::int32_t y = 0; y < picture.height(); ++y)
    for (std::int32_t x = 0; x < picture.width(); ++x)
      picture.at(x, y) = static_cast<std::uint8_t>(127.5 + 127 * std::sin(a * x) * std::cos(b * y + 0.1 * x));
}

void compare(Comparison& comparison) {
  Random random(81);
  for (const Shape shape : smallShapes()) {
    Picture<Gray8> src(shape.width, shape.height);
    fillBlobs(src, random);
    for (const float amount : {0.0f, 1.0f, 2.5f, 8.0f, 31.0f}) {
      Picture<Gray8> dst(shape.width, shape.height);
      [[maybe_unused]] const Picture<Gray8> empty = dst;
      const std::string number = std::to_string(amount).substr(0, 4);
      feather(src.view(), dst.view(), amount, comparison.pool());
      comparison.note("feather, width " + number, dst, kRounding,
                      [&](auto x, auto y) { return ramp(src, x, y, static_cast<double>(amount)); });
#if KINORA_HAVE_CUDA
      if (comparison.cuda()) {
        const DevicePicture<Gray8> deviceSrc(src);
        const DevicePicture<Gray8> deviceDst(empty);
        mustWork(cuda::feather(deviceSrc.view(), deviceDst.view(), amount, nullptr));
        noteSame(comparison, "feather, width " + number, deviceDst, dst);
      }
#endif
    }
    for (const float sigma : {0.0f, 0.5f, 1.5f, 4.0f}) {
      Picture<Gray8> dst(shape.width, shape.height);
      [[maybe_unused]] const Picture<Gray8> empty = dst;
      const std::string number = std::to_string(sigma).substr(0, 4);
      blur(src.view(), dst.view(), sigma, comparison.pool());
      comparison.note("blur, sigma " + number, dst, kRounding, [&](auto x, auto y) {
        return sigma == 0 ? static_cast<double>(src.at(x, y)) : blurred(src, x, y, static_cast<double>(sigma));
      });
#if KINORA_HAVE_CUDA
      if (comparison.cuda()) {
        const DevicePicture<Gray8> deviceSrc(src);
        const DevicePicture<Gray8> deviceDst(empty);
        mustWork(cuda::blur(deviceSrc.view(), deviceDst.view(), sigma, nullptr));
        noteSame(comparison, "blur, sigma " + number, deviceDst, dst);
      }
#endif
    }
  }
}

void perf(Stopwatch& stopwatch) {
  Random random(8);
  Picture<Gray8> src(1024, 1024);
  Picture<Gray8> dst(1024, 1024);
  fillBlobs(src, random);
  constexpr std::int64_t kBytes = std::int64_t{1024} * 1024 * 2;
  stopwatch.time("feather, width 8, 1024x1024", kBytes, [&] { feather(src.view(), dst.view(), 8, stopwatch.pool()); });
  stopwatch.time("blur, sigma 4, 1024x1024", kBytes, [&] { blur(src.view(), dst.view(), 4, stopwatch.pool()); });
#if KINORA_HAVE_CUDA
  if (stopwatch.cuda()) {
    const DevicePicture<Gray8> from(src);
    const DevicePicture<Gray8> to(dst);
    stopwatch.timeCuda("feather, width 8, 1024x1024", kBytes,
                       [&] { mustWork(cuda::feather(from.view(), to.view(), 8, nullptr)); });
    stopwatch.timeCuda("blur, sigma 4, 1024x1024", kBytes,
                       [&] { mustWork(cuda::blur(from.view(), to.view(), 4, nullptr)); });
  }
#endif
}

} // namespace

const Operation kFeather = {"feather", compare, perf};

} // namespace kinora::kernels::check
