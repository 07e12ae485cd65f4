// SPDX-License-Identifier: Apache-2.0
// Puts one picture over another (Porter and Duff 1984, "over"), with an opacity for the upper one.
// Exact at the ends: where src is invisible (alpha or opacity 0; premultiplied: all four values 0) the pixel of dst
// keeps its bits, where alpha times opacity is 1 it takes those of src.
#pragma once

#include "kernels/cuda.h"
#include "kernels/image_view.h"

namespace kinora::kernels {

struct CompositeOptions {
  // Of both pictures. An opaque dst is the same in both modes.
  AlphaMode alpha = AlphaMode::Straight;
  float opacity = 1; // 0..1, clamped; not a number counts as 0
};

// [any] dst = src over dst, in place. Same size; src and dst must not overlap.
// Premultiplied colours above alpha add light and saturate (Rgba8).
void composite(ConstImageView<Rgba8> src, ImageView<Rgba8> dst, const CompositeOptions& options,
               const WorkerPool& pool);
void composite(ConstImageView<Rgba16F> src, ImageView<Rgba16F> dst, const CompositeOptions& options,
               const WorkerPool& pool);

#if KINORA_HAVE_CUDA
namespace cuda {
Status composite(ConstImageView<Rgba8> src, ImageView<Rgba8> dst, const CompositeOptions& options, Stream stream);
Status composite(ConstImageView<Rgba16F> src, ImageView<Rgba16F> dst, const CompositeOptions& options, Stream stream);
} // namespace cuda
#endif

} // namespace kinora::kernels
