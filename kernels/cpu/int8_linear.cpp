// SPDX-License-Identifier: Apache-2.0
#include "kernels/int8_linear.h"

#include <algorithm>
#include <cmath>

#include "engine/base/check.h"
#include "kernels/cpu/matrix_rows_p.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define KINORA_HAVE_VNNI 1
#else
#define KINORA_HAVE_VNNI 0
#endif

namespace kinora::kernels {
namespace {

// Inputs are stored as value + 128, so that the processor's unsigned-by-signed products can be used.
constexpr std::int32_t kOffset = 128;
constexpr int kTile = 4;          // rows and outputs of one tile
constexpr int kPanelOutputs = 64; // their weights stay in the second-level cache

// What a tile reads and where its integer sums go: sums[r * kTile + o].
struct Tile {
  const std::uint8_t* inputs[kTile];
  const std::int8_t* weights[kTile];
  std::int32_t count;
};

KINORA_CLONES void sumTile(const Tile& tile, std::int32_t* sums) {
  for (int r = 0; r < kTile; ++r) {
    for (int o = 0; o < kTile; ++o) {
      const std::uint8_t* __restrict a = tile.inputs[r];
      const std::int8_t* __restrict w = tile.weights[o];
      std::int32_t sum = 0;
      for (std::int32_t i = 0; i < tile.count; ++i)
        sum += static_cast<std::int16_t>(a[i]) * static_cast<std::int16_t>(w[i]);
      sums[r * kTile + o] = sum;
    }
  }
}

#if KINORA_HAVE_VNNI
__attribute__((target("avx2,avx512f,avx512bw,avx512vnni"))) void sumTileVnni(const Tile& tile, std::int32_t* sums) {
  __m512i total[kTile][kTile];
  for (auto& row : total)
    for (__m512i& sum : row)
      sum = _mm512_setzero_si512();
  for (std::int32_t i = 0; i < tile.count; i += 64) {
    const std::int32_t left = std::min(tile.count - i, 64);
    const __mmask64 mask = left == 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
    __m512i w[kTile];
    for (int o = 0; o < kTile; ++o)
      w[o] = _mm512_maskz_loadu_epi8(mask, tile.weights[o] + i);
    for (int r = 0; r < kTile; ++r) {
      const __m512i a = _mm512_maskz_loadu_epi8(mask, tile.inputs[r] + i);
      for (int o = 0; o < kTile; ++o)
        total[r][o] = _mm512_dpbusd_epi32(total[r][o], a, w[o]);
    }
  }
  for (int r = 0; r < kTile; ++r) { // halves are added, then neighbours of all four outputs at once
    __m256i half[kTile];
    for (int o = 0; o < kTile; ++o) {
      alignas(64) std::int32_t lanes[16];
      _mm512_store_si512(lanes, total[r][o]);
      half[o] = _mm256_add_epi32(_mm256_load_si256(reinterpret_cast<const __m256i*>(lanes)),
                                 _mm256_load_si256(reinterpret_cast<const __m256i*>(lanes + 8)));
    }
    const __m256i four = _mm256_hadd_epi32(_mm256_hadd_epi32(half[0], half[1]), _mm256_hadd_epi32(half[2], half[3]));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(sums + r * kTile),
                     _mm_add_epi32(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1)));
  }
}
#endif

using SumTile = void (*)(const Tile&, std::int32_t*);

SumTile fastestSum() {
#if KINORA_HAVE_VNNI
  if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw"))
    return sumTileVnni;
#endif
  return sumTile;
}

template <class T>
KINORA_INLINE float largestMagnitude(const T* values, std::int32_t count) {
  float largest = 0;
  for (std::int32_t i = 0; i < count; ++i) {
    const float size = std::fabs(toFloat(values[i]));
    largest = size > largest ? size : largest;
  }
  return largest;
}

template <class T>
KINORA_INLINE float storeInputs(const T* src, std::uint8_t* __restrict bytes, std::int32_t count) {
  const float largest = largestMagnitude(src, count);
  const float inverse = inverseScale(largest);
  for (std::int32_t i = 0; i < count; ++i)
    bytes[i] = static_cast<std::uint8_t>(quantised(toFloat(src[i]), inverse) + kOffset);
  return largest / 127.0f;
}

KINORA_CLONES float storeRow(const float* src, std::uint8_t* bytes, std::int32_t count) {
  return storeInputs(src, bytes, count);
}

