// SPDX-License-Identifier: Apache-2.0
// Changes how pixels are stored: 8 bit and half float, straight and premultiplied.
#pragma once

#include "kernels/cuda.h"
#include "kernels/image_view.h"

namespace kinora::kernels {

// [any] 0..255 to 0..1 and back (rounded, clamped, not-a-number becomes 0). 8 bit to half and back gives the same bits.
void convert(ConstImageView<Rgba8> src, ImageView<Rgba16F> dst, const WorkerPool& pool);
void convert(ConstImageView<Rgba16F> src, ImageView<Rgba8> dst, const WorkerPool& pool);

// [any] Colours times alpha, and back (colours of invisible pixels become 0). dst may be src itself. Opaque pixels keep
// their bits.
void premultiply(ConstImageView<Rgba8> src, ImageView<Rgba8> dst, const WorkerPool& pool);
void premultiply(ConstImageView<Rgba16F> src, ImageView<Rgba16F> dst, const WorkerPool& pool);
void unpremultiply(ConstImageView<Rgba8> src, ImageView<Rgba8> dst, const WorkerPool& pool);
void unpremultiply(ConstImageView<Rgba16F> src, ImageView<Rgba16F> dst, const WorkerPool& pool);

#if KINORA_HAVE_CUDA
namespace cuda {
Status convert(ConstImageView<Rgba8> src, ImageView<Rgba16F> dst, Stream stream);
Status convert(ConstImageView<Rgba16F> src, ImageView<Rgba8> dst, Stream stream);
Status premultiply(ConstImageView<Rgba8> src, ImageView<Rgba8> dst, Stream stream);
Status premultiply(ConstImageView<Rgba16F> src, ImageView<Rgba16F> dst, Stream stream);
Status unpremultiply(ConstImageView<Rgba8> src, ImageView<Rgba8> dst, Stream stream);
Status unpremultiply(ConstImageView<Rgba16F> src, ImageView<Rgba16F> dst, Stream stream);
} // namespace cuda
#endif

} // namespace kinora::kernels
