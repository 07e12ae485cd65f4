// SPDX-License-Identifier: Apache-2.0
#include "kernels/warp.h"

#include <cmath>
#include <vector>

#include "engine/base/check.h"
#include "kernels/cpu/rows_p.h"
#include "kernels/shared/warp_p.h"

namespace kinora::kernels {
namespace {

// How many pixels beyond its position a sample may read.
constexpr std::int32_t reach(Sampling sampling) {
  return sampling == Sampling::Bilinear ? 1 : 2;
}

KINORA_CLONES void positionsOfMapRow(const Float2* __restrict map, std::int32_t* __restrict qx,
                                     std::int32_t* __restrict qy, std::int32_t count) {
  for (std::int32_t i = 0; i < count; ++i) {
    qx[i] = fixedFromPosition(map[i].x);
    qy[i] = fixedFromPosition(map[i].y);
  }
}

// Pixels x0 … x0 + count of row y, all between the same two nodes; left and right are the nodes' shifts in this row.
KINORA_CLONES void positionsOfCellRow(Float2 left, Float2 right, const float* __restrict t, std::int32_t x0,
                                      std::int32_t y, std::int32_t* __restrict qx, std::int32_t* __restrict qy,
                                      std::int32_t count) {
  for (std::int32_t i = 0; i < count; ++i) {
    qx[i] = fixedFromShift(x0 + i, mixed(left.x, right.x, t[i]));
    qy[i] = fixedFromShift(y, mixed(left.y, right.y, t[i]));
  }
}

struct How {
  Sampling sampling;
  Outside outside;
  AlphaMode alpha;
};

// Whether a sample at (x, y) reads src's own pixels only.
template <class Pixel>
bool inside(const ConstImageView<Pixel>& src, std::int32_t x, std::int32_t y, std::int32_t margin) {
  return x >= margin - 1 && y >= margin - 1 && x < src.width - margin && y < src.height - margin;
}

template <class Pixel>
Pixel sampledInside(const Pixel* corner, std::ptrdiff_t strideBytes, std::int32_t fx, std::int32_t fy,
                    AlphaMode alpha) {
  const auto* below = reinterpret_cast<const Pixel*>(reinterpret_cast<const std::byte*>(corner) + strideBytes);
  const Pixel p[4] = {corner[0], corner[1], below[0], below[1]};
  return bilinear(p, fx, fy, alpha);
}

template <class Pixel>
void sampleRow(const ConstImageView<Pixel>& src, const std::int32_t* qx, const std::int32_t* qy, Pixel* dst,
               std::int32_t count, How how) {
  for (std::int32_t i = 0; i < count; ++i) {
    const std::int32_t x = qx[i] >> kFractionBits;
    const std::int32_t y = qy[i] >> kFractionBits;
    const std::int32_t fx = qx[i] & kFractionMask;
    const std::int32_t fy = qy[i] & kFractionMask;
    if (how.sampling == Sampling::Bilinear && (fx | fy) != 0 && inside(src, x, y, 1))
      dst[i] = sampledInside(src.row(y) + x, src.strideBytes, fx, fy, how.alpha);
    else
      dst[i] = sampled(src, qx[i], qy[i], how.sampling, how.outside, how.alpha);
  }
}

Rect regionOf(const WarpOptions& options, std::int32_t width, std::int32_t height) {
  const Rect all{0, 0, width, height};
  return options.region.isEmpty() ? all : intersected(all, options.region);
}

template <class Pixel>
void warpByMap(ConstImageView<Pixel> src, ConstImageView<Float2> map, ImageView<Pixel> dst, const WarpOptions& options,
               const WorkerPool& pool) {
  KINORA_CHECK(!src.isEmpty() && sameShape(map, dst));
  const Rect region = regionOf(options, dst.width, dst.height);
  const How how{options.sampling, options.outside, options.alpha};
  forRows(pool, region.height, region.width, [&](std::int32_t y0, std::int32_t y1) {
    std::vector<std::int32_t> positions(2 * static_cast<std::size_t>(region.width));
    std::int32_t* qx = positions.data();
    std::int32_t* qy = qx + region.width;
    for (std::int32_t y = region.y + y0; y < region.y + y1; ++y) {
      positionsOfMapRow(map.row(y) + region.x, qx, qy, region.width);
      sampleRow(src, qx, qy, dst.row(y) + region.x, region.width, how);
    }
  });
}

// The lattice's columns as runs of pixels between the same two nodes.
struct Columns {
  struct Run {
    std::int32_t node, begin, end;
  };
  std::vector<Run> runs;
  std::vector<float> t; // per pixel from region.x on
};

Columns columnsOf(const Lattice& lattice, Rect region) {
  Columns columns;
  columns.t.reserve(static_cast<std::size_t>(region.width));
  for (std::int32_t x = region.x; x < region.x + region.width; ++x) {
    const Between between = betweenNodes(x, lattice.cellWidth, lattice.nodes.width);
    columns.t.push_back(between.t);
    if (columns.runs.empty() || columns.runs.back().node != between.node)
      columns.runs.push_back({between.node, x, x});
    columns.runs.back().end = x + 1;
  }
  return columns;
}

// Where a straight run of positions from a to b may see pixels of content.
struct Sight {
  float left, top, right, bottom;

