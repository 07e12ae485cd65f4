// SPDX-License-Identifier: Apache-2.0
// Pixels between libav's frames and our images: every pixel format, rotation, depth, alpha.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/frame_pool.h"
#include "engine/base/image.h"
#include "engine/base/worker_pool.h"
#include "engine/media/color_p.h"
#include "engine/media/decoder.h"
#include "engine/media/ffmpeg_p.h"

namespace kinora::media {

// Turn clockwise, then mirror left to right.
struct Orientation {
  int rotationDegrees = 0; // 0, 90, 180, 270
  bool mirrored = false;

  [[nodiscard]] bool isIdentity() const { return rotationDegrees == 0 && !mirrored; }
  [[nodiscard]] bool swapsSides() const { return rotationDegrees == 90 || rotationDegrees == 270; }
  [[nodiscard]] Size apply(Size size) const { return swapsSides() ? Size{size.height, size.width} : size; }
};

// matrix: nine numbers as in AV_PKT_DATA_DISPLAYMATRIX. Angles between quarter turns go to the nearest one.
[[nodiscard]] Orientation orientationOfMatrix(const std::int32_t* matrix);
// 1 to 8 as in EXIF; others mean upright.
[[nodiscard]] Orientation orientationOfExif(int value);
// What a decoded still says about itself (display matrix, else EXIF).
[[nodiscard]] Orientation orientationOfFrame(const AVFrame& frame);

// Helper threads of the caller or, when it has none, just the calling thread.
class PoolRef {
 public:
  explicit PoolRef(const WorkerPool* pool) : own_(pool ? nullptr : std::make_unique<WorkerPool>(1)), pool_(pool) {}
  [[nodiscard]] const WorkerPool& get() const { return pool_ ? *pool_ : *own_; }

 private:
  std::unique_ptr<WorkerPool> own_;
  const WorkerPool* pool_;
};

[[nodiscard]] int bitDepthOf(AVPixelFormat format);
[[nodiscard]] bool hasAlpha(AVPixelFormat format);

// libav frames to RGBA images. One thread at a time.
class FrameReader {
 public:
  FrameReader(OutputDepth depth, const WorkerPool* pool);
  // outputSize: after orientation; empty = the frame's own. Errors: invalidArgument (size), unsupported (format),
  // outOfMemory.
  [[nodiscard]] Result<Image> read(const AVFrame& frame, Orientation orientation, Size outputSize, Time time);

 private:
  Result<MutableImage> toRgba(const AVFrame& frame, const ColorInfo& color);
  Result<MutableImage> toRgbaBySwscale(const AVFrame& frame, const ColorInfo& color, bool half);

  OutputDepth depth_;
  PoolRef pool_;
  FramePool images_;
  SwsPtr sws_;
  std::vector<int> swsKey_;
  std::vector<std::uint16_t> halfOf16_;
};

// RGBA (and matching YUV) images to libav frames of one format and size. One thread at a time.
class FrameWriter {
 public:
  // coded: image size, or one more where chroma needs even sides. color: of the frame (matrix Rgb for RGB formats).
  FrameWriter(AVPixelFormat format, Size coded, ColorInfo color, const WorkerPool* pool);
  // A frame with its own memory, without time. Errors: unsupported, outOfMemory.
  [[nodiscard]] Result<FramePtr> write(const Image& image);

 private:
  Result<FramePtr> emptyFrame() const;
  Result<void> fromRgba(const Image& rgba, AVFrame& frame);

  AVPixelFormat format_;
  Size coded_;
  ColorInfo color_;
  PoolRef pool_;
  FramePool images_;
  SwsPtr sws_;
  std::vector<int> swsKey_;
  std::vector<std::uint16_t> wideOfHalf_;
};

// Rgba8 or Rgba16F in host memory from any image that the writers take: YUV is converted, grey expanded. RGBA is
// returned as it is. Errors: invalidArgument, outOfMemory.
[[nodiscard]] Result<Image> asRgba(const Image& image, const WorkerPool& pool);
[[nodiscard]] bool isOpaque(const Image& rgba);
// Laid over black and made opaque; opaque images are returned as they are.
[[nodiscard]] Result<Image> overBlack(const Image& rgba, const WorkerPool& pool);
// Rgba8 <-> Rgba16F, numbers unchanged.
[[nodiscard]] Result<Image> withDepth(const Image& rgba, PixelFormat format, const WorkerPool& pool);

} // namespace kinora::media
