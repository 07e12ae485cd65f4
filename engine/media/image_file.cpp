// SPDX-License-Identifier: Apache-2.0
#include "engine/media/image_file.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "engine/base/file.h"
#include "engine/media/exr_p.h"
#include "engine/media/input_p.h"

namespace kinora::media {
namespace {

namespace fs = std::filesystem;

std::string endingOf(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return std::tolower(c); });
  return ending;
}

// One frame through one of libav's picture encoders, as bytes.
Result<std::string> encodeStill(AVCodecID id, const Image& image, AVPixelFormat format, const ColorInfo& color,
                                int quality, const fs::path& path) {
  const AVCodec* codec = avcodec_find_encoder(id);
  if (!codec)
    return fail(ErrorCode::Unsupported,
                fmt::format("This build of FFmpeg cannot write {} files.", avcodec_get_name(id)), path.string());
  FrameWriter writer(format, image.size(), color, nullptr);
  auto frame = writer.write(image);
  if (!frame)
    return fail(frame);
  CodecPtr context(avcodec_alloc_context3(codec));
  const PacketPtr packet(av_packet_alloc());
  if (!context || !packet)
    return fail(ErrorCode::OutOfMemory, fmt::format("No memory to write “{}”.", path.filename().string()),
                path.string());
  context->width = image.size().width;
  context->height = image.size().height;
  context->pix_fmt = format;
  context->time_base = {1, 1};
  context->thread_count = 1;
  context->flags |= AV_CODEC_FLAG_BITEXACT;
  context->color_range = format == AV_PIX_FMT_YUVJ444P ? AVCOL_RANGE_JPEG : AVCOL_RANGE_UNSPECIFIED;
  if (quality > 0) {
    // libav's scale runs from 1 (best) to 31.
    context->flags |= AV_CODEC_FLAG_QSCALE;
    context->global_quality = FF_QP2LAMBDA * std::clamp(1 + (100 - quality) * 30 / 99, 1, 31);
    (*frame)->quality = context->global_quality;
  }
  int code = avcodec_open2(context.get(), codec, nullptr);
  if (code >= 0)
    code = avcodec_send_frame(context.get(), frame->get());
  if (code >= 0)
    code = avcodec_send_frame(context.get(), nullptr);
  if (code >= 0)
    code = avcodec_receive_packet(context.get(), packet.get());
  if (code < 0)
    return avFail(code, "Writing", path);
  return std::string(reinterpret_cast<const char*>(packet->data), static_cast<std::size_t>(packet->size));
}

} // namespace

Result<Image> readImage(const fs::path& path, OutputDepth depth) {
  if (looksLikeExr(path)) {
    auto linear = readExr(path);
    return linear && depth == OutputDepth::Eight ? displayReferred(*linear) : std::move(linear);
  }
  auto input = Input::open(path);
  if (!input)
    return fail(input);
  const MediaInfo& info = (*input)->info();
  if (!info.video)
    return fail(
        ErrorCode::Corrupt,
        fmt::format("“{}” is a sound, not a picture. Choose a PNG, JPEG or EXR file.", path.filename().string()),
        path.string());
  if ((*input)->isStill()) {
    auto frame = decodeStill(**input);
    if (!frame)
      return fail(frame);
    FrameReader reader(depth, nullptr);
    return reader.read(**frame, (*input)->orientation(), {}, {});
  }
  // Animated pictures and videos: their first frame.
  input->reset();
  auto decoder =
      Decoder::open(path, {.depth = depth, .fitWithin = {}, .sequenceRate = {24, 1}, .threads = 1, .pool = nullptr});
  if (!decoder)
    return fail(decoder);
  auto first = decoder->next();
  if (!first)
    return fail(first);
  if (!*first)
    return fail(ErrorCode::Corrupt, fmt::format("“{}” has no picture in it.", path.filename().string()), path.string());
  return **first;
}

Result<void> writeImage(const fs::path& path, const Image& image, const ImageWriteOptions& options) {
  if (image.isNull() || image.memory() == MemoryKind::Cuda ||
      (image.format() != PixelFormat::Rgba8 && image.format() != PixelFormat::Rgba16F &&
       image.format() != PixelFormat::Gray8))
    return fail(ErrorCode::InvalidArgument,
                fmt::format("“{}” cannot be written: only RGBA and grey pictures in host memory can.",
                            path.filename().string()),
                path.string());
  const std::string ending = endingOf(path);
  const WorkerPool pool(1);
  if (ending == ".exr") {
    auto rgba = asRgba(image, pool);
    if (rgba)
      rgba = withDepth(*rgba, PixelFormat::Rgba16F, pool);
    if (!rgba)
      return fail(rgba);
    const fs::path part = partPath(path);
    if (auto written = writeExr(part, *rgba); !written) {
      std::error_code ignored;
      fs::remove(part, ignored);
      return written;
    }
    return publishPart(part, path);
  }
  Result<std::string> bytes = std::string();
  if (ending == ".png") {
    AVPixelFormat format = image.format() == PixelFormat::Rgba16F ? AV_PIX_FMT_RGBA64BE : AV_PIX_FMT_RGBA;
    if (image.format() == PixelFormat::Gray8)
      format = AV_PIX_FMT_GRAY8;
    else if (isOpaque(image))
      format = image.format() == PixelFormat::Rgba16F ? AV_PIX_FMT_RGB48BE : AV_PIX_FMT_RGB24;
    bytes = encodeStill(AV_CODEC_ID_PNG, image, format, {}, 0, path);
  } else if (ending == ".jpg" || ending == ".jpeg") {
    auto rgba = asRgba(image, pool);
    if (rgba)
      rgba = overBlack(*rgba, pool);
    if (!rgba)
      return fail(rgba);
    ColorInfo color;
    color.matrix = ColorMatrix::Bt601;
    bytes = encodeStill(AV_CODEC_ID_MJPEG, *rgba, AV_PIX_FMT_YUVJ444P, color, std::clamp(options.jpegQuality, 1, 100),
                        path);
  } else {
    return fail(ErrorCode::InvalidArgument,
                fmt::format("“{}” cannot be written: the ending must be .png, .jpg or .exr.", path.filename().string()),
                path.string());
  }
  if (!bytes)
    return fail(bytes);
  return writeFileAtomically(path, *bytes);
}

} // namespace kinora::media
