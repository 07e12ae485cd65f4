// SPDX-License-Identifier: Apache-2.0
#include "kernels/warp.h"

#include <cmath>
#include <vector>

#include "engine/base/check.h"
#include "kernels/cpu/lanes_p.h"
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

#if defined(__SSE2__)

// Weights for one fraction, as often as there are lanes.
struct FractionTable {
  alignas(16) std::int16_t across[kFractionOne][8]; // four times for the left pixel, four times for the right one
  alignas(16) std::int16_t down[kFractionOne][8];   // upper and lower row in turn

  constexpr FractionTable() : across(), down() {
    for (std::int32_t f = 0; f < kFractionOne; ++f)
      for (std::int32_t lane = 0; lane < 8; ++lane) {
        across[f][lane] = static_cast<std::int16_t>(lane < 4 ? kFractionOne - f : f);
        down[f][lane] = static_cast<std::int16_t>(lane % 2 == 0 ? kFractionOne - f : f);
      }
  }
};
constexpr FractionTable kFractions;

// blended() of all four channels at once. The rows' sums (up to 255 * 256) are moved to where 16 bits with a sign hold
// them; the weights' sum of 256 brings the move back at the end.
KINORA_INLINE Rgba8 mixedInside(const Rgba8* upper, const Rgba8* lower, std::int32_t fx, std::int32_t fy) {
  const __m128i zero = _mm_setzero_si128();
  const __m128i across = _mm_load_si128(reinterpret_cast<const __m128i*>(kFractions.across[fx]));
  const __m128i down = _mm_load_si128(reinterpret_cast<const __m128i*>(kFractions.down[fy]));
  const __m128i top =
      _mm_mullo_epi16(_mm_unpacklo_epi8(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(upper)), zero), across);
  const __m128i bottom =
      _mm_mullo_epi16(_mm_unpacklo_epi8(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(lower)), zero), across);
  const __m128i left = _mm_unpacklo_epi16(top, bottom);
  const __m128i right = _mm_unpackhi_epi16(top, bottom);
  const __m128i rows = _mm_xor_si128(_mm_add_epi16(left, right), _mm_set1_epi16(-32768));
  const __m128i sums = _mm_add_epi32(_mm_madd_epi16(rows, down), _mm_set1_epi32(32768 * 256 + 32768));
  const __m128i shorts = _mm_packs_epi32(_mm_srli_epi32(sums, 16), zero);
  const std::int32_t bits = _mm_cvtsi128_si32(_mm_packus_epi16(shorts, zero));
  Rgba8 p;
  std::memcpy(static_cast<void*>(&p), &bits, sizeof p);
  return p;
}

#else

KINORA_INLINE Rgba8 mixedInside(const Rgba8* upper, const Rgba8* lower, std::int32_t fx, std::int32_t fy) {
  const Rgba8 p[4] = {upper[0], upper[1], lower[0], lower[1]};
  return bilinear(p, fx, fy, AlphaMode::Premultiplied);
}

#endif

KINORA_INLINE Rgba16F mixedInside(const Rgba16F* upper, const Rgba16F* lower, std::int32_t fx, std::int32_t fy) {
  const float x1 = static_cast<float>(fx) * (1.0f / 256.0f);
  const float y1 = static_cast<float>(fy) * (1.0f / 256.0f);
  const Lanes top = lanesOf(upper[0]) * (1.0f - x1) + lanesOf(upper[1]) * x1;
  const Lanes bottom = lanesOf(lower[0]) * (1.0f - x1) + lanesOf(lower[1]) * x1;
  return stored<Rgba16F>(top * (1.0f - y1) + bottom * y1);
}

struct CubicTable {
  float weights[kFractionOne][4];

  CubicTable() {
    for (std::int32_t f = 0; f < kFractionOne; ++f)
      cubicWeights(f, weights[f]);
  }
};

// sampled() with four lanes, where all sixteen pixels are src's own. corner is the second pixel of the second row.
template <class Pixel>
KINORA_INLINE Pixel cubicInside(const Pixel* corner, std::ptrdiff_t strideBytes, const float* wx, const float* wy,
                                AlphaMode alpha) {
  Lanes sum = {0, 0, 0, 0};
  const auto* row = reinterpret_cast<const std::byte*>(corner - 1) - strideBytes;
  for (int j = 0; j < 4; ++j, row += strideBytes) {
    const auto* pixels = reinterpret_cast<const Pixel*>(row);
    Lanes line = {0, 0, 0, 0};
    for (int i = 0; i < 4; ++i) {
      Lanes v = lanesOf(pixels[i]);
      if (alpha == AlphaMode::Straight)
        v = lanesByAlpha(v);
      line = line + v * wx[i];
    }
    sum = sum + line * wy[j];
  }
  return stored<Pixel>(alpha == AlphaMode::Straight ? lanesOverAlpha(sum) : sum);
}

