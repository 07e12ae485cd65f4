// SPDX-License-Identifier: Apache-2.0
#include "engine/media/color_p.h"

namespace kinora::media {
namespace {

bool isRgb(AVPixelFormat format) {
  const AVPixFmtDescriptor* d = av_pix_fmt_desc_get(format);
  return d && (d->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0;
}

bool isGray(AVPixelFormat format) {
  const AVPixFmtDescriptor* d = av_pix_fmt_desc_get(format);
  return d && d->nb_components <= 2 && (d->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) == 0;
}

// The old names of full-range formats.
bool isFullRangeFormat(AVPixelFormat format) {
  return format == AV_PIX_FMT_YUVJ420P || format == AV_PIX_FMT_YUVJ422P || format == AV_PIX_FMT_YUVJ444P ||
         format == AV_PIX_FMT_YUVJ440P || format == AV_PIX_FMT_YUVJ411P;
}

constexpr int kSdLines = 576;

} // namespace

ColorTags tagsOf(const AVFrame& f) {
  return {static_cast<AVPixelFormat>(f.format), f.colorspace, f.color_range, f.color_primaries, f.color_trc};
}

ColorTags tagsOf(const AVCodecParameters& p) {
  return {static_cast<AVPixelFormat>(p.format), p.color_space, p.color_range, p.color_primaries, p.color_trc};
}

ColorInfo colorOf(const ColorTags& tags, int lines, bool* guessed) {
  ColorInfo color;
  bool guess = false;
  const bool rgb = isRgb(tags.format);
  if (rgb) {
    color.matrix = ColorMatrix::Rgb;
    color.range = ColorRange::Full;
  } else {
    switch (tags.space) {
    case AVCOL_SPC_BT709:
    case AVCOL_SPC_SMPTE240M:
      color.matrix = ColorMatrix::Bt709;
      break;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_FCC:
      color.matrix = ColorMatrix::Bt601;
      break;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      color.matrix = ColorMatrix::Bt2020;
      break;
    default:
      guess = !isGray(tags.format);
      color.matrix = lines <= kSdLines ? ColorMatrix::Bt601 : ColorMatrix::Bt709;
    }
    if (tags.range == AVCOL_RANGE_JPEG || isFullRangeFormat(tags.format)) {
      color.range = ColorRange::Full;
    } else if (tags.range == AVCOL_RANGE_MPEG) {
      color.range = ColorRange::Limited;
    } else {
      // Grey formats come from still pictures, which are full range.
      color.range = isGray(tags.format) ? ColorRange::Full : ColorRange::Limited;
      guess = guess || !isGray(tags.format);
    }
  }
  switch (tags.primaries) {
  case AVCOL_PRI_SMPTE170M:
  case AVCOL_PRI_SMPTE240M:
  case AVCOL_PRI_BT470M:
    color.primaries = ColorPrimaries::Bt601Ntsc;
    break;
  case AVCOL_PRI_BT470BG:
    color.primaries = ColorPrimaries::Bt601Pal;
    break;
  case AVCOL_PRI_BT2020:
    color.primaries = ColorPrimaries::Bt2020;
    break;
  case AVCOL_PRI_SMPTE432:
    color.primaries = ColorPrimaries::DisplayP3;
    break;
  case AVCOL_PRI_BT709:
    color.primaries = ColorPrimaries::Bt709;
    break;
  default:
    color.primaries = color.matrix == ColorMatrix::Bt2020 ? ColorPrimaries::Bt2020 : ColorPrimaries::Bt709;
  }
  switch (tags.transfer) {
  case AVCOL_TRC_IEC61966_2_1:
    color.transfer = ColorTransfer::Srgb;
    break;
  case AVCOL_TRC_LINEAR:
    color.transfer = ColorTransfer::Linear;
    break;
  case AVCOL_TRC_SMPTE2084:
    color.transfer = ColorTransfer::Pq;
    break;
  case AVCOL_TRC_ARIB_STD_B67:
    color.transfer = ColorTransfer::Hlg;
    break;
  case AVCOL_TRC_UNSPECIFIED:
  case AVCOL_TRC_RESERVED0:
  case AVCOL_TRC_RESERVED:
    color.transfer = rgb || isGray(tags.format) ? ColorTransfer::Srgb : ColorTransfer::Bt709;
    break;
  default:
    color.transfer = ColorTransfer::Bt709;
  }
  if (guessed)
    *guessed = guess;
  return color;
}

AVColorSpace avSpace(ColorMatrix matrix, ColorPrimaries primaries) {
  switch (matrix) {
  case ColorMatrix::Rgb:
    return AVCOL_SPC_RGB;
  case ColorMatrix::Bt601:
    return primaries == ColorPrimaries::Bt601Pal ? AVCOL_SPC_BT470BG : AVCOL_SPC_SMPTE170M;
  case ColorMatrix::Bt709:
    return AVCOL_SPC_BT709;
  case ColorMatrix::Bt2020:
    return AVCOL_SPC_BT2020_NCL;
  }
  return AVCOL_SPC_UNSPECIFIED;
}

AVColorRange avRange(ColorRange range) {
  return range == ColorRange::Full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
}

AVColorPrimaries avPrimaries(ColorPrimaries primaries) {
  switch (primaries) {
  case ColorPrimaries::Bt709:
    return AVCOL_PRI_BT709;
  case ColorPrimaries::Bt601Ntsc:
    return AVCOL_PRI_SMPTE170M;
  case ColorPrimaries::Bt601Pal:
    return AVCOL_PRI_BT470BG;
  case ColorPrimaries::Bt2020:
    return AVCOL_PRI_BT2020;
  case ColorPrimaries::DisplayP3:
    return AVCOL_PRI_SMPTE432;
  }
  return AVCOL_PRI_UNSPECIFIED;
}

AVColorTransferCharacteristic avTransfer(ColorTransfer transfer) {
  switch (transfer) {
  case ColorTransfer::Srgb:
    return AVCOL_TRC_IEC61966_2_1;
  case ColorTransfer::Bt709:
    return AVCOL_TRC_BT709;
  case ColorTransfer::Linear:
    return AVCOL_TRC_LINEAR;
  case ColorTransfer::Pq:
    return AVCOL_TRC_SMPTE2084;
  case ColorTransfer::Hlg:
    return AVCOL_TRC_ARIB_STD_B67;
  }
  return AVCOL_TRC_UNSPECIFIED;
}

const int* swsCoefficients(ColorMatrix matrix) {
  switch (matrix) {
  case ColorMatrix::Bt709:
    return sws_getCoefficients(SWS_CS_ITU709);
  case ColorMatrix::Bt2020:
    return sws_getCoefficients(SWS_CS_BT2020);
  default:
    return sws_getCoefficients(SWS_CS_ITU601);
  }
}

} // namespace kinora::media
