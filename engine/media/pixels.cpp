// SPDX-License-Identifier: Apache-2.0
#include "engine/media/pixels_p.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include <Imath/half.h>
#include <fmt/format.h>

#include "engine/base/check.h"
#include "kernels/convert.h"
#include "kernels/resize.h"
#include "kernels/rgb_to_yuv.h"
#include "kernels/yuv_to_rgb.h"

namespace kinora::media {
namespace {

constexpr int kSwsFlags = SWS_BILINEAR | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_ACCURATE_RND;

AVPixelFormat withoutJ(AVPixelFormat format) {
  switch (format) {
  case AV_PIX_FMT_YUVJ420P:
    return AV_PIX_FMT_YUV420P;
  case AV_PIX_FMT_YUVJ422P:
    return AV_PIX_FMT_YUV422P;
  case AV_PIX_FMT_YUVJ444P:
    return AV_PIX_FMT_YUV444P;
  case AV_PIX_FMT_YUVJ440P:
    return AV_PIX_FMT_YUV440P;
  case AV_PIX_FMT_YUVJ411P:
    return AV_PIX_FMT_YUV411P;
  default:
    return format;
  }
}

// The formats that the kernels convert; false for others.
bool kernelFormat(AVPixelFormat format, PixelFormat& ours) {
  if (format == AV_PIX_FMT_YUV420P)
    ours = PixelFormat::Yuv420P;
  else if (format == AV_PIX_FMT_NV12)
    ours = PixelFormat::Nv12;
  else if (format == AV_PIX_FMT_YUV420P10LE)
    ours = PixelFormat::Yuv420P10;
  else
    return false;
  return true;
}

Error swsError(AVPixelFormat from, AVPixelFormat to) {
  const auto name = [](AVPixelFormat f) {
    const char* text = av_get_pix_fmt_name(f);
    return text ? text : "unknown";
  };
  return Error{ErrorCode::Unsupported,
               fmt::format("Pixels of the format {} cannot be converted to {}. Convert the file with another program "
                           "first.",
                           name(from), name(to)),
               {}};
}

struct SwsSide {
  AVPixelFormat format = AV_PIX_FMT_NONE;
  ColorMatrix matrix = ColorMatrix::Rgb;
  ColorRange range = ColorRange::Full;
  AVChromaLocation chroma = AVCHROMA_LOC_UNSPECIFIED;
};

// Chroma place in 1/256 of a luma sample, as swscale wants it.
void setChromaPlace(SwsContext* sws, const char* horizontal, const char* vertical, const SwsSide& side) {
  const AVPixFmtDescriptor* d = av_pix_fmt_desc_get(side.format);
  if (!d || (d->flags & AV_PIX_FMT_FLAG_RGB) != 0 || d->nb_components < 3)
    return;
  const bool centred =
      side.chroma == AVCHROMA_LOC_CENTER || side.chroma == AVCHROMA_LOC_TOP || side.chroma == AVCHROMA_LOC_BOTTOM;
  const bool top = side.chroma == AVCHROMA_LOC_TOPLEFT || side.chroma == AVCHROMA_LOC_TOP;
  const bool bottom = side.chroma == AVCHROMA_LOC_BOTTOMLEFT || side.chroma == AVCHROMA_LOC_BOTTOM;
  if (d->log2_chroma_w > 0)
    av_opt_set_int(sws, horizontal, centred ? 128 : 0, 0);
  if (d->log2_chroma_h > 0)
    av_opt_set_int(sws, vertical, top ? 0 : bottom ? 256 : 128, 0);
}

// Makes or keeps a context for one conversion without scaling.
Result<void> prepareSws(SwsPtr& sws, std::vector<int>& key, Size size, const SwsSide& from, const SwsSide& to) {
  const std::vector<int> wanted{size.width,
                                size.height,
                                from.format,
                                static_cast<int>(from.matrix),
                                static_cast<int>(from.range),
                                from.chroma,
                                to.format,
                                static_cast<int>(to.matrix),
                                static_cast<int>(to.range)};
  if (sws && key == wanted)
    return {};
  key.clear();
  sws.reset(sws_alloc_context());
  if (!sws)
    return fail(ErrorCode::OutOfMemory, "No memory for a colour conversion.");
  if (!sws_isSupportedInput(from.format) || !sws_isSupportedOutput(to.format))
    return tl::unexpected(swsError(from.format, to.format));
  SwsContext* c = sws.get();
  av_opt_set_int(c, "srcw", size.width, 0);
  av_opt_set_int(c, "srch", size.height, 0);
  av_opt_set_int(c, "dstw", size.width, 0);
  av_opt_set_int(c, "dsth", size.height, 0);
  av_opt_set_int(c, "src_format", from.format, 0);
  av_opt_set_int(c, "dst_format", to.format, 0);
  av_opt_set_int(c, "src_range", from.range == ColorRange::Full, 0);
  av_opt_set_int(c, "dst_range", to.range == ColorRange::Full, 0);
  av_opt_set_int(c, "sws_flags", kSwsFlags, 0);
  av_opt_set_int(c, "sws_dither", 1, 0); // none: equal colours stay equal
  setChromaPlace(c, "src_h_chr_pos", "src_v_chr_pos", from);
  setChromaPlace(c, "dst_h_chr_pos", "dst_v_chr_pos", to);
  if (sws_init_context(c, nullptr, nullptr) < 0) {
    sws.reset();
    return tl::unexpected(swsError(from.format, to.format));
  }
  // Refused by swscale only where it means nothing (RGB on both sides).
  sws_setColorspaceDetails(c, swsCoefficients(from.matrix), from.range == ColorRange::Full, swsCoefficients(to.matrix),
                           to.range == ColorRange::Full, 0, 1 << 16, 1 << 16);
  key = wanted;
  return {};
}

std::uint16_t halfBits(float value) {
  return imath_float_to_half(value);
}

// T: all channels of one pixel in one integer.
template <class T>
void turn(const Image& from, MutableImage& to, Orientation how, const WorkerPool& pool) {
  const Size out = to.size();
  constexpr int kTile = 16;
  pool.parallelFor(out.height, 4 * kTile, [&](std::int64_t begin, std::int64_t end) {
    for (int y0 = static_cast<int>(begin); y0 < end; y0 += kTile)
      for (int x0 = 0; x0 < out.width; x0 += kTile)
        for (int y = y0; y < std::min<int>(y0 + kTile, static_cast<int>(end)); ++y) {
          T* row = to.row<T>(y);
          for (int x = x0; x < std::min(x0 + kTile, out.width); ++x) {
            const int rx = how.mirrored ? out.width - 1 - x : x; // place in the turned picture
            switch (how.rotationDegrees) {
            case 90:
              row[x] = from.row<T>(out.width - 1 - rx)[y];
              break;
            case 180:
              row[x] = from.row<T>(out.height - 1 - y)[out.width - 1 - rx];
              break;
            case 270:
              row[x] = from.row<T>(rx)[out.height - 1 - y];
              break;
            default:
              row[x] = from.row<T>(y)[rx];
            }
          }
        }
  });
}

// Repeats the last column and row of a plane so that it fills a larger one.
void padPlane(std::uint8_t* data, std::ptrdiff_t stride, int width, int height, int paddedWidth, int paddedHeight,
              int sampleBytes) {
  for (int y = 0; y < height; ++y) {
    std::uint8_t* row = data + y * stride;
    for (int x = width; x < paddedWidth; ++x)
      std::memcpy(row + static_cast<std::ptrdiff_t>(x) * sampleBytes,
                  row + static_cast<std::ptrdiff_t>(width - 1) * sampleBytes, static_cast<std::size_t>(sampleBytes));
  }
  for (int y = height; y < paddedHeight; ++y)
    std::memcpy(data + y * stride, data + (height - 1) * stride, static_cast<std::size_t>(paddedWidth) * sampleBytes);
}

} // namespace

Orientation orientationOfMatrix(const std::int32_t* m) {
  double a = m[0];
  const double b = m[1];
  double c = m[3];
  const double d = m[4];
  const double determinant = a * d - b * c;
  if (determinant == 0)
    return {};
  Orientation result;
  if (determinant < 0) {
    result.mirrored = true;
    a = -a;
    c = -c;
  }
  if (std::abs(a) >= std::abs(b))
    result.rotationDegrees = a > 0 ? 0 : 180;
  else
    result.rotationDegrees = b > 0 ? 90 : 270;
  return result;
}

Orientation orientationOfExif(int value) {
  switch (value) {
  case 2:
    return {0, true};
  case 3:
    return {180, false};
  case 4:
    return {180, true};
  case 5:
    return {90, true};
  case 6:
    return {90, false};
  case 7:
    return {270, true};
  case 8:
    return {270, false};
  default:
    return {};
  }
}

Orientation orientationOfFrame(const AVFrame& frame) {
  if (const AVFrameSideData* data = av_frame_get_side_data(&frame, AV_FRAME_DATA_DISPLAYMATRIX);
      data && data->size >= 9 * sizeof(std::int32_t)) {
    std::array<std::int32_t, 9> matrix{};
    std::memcpy(matrix.data(), data->data, sizeof matrix);
    return orientationOfMatrix(matrix.data());
  }
  if (const AVDictionaryEntry* entry = av_dict_get(frame.metadata, "Orientation", nullptr, 0))
    return orientationOfExif(std::atoi(entry->value));
  return {};
}

int bitDepthOf(AVPixelFormat format) {
  const AVPixFmtDescriptor* d = av_pix_fmt_desc_get(format);
  if (!d)
    return 8;
  if ((d->flags & AV_PIX_FMT_FLAG_PAL) != 0)
    return 8;
  int depth = 0;
  for (int i = 0; i < d->nb_components; ++i)
    depth = std::max(depth, d->comp[i].depth);
  return depth;
}

bool hasAlpha(AVPixelFormat format) {
  const AVPixFmtDescriptor* d = av_pix_fmt_desc_get(format);
  return d && (d->flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
}

FrameReader::FrameReader(OutputDepth depth, const WorkerPool* pool) : depth_(depth), pool_(pool) {}

Result<MutableImage> FrameReader::toRgbaBySwscale(const AVFrame& frame, const ColorInfo& color, bool half) {
  const Size size{frame.width, frame.height};
  const SwsSide from{withoutJ(static_cast<AVPixelFormat>(frame.format)), color.matrix, color.range,
                     frame.chroma_location};
  // swscale cuts deep RGB off to 8 bits instead of rounding it.
  const bool rounds = !half && color.matrix == ColorMatrix::Rgb && bitDepthOf(from.format) > 8;
  const SwsSide to{half || rounds ? AV_PIX_FMT_RGBA64LE : AV_PIX_FMT_RGBA, ColorMatrix::Rgb, ColorRange::Full};
  if (auto ready = prepareSws(sws_, swsKey_, size, from, to); !ready)
    return fail(ready);
  auto image = images_.acquire(half || rounds ? PixelFormat::Rgba16F : PixelFormat::Rgba8, size);
  if (!image)
    return image;
  // Rgba16F and RGBA64 have pixels of the same size: converted in place.
  std::array<std::uint8_t*, 4> data{reinterpret_cast<std::uint8_t*>(image->data())};
  const std::array<int, 4> stride{static_cast<int>(image->strideBytes())};
  if (sws_scale(sws_.get(), frame.data, frame.linesize, 0, frame.height, data.data(), stride.data()) != frame.height)
    return tl::unexpected(swsError(from.format, to.format));
  if (half) {
    if (halfOf16_.empty()) {
      halfOf16_.resize(65'536);
      for (std::size_t i = 0; i < halfOf16_.size(); ++i)
        halfOf16_[i] = halfBits(static_cast<float>(i) / 65'535.0F);
    }
    pool_.get().parallelFor(size.height, 16, [&](std::int64_t begin, std::int64_t end) {
      for (auto y = static_cast<int>(begin); y < end; ++y) {
        auto* row = image->row<std::uint16_t>(y);
        for (int i = 0; i < 4 * size.width; ++i)
          row[i] = halfOf16_[row[i]];
      }
    });
  }
  if (!rounds)
    return image;
  auto eight = images_.acquire(PixelFormat::Rgba8, size);
  if (!eight)
    return eight;
  pool_.get().parallelFor(size.height, 16, [&](std::int64_t begin, std::int64_t end) {
    for (auto y = static_cast<int>(begin); y < end; ++y) {
      const auto* in = image->row<std::uint16_t>(y);
      auto* out = eight->row<std::uint8_t>(y);
      for (int i = 0; i < 4 * size.width; ++i)
        out[i] = static_cast<std::uint8_t>((in[i] * 255U + 32'767U) / 65'535U);
    }
  });
  return eight;
}

Result<MutableImage> FrameReader::toRgba(const AVFrame& frame, const ColorInfo& color) {
  const auto format = withoutJ(static_cast<AVPixelFormat>(frame.format));
  const bool half = depth_ == OutputDepth::AsSource && bitDepthOf(format) > 8;
  const Size size{frame.width, frame.height};
  PixelFormat ours{};
  const bool leftSited =
      frame.chroma_location == AVCHROMA_LOC_UNSPECIFIED || frame.chroma_location == AVCHROMA_LOC_LEFT;
  if (!leftSited || !kernelFormat(format, ours))
    return toRgbaBySwscale(frame, color, half);
  kernels::ConstYuvView view{ours, size.width, size.height, {}, {}};
  for (int p = 0; p < planeCount(ours); ++p) {
    view.data[static_cast<std::size_t>(p)] = reinterpret_cast<const std::byte*>(frame.data[p]);
    view.strideBytes[static_cast<std::size_t>(p)] = frame.linesize[p];
  }
  auto image = images_.acquire(half ? PixelFormat::Rgba16F : PixelFormat::Rgba8, size);
  if (!image)
    return image;
  const kernels::YuvEncoding encoding{color.matrix, color.range};
  if (half)
    kernels::yuvToRgb(view, encoding, kernels::view<kernels::Rgba16F>(*image), pool_.get());
  else
    kernels::yuvToRgb(view, encoding, kernels::view<kernels::Rgba8>(*image), pool_.get());
  return image;
}

Result<Image> FrameReader::read(const AVFrame& frame, Orientation orientation, Size outputSize, Time time) {
  const ColorInfo color = colorOf(tagsOf(frame), frame.height);
  auto made = toRgba(frame, color);
  if (!made)
    return fail(made);
  const ColorInfo rgb{ColorMatrix::Rgb, ColorRange::Full, color.primaries, color.transfer};
  Image image = std::move(*made).freeze(time, rgb);
  if (!orientation.isIdentity()) {
    auto turned = images_.acquire(image.format(), orientation.apply(image.size()));
    if (!turned)
      return fail(turned);
    if (image.format() == PixelFormat::Rgba8)
      turn<std::uint32_t>(image, *turned, orientation, pool_.get());
    else
      turn<std::uint64_t>(image, *turned, orientation, pool_.get());
    image = std::move(*turned).freeze(time, rgb);
  }
  if (!outputSize.isEmpty() && !(outputSize == image.size())) {
    auto scaled = images_.acquire(image.format(), outputSize);
    if (!scaled)
      return fail(scaled);
    const bool shrinks = outputSize.area() < image.size().area();
    const kernels::ResizeOptions options{shrinks ? kernels::Filter::Area : kernels::Filter::Bicubic,
                                         kernels::AlphaMode::Straight};
    if (image.format() == PixelFormat::Rgba8)
      kernels::resize(kernels::view<kernels::Rgba8>(image), kernels::view<kernels::Rgba8>(*scaled), options,
                      pool_.get());
    else
      kernels::resize(kernels::view<kernels::Rgba16F>(image), kernels::view<kernels::Rgba16F>(*scaled), options,
                      pool_.get());
    image = std::move(*scaled).freeze(time, rgb);
  }
  return image;
}

FrameWriter::FrameWriter(AVPixelFormat format, Size coded, ColorInfo color, const WorkerPool* pool)
    : format_(format), coded_(coded), color_(color), pool_(pool) {}

Result<FramePtr> FrameWriter::emptyFrame() const {
  FramePtr frame(av_frame_alloc());
  if (frame) {
    frame->format = format_;
    frame->width = coded_.width;
    frame->height = coded_.height;
    frame->colorspace = avSpace(color_.matrix, color_.primaries);
    frame->color_range = avRange(color_.range);
    frame->color_primaries = avPrimaries(color_.primaries);
    frame->color_trc = avTransfer(color_.transfer);
  }
  if (!frame || av_frame_get_buffer(frame.get(), 0) < 0)
    return fail(ErrorCode::OutOfMemory,
                fmt::format("No memory for a frame of {}×{} pixels.", coded_.width, coded_.height));
  return frame;
}

Result<FramePtr> FrameWriter::write(const Image& image) {
  auto frame = emptyFrame();
  if (!frame)
    return frame;
  PixelFormat ours{};
  if (kernelFormat(format_, ours) && image.format() == ours && image.color().matrix == color_.matrix &&
      image.color().range == color_.range) {
    for (int p = 0; p < planeCount(ours); ++p) {
      const PlaneShape from = planeShape(ours, image.size(), p);
      const PlaneShape to = planeShape(ours, coded_, p);
      std::uint8_t* data = (*frame)->data[p];
      const std::ptrdiff_t stride = (*frame)->linesize[p];
      for (int y = 0; y < from.height; ++y)
        std::memcpy(data + y * stride, image.row<std::uint8_t>(y, p),
                    static_cast<std::size_t>(from.width) * static_cast<std::size_t>(from.sampleBytes));
      padPlane(data, stride, from.width, from.height, to.width, to.height, from.sampleBytes);
    }
    return frame;
  }
  auto rgba = asRgba(image, pool_.get());
  if (rgba && !hasAlpha(format_))
    rgba = overBlack(*rgba, pool_.get());
  if (!rgba)
    return fail(rgba);
  if (auto done = fromRgba(*rgba, **frame); !done)
    return fail(done);
  return frame;
}

Result<void> FrameWriter::fromRgba(const Image& rgba, AVFrame& frame) {
  const Size size = rgba.size();
  const bool half = rgba.format() == PixelFormat::Rgba16F;
  PixelFormat ours{};
  if (kernelFormat(format_, ours)) {
    kernels::YuvView view{ours, size.width, size.height, {}, {}};
    for (int p = 0; p < planeCount(ours); ++p) {
      view.data[static_cast<std::size_t>(p)] = reinterpret_cast<std::byte*>(frame.data[p]);
      view.strideBytes[static_cast<std::size_t>(p)] = frame.linesize[p];
    }
    const kernels::YuvEncoding encoding{color_.matrix, color_.range};
    if (half)
      kernels::rgbToYuv(kernels::view<kernels::Rgba16F>(rgba), encoding, view, pool_.get());
    else
      kernels::rgbToYuv(kernels::view<kernels::Rgba8>(rgba), encoding, view, pool_.get());
    for (int p = 0; p < planeCount(ours); ++p) {
      const PlaneShape from = planeShape(ours, size, p);
      const PlaneShape to = planeShape(ours, coded_, p);
      padPlane(frame.data[p], frame.linesize[p], from.width, from.height, to.width, to.height, from.sampleBytes);
    }
    return {};
  }
  const SwsSide from{half ? AV_PIX_FMT_RGBA64LE : AV_PIX_FMT_RGBA, ColorMatrix::Rgb, ColorRange::Full};
  const SwsSide to{format_, color_.matrix, color_.range};
  if (auto ready = prepareSws(sws_, swsKey_, coded_, from, to); !ready)
    return ready;
  Image source = rgba;
  if (half || !(size == coded_)) {
    auto copy = images_.acquire(rgba.format(), coded_);
    if (!copy)
      return fail(copy);
    if (half && wideOfHalf_.empty()) {
      wideOfHalf_.resize(65'536);
      for (std::size_t i = 0; i < wideOfHalf_.size(); ++i) {
        const float value = imath_half_to_float(static_cast<std::uint16_t>(i));
        wideOfHalf_[i] = value > 0 ? static_cast<std::uint16_t>(std::lrint(std::min(value, 1.0F) * 65'535.0F)) : 0;
      }
    }
    const int sampleBytes = planeShape(rgba.format(), size, 0).sampleBytes;
    for (int y = 0; y < size.height; ++y) {
      if (half) {
        const auto* in = rgba.row<std::uint16_t>(y);
        auto* out = copy->row<std::uint16_t>(y);
        for (int i = 0; i < 4 * size.width; ++i)
          out[i] = wideOfHalf_[in[i]];
      } else {
        std::memcpy(copy->row<std::byte>(y), rgba.row<std::byte>(y),
                    static_cast<std::size_t>(size.width) * static_cast<std::size_t>(sampleBytes));
      }
    }
    padPlane(copy->row<std::uint8_t>(0), copy->strideBytes(), size.width, size.height, coded_.width, coded_.height,
             sampleBytes);
    source = std::move(*copy).freeze();
  }
  const std::array<const std::uint8_t*, 4> data{source.row<std::uint8_t>(0)};
  const std::array<int, 4> stride{static_cast<int>(source.strideBytes())};
  if (sws_scale(sws_.get(), data.data(), stride.data(), 0, coded_.height, frame.data, frame.linesize) != coded_.height)
    return tl::unexpected(swsError(from.format, to.format));
  return {};
}

Result<Image> asRgba(const Image& image, const WorkerPool& pool) {
  if (image.isNull() || image.memory() == MemoryKind::Cuda)
    return fail(ErrorCode::InvalidArgument, "Only pictures in host memory can be written.");
  const Size size = image.size();
  switch (image.format()) {
  case PixelFormat::Rgba8:
  case PixelFormat::Rgba16F:
    return image;
  case PixelFormat::Gray8: {
    auto made = MutableImage::allocate(PixelFormat::Rgba8, size);
    if (!made)
      return fail(made);
    for (int y = 0; y < size.height; ++y) {
      const auto* in = image.row<std::uint8_t>(y);
      auto* out = made->row<std::uint8_t>(y);
      for (int x = 0; x < size.width; ++x) {
        out[4 * x] = out[4 * x + 1] = out[4 * x + 2] = in[x];
        out[4 * x + 3] = 255;
      }
    }
    return std::move(*made).freeze(image.time());
  }
  case PixelFormat::Yuv420P:
  case PixelFormat::Nv12:
  case PixelFormat::Yuv420P10: {
    if (image.color().matrix == ColorMatrix::Rgb)
      return fail(ErrorCode::InvalidArgument, "A YUV picture does not say which matrix it was made with.");
    const bool half = image.format() == PixelFormat::Yuv420P10;
    auto made = MutableImage::allocate(half ? PixelFormat::Rgba16F : PixelFormat::Rgba8, size);
    if (!made)
      return fail(made);
    const kernels::YuvEncoding encoding{image.color().matrix, image.color().range};
    if (half)
      kernels::yuvToRgb(kernels::yuvView(image), encoding, kernels::view<kernels::Rgba16F>(*made), pool);
    else
      kernels::yuvToRgb(kernels::yuvView(image), encoding, kernels::view<kernels::Rgba8>(*made), pool);
    return std::move(*made).freeze(
        image.time(), {ColorMatrix::Rgb, ColorRange::Full, image.color().primaries, image.color().transfer});
  }
  case PixelFormat::Gray32F:
    break;
  }
  return fail(ErrorCode::InvalidArgument,
              fmt::format("Pictures of the format {} cannot be written.", pixelFormatName(image.format())));
}

bool isOpaque(const Image& rgba) {
  const Size size = rgba.size();
  for (int y = 0; y < size.height; ++y) {
    if (rgba.format() == PixelFormat::Rgba8) {
      const auto* row = rgba.row<std::uint32_t>(y);
      static_assert(std::endian::native == std::endian::little);
      std::uint32_t all = ~0U;
      for (int x = 0; x < size.width; ++x)
        all &= row[x];
      if (all >> 24 != 255)
        return false;
    } else {
      const auto* row = rgba.row<std::uint16_t>(y);
      constexpr std::uint16_t kOne = 0x3C00;
      for (int x = 0; x < size.width; ++x)
        if (row[4 * x + 3] != kOne)
          return false;
    }
  }
  return true;
}

Result<Image> overBlack(const Image& rgba, const WorkerPool& pool) {
  if (isOpaque(rgba))
    return rgba;
  auto made = MutableImage::allocate(rgba.format(), rgba.size());
  if (!made)
    return fail(made);
  const Size size = rgba.size();
  if (rgba.format() == PixelFormat::Rgba8) {
    kernels::premultiply(kernels::view<kernels::Rgba8>(rgba), kernels::view<kernels::Rgba8>(*made), pool);
    for (int y = 0; y < size.height; ++y)
      for (int x = 0; x < size.width; ++x)
        made->row<kernels::Rgba8>(y)[x].a = 255;
  } else {
    kernels::premultiply(kernels::view<kernels::Rgba16F>(rgba), kernels::view<kernels::Rgba16F>(*made), pool);
    for (int y = 0; y < size.height; ++y)
      for (int x = 0; x < size.width; ++x)
        made->row<kernels::Rgba16F>(y)[x].a = kernels::Half{0x3C00};
  }
  return std::move(*made).freeze(rgba.time(), rgba.color());
}

Result<Image> withDepth(const Image& rgba, PixelFormat format, const WorkerPool& pool) {
  if (rgba.format() == format)
    return rgba;
  auto made = MutableImage::allocate(format, rgba.size());
  if (!made)
    return fail(made);
  if (format == PixelFormat::Rgba8)
    kernels::convert(kernels::view<kernels::Rgba16F>(rgba), kernels::view<kernels::Rgba8>(*made), pool);
  else
    kernels::convert(kernels::view<kernels::Rgba8>(rgba), kernels::view<kernels::Rgba16F>(*made), pool);
  return std::move(*made).freeze(rgba.time(), rgba.color());
}

} // namespace kinora::media
