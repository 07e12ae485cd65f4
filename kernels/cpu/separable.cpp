// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/separable_p.h"

#include <algorithm>
#include <array>
#include <vector>

#include "engine/base/check.h"
#include "kernels/cpu/lanes_p.h"
#include "kernels/cpu/rows_p.h"
#include "kernels/shared/pixel_p.h"

namespace kinora::kernels {
namespace {

// A row of a picture as floats: premultiplied colours, bytes as they are.
KINORA_CLONES void rowOfBytes(const std::uint8_t* __restrict row, float* __restrict values, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i)
    values[i] = static_cast<float>(row[i]);
}

KINORA_CLONES void rowOfHalves(const Half* __restrict row, float* __restrict values, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i)
    values[i] = halfToFloat(row[i]);
}

template <class Pixel>
void weightedRow(const Pixel* row, float* values, std::int32_t pixels) {
  for (std::int32_t i = 0; i < pixels; ++i) {
    const Lanes v = lanesByAlpha(lanesOf(row[i]));
    std::memcpy(values + 4 * static_cast<std::ptrdiff_t>(i), &v, sizeof v);
  }
}

void readRow(const Rgba8* row, float* values, std::int32_t width, AlphaMode alpha) {
  if (alpha == AlphaMode::Straight)
    weightedRow(row, values, width);
  else
    rowOfBytes(reinterpret_cast<const std::uint8_t*>(row), values, 4 * static_cast<std::int64_t>(width));
}

void readRow(const Rgba16F* row, float* values, std::int32_t width, AlphaMode alpha) {
  if (alpha == AlphaMode::Straight)
    weightedRow(row, values, width);
  else
    rowOfHalves(reinterpret_cast<const Half*>(row), values, 4 * static_cast<std::int64_t>(width));
}

// One tap down: sums += weight * row.
KINORA_CLONES void addRow(const float* __restrict row, float weight, float* __restrict sums, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i)
    sums[i] += row[i] * weight;
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
    dst[x] = stored<Pixel>(alpha == AlphaMode::Straight ? lanesOverAlpha(sum) : sum);
  }
}

// The rows that a band has read and may need again, as floats.
class RowCache {
 public:
  RowCache(std::size_t rows, std::size_t valuesPerRow)
      : valuesPerRow_(valuesPerRow), held_(rows, -1), values_(rows * valuesPerRow) {}

  template <class Read>
  const float* row(std::int32_t index, const Read& read) {
    const std::size_t slot = static_cast<std::size_t>(index) % held_.size();
    float* values = values_.data() + slot * valuesPerRow_;
    if (held_[slot] != index) {
      read(index, values);
      held_[slot] = index;
    }
    return values;
  }

 private:
  std::size_t valuesPerRow_;
  std::vector<std::int32_t> held_;
  std::vector<float> values_;
};

// Beyond this a picture shrinks so much that keeping its rows costs more memory than reading them again costs time.
constexpr std::int32_t kMostRowsKept = 64;

// Calls read(row, values) for input rows and finish(y, sums) for each output row with the columns filtered.
template <class Read, class Finish>
void filterDown(std::int32_t rows, std::size_t valuesPerRow, const Taps& down, const WorkerPool& pool, const Read& read,
                const Finish& finish) {
  const std::int32_t most = *std::max_element(down.count.begin(), down.count.end());
  forRows(pool, rows, static_cast<std::int64_t>(valuesPerRow) * most, [&](std::int32_t y0, std::int32_t y1) {
    RowCache cache(most <= kMostRowsKept ? static_cast<std::size_t>(most) : 1, valuesPerRow);
    std::vector<float> sums(valuesPerRow);
    for (std::int32_t y = y0; y < y1; ++y) {
      const auto i = static_cast<std::size_t>(y);
      std::fill(sums.begin(), sums.end(), 0.0f);
      for (std::int32_t k = 0; k < down.count[i]; ++k)
        addRow(cache.row(down.first[i] + k, read), down.weights[static_cast<std::size_t>(down.offset[i] + k)],
               sums.data(), static_cast<std::int64_t>(valuesPerRow));
      finish(y, sums.data());
    }
  });
}

template <class Pixel>
void filterColours(ConstImageView<Pixel> src, ImageView<Pixel> dst, const Taps& across, const Taps& down,
                   AlphaMode alpha, const WorkerPool& pool) {
  filterDown(
      dst.height, 4 * static_cast<std::size_t>(src.width), down, pool,
      [&](std::int32_t row, float* values) { readRow(src.row(row), values, src.width, alpha); },
      [&](std::int32_t y, const float* sums) { finishColourRow(sums, across, dst.row(y), dst.width, alpha); });
}

// Outputs that share their weights and move on by one input each, as a blur's do, are made together.
constexpr std::int32_t kRun = 64;

bool continues(const Taps& taps, std::size_t from, std::size_t by) {
  return taps.offset[from + by] == taps.offset[from] && taps.count[from + by] == taps.count[from] &&
         taps.first[from + by] == taps.first[from] + static_cast<std::int32_t>(by);
}

KINORA_CLONES void slide(const float* __restrict values, const float* __restrict weights, std::int32_t count,
                         float* __restrict sums, std::int32_t length) {
  for (std::int32_t n = 0; n < length; ++n)
    sums[n] = 0;
  for (std::int32_t k = 0; k < count; ++k)
    for (std::int32_t n = 0; n < length; ++n)
      sums[n] += values[k + n] * weights[k];
}

template <class Gray, class Read, class Store>
void filterGrays(ConstImageView<Gray> src, ImageView<Gray> dst, const Taps& across, const Taps& down,
                 const WorkerPool& pool, const Read& read, const Store& store) {
  filterDown(
      dst.height, static_cast<std::size_t>(src.width), down, pool,
      [&](std::int32_t row, float* values) { read(src.row(row), values, src.width); },
      [&](std::int32_t y, const float* sums) {
        Gray* to = dst.row(y);
        std::array<float, kRun> run;
        for (std::int32_t x = 0; x < dst.width;) {
          const auto i = static_cast<std::size_t>(x);
          std::int32_t length = 1;
          while (length < kRun && x + length < dst.width && continues(across, i, static_cast<std::size_t>(length)))
            ++length;
          slide(sums + across.first[i], across.weights.data() + across.offset[i], across.count[i], run.data(), length);
          for (std::int32_t n = 0; n < length; ++n)
            to[x + n] = store(run[static_cast<std::size_t>(n)]);
          x += length;
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
  filterGrays(src, dst, across, down, pool, rowOfBytes, [](float value) { return toByte(value); });
}

void filterSeparably(ConstImageView<Gray32F> src, ImageView<Gray32F> dst, const Taps& across, const Taps& down,
                     const WorkerPool& pool) {
  filterGrays(src, dst, across, down, pool, copyRow<float>, [](float value) { return value; });
}

} // namespace kinora::kernels
