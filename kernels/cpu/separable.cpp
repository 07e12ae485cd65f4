// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/separable_p.h"

#include <vector>

#include "engine/base/check.h"
#include "kernels/cpu/rows_p.h"
#include "kernels/shared/pixel_p.h"

namespace kinora::kernels {
namespace {

// One tap down: sums += weight * row, for rows of plain values.
KINORA_CLONES void addBytes(const std::uint8_t* __restrict row, float weight, float* __restrict sums,
                            std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i)
    sums[i] += static_cast<float>(row[i]) * weight;
}

KINORA_CLONES void addHalves(const Half* __restrict row, float weight, float* __restrict sums, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i)
    sums[i] += halfToFloat(row[i]) * weight;
}

KINORA_CLONES void addFloats(const float* __restrict row, float weight, float* __restrict sums, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i)
    sums[i] += row[i] * weight;
}

// The same for straight colours.
KINORA_CLONES void addWeightedBytes(const Rgba8* __restrict row, float weight, float* __restrict sums,
                                    std::int64_t pixels) {
  for (std::int64_t i = 0; i < pixels; ++i) {
    const std::int32_t a = row[i].a;
    sums[4 * i] += static_cast<float>(row[i].r * a) * weight;
    sums[4 * i + 1] += static_cast<float>(row[i].g * a) * weight;
    sums[4 * i + 2] += static_cast<float>(row[i].b * a) * weight;
    sums[4 * i + 3] += static_cast<float>(a) * weight;
  }
}

KINORA_CLONES void addWeightedHalves(const Rgba16F* __restrict row, float weight, float* __restrict sums,
                                     std::int64_t pixels) {
  for (std::int64_t i = 0; i < pixels; ++i) {
    const Float4 v = weightedByAlpha(Channels<Rgba16F>::load(row[i]));
    sums[4 * i] += v.r * weight;
    sums[4 * i + 1] += v.g * weight;
    sums[4 * i + 2] += v.b * weight;
    sums[4 * i + 3] += v.a * weight;
  }
}

void addRow(const Rgba8* row, float weight, float* sums, std::int32_t width, AlphaMode alpha) {
  if (alpha == AlphaMode::Straight)
    addWeightedBytes(row, weight, sums, width);
  else
    addBytes(reinterpret_cast<const std::uint8_t*>(row), weight, sums, 4 * static_cast<std::int64_t>(width));
}

void addRow(const Rgba16F* row, float weight, float* sums, std::int32_t width, AlphaMode alpha) {
  if (alpha == AlphaMode::Straight)
    addWeightedHalves(row, weight, sums, width);
  else
    addHalves(reinterpret_cast<const Half*>(row), weight, sums, 4 * static_cast<std::int64_t>(width));
}

// Four floats that the compiler keeps in one register.
using Lanes = float __attribute__((vector_size(16)));

Lanes lanesAt(const float* values) {
  Lanes lanes;
  std::memcpy(&lanes, values, sizeof lanes);
  return lanes;
}

template <class Pixel>
void finishColourRow(const float* sums, const Taps& across, Pixel* dst, std::int32_t width, AlphaMode alpha) {
  for (std::int32_t x = 0; x < width; ++x) {
    const auto i = static_cast<std::size_t>(x);
    const float* weights = across.weights.data() + across.offset[i];
    const float* from = sums + 4 * static_cast<std::ptrdiff_t>(across.first[i]);
    Lanes sum = {0, 0, 0, 0};
    for (std::int32_t k = 0; k < across.count[i]; ++k)
      sum = sum + lanesAt(from + 4 * static_cast<std::ptrdiff_t>(k)) * weights[k];
    const Float4 value = {sum[0], sum[1], sum[2], sum[3]};
    dst[x] = Channels<Pixel>::store(alpha == AlphaMode::Straight ? dividedByAlpha(value) : value);
  }
}

// Calls finish(y, sums) for each output row with the columns filtered.
template <class Add, class Finish>
void filterDown(std::int32_t rows, std::size_t valuesPerRow, const Taps& down, const WorkerPool& pool, const Add& add,
                const Finish& finish) {
  const auto work = static_cast<std::int64_t>(valuesPerRow) * (down.count[down.count.size() / 2] + 1);
  forRows(pool, rows, work, [&](std::int32_t y0, std::int32_t y1) {
    std::vector<float> sums(valuesPerRow);
    for (std::int32_t y = y0; y < y1; ++y) {
      const auto i = static_cast<std::size_t>(y);
      std::fill(sums.begin(), sums.end(), 0.0f);
      for (std::int32_t k = 0; k < down.count[i]; ++k)
        add(down.first[i] + k, down.weights[static_cast<std::size_t>(down.offset[i] + k)], sums.data());
      finish(y, sums.data());
    }
  });
}

template <class Pixel>
void filterColours(ConstImageView<Pixel> src, ImageView<Pixel> dst, const Taps& across, const Taps& down,
                   AlphaMode alpha, const WorkerPool& pool) {
  filterDown(
      dst.height, 4 * static_cast<std::size_t>(src.width), down, pool,
      [&](std::int32_t row, float weight, float* sums) { addRow(src.row(row), weight, sums, src.width, alpha); },
      [&](std::int32_t y, const float* sums) { finishColourRow(sums, across, dst.row(y), dst.width, alpha); });
}

template <class Gray, class Add, class Store>
void filterGrays(ConstImageView<Gray> src, ImageView<Gray> dst, const Taps& across, const Taps& down,
                 const WorkerPool& pool, const Add& add, const Store& store) {
  filterDown(
      dst.height, static_cast<std::size_t>(src.width), down, pool,
      [&](std::int32_t row, float weight, float* sums) { add(src.row(row), weight, sums, src.width); },
      [&](std::int32_t y, const float* sums) {
        Gray* to = dst.row(y);
        for (std::int32_t x = 0; x < dst.width; ++x) {
          const auto i = static_cast<std::size_t>(x);
          const float* weights = across.weights.data() + across.offset[i];
          float sum = 0;
          for (std::int32_t k = 0; k < across.count[i]; ++k)
            sum += sums[across.first[i] + k] * weights[k];
          to[x] = store(sum);
        }
      });
}

} // namespace

void filterSeparably(ConstImageView<Rgba8> src, ImageView<Rgba8> dst, const Taps& across, const Taps& down,
                     AlphaMode alpha, const WorkerPool& pool) {
  filterColours(src, dst, across, down, alpha, pool);
}

void filterSeparably(ConstImageView<Rgba16F> src, ImageView<Rgba16F> dst, const Taps& across, const Taps& down,
                     AlphaMode alpha, const WorkerPool& pool) {
  filterColours(src, dst, across, down, alpha, pool);
}

void filterSeparably(ConstImageView<Gray8> src, ImageView<Gray8> dst, const Taps& across, const Taps& down,
                     const WorkerPool& pool) {
  filterGrays(src, dst, across, down, pool, addBytes, [](float value) { return toByte(value); });
}

void filterSeparably(ConstImageView<Gray32F> src, ImageView<Gray32F> dst, const Taps& across, const Taps& down,
                     const WorkerPool& pool) {
  filterGrays(src, dst, across, down, pool, addFloats, [](float value) { return value; });
}

} // namespace kinora::kernels
