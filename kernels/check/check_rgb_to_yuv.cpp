// SPDX-License-Identifier: Apache-2.0
#include "kernels/check/yuv_check.h"

namespace kinora::kernels::check {
namespace {

struct Samples3 {
  double luma, cb, cr;
};

// RGB in 0..1 to sample values.
Samples3 samplesOf(Exact p, const Standard& standard, const SampleLevels& levels) {
  const double luma = standard.kr * p.r + (1 - standard.kr - standard.kb) * p.g + standard.kb * p.b;
  return {levels.black + levels.range * luma, levels.neutral + levels.chroma * (p.b - luma) / (2 * (1 - standard.kb)),
          levels.neutral + levels.chroma * (p.r - luma) / (2 * (1 - standard.kr))};
}

double sampleError(int sample, double value, int largest) {
  return std::abs(sample - std::clamp(value, 0.0, static_cast<double>(largest)));
}

template <class Pixel>
double worstError(const Picture<Pixel>& src, const Video& dst, const Standard& standard, double full) {
  const SampleLevels levels = sampleLevels(standard, dst.bits());
  const auto colour = [&](std::int32_t x, std::int32_t y) {
    const Exact p = exact(src.at(std::clamp(x, 0, src.width() - 1), std::clamp(y, 0, src.height() - 1)));
    return Exact{p.r / full, p.g / full, p.b / full, 1};
  };
  double worst = dst.guardsHold() ? 0 : INFINITY;
  for (std::int32_t y = 0; y < src.height(); ++y)
    for (std::int32_t x = 0; x < src.width(); ++x) {
      const double luma = samplesOf(colour(x, y), standard, levels).luma;
      worst = Comparison::larger(worst, sampleError(dst.luma(x, y), luma, dst.largest()));
      if (x % 2 != 0 || y % 2 != 0)
        continue;
      Exact mean;
      for (std::int32_t j = 0; j < 2; ++j)
        for (std::int32_t i = -1; i <= 1; ++i) {
          const Exact p = colour(x + i, y + j);
          const double w = (i == 0 ? 0.5 : 0.25) * 0.5;
          mean = {mean.r + w * p.r, mean.g + w * p.g, mean.b + w * p.b, 1};
        }
      const Samples3 chroma = samplesOf(mean, standard, levels);
      worst = Comparison::larger(worst, sampleError(dst.cb(x / 2, y / 2), chroma.cb, dst.largest()));
      worst = Comparison::larger(worst, sampleError(dst.cr(x / 2, y / 2), chroma.cr, dst.largest()));
    }
  return worst;
}

template <class Pixel>
void compareType(Comparison& comparison, const std::string& type, double full) {
  Random random(61);
  for (std::size_t f = 0; f < kVideoFormats.size(); ++f)
    for (const Standard& standard : kStandards)
      for (const Shape shape : shapes()) {
        Picture<Pixel> src(shape.width, shape.height);
        fill(src, random, AlphaMode::Straight);
        Video dst(kVideoFormats[f], shape);
        [[maybe_unused]] Video empty = dst;
        rgbToYuv(src.view(), standard.encoding, dst.view(), comparison.pool());
        const std::string what = type + " -> " + kVideoFormatNames[f] + ", " + standard.name;
        comparison.note(what, "cpu - formula", shape, worstError(src, dst, standard, full), kRounding);
#if KINORA_HAVE_CUDA
        if (comparison.cuda()) {
          const DevicePicture<Pixel> deviceSrc(src);
          const DeviceVideo deviceDst(empty);
          mustWork(
              cuda::rgbToYuv(ConstImageView<Pixel>(deviceSrc.view()), standard.encoding, deviceDst.view(), nullptr));
          for (std::size_t p = 0; p < dst.planes().size(); ++p)
            noteSame(comparison, what + ", plane " + std::to_string(p), deviceDst.plane(p), dst.planes()[p]);
        }
#endif
      }
}

void compare(Comparison& comparison) {
  compareType<Rgba8>(comparison, "rgba8", 255);
  compareType<Rgba16F>(comparison, "rgba16f", 1);
}

template <class Pixel>
void perfType(Stopwatch& stopwatch, const std::string& type) {
  constexpr Shape kShape = {1920, 1080};
  Random random(6);
  Picture<Pixel> src(kShape.width, kShape.height);
  fill(src, random, AlphaMode::Straight);
  for (std::size_t f = 0; f < kVideoFormats.size(); ++f) {
    Video dst(kVideoFormats[f], kShape);
    const std::int64_t pixels = std::int64_t{1920} * 1080;
    const std::int64_t bytes =
        pixels * 3 / 2 * (dst.bits() == 10 ? 2 : 1) + pixels * static_cast<std::int64_t>(sizeof(Pixel));
    const std::string what = type + " -> " + kVideoFormatNames[f] + ", 1920x1080";
    stopwatch.time(what, bytes, [&] { rgbToYuv(src.view(), YuvEncoding{}, dst.view(), stopwatch.pool()); });
#if KINORA_HAVE_CUDA
    if (stopwatch.cuda()) {
      const DevicePicture<Pixel> deviceSrc(src);
      const DeviceVideo deviceDst(dst);
      stopwatch.timeCuda(what, bytes, [&] {
        mustWork(cuda::rgbToYuv(ConstImageView<Pixel>(deviceSrc.view()), YuvEncoding{}, deviceDst.view(), nullptr));
      });
    }
#endif
  }
}

void perf(Stopwatch& stopwatch) {
  perfType<Rgba8>(stopwatch, "rgba8");
  perfType<Rgba16F>(stopwatch, "rgba16f");
}

} // namespace

const Operation kRgbToYuv = {"rgb_to_yuv", compare, perf};

} // namespace kinora::kernels::check