// Whether a sample at a fixed position reads src's own pixels only.
template <class Pixel>
KINORA_INLINE bool inside(const ConstImageView<Pixel>& src, std::int32_t qx, std::int32_t qy, std::int32_t margin) {
  const std::int32_t x = qx >> kFractionBits;
  const std::int32_t y = qy >> kFractionBits;
  return x >= margin - 1 && y >= margin - 1 && x < src.width - margin && y < src.height - margin;
}

// One sample at a time: inner is asked for those that read src's own pixels only, unless all are known to.
template <class Pixel, class Inner>
KINORA_INLINE void sampleEach(const ConstImageView<Pixel>& src, const std::int32_t* qx, const std::int32_t* qy,
                              Pixel* dst, std::int32_t count, How how, bool allInside, const Inner& inner) {
  const std::int32_t margin = reach(how.sampling);
  for (std::int32_t i = 0; i < count; ++i) {
    const std::int32_t fx = qx[i] & kFractionMask;
    const std::int32_t fy = qy[i] & kFractionMask;
    if (allInside || inside(src, qx[i], qy[i], margin)) {
      const Pixel* corner = src.row(qy[i] >> kFractionBits) + (qx[i] >> kFractionBits);
      dst[i] = (fx | fy) == 0 ? *corner : inner(corner, fx, fy);
    } else {
      dst[i] = sampled(src, qx[i], qy[i], how.sampling, how.outside, how.alpha);
    }
  }
}

template <class Pixel>
void sampleRow(const ConstImageView<Pixel>& src, const std::int32_t* qx, const std::int32_t* qy, Pixel* dst,
               std::int32_t count, How how, const CubicTable& cubic, bool allInside) {
  const auto below = [&src](const Pixel* corner) {
    return reinterpret_cast<const Pixel*>(reinterpret_cast<const std::byte*>(corner) + src.strideBytes);
  };
  if (how.sampling == Sampling::Bicubic)
    sampleEach(src, qx, qy, dst, count, how, allInside, [&](const Pixel* corner, std::int32_t fx, std::int32_t fy) {
      return cubicInside(corner, src.strideBytes, cubic.weights[fx], cubic.weights[fy], how.alpha);
    });
  else if (how.alpha == AlphaMode::Premultiplied)
    sampleEach(src, qx, qy, dst, count, how, allInside, [&](const Pixel* corner, std::int32_t fx, std::int32_t fy) {
      return mixedInside(corner, below(corner), fx, fy);
    });
  else
    sampleEach(src, qx, qy, dst, count, how, allInside, [&](const Pixel* corner, std::int32_t fx, std::int32_t fy) {
      const Pixel* under = below(corner);
      const Pixel p[4] = {corner[0], corner[1], under[0], under[1]};
      return bilinear(p, fx, fy, AlphaMode::Straight);
    });
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
  const CubicTable cubic;
  forRows(pool, region.height, region.width, [&](std::int32_t y0, std::int32_t y1) {
    std::vector<std::int32_t> positions(2 * static_cast<std::size_t>(region.width));
    std::int32_t* qx = positions.data();
    std::int32_t* qy = qx + region.width;
    for (std::int32_t y = region.y + y0; y < region.y + y1; ++y) {
      positionsOfMapRow(map.row(y) + region.x, qx, qy, region.width);
      sampleRow(src, qx, qy, dst.row(y) + region.x, region.width, how, cubic, false);
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
  const CubicTable cubic;
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
        // Positions within a run lie on a line but for rounding: ends that are a pixel deeper inside tell for all.
        const std::int32_t margin = reach(options.sampling) + 1;
        const bool allInside = inside(src, qx[0] - kFractionOne, qy[0] - kFractionOne, margin - 1) &&
                               inside(src, qx[0], qy[0], margin) &&
                               inside(src, qx[count - 1] - kFractionOne, qy[count - 1] - kFractionOne, margin - 1) &&
                               inside(src, qx[count - 1], qy[count - 1], margin);
        sampleRow(src, qx, qy, row + run.begin, count, how, cubic, allInside);
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
