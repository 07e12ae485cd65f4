// SPDX-License-Identifier: Apache-2.0
// Forward splat with z: every pixel of src flies along its flow; where several land, the nearest wins.
// The result does not depend on the order of work: depths are compared with the pixel's index behind them, and sums are
// sums of integers.
#pragma once

#include "kernels/cuda.h"
#include "kernels/image_view.h"

namespace kinora::kernels {

// Nearest: a pixel lands whole on the pixel that holds its centre; of equal depths the first in reading order wins.
// Bilinear: it is shared between four pixels; each takes the weighted mean of what lies within depthTolerance behind
// the nearest.
enum class SplatMode : std::uint8_t { Nearest, Bilinear };

struct SplatOptions {
  SplatMode mode = SplatMode::Bilinear;
  AlphaMode alpha = AlphaMode::Premultiplied; // of src and dst; straight colours are weighted by alpha
  float depthTolerance = 0;                   // in units of depth, not negative; Bilinear only
};

// [any] flow and depth have the size of src: the pixel at (x, y) lands with its centre at (x + .5, y + .5) + flow, in
// pixels of dst; positions are rounded to 1/256 pixel. Smaller depth is nearer; an empty depth means all alike. Pixels
// whose flow or depth is not finite are dropped. dst may have another size; where nothing lands it becomes transparent.
// coverage, if not empty, has the size of dst and takes min(1, sum of the weights that landed) * 255.
void splat(ConstImageView<Rgba8> src, ConstImageView<Float2> flow, ConstImageView<float> depth, ImageView<Rgba8> dst,
           ImageView<Gray8> coverage, const SplatOptions& options, const WorkerPool& pool);
void splat(ConstImageView<Rgba16F> src, ConstImageView<Float2> flow, ConstImageView<float> depth,
           ImageView<Rgba16F> dst, ImageView<Gray8> coverage, const SplatOptions& options, const WorkerPool& pool);

#if KINORA_HAVE_CUDA
namespace cuda {
Status splat(ConstImageView<Rgba8> src, ConstImageView<Float2> flow, ConstImageView<float> depth, ImageView<Rgba8> dst,
             ImageView<Gray8> coverage, const SplatOptions& options, Stream stream);
Status splat(ConstImageView<Rgba16F> src, ConstImageView<Float2> flow, ConstImageView<float> depth,
             ImageView<Rgba16F> dst, ImageView<Gray8> coverage, const SplatOptions& options, Stream stream);
} // namespace cuda
#endif

} // namespace kinora::kernels
