// SPDX-License-Identifier: Apache-2.0
// How operations are checked and measured: made pictures, a list of errors against tolerances, a list of timings.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/worker_pool.h"
#include "kernels/cuda.h"
#include "kernels/image_view.h"
#include "kernels/shared/matrix_p.h"

namespace kinora::kernels::check {

// Same numbers everywhere, on every run (SplitMix64, Steele et al. 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  // 0 … count - 1.
  int below(int count) { return static_cast<int>(next() % static_cast<std::uint64_t>(count)); }
  // A multiple of 1/1024 in [low, high], so that floats and doubles agree on it.
  float grid(float low, float high);

 private:
  std::uint64_t state_;
};

// A picture that owns its pixels. Rows have bytes behind them that no kernel may touch.
template <class T>
class Picture {
 public:
  Picture(std::int32_t width, std::int32_t height)
      : width_(width), height_(height), pitch_(static_cast<std::size_t>(width) + kPadding),
        pixels_(pitch_ * static_cast<std::size_t>(height) + kPadding, guard()) {}

  [[nodiscard]] std::int32_t width() const { return width_; }
  [[nodiscard]] std::int32_t height() const { return height_; }
  [[nodiscard]] T& at(std::int32_t x, std::int32_t y) { return pixels_[place(x, y)]; }
  [[nodiscard]] const T& at(std::int32_t x, std::int32_t y) const { return pixels_[place(x, y)]; }
  [[nodiscard]] ImageView<T> view() {
    return {pixels_.data(), width_, height_, static_cast<std::ptrdiff_t>(pitch_ * sizeof(T))};
  }
  [[nodiscard]] ConstImageView<T> view() const {
    return {pixels_.data(), width_, height_, static_cast<std::ptrdiff_t>(pitch_ * sizeof(T))};
  }
  // Whole memory, for copies to a device.
  [[nodiscard]] std::vector<T>& memory() { return pixels_; }
  [[nodiscard]] const std::vector<T>& memory() const { return pixels_; }
  // Whether the bytes behind every row are as they were made.
  [[nodiscard]] bool guardsHold() const {
    for (std::int32_t y = 0; y < height_; ++y)
      for (std::size_t x = 0; x < kPadding; ++x)
        if (!(pixels_[place(width_, y) + x] == guard()))
          return false;
    return true;
  }
  friend bool operator==(const Picture& a, const Picture& b) { return a.pixels_ == b.pixels_; }

 private:
  static constexpr std::size_t kPadding = 6; // even: 16-bit samples live in byte pictures, too
  static T guard() {
    T value;
    std::memset(static_cast<void*>(&value), 0x5b, sizeof value);
    return value;
  }
  [[nodiscard]] std::size_t place(std::int32_t x, std::int32_t y) const {
    return static_cast<std::size_t>(y) * pitch_ + static_cast<std::size_t>(x);
  }

  std::int32_t width_, height_;
  std::size_t pitch_;
  std::vector<T> pixels_;
};

// Noise. Alphas are 0 and full often. Premultiplied pictures hold no colour above their alpha.
void fill(Picture<Rgba8>& picture, Random& random, AlphaMode alpha);
void fill(Picture<Rgba16F>& picture, Random& random, AlphaMode alpha);
void fill(Picture<Gray8>& picture, Random& random);
void fill(Picture<Gray32F>& picture, Random& random);

struct Shape {
  std::int32_t width, height;
};
// Odd and degenerate shapes, and one of a photo.
[[nodiscard]] std::span<const Shape> shapes();
// Those whose formula may cost hundreds of operations a pixel.
[[nodiscard]] std::span<const Shape> smallShapes();
[[nodiscard]] std::string text(Shape shape);

// Four channels in double precision, in units of the pixel type (255 or 1).
struct Exact {
  double r = 0, g = 0, b = 0, a = 0;
};
[[nodiscard]] Exact exact(Rgba8 pixel);
[[nodiscard]] Exact exact(Rgba16F pixel);
[[nodiscard]] double exactHalf(Half half);

