// SPDX-License-Identifier: Apache-2.0
#include "engine/media/video_codec_p.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "engine/media/color_p.h"
#include "engine/media/pixels_p.h"

namespace kinora::media {
namespace {

// Frames are cut into so many parts or threads on every machine, so that the bytes do not depend on it.
constexpr int kThreads = 4;

tl::unexpected<Error> unfit(const EncodeSettings& settings, std::string_view allowed) {
  return fail(ErrorCode::InvalidArgument,
              fmt::format("{} cannot store {} bit with this chroma format{}. It stores {}.", codecTitle(settings.video),
                          settings.bitDepth, settings.alpha ? " and transparency" : "", allowed));
}

AVPixelFormat planar(ChromaFormat chroma, int depth) {
  switch (chroma) {
  case ChromaFormat::Yuv420:
    return depth == 8 ? AV_PIX_FMT_YUV420P : depth == 10 ? AV_PIX_FMT_YUV420P10LE : AV_PIX_FMT_NONE;
  case ChromaFormat::Yuv422:
    return depth == 8 ? AV_PIX_FMT_YUV422P : depth == 10 ? AV_PIX_FMT_YUV422P10LE : AV_PIX_FMT_NONE;
  case ChromaFormat::Yuv444:
    return depth == 8 ? AV_PIX_FMT_YUV444P : depth == 10 ? AV_PIX_FMT_YUV444P10LE : AV_PIX_FMT_NONE;
  case ChromaFormat::Rgb:
    break;
  }
  return AV_PIX_FMT_NONE;
}

// Quality 1..100 on a scale where small is good: 80 gives `at80`, 95 gives `at95`, 1 gives about `worst`.
int onScale(int quality, double at80, double at95, double worst) {
  const double q = std::clamp(quality, 1, 100);
  const double value = q >= 80 ? at80 + (at95 - at80) * (q - 80) / 15 : worst + (at80 - worst) * (q - 1) / 79;
  return static_cast<int>(std::lround(std::max(0.0, value)));
}

void tuneX264(Dictionary& options, const EncodeSettings& s) {
  static constexpr std::array<const char*, 9> kPresets = {"ultrafast", "superfast", "veryfast", "faster",  "fast",
                                                          "medium",    "slow",      "slower",   "veryslow"};
  options.set("preset", kPresets[static_cast<std::size_t>(std::clamp(s.effort, 0, 100) * 8 / 100)]);
  options.set("crf", onScale(s.quality, 18, 8, 46));
}

void tuneX265(Dictionary& options, const EncodeSettings& s) {
  static constexpr std::array<const char*, 9> kPresets = {"ultrafast", "superfast", "veryfast", "faster",  "fast",
                                                          "medium",    "slow",      "slower",   "veryslow"};
  options.set("preset", kPresets[static_cast<std::size_t>(std::clamp(s.effort, 0, 100) * 8 / 100)]);
  options.set("crf", onScale(s.quality, 19, 8, 46));
  options.set("x265-params", fmt::format("log-level=none:no-info=1:frame-threads=2:pools={}", kThreads));
}

void tuneSvtAv1(Dictionary& options, const EncodeSettings& s) {
  options.set("preset", static_cast<std::int64_t>(std::lround(12 - std::clamp(s.effort, 0, 100) * 8 / 100.0)));
  options.set("crf", std::clamp(onScale(s.quality, 23, 8, 60), 1, 63));
}

void tuneNvenc(Dictionary& options, const EncodeSettings& s) {
  options.set("rc", "constqp");
  options.set("qp", onScale(s.quality, 19, 8, 46));
  options.set("preset", fmt::format("p{}", 1 + std::clamp(s.effort, 0, 100) * 6 / 100));
}

void tune(Dictionary& options, AVCodecContext& codec, const EncodeSettings& s, std::string_view encoder) {
  if (encoder == "libx264") {
    tuneX264(options, s);
  } else if (encoder == "libx265") {
    tuneX265(options, s);
  } else if (encoder == "libsvtav1") {
    tuneSvtAv1(options, s);
  } else if (encoder.ends_with("_nvenc")) {
    tuneNvenc(options, s);
  } else if (encoder == "prores_ks") {
    const bool full = s.chroma == ChromaFormat::Yuv444;
    options.set("profile", full ? (s.bitDepth >= 12 ? "4444xq" : "4444") : "hq");
    options.set("vendor", "apl0");
    if (s.alpha)
      options.set("alpha_bits", 16);
  } else if (encoder == "ffv1") {
    codec.level = 3;
    options.set("slices", kThreads);
    options.set("slicecrc", 1);
    options.set("coder", "1");
    options.set("context", "1");
    codec.gop_size = 1;
  }
}

Result<CodecPtr> tryEncoder(const char* name, const EncodeSettings& s, AVPixelFormat format, Size coded,
                            AVRational clock, bool globalHeader, const std::filesystem::path& path) {
  const AVCodec* encoder = avcodec_find_encoder_by_name(name);
  if (!encoder)
    return fail(ErrorCode::Unsupported,
                fmt::format("This build of FFmpeg has no encoder “{}” for {}. Choose another format.", name,
                            codecTitle(s.video)),
                path.string());
  CodecPtr codec(avcodec_alloc_context3(encoder));
  if (!codec)
    return fail(ErrorCode::OutOfMemory, fmt::format("No memory to write “{}”.", path.filename().string()),
                path.string());
  const ColorInfo color = storedColor(s);
  codec->width = coded.width;
  codec->height = coded.height;
  codec->pix_fmt = format;
  codec->time_base = clock;
  codec->framerate = {s.frameRate.num, s.frameRate.den};
  codec->sample_aspect_ratio = {1, 1};
  codec->thread_count = kThreads;
  codec->gop_size =
      s.keyFrameInterval > 0 ? s.keyFrameInterval : std::max(1, static_cast<int>(std::lround(2 * s.frameRate.hertz())));
  codec->colorspace = avSpace(color.matrix, color.primaries);
  codec->color_range = avRange(color.range);
  codec->color_primaries = avPrimaries(color.primaries);
  codec->color_trc = avTransfer(color.transfer);
  codec->chroma_sample_location = s.chroma == ChromaFormat::Yuv420 ? AVCHROMA_LOC_LEFT : AVCHROMA_LOC_UNSPECIFIED;
  codec->flags |= AV_CODEC_FLAG_BITEXACT;
  if (globalHeader)
    codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  if (s.video == VideoCodec::Hevc)
    codec->codec_tag = MKTAG('h', 'v', 'c', '1');
  Dictionary options;
  tune(options, *codec, s, name);
  if (const int code = avcodec_open2(codec.get(), encoder, options.get()); code < 0)
    return fail(
        ErrorCode::Unsupported,
        fmt::format("The encoder “{}” could not be started for {}×{} pixels: {}. Choose another format or size.", name,
                    coded.width, coded.height, avErrorText(code)),
        path.string());
  return codec;
}

} // namespace

const char* softwareEncoder(VideoCodec codec) {
  switch (codec) {
  case VideoCodec::H264:
    return "libx264";
  case VideoCodec::Hevc:
    return "libx265";
  case VideoCodec::Av1:
    return "libsvtav1";
  case VideoCodec::ProRes:
    return "prores_ks";
  case VideoCodec::Ffv1:
    return "ffv1";
  default:
    return nullptr;
  }
}

const char* hardwareEncoder(VideoCodec codec) {
  switch (codec) {
  case VideoCodec::H264:
    return "h264_nvenc";
  case VideoCodec::Hevc:
    return "hevc_nvenc";
  default:
    return nullptr;
  }
}

const char* codecTitle(VideoCodec codec) {
  switch (codec) {
  case VideoCodec::H264:
    return "H.264";
  case VideoCodec::Hevc:
    return "HEVC";
  case VideoCodec::Av1:
    return "AV1";
  case VideoCodec::ProRes:
    return "ProRes";
  case VideoCodec::Ffv1:
    return "FFV1";
  case VideoCodec::PngSequence:
    return "PNG";
  case VideoCodec::ExrSequence:
    return "EXR";
  case VideoCodec::None:
    break;
  }
  return "no video";
}

ColorInfo storedColor(const EncodeSettings& settings) {
  ColorInfo color = settings.color;
  if (settings.chroma == ChromaFormat::Rgb) {
    color.matrix = ColorMatrix::Rgb;
    color.range = ColorRange::Full;
  } else if (color.matrix == ColorMatrix::Rgb) {
    color.matrix = settings.size.height <= 576 ? ColorMatrix::Bt601 : ColorMatrix::Bt709;
  }
  return color;
}

Result<AVPixelFormat> pixelFormatFor(const EncodeSettings& s) {
  AVPixelFormat format = AV_PIX_FMT_NONE;
  switch (s.video) {
  case VideoCodec::H264:
  case VideoCodec::Hevc:
    format = planar(s.chroma, s.bitDepth);
    if (format == AV_PIX_FMT_NONE || s.alpha)
      return unfit(s, "8 and 10 bit in 4:2:0, 4:2:2 and 4:4:4 without transparency");
    return format;
  case VideoCodec::Av1:
    if (s.chroma != ChromaFormat::Yuv420 || (s.bitDepth != 8 && s.bitDepth != 10) || s.alpha)
      return unfit(s, "8 and 10 bit in 4:2:0 without transparency");
    return planar(s.chroma, s.bitDepth);
  case VideoCodec::ProRes:
    if (s.chroma == ChromaFormat::Yuv422 && s.bitDepth == 10 && !s.alpha)
      return AV_PIX_FMT_YUV422P10LE;
    if (s.chroma == ChromaFormat::Yuv444 && (s.bitDepth == 10 || s.bitDepth == 12))
      return s.alpha ? AV_PIX_FMT_YUVA444P10LE : AV_PIX_FMT_YUV444P10LE;
    return unfit(s, "10 bit in 4:2:2, and 10 or 12 bit in 4:4:4 with or without transparency");
  case VideoCodec::Ffv1:
    if (s.chroma == ChromaFormat::Rgb) {
      if (s.bitDepth == 8)
        return s.alpha ? AV_PIX_FMT_BGRA : AV_PIX_FMT_BGR0;
      if (s.bitDepth == 16)
        return s.alpha ? AV_PIX_FMT_GBRAP16LE : AV_PIX_FMT_GBRP16LE;
      return unfit(s, "8 and 16 bit in RGB, 8 and 10 bit in YUV");
    }
    format = planar(s.chroma, s.bitDepth);
    if (format == AV_PIX_FMT_NONE || s.alpha)
      return unfit(s, "8 and 16 bit in RGB with or without transparency, 8 and 10 bit in YUV");
    return format;
  default:
    return fail(ErrorCode::Internal, "This kind of output has no video codec.");
  }
}

Result<VideoCodecSetup> openVideoCodec(const EncodeSettings& s, AVRational clock, bool globalHeader,
                                       const std::filesystem::path& path) {
  const auto format = pixelFormatFor(s);
  if (!format)
    return fail(format);
  const AVPixFmtDescriptor* described = av_pix_fmt_desc_get(*format);
  const auto up = [](std::int32_t side, int shift) { return shift > 0 ? (side + 1) & ~1 : side; };
  VideoCodecSetup setup;
  setup.coded = {up(s.size.width, described->log2_chroma_w), up(s.size.height, described->log2_chroma_h)};
  setup.color = storedColor(s);
  const char* hardware = hardwareEncoder(s.video);
  if (s.acceleration != Acceleration::Software && hardware) {
    auto codec = tryEncoder(hardware, s, *format, setup.coded, clock, globalHeader, path);
    if (codec) {
      setup.codec = std::move(*codec);
      return setup;
    }
    if (s.acceleration == Acceleration::Nvenc)
      return fail(codec);
  } else if (s.acceleration == Acceleration::Nvenc) {
    return fail(ErrorCode::Unsupported, fmt::format("There is no hardware encoder for {}.", codecTitle(s.video)));
  }
  auto codec = tryEncoder(softwareEncoder(s.video), s, *format, setup.coded, clock, globalHeader, path);
  if (!codec)
    return fail(codec);
  setup.codec = std::move(*codec);
  return setup;
}

} // namespace kinora::media
