// SPDX-License-Identifier: Apache-2.0
#include "engine/base/check.h"
#include "kernels/shared/yuv_p.h"

namespace kinora::kernels {
namespace {

struct Weights {
  double red, blue; // luma's parts of red and blue, green is the rest
};

Weights weightsOf(ColorMatrix matrix) {
  KINORA_CHECK(matrix != ColorMatrix::Rgb);
  switch (matrix) {
  case ColorMatrix::Bt601:
    return {0.299, 0.114};
  case ColorMatrix::Bt2020:
    return {0.2627, 0.0593};
  case ColorMatrix::Bt709:
  case ColorMatrix::Rgb:
    break;
  }
  return {0.2126, 0.0722};
}

// Where black, white and the chroma range lie among the samples.
struct Levels {
  double black, lumaRange, neutral, chromaRange;
};

Levels levelsOf(ColorRange range, int bits) {
  const double step = static_cast<double>(1 << (bits - 8));
  const double largest = static_cast<double>((1 << bits) - 1);
  if (range == ColorRange::Full)
    return {0, largest, 128 * step, largest};
  return {16 * step, 219 * step, 128 * step, 224 * step};
}

} // namespace

ToRgb toRgbFactors(YuvEncoding encoding, int bits, float unit) {
  const Weights w = weightsOf(encoding.matrix);
  const Levels levels = levelsOf(encoding.range, bits);
  const double green = 1 - w.red - w.blue;
  const double chroma = unit / levels.chromaRange / 8;
  ToRgb f{};
  f.lumaOffset = static_cast<std::int32_t>(levels.black);
  f.chromaOffset = static_cast<std::int32_t>(8 * levels.neutral);
  f.luma = static_cast<float>(unit / levels.lumaRange);
  f.redOfCr = static_cast<float>(2 * (1 - w.red) * chroma);
  f.greenOfCb = static_cast<float>(2 * (1 - w.blue) * w.blue / green * chroma);
  f.greenOfCr = static_cast<float>(2 * (1 - w.red) * w.red / green * chroma);
  f.blueOfCb = static_cast<float>(2 * (1 - w.blue) * chroma);
  return f;
}

ToYuv toYuvFactors(YuvEncoding encoding, int bits, float unit) {
  const Weights w = weightsOf(encoding.matrix);
  const Levels levels = levelsOf(encoding.range, bits);
  const double green = 1 - w.red - w.blue;
  const double luma = levels.lumaRange / unit;
  const double cb = levels.chromaRange / unit / 8 / (2 * (1 - w.blue));
  const double cr = levels.chromaRange / unit / 8 / (2 * (1 - w.red));
  ToYuv f{};
  f.largest = (1 << bits) - 1;
  f.lumaOffset = static_cast<float>(levels.black);
  f.chromaOffset = static_cast<float>(levels.neutral);
  f.lumaOfRed = static_cast<float>(w.red * luma);
  f.lumaOfGreen = static_cast<float>(green * luma);
  f.lumaOfBlue = static_cast<float>(w.blue * luma);
  f.cbOfRed = static_cast<float>(-w.red * cb);
  f.cbOfGreen = static_cast<float>(-green * cb);
  f.cbOfBlue = static_cast<float>((1 - w.blue) * cb);
  f.crOfRed = static_cast<float>((1 - w.red) * cr);
  f.crOfGreen = static_cast<float>(-green * cr);
  f.crOfBlue = static_cast<float>(-w.blue * cr);
  return f;
}

} // namespace kinora::kernels