KINORA_CLONES float storeRow(const BFloat16* src, std::uint8_t* bytes, std::int32_t count) {
  return storeInputs(src, bytes, count);
}

KINORA_CLONES float storeWeights(const float* src, std::int8_t* __restrict values, std::int32_t* sum,
                                 std::int32_t count) {
  const float largest = largestMagnitude(src, count);
  const float inverse = inverseScale(largest);
  std::int32_t total = 0;
  for (std::int32_t i = 0; i < count; ++i) {
    values[i] = quantised(src[i], inverse);
    total += values[i];
  }
  *sum = total;
  return largest / 127.0f;
}

} // namespace

void quantiseWeights(ConstMatrix<float> weights, Matrix<std::int8_t> values, float* scales, std::int32_t* sums,
                     const WorkerPool& pool) {
  KINORA_CHECK(sameShape(weights, values) && weights.width <= kMaxInt8Inputs);
  forRows(pool, weights.height, weights.width, [&](std::int32_t begin, std::int32_t end) {
    for (std::int32_t o = begin; o < end; ++o)
      scales[o] = storeWeights(weights.row(o), values.row(o), sums + o, weights.width);
  });
}

template <class T>
void int8Linear(ConstMatrix<T> src, const Int8Weights& weights, const float* bias, Matrix<T> dst, void* scratch,
                const WorkerPool& pool) {
  const std::int32_t rows = src.height;
  const std::int32_t inputs = src.width;
  const std::int32_t outputs = weights.values.height;
  KINORA_CHECK(weights.values.width == inputs && inputs <= kMaxInt8Inputs);
  KINORA_CHECK(dst.height == rows && dst.width == outputs);
  auto* scales = static_cast<float*>(scratch);
  auto* bytes = reinterpret_cast<std::uint8_t*>(scales + rows);
  const auto inputsOf = [&](std::int32_t r) { return bytes + static_cast<std::ptrdiff_t>(r) * inputs; };
  forRows(pool, rows, inputs, [&](std::int32_t begin, std::int32_t end) {
    for (std::int32_t r = begin; r < end; ++r)
      scales[r] = storeRow(src.row(r), inputsOf(r), inputs);
  });

  const SumTile sum = fastestSum();
  const std::int32_t panels = (outputs + kPanelOutputs - 1) / kPanelOutputs;
  pool.parallelFor(panels, 1, [&](std::int64_t first, std::int64_t last) {
    const auto begin = static_cast<std::int32_t>(first) * kPanelOutputs;
    const std::int32_t end = std::min(static_cast<std::int32_t>(last) * kPanelOutputs, outputs);
    for (std::int32_t panel = begin; panel < end; panel += kPanelOutputs) {
      const std::int32_t panelEnd = std::min(panel + kPanelOutputs, end);
      for (std::int32_t r0 = 0; r0 < rows; r0 += kTile) {
        for (std::int32_t o0 = panel; o0 < panelEnd; o0 += kTile) {
          Tile tile{{}, {}, inputs};
          for (int k = 0; k < kTile; ++k) { // at the edges the last row and output stand in for what is not there
            tile.inputs[k] = inputsOf(std::min(r0 + k, rows - 1));
            tile.weights[k] = weights.values.row(std::min(o0 + k, outputs - 1));
          }
          std::int32_t sums[kTile * kTile];
          sum(tile, sums);
          for (std::int32_t r = r0; r < std::min(r0 + kTile, rows); ++r) {
            for (std::int32_t o = o0; o < std::min(o0 + kTile, panelEnd); ++o) {
              const std::int32_t exact = sums[(r - r0) * kTile + (o - o0)] - kOffset * weights.sums[o];
              const float value = static_cast<float>(exact) * scales[r] * weights.scales[o];
              dst.row(r)[o] = fromFloat<T>(value + (bias != nullptr ? bias[o] : 0.0f));
            }
          }
        }
      }
    }
  });
}

template void int8Linear<float>(ConstMatrix<float>, const Int8Weights&, const float*, Matrix<float>, void*,
                                const WorkerPool&);
template void int8Linear<BFloat16>(ConstMatrix<BFloat16>, const Int8Weights&, const float*, Matrix<BFloat16>, void*,
                                   const WorkerPool&);

} // namespace kinora::kernels
