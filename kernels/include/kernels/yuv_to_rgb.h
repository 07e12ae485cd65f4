// SPDX-License-Identifier: Apache-2.0
// Video planes to RGBA: matrix, range and chroma upsampling in one pass.
// Maths: ITU-R BT.601-7, BT.709-6, BT.2020-2 (non-constant luminance). Chroma is sited as in MPEG-2 and H.264's
// default: on the left luma column of each pair, half-way between the two rows; upsampling is bilinear with repeated
// edges.
#pragma once

#include "kernels/cuda.h"
#include "kernels/views.h"

namespace kinora::kernels {

// Matrix and range of the video side (matrix Rgb is not allowed here).
struct YuvEncoding {
  ColorMatrix matrix = ColorMatrix::Bt709;
  ColorRange range = ColorRange::Limited;
};

// [any] src: Nv12, Yuv420P or Yuv420P10 of any size, odd ones too; dst: the same size. Alpha becomes opaque.
// Rgba8 is rounded and clamped; Rgba16F keeps values below 0 and above 1 that limited range can hold.
void yuvToRgb(const ConstYuvView& src, YuvEncoding encoding, ImageView<Rgba8> dst, const WorkerPool& pool);
void yuvToRgb(const ConstYuvView& src, YuvEncoding encoding, ImageView<Rgba16F> dst, const WorkerPool& pool);

#if KINORA_HAVE_CUDA
namespace cuda {
Status yuvToRgb(const ConstYuvView& src, YuvEncoding encoding, ImageView<Rgba8> dst, Stream stream);
Status yuvToRgb(const ConstYuvView& src, YuvEncoding encoding, ImageView<Rgba16F> dst, Stream stream);
} // namespace cuda
#endif

} // namespace kinora::kernels
