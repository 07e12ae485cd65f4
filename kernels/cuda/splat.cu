// SPDX-License-Identifier: Apache-2.0
#include "kernels/splat.h"

#include "kernels/cuda/launch_p.h"
#include "kernels/shared/splat_p.h"

namespace kinora::kernels::cuda {
namespace {

struct Field {
  ImageView<const Float2> flow;
  ImageView<const float> depth;

  __device__ float depthAt(int x, int y) const { return depth.data == nullptr ? 0.0f : pixelOf(depth, x, y); }
  __device__ Landing landingAt(int x, int y) const { return landingOf(x, y, pixelOf(flow, x, y), depthAt(x, y)); }
};

struct Area {
  int width, height;

  __device__ bool holds(int x, int y) const { return x >= 0 && y >= 0 && x < width && y < height; }
  __device__ std::size_t place(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x);
  }
};

struct ClaimNearest {
  Field field;
  Area out;
  int columns; // of src
  unsigned long long* keys;

  __device__ void operator()(int x, int y) const {
    const Landing landing = field.landingAt(x, y);
    const int px = nearestPixel(landing.x);
    const int py = nearestPixel(landing.y);
    if (!landing.valid || !out.holds(px, py))
      return;
    const auto index =
        static_cast<std::uint32_t>(y) * static_cast<std::uint32_t>(columns) + static_cast<std::uint32_t>(x);
    atomicMin(keys + out.place(px, py), static_cast<unsigned long long>(splatKey(field.depthAt(x, y), index)));
  }
};

template <class Pixel>
struct TakeNearest {
  ImageView<const Pixel> src;
  ImageView<Pixel> dst;
  ImageView<Gray8> coverage;
  Area out;
  const unsigned long long* keys;

  __device__ void operator()(int x, int y) const {
    const std::uint64_t key = keys[out.place(x, y)];
    const auto index = static_cast<std::uint32_t>(key);
    const auto columns = static_cast<std::uint32_t>(src.width);
    pixelOf(dst, x, y) =
        key == kNobody ? Pixel{} : pixelOf(src, static_cast<int>(index % columns), static_cast<int>(index / columns));
    if (coverage.data != nullptr)
      pixelOf(coverage, x, y) = key == kNobody ? 0 : 255;
  }
};

// Calls use(place, weight, depth) for each corner that takes part of the pixel at (x, y).
template <class Use>
__device__ void forCorners(const Field& field, const Area& out, int x, int y, const Use& use) {
  const Landing landing = field.landingAt(x, y);
  if (!landing.valid)
    return;
  const float depth = field.depthAt(x, y);
  for (int corner = 0; corner < 4; ++corner) {
    const int px = cornerX(landing.x, corner);
    const int py = cornerY(landing.y, corner);
    const std::uint32_t weight = cornerWeight(landing.x, landing.y, corner);
    if (weight != 0 && out.holds(px, py))
      use(out.place(px, py), weight, depth);
  }
}

struct FindFront {
  Field field;
  Area out;
  unsigned* front;

  __device__ void operator()(int x, int y) const {
    unsigned* const depths = front;
    forCorners(field, out, x, y, [depths](std::size_t at, std::uint32_t, float depth) {
      atomicMin(depths + at, static_cast<unsigned>(orderedDepth(depth)));
    });
  }
};

__device__ void add(std::uint64_t& place, std::int64_t value, std::uint32_t weight) {
  if (value != 0)
    atomicAdd(reinterpret_cast<unsigned long long*>(&place),
              static_cast<unsigned long long>(value * static_cast<std::int64_t>(weight)));
}

template <class Pixel>
struct AddUp {
  ImageView<const Pixel> src;
  Field field;
  Area out;
  AlphaMode alpha;
  float tolerance;
  const unsigned* front;
  SplatSum* sums;

