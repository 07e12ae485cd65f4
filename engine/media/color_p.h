// SPDX-License-Identifier: Apache-2.0
// Colour tags of files as ColorInfo and back, with the usual guesses where a file says nothing.
#pragma once

#include "engine/base/image.h"
#include "engine/media/ffmpeg_p.h"

namespace kinora::media {

struct ColorTags {
  AVPixelFormat format = AV_PIX_FMT_NONE;
  AVColorSpace space = AVCOL_SPC_UNSPECIFIED;
  AVColorRange range = AVCOL_RANGE_UNSPECIFIED;
  AVColorPrimaries primaries = AVCOL_PRI_UNSPECIFIED;
  AVColorTransferCharacteristic transfer = AVCOL_TRC_UNSPECIFIED;
};

[[nodiscard]] ColorTags tagsOf(const AVFrame& frame);
[[nodiscard]] ColorTags tagsOf(const AVCodecParameters& parameters);

// lines: stored height. guessed (may be null) is set when matrix or range had to be guessed.
[[nodiscard]] ColorInfo colorOf(const ColorTags& tags, int lines, bool* guessed = nullptr);

[[nodiscard]] AVColorSpace avSpace(ColorMatrix matrix, ColorPrimaries primaries);
[[nodiscard]] AVColorRange avRange(ColorRange range);
[[nodiscard]] AVColorPrimaries avPrimaries(ColorPrimaries primaries);
[[nodiscard]] AVColorTransferCharacteristic avTransfer(ColorTransfer transfer);
// Coefficients for swscale.
[[nodiscard]] const int* swsCoefficients(ColorMatrix matrix);

} // namespace kinora::media
