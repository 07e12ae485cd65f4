// SPDX-License-Identifier: Apache-2.0
// The arithmetic of yuv_to_rgb.h and rgb_to_yuv.h.
#pragma once

#include "kernels/shared/pixel_p.h"
#include "kernels/yuv_to_rgb.h"

namespace kinora::kernels {

// Luma and chroma differences to RGB. Chroma arrives as the sum of eight samples' worth of weights less eight times
// the neutral value, luma as a sample; results are in units of 1 / unit.
struct ToRgb {
  std::int32_t lumaOffset;   // of a luma sample
  std::int32_t chromaOffset; // of eight chroma samples
  float luma;
  float redOfCr, greenOfCb, greenOfCr, blueOfCb;
};

// RGB in units of 1 / unit to samples. Chroma takes RGB summed with weights of eight.
struct ToYuv {
  std::int32_t largest; // sample
  float lumaOffset, chromaOffset;
  float lumaOfRed, lumaOfGreen, lumaOfBlue;
  float cbOfRed, cbOfGreen, cbOfBlue;
  float crOfRed, crOfGreen, crOfBlue;
};

[[nodiscard]] ToRgb toRgbFactors(YuvEncoding encoding, int bits, float unit);
[[nodiscard]] ToYuv toYuvFactors(YuvEncoding encoding, int bits, float unit);

[[nodiscard]] constexpr int bitsOfFormat(PixelFormat format) {
  return format == PixelFormat::Yuv420P10 ? 10 : 8;
}

// Where the samples of a plane lie: NV12's chroma planes are one plane read twice with step 2.
template <class Sample>
struct Samples {
  Sample* data;
  std::ptrdiff_t strideBytes;
  std::int32_t step;

  using Byte = std::conditional_t<std::is_const_v<Sample>, const char, char>;
  KINORA_HD Sample* row(std::int32_t y) const {
    return reinterpret_cast<Sample*>(reinterpret_cast<Byte*>(data) + y * strideBytes);
  }
};

template <class Sample>
struct YuvSamples {
  std::int32_t width, height;
  Samples<Sample> luma, cb, cr;
};

// Sample is std::uint8_t or std::uint16_t, const where Byte is.
template <class Sample, class Byte>
[[nodiscard]] YuvSamples<Sample> samplesOf(const BasicYuvView<Byte>& view) {
  const bool interleaved = view.format == PixelFormat::Nv12;
  const std::size_t crPlane = interleaved ? 1 : 2;
  Sample* cb = reinterpret_cast<Sample*>(view.data[1]);
  Sample* cr = reinterpret_cast<Sample*>(view.data[crPlane]) + (interleaved ? 1 : 0);
  const std::int32_t step = interleaved ? 2 : 1;
  return {view.width,
          view.height,
          {reinterpret_cast<Sample*>(view.data[0]), view.strideBytes[0], 1},
          {cb, view.strideBytes[1], step},
          {cr, view.strideBytes[crPlane], step}};
}

[[nodiscard]] constexpr bool isYuv420(PixelFormat format) {
  return format == PixelFormat::Nv12 || format == PixelFormat::Yuv420P || format == PixelFormat::Yuv420P10;
}

// The chroma row that is a quarter of an output row's value; the other three quarters are row y / 2.
KINORA_HD std::int32_t fartherChromaRow(std::int32_t y, std::int32_t chromaRows) {
  return clampIndex((y & 1) != 0 ? y / 2 + 1 : y / 2 - 1, chromaRows);
}

KINORA_HD Float4 rgbOf(const ToRgb& f, std::int32_t luma, std::int32_t cb, std::int32_t cr, float opaque) {
  const float y = static_cast<float>(luma - f.lumaOffset) * f.luma;
  const float b = static_cast<float>(cb - f.chromaOffset);
  const float r = static_cast<float>(cr - f.chromaOffset);
  return {y + r * f.redOfCr, y - (b * f.greenOfCb + r * f.greenOfCr), y + b * f.blueOfCb, opaque};
}

KINORA_HD std::int32_t lumaOf(const ToYuv& f, float r, float g, float b) {
  return roundClamped(r * f.lumaOfRed + g * f.lumaOfGreen + b * f.lumaOfBlue + f.lumaOffset, f.largest);
}

KINORA_HD std::int32_t cbOf(const ToYuv& f, float r, float g, float b) {
  return roundClamped(r * f.cbOfRed + g * f.cbOfGreen + b * f.cbOfBlue + f.chromaOffset, f.largest);
}

KINORA_HD std::int32_t crOf(const ToYuv& f, float r, float g, float b) {
  return roundClamped(r * f.crOfRed + g * f.crOfGreen + b * f.crOfBlue + f.chromaOffset, f.largest);
}

} // namespace kinora::kernels
