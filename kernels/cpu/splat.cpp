// SPDX-License-Identifier: Apache-2.0
#include "kernels/splat.h"

#include <atomic>
#include <limits>
#include <vector>

#include "engine/base/check.h"
#include "kernels/cpu/rows_p.h"
#include "kernels/shared/splat_p.h"

namespace kinora::kernels {
namespace {

template <class T>
void lower(T& place, T value) {
  std::atomic_ref<T> shared(place);
  T known = shared.load(std::memory_order_relaxed);
  while (value < known && !shared.compare_exchange_weak(known, value, std::memory_order_relaxed)) {
  }
}

void add(std::uint64_t& place, std::uint64_t value) {
  std::atomic_ref<std::uint64_t>(place).fetch_add(value, std::memory_order_relaxed);
}

void add(std::uint64_t& place, std::int64_t value, std::uint32_t weight) {
  if (value != 0)
    add(place, static_cast<std::uint64_t>(value * static_cast<std::int64_t>(weight)));
}

struct Field {
  ConstImageView<Float2> flow;
  ConstImageView<float> depth;

  [[nodiscard]] float depthAt(std::int32_t x, std::int32_t y) const { return depth.isEmpty() ? 0.0f : depth.row(y)[x]; }
  [[nodiscard]] Landing landingAt(std::int32_t x, std::int32_t y) const {
    return landingOf(x, y, flow.row(y)[x], depthAt(x, y));
  }
};

// visit(x, y) for every pixel, bands in any order.
template <class Visit>
void forPixels(const WorkerPool& pool, std::int32_t width, std::int32_t height, const Visit& visit) {
  forRows(pool, height, width, [&](std::int32_t y0, std::int32_t y1) {
    for (std::int32_t y = y0; y < y1; ++y)
      for (std::int32_t x = 0; x < width; ++x)
        visit(x, y);
  });
}

template <class Pixel>
void splatNearest(ConstImageView<Pixel> src, const Field& field, ImageView<Pixel> dst, ImageView<Gray8> coverage,
                  const WorkerPool& pool) {
  const Rect target = dst.bounds();
  const auto width = static_cast<std::size_t>(dst.width);
  std::vector<std::uint64_t> keys(width * static_cast<std::size_t>(dst.height), kNobody);
  forPixels(pool, src.width, src.height, [&](std::int32_t x, std::int32_t y) {
    const Landing landing = field.landingAt(x, y);
    const std::int32_t px = nearestPixel(landing.x);
    const std::int32_t py = nearestPixel(landing.y);
    if (!landing.valid || px < 0 || py < 0 || px >= target.width || py >= target.height)
      return;
    const auto index =
        static_cast<std::uint32_t>(y) * static_cast<std::uint32_t>(src.width) + static_cast<std::uint32_t>(x);
    lower(keys[static_cast<std::size_t>(py) * width + static_cast<std::size_t>(px)],
          splatKey(field.depthAt(x, y), index));
  });
  forPixels(pool, dst.width, dst.height, [&](std::int32_t x, std::int32_t y) {
    const std::uint64_t key = keys[static_cast<std::size_t>(y) * width + static_cast<std::size_t>(x)];
    const auto index = static_cast<std::uint32_t>(key);
    const auto columns = static_cast<std::uint32_t>(src.width);
    dst.row(y)[x] = key == kNobody ? Pixel{} : src.row(static_cast<std::int32_t>(index / columns))[index % columns];
    if (!coverage.isEmpty())
      coverage.row(y)[x] = key == kNobody ? 0 : 255;
  });
}

template <class Pixel>
void splatBilinear(ConstImageView<Pixel> src, const Field& field, ImageView<Pixel> dst, ImageView<Gray8> coverage,
                   const SplatOptions& options, const WorkerPool& pool) {
  const auto width = static_cast<std::size_t>(dst.width);
  const std::size_t area = width * static_cast<std::size_t>(dst.height);
  std::vector<std::uint32_t> front(area, kNoDepth);
  std::vector<SplatSum> sums(area);
  // Calls use(place in dst, weight, depth) for each corner that takes part of the pixel at (x, y).
  const auto forCorners = [&](std::int32_t x, std::int32_t y, const auto& use) {
    const Landing landing = field.landingAt(x, y);
    if (!landing.valid)
      return;
    for (int corner = 0; corner < 4; ++corner) {
      const std::int32_t px = cornerX(landing.x, corner);
      const std::int32_t py = cornerY(landing.y, corner);
      const std::uint32_t weight = cornerWeight(landing.x, landing.y, corner);
      if (weight != 0 && px >= 0 && py >= 0 && px < dst.width && py < dst.height)
        use(static_cast<std::size_t>(py) * width + static_cast<std::size_t>(px), weight, field.depthAt(x, y));
    }
  };
  forPixels(pool, src.width, src.height, [&](std::int32_t x, std::int32_t y) {
    forCorners(x, y, [&](std::size_t at, std::uint32_t, float depth) { lower(front[at], orderedDepth(depth)); });
  });
  forPixels(pool, src.width, src.height, [&](std::int32_t x, std::int32_t y) {
    const SplatValue value = splatValue(src.row(y)[x], options.alpha);
    forCorners(x, y, [&](std::size_t at, std::uint32_t weight, float depth) {
      if (!isSeen(depth, front[at], options.depthTolerance))
        return;
      SplatSum& sum = sums[at];
      add(sum.r, value.r, weight);
      add(sum.g, value.g, weight);
      add(sum.b, value.b, weight);
      add(sum.a, value.a, weight);
      add(sum.weight, weight);
    });
  });
  forPixels(pool, dst.width, dst.height, [&](std::int32_t x, std::int32_t y) {
    const SplatSum& sum = sums[static_cast<std::size_t>(y) * width + static_cast<std::size_t>(x)];
    dst.row(y)[x] = splatPixel(sum, options.alpha, Pixel{});
    if (!coverage.isEmpty())
      coverage.row(y)[x] = coverageOf(sum.weight);
  });
}

template <class Pixel>
void splatPicture(ConstImageView<Pixel> src, ConstImageView<Float2> flow, ConstImageView<float> depth,
                  ImageView<Pixel> dst, ImageView<Gray8> coverage, const SplatOptions& options,
                  const WorkerPool& pool) {
  KINORA_CHECK(sameShape(src, flow) && (depth.isEmpty() || sameShape(src, depth)));
  KINORA_CHECK(coverage.isEmpty() || sameShape(coverage, dst));
  KINORA_CHECK(options.depthTolerance >= 0);
  const Field field{flow, depth};
  if (options.mode == SplatMode::Nearest)
    splatNearest(src, field, dst, coverage, pool);
  else
    splatBilinear(src, field, dst, coverage, options, pool);
}

} // namespace

void splat(ConstImageView<Rgba8> src, ConstImageView<Float2> flow, ConstImageView<float> depth, ImageView<Rgba8> dst,
           ImageView<Gray8> coverage, const SplatOptions& options, const WorkerPool& pool) {
  splatPicture(src, flow, depth, dst, coverage, options, pool);
}

void splat(ConstImageView<Rgba16F> src, ConstImageView<Float2> flow, ConstImageView<float> depth,
           ImageView<Rgba16F> dst, ImageView<Gray8> coverage, const SplatOptions& options, const WorkerPool& pool) {
  splatPicture(src, flow, depth, dst, coverage, options, pool);
}

} // namespace kinora::kernels
