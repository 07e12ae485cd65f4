// SPDX-License-Identifier: Apache-2.0
#include "kernels/check/check.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "kernels/check/device.h"

namespace kinora::kernels::check {
namespace {

constexpr std::array kShapes = {Shape{1, 1},   Shape{2, 1},   Shape{1, 3},   Shape{3, 5},
                                Shape{17, 33}, Shape{64, 40}, Shape{97, 61}, Shape{640, 427}};
constexpr std::size_t kSmallShapes = 7;
constexpr std::array<const Operation*, 13> kOperations = {
    &kYuvToRgb,   &kRgbToYuv, &kResize,    &kWarp,    &kSplat,      &kComposite, &kFeather,
    &kMorphology, &kConvert,  &kLayerNorm, &kRmsNorm, &kActivation, &kInt8Linear};

std::uint8_t byteOf(Random& random) {
  return static_cast<std::uint8_t>(random.next() >> 56);
}

std::uint8_t alphaOf(Random& random) {
  switch (random.below(4)) {
  case 0:
    return 0;
  case 1:
    return 255;
  default:
    return byteOf(random);
  }
}

double smallestTime(const std::function<void()>& run) {
  using Clock = std::chrono::steady_clock;
  double best = INFINITY;
  double total = 0;
  for (int i = 0; i < 5 || (i < 200 && total < 0.25); ++i) {
    const auto start = Clock::now();
    run();
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    best = std::min(best, seconds);
    total += seconds;
  }
  return best;
}

constexpr std::size_t kCopyBytes = std::size_t{1920} * 1080 * 4;

} // namespace

std::uint64_t Random::next() {
  state_ += 0x9e3779b97f4a7c15u;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

float Random::grid(float low, float high) {
  const int steps = static_cast<int>((high - low) * 1024.0f);
  return low + static_cast<float>(below(steps + 1)) / 1024.0f;
}

void fill(Picture<Rgba8>& picture, Random& random, AlphaMode alpha) {
  for (std::int32_t y = 0; y < picture.height(); ++y)
    for (std::int32_t x = 0; x < picture.width(); ++x) {
      Rgba8 p{byteOf(random), byteOf(random), byteOf(random), alphaOf(random)};
      if (alpha == AlphaMode::Premultiplied)
        p = {std::min(p.r, p.a), std::min(p.g, p.a), std::min(p.b, p.a), p.a};
      picture.at(x, y) = p;
    }
}

void fill(Picture<Rgba16F>& picture, Random& random, AlphaMode alpha) {
  for (std::int32_t y = 0; y < picture.height(); ++y)
    for (std::int32_t x = 0; x < picture.width(); ++x) {
      const float a = static_cast<float>(alphaOf(random)) / 255.0f;
      const float most = alpha == AlphaMode::Premultiplied ? a : 1.0f;
      const auto colour = [&] { return floatToHalf(random.grid(0, 1) * most); };
      picture.at(x, y) = {colour(), colour(), colour(), floatToHalf(a)};
    }
}

void fill(Picture<Gray8>& picture, Random& random) {
  for (std::int32_t y = 0; y < picture.height(); ++y)
    for (std::int32_t x = 0; x < picture.width(); ++x)
      picture.at(x, y) = byteOf(random);
}

void fill(Picture<Gray32F>& picture, Random& random) {
  for (std::int32_t y = 0; y < picture.height(); ++y)
    for (std::int32_t x = 0; x < picture.width(); ++x)
      picture.at(x, y) = random.grid(-2, 2);
}

std::span<const Shape> shapes() {
  return kShapes;
}

std::span<const Shape> smallShapes() {
  return std::span<const Shape>(kShapes).first(kSmallShapes);
}

std::string text(Shape shape) {
  return std::to_string(shape.width) + "x" + std::to_string(shape.height);
}

double exactHalf(Half half) {
  const int exponent = (half.bits >> 10) & 31;
  const double mantissa = half.bits & 1023;
  const double sign = (half.bits & 0x8000) != 0 ? -1 : 1;
  if (exponent == 31)
    return mantissa == 0 ? sign * INFINITY : NAN;
  return exponent == 0 ? sign * std::ldexp(mantissa, -24) : sign * std::ldexp(1024 + mantissa, exponent - 25);
}

Exact exact(Rgba8 p) {
  return {static_cast<double>(p.r), static_cast<double>(p.g), static_cast<double>(p.b), static_cast<double>(p.a)};
}

Exact exact(Rgba16F p) {
  return {exactHalf(p.r), exactHalf(p.g), exactHalf(p.b), exactHalf(p.a)};
}

double errorOf(std::uint8_t pixel, double value) {
  return std::abs(pixel - std::clamp(value, 0.0, 255.0));
}

double errorOfHalf(Half half, double value) {
  const double size = std::max(std::abs(value), 0.0625);
  return std::abs(exactHalf(half) - value) / std::ldexp(1.0, std::ilogb(size) - 10);
}

double exactFloat(float value) {
  return static_cast<double>(value);
}

double exactFloat(BFloat16 value) {
  return static_cast<double>(toFloat(value));
}

double errorOf(float got, double value) {
  return std::abs(exactFloat(got) - value) / std::max(1.0, std::abs(value)) * 8388608.0;
}

double errorOf(BFloat16 got, double value) {
  const double size = std::max(std::abs(value), 0.0625);
  return std::abs(exactFloat(got) - value) / std::ldexp(1.0, std::ilogb(size) - 7);
}

double errorOf(Rgba8 p, Exact v) {
  return std::max({errorOf(p.r, v.r), errorOf(p.g, v.g), errorOf(p.b, v.b), errorOf(p.a, v.a)});
}

double errorOf(Rgba16F p, Exact v) {
  double worst = 0;
  for (const double e : {errorOfHalf(p.r, v.r), errorOfHalf(p.g, v.g), errorOfHalf(p.b, v.b), errorOfHalf(p.a, v.a)})
    worst = Comparison::larger(worst, e);
  return worst;
}

void Comparison::note(std::string what, std::string pair, Shape shape, double error, double tolerance) {
  findings_.push_back({operation_, std::move(what), std::move(pair), text(shape), error, tolerance});
}

Stopwatch::Stopwatch(std::string operation, const WorkerPool& pool, bool cuda)
    : operation_(std::move(operation)), pool_(pool), cuda_(cuda) {
  std::vector<std::byte> from(kCopyBytes, std::byte{1});
  std::vector<std::byte> to(kCopyBytes, std::byte{2});
  const double seconds = smallestTime([&] {
    pool_.parallelFor(static_cast<std::int64_t>(kCopyBytes), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
      std::memcpy(to.data() + begin, from.data() + begin, static_cast<std::size_t>(end - begin));
    });
  });
  copySpeed_ = 2 * static_cast<double>(kCopyBytes) / seconds * 1e-9;
#if KINORA_HAVE_CUDA
  if (cuda_) {
    const DeviceMemory a(kCopyBytes);
    const DeviceMemory b(kCopyBytes);
    const double onDevice = smallestTime([&] {
      mustWork(cuda::copyOnDevice(b.data(), a.data(), kCopyBytes, nullptr));
      mustWork(cuda::synchronise(nullptr));
    });
    copySpeedCuda_ = 2 * static_cast<double>(kCopyBytes) / onDevice * 1e-9;
  }
#endif
}

void Stopwatch::time(std::string what, std::int64_t bytes, const std::function<void()>& run) {
  const double seconds = smallestTime(run);
  const double speed = static_cast<double>(bytes) / seconds * 1e-9;
  timings_.push_back({operation_, std::move(what), "cpu", seconds * 1e3, speed, speed / copySpeed_});
}

#if KINORA_HAVE_CUDA
void Stopwatch::timeCuda(std::string what, std::int64_t bytes, const std::function<void()>& run) {
  const double seconds = smallestTime([&] {
    run();
    mustWork(cuda::synchronise(nullptr));
  });
  const double speed = static_cast<double>(bytes) / seconds * 1e-9;
  timings_.push_back({operation_, std::move(what), "cuda", seconds * 1e3, speed, speed / copySpeedCuda_});
}

void mustWork(cuda::Status status) {
  if (status.ok())
    return;
  std::fprintf(stderr, "kernelcheck: a CUDA call failed while checking: %s\n", status.text());
  std::exit(1);
}
#endif

std::span<const Operation* const> operations() {
  return kOperations;
}

} // namespace kinora::kernels::check