  __device__ void operator()(int x, int y) const {
    const SplatValue value = splatValue(pixelOf(src, x, y), alpha);
    const AddUp& self = *this;
    forCorners(field, out, x, y, [&](std::size_t at, std::uint32_t weight, float depth) {
      if (!isSeen(depth, self.front[at], self.tolerance))
        return;
      SplatSum& sum = self.sums[at];
      add(sum.r, value.r, weight);
      add(sum.g, value.g, weight);
      add(sum.b, value.b, weight);
      add(sum.a, value.a, weight);
      add(sum.weight, 1, weight);
    });
  }
};

template <class Pixel>
struct TakeMean {
  ImageView<Pixel> dst;
  ImageView<Gray8> coverage;
  Area out;
  AlphaMode alpha;
  const SplatSum* sums;

  __device__ void operator()(int x, int y) const {
    const SplatSum& sum = sums[out.place(x, y)];
    pixelOf(dst, x, y) = splatPixel(sum, alpha, Pixel{});
    if (coverage.data != nullptr)
      pixelOf(coverage, x, y) = coverageOf(sum.weight);
  }
};

template <class Pixel>
Status splatBy(const ImageView<const Pixel>& src, const Field& field, const ImageView<Pixel>& dst,
               const ImageView<Gray8>& coverage, const SplatOptions& options, Stream stream) {
  if (!sameShape(src, field.flow) || (!field.depth.isEmpty() && !sameShape(src, field.depth)) ||
      (!coverage.isEmpty() && !sameShape(coverage, dst)) || !(options.depthTolerance >= 0))
    return mismatch();
  if (dst.isEmpty())
    return {};
  const Area out{dst.width, dst.height};
  const std::size_t area = static_cast<std::size_t>(dst.width) * static_cast<std::size_t>(dst.height);
  if (options.mode == SplatMode::Nearest) {
    const Scratch keys(area * sizeof(unsigned long long), stream);
    return inTurn([&] { return keys.status(); }, [&] { return keys.clear(0xff, area * sizeof(unsigned long long)); },
                  [&] {
                    return forPixels(src.width, src.height, stream,
                                     ClaimNearest{field, out, src.width, keys.as<unsigned long long>()});
                  },
                  [&] {
                    return forPixels(dst.width, dst.height, stream,
                                     TakeNearest<Pixel>{src, dst, coverage, out, keys.as<unsigned long long>()});
                  });
  }
  const Scratch front(area * sizeof(unsigned), stream);
  const Scratch sums(area * sizeof(SplatSum), stream);
  return inTurn([&] { return front.status(); }, [&] { return sums.status(); },
                [&] { return front.clear(0xff, area * sizeof(unsigned)); },
                [&] { return sums.clear(0, area * sizeof(SplatSum)); },
                [&] {
                  return forPixels(src.width, src.height, stream, FindFront{field, out, front.as<unsigned>()});
                },
                [&] {
                  return forPixels(src.width, src.height, stream,
                                   AddUp<Pixel>{src, field, out, options.alpha, options.depthTolerance,
                                                front.as<unsigned>(), sums.as<SplatSum>()});
                },
                [&] {
                  return forPixels(dst.width, dst.height, stream,
                                   TakeMean<Pixel>{dst, coverage, out, options.alpha, sums.as<SplatSum>()});
                });
}

} // namespace

Status splat(ConstImageView<Rgba8> src, ConstImageView<Float2> flow, ConstImageView<float> depth, ImageView<Rgba8> dst,
             ImageView<Gray8> coverage, const SplatOptions& options, Stream stream) {
  return splatBy(src, Field{flow, depth}, dst, coverage, options, stream);
}

Status splat(ConstImageView<Rgba16F> src, ConstImageView<Float2> flow, ConstImageView<float> depth,
             ImageView<Rgba16F> dst, ImageView<Gray8> coverage, const SplatOptions& options, Stream stream) {
  return splatBy(src, Field{flow, depth}, dst, coverage, options, stream);
}

} // namespace kinora::kernels::cuda
