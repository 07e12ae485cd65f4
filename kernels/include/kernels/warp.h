// SPDX-License-Identifier: Apache-2.0
// Backward warp: every pixel of dst asks a map where in src it comes from. The map is dense, or a coarse lattice that
// is read bilinearly.
// Coordinates are pixels of src, origin at its top-left corner, pixel centres at .5: the identity is (x + .5, y + .5).
// They are rounded to 1/256 pixel; where that leaves a whole pixel, its value is copied bit for bit.
#pragma once

#include "kernels/cuda.h"
#include "kernels/image_view.h"

namespace kinora::kernels {

enum class Sampling : std::uint8_t { Bilinear, Bicubic }; // bicubic: Keys 1981, a = -0.5
// What lies outside of src: nothing, or its edge pixels repeated.
enum class Outside : std::uint8_t { Transparent, Clamp };

struct WarpOptions {
  Sampling sampling = Sampling::Bilinear;
  Outside outside = Outside::Transparent;
  AlphaMode alpha = AlphaMode::Premultiplied; // of src and dst; straight colours are weighted by alpha
  // Where src is not fully transparent; empty means anywhere. Pixels that cannot see it become transparent without
  // being sampled. Used by lattices with Outside::Transparent only.
  Rect content;
  // The part of dst to write, the rest is left as it is; empty means all of dst.
  Rect region;
};

// Node (i, j) holds the source position of the point (i * cellWidth, j * cellHeight) of dst. At least 2 x 2 nodes, and
// they reach to dst's right and bottom edges. Positions that are not finite lie outside.
struct Lattice {
  ConstImageView<Float2> nodes;
  float cellWidth = 0;
  float cellHeight = 0;
};

// [any] A lattice whose outer nodes lie on the edges of a picture of width x height.
[[nodiscard]] inline Lattice latticeOver(ConstImageView<Float2> nodes, std::int32_t width, std::int32_t height) {
  return {nodes, static_cast<float>(width) / static_cast<float>(nodes.width - 1),
          static_cast<float>(height) / static_cast<float>(nodes.height - 1)};
}

// [any] The part of a dst of width x height that can see content through the lattice (host memory); what lies outside
// of it is transparent. Use it as region, and to composite no more than needed; empty means that nothing is seen and
// there is nothing to warp.
[[nodiscard]] Rect latticeCoverage(const Lattice& lattice, Rect content, std::int32_t width, std::int32_t height,
                                   Sampling sampling);

// [any] map has the size of dst. src and dst must not overlap.
void warp(ConstImageView<Rgba8> src, ConstImageView<Float2> map, ImageView<Rgba8> dst, const WarpOptions& options,
          const WorkerPool& pool);
void warp(ConstImageView<Rgba16F> src, ConstImageView<Float2> map, ImageView<Rgba16F> dst, const WarpOptions& options,
          const WorkerPool& pool);
void warp(ConstImageView<Rgba8> src, const Lattice& lattice, ImageView<Rgba8> dst, const WarpOptions& options,
          const WorkerPool& pool);
void warp(ConstImageView<Rgba16F> src, const Lattice& lattice, ImageView<Rgba16F> dst, const WarpOptions& options,
          const WorkerPool& pool);

#if KINORA_HAVE_CUDA
namespace cuda { // maps and nodes in device memory, too
Status warp(ConstImageView<Rgba8> src, ConstImageView<Float2> map, ImageView<Rgba8> dst, const WarpOptions& options,
            Stream stream);
Status warp(ConstImageView<Rgba16F> src, ConstImageView<Float2> map, ImageView<Rgba16F> dst, const WarpOptions& options,
            Stream stream);
Status warp(ConstImageView<Rgba8> src, const Lattice& lattice, ImageView<Rgba8> dst, const WarpOptions& options,
            Stream stream);
Status warp(ConstImageView<Rgba16F> src, const Lattice& lattice, ImageView<Rgba16F> dst, const WarpOptions& options,
            Stream stream);
} // namespace cuda
#endif

} // namespace kinora::kernels