// What a stored pixel lacks of the exact value after clamping: at best half a level, or half a place of the half.
// Halves are measured in their places (1 = the distance between neighbours), at least those of values of 1/16.
[[nodiscard]] double errorOf(Rgba8 pixel, Exact value);
[[nodiscard]] double errorOf(Rgba16F pixel, Exact value);
[[nodiscard]] double errorOf(std::uint8_t pixel, double value);
[[nodiscard]] double errorOfHalf(Half half, double value);

[[nodiscard]] double exactFloat(float value);
[[nodiscard]] double exactFloat(BFloat16 value);
// Of a network's numbers. Floats: in units of 2^-23 of the value, at least of 1. BFloats: in their places, at least
// those of values of 1/16.
[[nodiscard]] double errorOf(float got, double value);
[[nodiscard]] double errorOf(BFloat16 got, double value);
// Perfect rounding, plus a little for the floats on the way.
inline constexpr double kRounding = 0.505;

// One comparison. error above tolerance is a failure, and so is not-a-number.
struct Finding {
  std::string operation;
  std::string what; // "nv12 -> rgba8, bt709 limited"
  std::string pair; // "cpu - formula" or "cuda - cpu"
  std::string shape;
  double error = 0;
  double tolerance = 0;

  [[nodiscard]] bool passed() const { return error <= tolerance; }
};

class Comparison {
 public:
  Comparison(std::string operation, const WorkerPool& pool, bool cuda)
      : operation_(std::move(operation)), pool_(pool), cuda_(cuda) {}
  [[nodiscard]] const WorkerPool& pool() const { return pool_; }
  // Whether CUDA is to be compared, too.
  [[nodiscard]] bool cuda() const { return cuda_; }
  void note(std::string what, std::string pair, Shape shape, double error, double tolerance);
  // The CPU's output picture: formula(x, y) is exact. Touched guards count as an endless error.
  template <class T, class Formula>
  void note(const std::string& what, const Picture<T>& output, double tolerance, const Formula& formula) {
    double worst = output.guardsHold() ? 0 : INFINITY;
    for (std::int32_t y = 0; y < output.height(); ++y)
      for (std::int32_t x = 0; x < output.width(); ++x)
        worst = larger(worst, errorOf(output.at(x, y), formula(x, y)));
    note(what, "cpu - formula", {output.width(), output.height()}, worst, tolerance);
  }
  [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }
  // The larger of two; not-a-number wins.
  static double larger(double a, double b) { return b <= a ? a : b; }

 private:
  std::string operation_;
  const WorkerPool& pool_;
  bool cuda_;
  std::vector<Finding> findings_;
};

struct Timing {
  std::string operation;
  std::string what;
  std::string backend; // "cpu" or "cuda"
  double milliseconds = 0;
  double gigabytesPerSecond = 0; // read and written, each once
  double ofCopy = 0;             // speed against a plain copy in the same memory and run
};

class Stopwatch {
 public:
  Stopwatch(std::string operation, const WorkerPool& pool, bool cuda);
  [[nodiscard]] const WorkerPool& pool() const { return pool_; }
  [[nodiscard]] bool cuda() const { return cuda_; }
  // Smallest of many runs; bytes as they must move at least.
  void time(std::string what, std::int64_t bytes, const std::function<void()>& run);
#if KINORA_HAVE_CUDA
  // run enqueues on the default stream.
  void timeCuda(std::string what, std::int64_t bytes, const std::function<void()>& run);
#endif
  [[nodiscard]] const std::vector<Timing>& timings() const {
    return timings_;
  }

 private:
  std::string operation_;
  const WorkerPool& pool_;
  bool cuda_;
  double copySpeed_ = 0;     // GB/s, read and written
  double copySpeedCuda_ = 0; // 0 until measured
  std::vector<Timing> timings_;
};

struct Operation {
  const char* name;
  void (*compare)(Comparison& comparison);
  void (*perf)(Stopwatch& stopwatch);
};

[[nodiscard]] std::span<const Operation* const> operations();

// Each in its own file, check_<name>.cpp.
extern const Operation kYuvToRgb, kRgbToYuv, kResize, kWarp, kSplat, kComposite, kFeather, kMorphology, kConvert;
extern const Operation kLayerNorm, kRmsNorm, kActivation, kInt8Linear;

} // namespace kinora::kernels::check
