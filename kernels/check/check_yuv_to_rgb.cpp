// SPDX-License-Identifier: Apache-2.0
#include "kernels/check/yuv_check.h"

namespace kinora::kernels::check {
namespace {

// One chroma plane at a luma pixel: samples sit at luma column 2 i and between the rows 2 j and 2 j + 1.
template <class At>
double chromaAt(const At& at, Shape chroma, std::int32_t x, std::int32_t y) {
  const double cx = x / 2.0;
  const double cy = (y - 0.5) / 2.0;
  const auto i = static_cast<std::int32_t>(std::floor(cx));
  const auto j = static_cast<std::int32_t>(std::floor(cy));
  const auto value = [&](std::int32_t px, std::int32_t py) {
    return static_cast<double>(at(std::clamp(px, 0, chroma.width - 1), std::clamp(py, 0, chroma.height - 1)));
  };
  const double fx = cx - i;
  const double fy = cy - j;
  return (value(i, j) * (1 - fx) + value(i + 1, j) * fx) * (1 - fy) +
         (value(i, j + 1) * (1 - fx) + value(i + 1, j + 1) * fx) * fy;
}

Exact formula(const Video& video, const Standard& standard, std::int32_t x, std::int32_t y, double full) {
  const SampleLevels levels = sampleLevels(standard, video.bits());
  const Shape chroma = {(video.shape().width + 1) / 2, (video.shape().height + 1) / 2};
  const double cb = chromaAt([&](auto i, auto j) { return video.cb(i, j); }, chroma, x, y);
  const double cr = chromaAt([&](auto i, auto j) { return video.cr(i, j); }, chroma, x, y);
  const double luma = (video.luma(x, y) - levels.black) / levels.range;
  const double pb = (cb - levels.neutral) / levels.chroma;
  const double pr = (cr - levels.neutral) / levels.chroma;
  const double r = luma + 2 * (1 - standard.kr) * pr;
  const double b = luma + 2 * (1 - standard.kb) * pb;
  const double g = (luma - standard.kr * r - standard.kb * b) / (1 - standard.kr - standard.kb);
  return {r * full, g * full, b * full, full};
}

template <class Pixel>
void compareType(Comparison& comparison, const std::string& type, double full) {
  Random random(51);
  for (std::size_t f = 0; f < kVideoFormats.size(); ++f)
    for (const Standard& standard : kStandards)
      for (const Shape shape : shapes()) {
        Video src(kVideoFormats[f], shape);
        src.fill(random);
        Picture<Pixel> dst(shape.width, shape.height);
        [[maybe_unused]] const Picture<Pixel> empty = dst;
        yuvToRgb(src.view(), standard.encoding, dst.view(), comparison.pool());
        const std::string what = std::string(kVideoFormatNames[f]) + " -> " + type + ", " + standard.name;
        comparison.note(what, dst, kRounding,
                        [&](std::int32_t x, std::int32_t y) { return formula(src, standard, x, y, full); });
#if KINORA_HAVE_CUDA
        if (comparison.cuda()) {
          const DeviceVideo deviceSrc(src);
          const DevicePicture<Pixel> deviceDst(empty);
          mustWork(cuda::yuvToRgb(deviceSrc.view(), standard.encoding, deviceDst.view(), nullptr));
          noteSame(comparison, what, deviceDst, dst);
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
  Random random(5);
  for (std::size_t f = 0; f < kVideoFormats.size(); ++f) {
    Video src(kVideoFormats[f], kShape);
    src.fill(random);
    Picture<Pixel> dst(kShape.width, kShape.height);
    const std::int64_t pixels = std::int64_t{1920} * 1080;
    const std::int64_t bytes =
        pixels * 3 / 2 * (src.bits() == 10 ? 2 : 1) + pixels * static_cast<std::int64_t>(sizeof(Pixel));
    const std::string what = std::string(kVideoFormatNames[f]) + " -> " + type + ", 1920x1080";
    stopwatch.time(what, bytes, [&] { yuvToRgb(src.view(), YuvEncoding{}, dst.view(), stopwatch.pool()); });
#if KINORA_HAVE_CUDA
    if (stopwatch.cuda()) {
      const DeviceVideo deviceSrc(src);
      const DevicePicture<Pixel> deviceDst(dst);
      stopwatch.timeCuda(what, bytes,
                         [&] { mustWork(cuda::yuvToRgb(deviceSrc.view(), YuvEncoding{}, deviceDst.view(), nullptr)); });
    }
#endif
  }
}

void perf(Stopwatch& stopwatch) {
  perfType<Rgba8>(stopwatch, "rgba8");
  perfType<Rgba16F>(stopwatch, "rgba16f");
}

} // namespace

const Operation kYuvToRgb = {"yuv_to_rgb", compare, perf};

} // namespace kinora::kernels::check