  Sight(Rect content, std::int32_t margin)
      : left(static_cast<float>(content.x - margin)), top(static_cast<float>(content.y - margin)),
        right(static_cast<float>(content.x + content.width + margin)),
        bottom(static_cast<float>(content.y + content.height + margin)) {}

  [[nodiscard]] bool misses(Float2 a, Float2 b) const {
    return (a.x < left && b.x < left) || (a.x > right && b.x > right) || (a.y < top && b.y < top) ||
           (a.y > bottom && b.y > bottom);
  }
};

void checkLattice(const Lattice& lattice, std::int32_t width, std::int32_t height) {
  KINORA_CHECK(!lattice.nodes.isEmpty() && lattice.nodes.width >= 2 && lattice.nodes.height >= 2);
  KINORA_CHECK(lattice.cellWidth > 0 && lattice.cellHeight > 0);
  // Reaches the edge but for rounding.
  KINORA_CHECK(lattice.cellWidth * static_cast<float>(lattice.nodes.width - 1) > static_cast<float>(width) - 0.5f);
  KINORA_CHECK(lattice.cellHeight * static_cast<float>(lattice.nodes.height - 1) > static_cast<float>(height) - 0.5f);
}

template <class Pixel>
void warpByLattice(ConstImageView<Pixel> src, const Lattice& lattice, ImageView<Pixel> dst, const WarpOptions& options,
                   const WorkerPool& pool) {
  KINORA_CHECK(!src.isEmpty());
  checkLattice(lattice, dst.width, dst.height);
  const Rect region = regionOf(options, dst.width, dst.height);
  const How how{options.sampling, options.outside, options.alpha};
  const Columns columns = columnsOf(lattice, region);
  const Rect content = options.content.isEmpty() ? src.bounds() : intersected(src.bounds(), options.content);
  const Sight sight(content, reach(options.sampling) + 1);
  const bool maySkip = options.outside == Outside::Transparent;

  forRows(pool, region.height, region.width, [&](std::int32_t y0, std::int32_t y1) {
    std::vector<std::int32_t> positions(2 * static_cast<std::size_t>(region.width));
    std::int32_t* qx = positions.data();
    std::int32_t* qy = qx + region.width;
    std::vector<Float2> shifts(static_cast<std::size_t>(lattice.nodes.width));
    for (std::int32_t y = region.y + y0; y < region.y + y1; ++y) {
      const Between between = betweenNodes(y, lattice.cellHeight, lattice.nodes.height);
      const Float2* above = lattice.nodes.row(between.node);
      const Float2* below = lattice.nodes.row(between.node + 1);
      for (std::int32_t i = columns.runs.front().node; i <= columns.runs.back().node + 1; ++i) {
        const Float2 a = nodeShift(above[i], i, between.node, lattice.cellWidth, lattice.cellHeight);
        const Float2 b = nodeShift(below[i], i, between.node + 1, lattice.cellWidth, lattice.cellHeight);
        shifts[static_cast<std::size_t>(i)] = {mixed(a.x, b.x, between.t), mixed(a.y, b.y, between.t)};
      }
      Pixel* row = dst.row(y);
      for (const Columns::Run& run : columns.runs) {
        const Float2 left = shifts[static_cast<std::size_t>(run.node)];
        const Float2 right = shifts[static_cast<std::size_t>(run.node) + 1];
        const float xLeft = static_cast<float>(run.node) * lattice.cellWidth;
        const float yHere = static_cast<float>(y) + 0.5f;
        const std::int32_t count = run.end - run.begin;
        if (maySkip &&
            sight.misses({xLeft + left.x, yHere + left.y}, {xLeft + lattice.cellWidth + right.x, yHere + right.y})) {
          std::memset(static_cast<void*>(row + run.begin), 0, sizeof(Pixel) * static_cast<std::size_t>(count));
          continue;
        }
        positionsOfCellRow(left, right, columns.t.data() + (run.begin - region.x), run.begin, y, qx, qy, count);
        sampleRow(src, qx, qy, row + run.begin, count, how);
      }
    }
  });
}

} // namespace

Rect latticeCoverage(const Lattice& lattice, Rect content, std::int32_t width, std::int32_t height, Sampling sampling) {
  checkLattice(lattice, width, height);
  const Sight sight(content, reach(sampling) + 1);
  std::int32_t left = width;
  std::int32_t top = height;
  std::int32_t right = 0;
  std::int32_t bottom = 0;
  for (std::int32_t j = 0; j + 1 < lattice.nodes.height; ++j) {
    for (std::int32_t i = 0; i + 1 < lattice.nodes.width; ++i) {
      const Float2 corners[4] = {lattice.nodes.row(j)[i], lattice.nodes.row(j)[i + 1], lattice.nodes.row(j + 1)[i],
                                 lattice.nodes.row(j + 1)[i + 1]};
      // All four beyond the same side: the cell between them is, too. Corners that are not finite may turn the cell
      // anywhere and keep it.
      bool beyond[4] = {true, true, true, true};
      for (const Float2 corner : corners) {
        beyond[0] = beyond[0] && corner.x < sight.left;
        beyond[1] = beyond[1] && corner.x > sight.right;
        beyond[2] = beyond[2] && corner.y < sight.top;
        beyond[3] = beyond[3] && corner.y > sight.bottom;
      }
      if (beyond[0] || beyond[1] || beyond[2] || beyond[3])
        continue;
      const auto edge = [](std::int32_t index, float cell) { return static_cast<float>(index) * cell; };
      left = std::min(left, static_cast<std::int32_t>(edge(i, lattice.cellWidth)));
      top = std::min(top, static_cast<std::int32_t>(edge(j, lattice.cellHeight)));
      right = std::max(right, static_cast<std::int32_t>(std::ceil(edge(i + 1, lattice.cellWidth))));
      bottom = std::max(bottom, static_cast<std::int32_t>(std::ceil(edge(j + 1, lattice.cellHeight))));
    }
  }
  return intersected({0, 0, width, height}, {left, top, right - left, bottom - top});
}

void warp(ConstImageView<Rgba8> src, ConstImageView<Float2> map, ImageView<Rgba8> dst, const WarpOptions& options,
          const WorkerPool& pool) {
  warpByMap(src, map, dst, options, pool);
}

void warp(ConstImageView<Rgba16F> src, ConstImageView<Float2> map, ImageView<Rgba16F> dst, const WarpOptions& options,
          const WorkerPool& pool) {
  warpByMap(src, map, dst, options, pool);
}

void warp(ConstImageView<Rgba8> src, const Lattice& lattice, ImageView<Rgba8> dst, const WarpOptions& options,
          const WorkerPool& pool) {
  warpByLattice(src, lattice, dst, options, pool);
}

void warp(ConstImageView<Rgba16F> src, const Lattice& lattice, ImageView<Rgba16F> dst, const WarpOptions& options,
          const WorkerPool& pool) {
  warpByLattice(src, lattice, dst, options, pool);
}

} // namespace kinora::kernels
