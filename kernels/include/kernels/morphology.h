// SPDX-License-Identifier: Apache-2.0
// Grows and shrinks mattes by a disc: largest or smallest value within a radius, exact for every grey level.
#pragma once

#include "kernels/cuda.h"
#include "kernels/image_view.h"

namespace kinora::kernels {

inline constexpr float kMaxMorphologyRadius = 256;

// [any] The disc holds the offsets with dx * dx + dy * dy <= radius * radius; what lies outside of the picture does not
// count. Radius below 1 copies. src and dst must not overlap. 0 <= radius <= kMaxMorphologyRadius.
void dilate(ConstImageView<Gray8> src, ImageView<Gray8> dst, float radius, const WorkerPool& pool);
void erode(ConstImageView<Gray8> src, ImageView<Gray8> dst, float radius, const WorkerPool& pool);

#if KINORA_HAVE_CUDA
namespace cuda {
Status dilate(ConstImageView<Gray8> src, ImageView<Gray8> dst, float radius, Stream stream);
Status erode(ConstImageView<Gray8> src, ImageView<Gray8> dst, float radius, Stream stream);
} // namespace cuda
#endif

} // namespace kinora::kernels
