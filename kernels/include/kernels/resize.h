// SPDX-License-Identifier: Apache-2.0
// Resizing with good filters: separable, taps computed once per call, widened when shrinking (no aliasing).
// Maths: area = mean over the covered source rectangle; bicubic = Keys 1981 with a = -0.5 (Catmull-Rom); Lanczos3 =
// sinc(x) sinc(x / 3). Edges are repeated. Straight colours are weighted by alpha, so that invisible ones do not bleed.
#pragma once

#include "kernels/cuda.h"
#include "kernels/image_view.h"

namespace kinora::kernels {

enum class Filter : std::uint8_t { Area, Bicubic, Lanczos3 };

struct ResizeOptions {
  Filter filter = Filter::Area;
  AlphaMode alpha = AlphaMode::Straight; // of src and dst; not used by one-channel pictures
};

// [any] Any non-empty sizes. Equal sizes give a copy, bit for bit. src and dst must not overlap.
void resize(ConstImageView<Rgba8> src, ImageView<Rgba8> dst, const ResizeOptions& options, const WorkerPool& pool);
void resize(ConstImageView<Rgba16F> src, ImageView<Rgba16F> dst, const ResizeOptions& options, const WorkerPool& pool);
void resize(ConstImageView<Gray8> src, ImageView<Gray8> dst, const ResizeOptions& options, const WorkerPool& pool);
void resize(ConstImageView<Gray32F> src, ImageView<Gray32F> dst, const ResizeOptions& options, const WorkerPool& pool);

#if KINORA_HAVE_CUDA
namespace cuda {
Status resize(ConstImageView<Rgba8> src, ImageView<Rgba8> dst, const ResizeOptions& options, Stream stream);
Status resize(ConstImageView<Rgba16F> src, ImageView<Rgba16F> dst, const ResizeOptions& options, Stream stream);
Status resize(ConstImageView<Gray8> src, ImageView<Gray8> dst, const ResizeOptions& options, Stream stream);
Status resize(ConstImageView<Gray32F> src, ImageView<Gray32F> dst, const ResizeOptions& options, Stream stream);
} // namespace cuda
#endif

} // namespace kinora::kernels
