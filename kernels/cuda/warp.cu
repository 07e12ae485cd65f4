// SPDX-License-Identifier: Apache-2.0
#include "kernels/warp.h"

#include "kernels/cuda/launch_p.h"
#include "kernels/shared/warp_p.h"

namespace kinora::kernels::cuda {
namespace {

template <class Pixel>
struct Target {
  ImageView<const Pixel> src;
  ImageView<Pixel> dst;
  Rect region;
  Sampling sampling;
  Outside outside;
  AlphaMode alpha;

  // x and y count from the region's corner.
  __device__ void put(int x, int y, int qx, int qy) const {
    pixelOf(dst, region.x + x, region.y + y) = sampled(src, qx, qy, sampling, outside, alpha);
  }
};

template <class Pixel>
struct ByMap {
  Target<Pixel> target;
  ImageView<const Float2> map;

  __device__ void operator()(int x, int y) const {
    const Float2 at = pixelOf(map, target.region.x + x, target.region.y + y);
    target.put(x, y, fixedFromPosition(at.x), fixedFromPosition(at.y));
  }
};

template <class Pixel>
struct ByLattice {
  Target<Pixel> target;
  Lattice lattice;

  __device__ Float2 shiftOf(int i, int j) const {
    return nodeShift(pixelOf(lattice.nodes, i, j), i, j, lattice.cellWidth, lattice.cellHeight);
  }
  __device__ Float2 shiftInColumn(int i, const Between& row) const {
    const Float2 above = shiftOf(i, row.node);
    const Float2 below = shiftOf(i, row.node + 1);
    return {mixed(above.x, below.x, row.t), mixed(above.y, below.y, row.t)};
  }
  __device__ void operator()(int x, int y) const {
    const int px = target.region.x + x;
    const int py = target.region.y + y;
    const Between column = betweenNodes(px, lattice.cellWidth, lattice.nodes.width);
    const Between row = betweenNodes(py, lattice.cellHeight, lattice.nodes.height);
    const Float2 left = shiftInColumn(column.node, row);
    const Float2 right = shiftInColumn(column.node + 1, row);
    target.put(x, y, fixedFromShift(px, mixed(left.x, right.x, column.t)),
               fixedFromShift(py, mixed(left.y, right.y, column.t)));
  }
};

template <class Pixel>
Target<Pixel> targetOf(const ImageView<const Pixel>& src, const ImageView<Pixel>& dst, const WarpOptions& options) {
  const Rect region = options.region.isEmpty() ? dst.bounds() : intersected(dst.bounds(), options.region);
  return {src, dst, region, options.sampling, options.outside, options.alpha};
}

template <class Pixel>
Status warpBy(const ImageView<const Pixel>& src, const ImageView<const Float2>& map, const ImageView<Pixel>& dst,
              const WarpOptions& options, Stream stream) {
  if (src.isEmpty() || !sameShape(map, dst))
    return mismatch();
  const Target<Pixel> target = targetOf(src, dst, options);
  return forPixels(target.region.width, target.region.height, stream, ByMap<Pixel>{target, map});
}

template <class Pixel>
Status warpBy(const ImageView<const Pixel>& src, const Lattice& lattice, const ImageView<Pixel>& dst,
              const WarpOptions& options, Stream stream) {
  if (src.isEmpty() || lattice.nodes.isEmpty() || lattice.nodes.width < 2 || lattice.nodes.height < 2 ||
      !(lattice.cellWidth > 0) || !(lattice.cellHeight > 0))
    return mismatch();
  const Target<Pixel> target = targetOf(src, dst, options);
  return forPixels(target.region.width, target.region.height, stream, ByLattice<Pixel>{target, lattice});
}

} // namespace

Status warp(ConstImageView<Rgba8> src, ConstImageView<Float2> map, ImageView<Rgba8> dst, const WarpOptions& options,
            Stream stream) {
  return warpBy(src, map, dst, options, stream);
}

Status warp(ConstImageView<Rgba16F> src, ConstImageView<Float2> map, ImageView<Rgba16F> dst, const WarpOptions& options,
            Stream stream) {
  return warpBy(src, map, dst, options, stream);
}

Status warp(ConstImageView<Rgba8> src, const Lattice& lattice, ImageView<Rgba8> dst, const WarpOptions& options,
            Stream stream) {
  return warpBy(src, lattice, dst, options, stream);
}

Status warp(ConstImageView<Rgba16F> src, const Lattice& lattice, ImageView<Rgba16F> dst, const WarpOptions& options,
            Stream stream) {
  return warpBy(src, lattice, dst, options, stream);
}

} // namespace kinora::kernels::cuda
