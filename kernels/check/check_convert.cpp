// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/check/check.h"
#include "kernels/check/device.h"
#include "kernels/convert.h"

namespace kinora::kernels::check {
namespace {

// Runs one of the functions on a made picture and compares it with a formula of one pixel.
template <class From, class To, class Cpu, class Cuda, class Formula>
void compareOne(Comparison& comparison, const char* what, AlphaMode alpha, const Cpu& cpu,
                [[maybe_unused]] const Cuda& onDevice, const Formula& formula) {
  Random random(11);
  for (const Shape shape : shapes()) {
    Picture<From> src(shape.width, shape.height);
    fill(src, random, alpha);
    Picture<To> dst(shape.width, shape.height);
    const Picture<To> empty = dst;
    cpu(src.view(), dst.view(), comparison.pool());
    comparison.note(what, dst, kRounding, [&](std::int32_t x, std::int32_t y) { return formula(exact(src.at(x, y))); });
#if KINORA_HAVE_CUDA
    if (comparison.cuda()) {
      const DevicePicture<From> deviceSrc(src);
      const DevicePicture<To> deviceDst(empty);
      mustWork(onDevice(ConstImageView<From>(deviceSrc.view()), deviceDst.view()));
      noteSame(comparison, what, deviceDst, dst);
    }
#endif
  }
}

Exact scaled(Exact p, double s) {
  return {p.r * s, p.g * s, p.b * s, p.a * s};
}

Exact times(Exact p, double a) {
  return {p.r * a, p.g * a, p.b * a, p.a};
}

#if KINORA_HAVE_CUDA
constexpr auto kCudaConvert = [](auto src, auto dst) { return cuda::convert(src, dst, nullptr); };
constexpr auto kCudaPremultiply = [](auto src, auto dst) { return cuda::premultiply(src, dst, nullptr); };
constexpr auto kCudaUnpremultiply = [](auto src, auto dst) { return cuda::unpremultiply(src, dst, nullptr); };
#else
constexpr int kCudaConvert = 0;
constexpr int kCudaPremultiply = 0;
constexpr int kCudaUnpremultiply = 0;
#endif

template <class Pixel>
void compareAlpha(Comparison& comparison, const std::string& type, double full) {
  compareOne<Pixel, Pixel>(
      comparison, ("premultiply " + type).c_str(), AlphaMode::Straight,
      [](ImageView<Pixel> src, ImageView<Pixel> dst, const WorkerPool& pool) { premultiply(src, dst, pool); },
      kCudaPremultiply, [full](Exact p) { return times(p, p.a / full); });
  compareOne<Pixel, Pixel>(
      comparison, ("unpremultiply " + type).c_str(), AlphaMode::Premultiplied,
      [](ImageView<Pixel> src, ImageView<Pixel> dst, const WorkerPool& pool) { unpremultiply(src, dst, pool); },
      kCudaUnpremultiply, [full](Exact p) { return p.a > 0 ? times(p, full / p.a) : Exact{}; });
}

void compare(Comparison& comparison) {
  compareOne<Rgba8, Rgba16F>(
      comparison, "rgba8 -> rgba16f", AlphaMode::Straight,
      [](ImageView<Rgba8> src, ImageView<Rgba16F> dst, const WorkerPool& pool) { convert(src, dst, pool); },
      kCudaConvert, [](Exact p) { return scaled(p, 1 / 255.0); });
  compareOne<Rgba16F, Rgba8>(
      comparison, "rgba16f -> rgba8", AlphaMode::Straight,
      [](ImageView<Rgba16F> src, ImageView<Rgba8> dst, const WorkerPool& pool) { convert(src, dst, pool); },
      kCudaConvert, [](Exact p) { return scaled(p, 255); });
  compareAlpha<Rgba8>(comparison, "rgba8", 255);
  compareAlpha<Rgba16F>(comparison, "rgba16f", 1);
}

void perf(Stopwatch& stopwatch) {
  constexpr std::int64_t kPixels = std::int64_t{1920} * 1080;
  Random random(1);
  Picture<Rgba8> bytes(1920, 1080);
  Picture<Rgba16F> halves(1920, 1080);
  Picture<Rgba8> bytesOut = bytes;
  Picture<Rgba16F> halvesOut = halves;
  fill(bytes, random, AlphaMode::Straight);
  fill(halves, random, AlphaMode::Straight);
  const WorkerPool& pool = stopwatch.pool();
  stopwatch.time("rgba8 -> rgba16f, 1920x1080", kPixels * 12, [&] { convert(bytes.view(), halvesOut.view(), pool); });
  stopwatch.time("rgba16f -> rgba8, 1920x1080", kPixels * 12, [&] { convert(halves.view(), bytesOut.view(), pool); });
  stopwatch.time("premultiply rgba8, 1920x1080", kPixels * 8,
                 [&] { premultiply(bytes.view(), bytesOut.view(), pool); });
  stopwatch.time("unpremultiply rgba8, 1920x1080", kPixels * 8,
                 [&] { unpremultiply(bytes.view(), bytesOut.view(), pool); });
  stopwatch.time("premultiply rgba16f, 1920x1080", kPixels * 16,
                 [&] { premultiply(halves.view(), halvesOut.view(), pool); });
#if KINORA_HAVE_CUDA
  if (stopwatch.cuda()) {
    const DevicePicture<Rgba8> b(bytes);
    const DevicePicture<Rgba8> bOut(bytesOut);
    const DevicePicture<Rgba16F> h(halves);
    stopwatch.timeCuda("rgba8 -> rgba16f, 1920x1080", kPixels * 12,
                       [&] { mustWork(cuda::convert(b.view(), h.view(), nullptr)); });
    stopwatch.timeCuda("rgba16f -> rgba8, 1920x1080", kPixels * 12,
                       [&] { mustWork(cuda::convert(h.view(), b.view(), nullptr)); });
    stopwatch.timeCuda("premultiply rgba8, 1920x1080", kPixels * 8,
                       [&] { mustWork(cuda::premultiply(b.view(), bOut.view(), nullptr)); });
  }
#endif
}

} // namespace

const Operation kConvert = {"convert", compare, perf};

} // namespace kinora::kernels::check
