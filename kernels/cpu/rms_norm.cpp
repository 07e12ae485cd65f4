// SPDX-License-Identifier: Apache-2.0
#include "kernels/rms_norm.h"

#include <cmath>

#include "engine/base/check.h"
#include "kernels/cpu/matrix_rows_p.h"

namespace kinora::kernels {
namespace {

template <class T>
KINORA_INLINE float rmsFactor(const T* src, float epsilon, std::int32_t columns) {
  const float squares = rowSum(columns, [&](std::int32_t i) {
    const float v = toFloat(src[i]);
    return v * v;
  });
  return 1.0f / std::sqrt(squares * (1.0f / static_cast<float>(columns)) + epsilon);
}

template <class T>
KINORA_INLINE void plainRow(const T* src, const float* __restrict weight, float epsilon, T* dst, std::int32_t columns) {
  const float factor = rmsFactor(src, epsilon, columns);
  KINORA_SAME_PLACE
  for (std::int32_t i = 0; i < columns; ++i)
    dst[i] = fromFloat<T>(toFloat(src[i]) * (factor * weight[i]));
}

template <class T>
KINORA_INLINE void rotatedRow(const T* src, const float* __restrict weight, float epsilon,
                              const float* __restrict turns, std::int32_t headColumns, T* dst, std::int32_t columns) {
  const float factor = weight == nullptr ? 1.0f : rmsFactor(src, epsilon, columns);
  for (std::int32_t head = 0; head < columns; head += headColumns) {
    KINORA_SAME_PLACE
    for (std::int32_t i = 0; i < headColumns; i += 2) {
      const float a = toFloat(src[head + i]) * (weight == nullptr ? 1.0f : factor * weight[head + i]);
      const float b = toFloat(src[head + i + 1]) * (weight == nullptr ? 1.0f : factor * weight[head + i + 1]);
      dst[head + i] = fromFloat<T>(a * turns[i] - b * turns[i + 1]);
      dst[head + i + 1] = fromFloat<T>(a * turns[i + 1] + b * turns[i]);
    }
  }
}

KINORA_CLONES void plain(const float* src, const float* weight, float epsilon, float* dst, std::int32_t columns) {
  plainRow(src, weight, epsilon, dst, columns);
}

KINORA_CLONES void plain(const BFloat16* src, const float* weight, float epsilon, BFloat16* dst, std::int32_t columns) {
  plainRow(src, weight, epsilon, dst, columns);
}

KINORA_CLONES void rotated(const float* src, const float* weight, float epsilon, const float* turns,
                           std::int32_t headColumns, float* dst, std::int32_t columns) {
  rotatedRow(src, weight, epsilon, turns, headColumns, dst, columns);
}

KINORA_CLONES void rotated(const BFloat16* src, const float* weight, float epsilon, const float* turns,
                           std::int32_t headColumns, BFloat16* dst, std::int32_t columns) {
  rotatedRow(src, weight, epsilon, turns, headColumns, dst, columns);
}

} // namespace

template <class T>
void rmsNormRotary(ConstMatrix<T> src, const float* weight, float epsilon, const Rotary& rotary, Matrix<T> dst,
                   const WorkerPool& pool) {
  const bool turns = !rotary.table.isEmpty();
  KINORA_CHECK(sameShape(src, dst) && (turns || weight != nullptr));
  KINORA_CHECK(!turns || (rotary.table.width % 2 == 0 && src.width % rotary.table.width == 0));
  KINORA_CHECK(!turns || rotary.positions != nullptr || src.height <= rotary.table.height);
  forRows(pool, src.height, src.width, [&](std::int32_t begin, std::int32_t end) {
    for (std::int32_t r = begin; r < end; ++r) {
      if (!turns) {
        plain(src.row(r), weight, epsilon, dst.row(r), src.width);
        continue;
      }
      const std::int32_t position = rotary.positions != nullptr ? rotary.positions[r] : r;
      KINORA_CHECK(position >= 0 && position < rotary.table.height);
      rotated(src.row(r), weight, epsilon, rotary.table.row(position), rotary.table.width, dst.row(r), src.width);
    }
  });
}

template void rmsNormRotary<float>(ConstMatrix<float>, const float*, float, const Rotary&, Matrix<float>,
                                   const WorkerPool&);
template void rmsNormRotary<BFloat16>(ConstMatrix<BFloat16>, const float*, float, const Rotary&, Matrix<BFloat16>,
                                      const WorkerPool&);

} // namespace kinora::kernels
