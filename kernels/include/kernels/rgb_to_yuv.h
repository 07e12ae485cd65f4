// SPDX-License-Identifier: Apache-2.0
// RGBA to video planes: matrix, range and chroma averaging in one pass; the inverse of yuv_to_rgb.h.
// A chroma sample averages two rows and, weighted 1-2-1, the three columns round its left-sited place.
#pragma once

#include "kernels/yuv_to_rgb.h"

namespace kinora::kernels {

// [any] dst: Nv12, Yuv420P or Yuv420P10 of src's size. Alpha is ignored: composite over a background first.
// Values are rounded and clamped to what the samples can hold (0..255 or 0..1023).
void rgbToYuv(ConstImageView<Rgba8> src, YuvEncoding encoding, const YuvView& dst, const WorkerPool& pool);
void rgbToYuv(ConstImageView<Rgba16F> src, YuvEncoding encoding, const YuvView& dst, const WorkerPool& pool);

#if KINORA_HAVE_CUDA
namespace cuda {
Status rgbToYuv(ConstImageView<Rgba8> src, YuvEncoding encoding, const YuvView& dst, Stream stream);
Status rgbToYuv(ConstImageView<Rgba16F> src, YuvEncoding encoding, const YuvView& dst, Stream stream);
} // namespace cuda
#endif

} // namespace kinora::kernels
