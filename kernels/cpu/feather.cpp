// SPDX-License-Identifier: Apache-2.0
#include "kernels/feather.h"

#include <algorithm>
#include <vector>

#include "engine/base/check.h"
#include "kernels/cpu/rows_p.h"
#include "kernels/cpu/separable_p.h"
#include "kernels/shared/feather_p.h"

namespace kinora::kernels {
namespace {

// One step of a sweep down or up: steps since the last pixel of each side in the column, at most cap.
KINORA_CLONES void sweepRow(const Gray8* __restrict src, std::uint16_t* __restrict sinceInside,
                            std::uint16_t* __restrict sinceOutside, std::uint16_t cap, std::int32_t width) {
  for (std::int32_t x = 0; x < width; ++x) {
    const std::uint16_t in = static_cast<std::uint16_t>(sinceInside[x] + 1);
    const std::uint16_t out = static_cast<std::uint16_t>(sinceOutside[x] + 1);
    sinceInside[x] = isInside(src[x]) ? std::uint16_t{0} : (in < cap ? in : cap);
    sinceOutside[x] = isInside(src[x]) ? (out < cap ? out : cap) : std::uint16_t{0};
  }
}

KINORA_CLONES void keepSmaller(const std::uint16_t* __restrict other, std::uint16_t* __restrict values,
                               std::int32_t width) {
  for (std::int32_t x = 0; x < width; ++x)
    values[x] = other[x] < values[x] ? other[x] : values[x];
}

KINORA_CLONES void squareRow(const std::uint16_t* __restrict steps, std::uint16_t cap, std::int32_t* __restrict squares,
                             std::int32_t width) {
  for (std::int32_t x = 0; x < width; ++x)
    squares[x] = steps[x] < cap ? steps[x] * steps[x] : kFar;
}

KINORA_CLONES void keepNearer(const std::int32_t* __restrict squares, std::int32_t more, std::int32_t* __restrict best,
                              std::int32_t width) {
  for (std::int32_t x = 0; x < width; ++x) {
    const std::int32_t candidate = squares[x] + more;
    best[x] = candidate < best[x] ? candidate : best[x];
  }
}

KINORA_CLONES void rampRow(const Gray8* __restrict src, const std::int32_t* __restrict toInside,
                           const std::int32_t* __restrict toOutside, float featherWidth, Gray8* __restrict dst,
                           std::int32_t width) {
  for (std::int32_t x = 0; x < width; ++x)
    dst[x] = featherValue(isInside(src[x]), isInside(src[x]) ? toOutside[x] : toInside[x], featherWidth);
}

// Steps to the nearest pixel of a side in the same column, for a band of columns.
struct ColumnSteps {
  std::vector<std::uint16_t> toInside, toOutside;
};

ColumnSteps columnSteps(ConstImageView<Gray8> src, std::uint16_t cap, const WorkerPool& pool) {
  const auto width = static_cast<std::size_t>(src.width);
  const std::size_t area = width * static_cast<std::size_t>(src.height);
  ColumnSteps steps{std::vector<std::uint16_t>(area), std::vector<std::uint16_t>(area)};
  constexpr std::int32_t kBand = 64;
  pool.parallelFor((src.width + kBand - 1) / kBand, 1, [&](std::int64_t b0, std::int64_t b1) {
    const auto x0 = static_cast<std::int32_t>(b0 * kBand);
    const std::int32_t count = static_cast<std::int32_t>(std::min<std::int64_t>(b1 * kBand, src.width)) - x0;
    std::vector<std::uint16_t> inside(static_cast<std::size_t>(count), cap);
    std::vector<std::uint16_t> outside(static_cast<std::size_t>(count), cap);
    const auto at = [&](std::int32_t y) { return static_cast<std::size_t>(y) * width + static_cast<std::size_t>(x0); };
    for (std::int32_t y = 0; y < src.height; ++y) {
      sweepRow(src.row(y) + x0, inside.data(), outside.data(), cap, count);
      std::copy(inside.begin(), inside.end(), steps.toInside.begin() + static_cast<std::ptrdiff_t>(at(y)));
      std::copy(outside.begin(), outside.end(), steps.toOutside.begin() + static_cast<std::ptrdiff_t>(at(y)));
    }
    std::fill(inside.begin(), inside.end(), cap);
    std::fill(outside.begin(), outside.end(), cap);
    for (std::int32_t y = src.height - 1; y >= 0; --y) {
      sweepRow(src.row(y) + x0, inside.data(), outside.data(), cap, count);
      keepSmaller(inside.data(), steps.toInside.data() + at(y), count);
      keepSmaller(outside.data(), steps.toOutside.data() + at(y), count);
    }
  });
  return steps;
}

// Smallest squared distance along a row, looking reach pixels to both sides. padded has room for reach more on each.
void nearestAlongRow(const std::uint16_t* steps, std::uint16_t cap, std::int32_t reach,
                     std::vector<std::int32_t>& padded, std::int32_t* best, std::int32_t width) {
  std::int32_t* middle = padded.data() + reach;
  squareRow(steps, cap, middle, width);
  copyRow(middle, best, width);
  for (std::int32_t k = 1; k <= reach; ++k) {
    keepNearer(middle - k, k * k, best, width);
    keepNearer(middle + k, k * k, best, width);
  }
}

} // namespace

void feather(ConstImageView<Gray8> src, ImageView<Gray8> dst, float width, const WorkerPool& pool) {
  KINORA_CHECK(sameShape(src, dst) && width >= 0 && width <= kMaxFeatherWidth);
  const float ramp = usableWidth(width);
  const std::int32_t reach = featherReach(width);
  const auto cap = static_cast<std::uint16_t>(reach + 1);
  const ColumnSteps steps = columnSteps(src, cap, pool);
  const auto columns = static_cast<std::size_t>(src.width);
  forRows(pool, src.height, static_cast<std::int64_t>(src.width) * reach, [&](std::int32_t y0, std::int32_t y1) {
    std::vector<std::int32_t> padded(columns + 2 * static_cast<std::size_t>(reach), kFar);
    std::vector<std::int32_t> toInside(columns);
    std::vector<std::int32_t> toOutside(columns);
    for (std::int32_t y = y0; y < y1; ++y) {
      const std::size_t at = static_cast<std::size_t>(y) * columns;
      nearestAlongRow(steps.toInside.data() + at, cap, reach, padded, toInside.data(), src.width);
      nearestAlongRow(steps.toOutside.data() + at, cap, reach, padded, toOutside.data(), src.width);
      rampRow(src.row(y), toInside.data(), toOutside.data(), ramp, dst.row(y), src.width);
    }
  });
}

void blur(ConstImageView<Gray8> src, ImageView<Gray8> dst, float sigma, const WorkerPool& pool) {
  KINORA_CHECK(sameShape(src, dst) && sigma >= 0 && sigma <= kMaxBlurSigma);
  if (src.isEmpty())
    return;
  if (sigma == 0) {
    forRows(pool, dst.height, dst.width, [&](std::int32_t y0, std::int32_t y1) {
      for (std::int32_t y = y0; y < y1; ++y)
        copyRow(src.row(y), dst.row(y), dst.width);
    });
    return;
  }
  filterSeparably(src, dst, gaussianTaps(src.width, sigma), gaussianTaps(src.height, sigma), pool);
}

} // namespace kinora::kernels
