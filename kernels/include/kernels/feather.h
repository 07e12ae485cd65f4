// SPDX-License-Identifier: Apache-2.0
// Soft edges for mattes: a ramp by true Euclidean distance, or a Gaussian blur.
#pragma once

#include "kernels/cuda.h"
#include "kernels/image_view.h"

namespace kinora::kernels {

inline constexpr float kMaxFeatherWidth = 1024;
inline constexpr float kMaxBlurSigma = 256;

// [any] A linear ramp of width pixels across the edge between pixels >= 128 (inside) and the rest: 255 * (.5 + d /
// width), where d is the distance of the pixel's centre to the nearest centre of the other side, less half a pixel,
// negative outside. Width up to 1 gives the hard edge. The picture's border is not an edge. src and dst must not
// overlap. 0 <= width <= kMaxFeatherWidth.
void feather(ConstImageView<Gray8> src, ImageView<Gray8> dst, float width, const WorkerPool& pool);

// [any] Gaussian blur cut at 3 sigma, edges repeated; sigma 0 copies. src and dst must not overlap.
// 0 <= sigma <= kMaxBlurSigma.
void blur(ConstImageView<Gray8> src, ImageView<Gray8> dst, float sigma, const WorkerPool& pool);

#if KINORA_HAVE_CUDA
namespace cuda {
Status feather(ConstImageView<Gray8> src, ImageView<Gray8> dst, float width, Stream stream);
Status blur(ConstImageView<Gray8> src, ImageView<Gray8> dst, float sigma, Stream stream);
} // namespace cuda
#endif

} // namespace kinora::kernels
