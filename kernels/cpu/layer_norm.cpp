// SPDX-License-Identifier: Apache-2.0
#include "kernels/layer_norm.h"

#include <cmath>

#include "engine/base/check.h"
#include "kernels/cpu/matrix_rows_p.h"

namespace kinora::kernels {
namespace {

template <class T, class R>
KINORA_INLINE void addGatedRow(const T* __restrict branch, const float* __restrict gate, R* __restrict residual,
                               std::int32_t columns) {
  if (gate == nullptr) {
    for (std::int32_t i = 0; i < columns; ++i)
      residual[i] = fromFloat<R>(toFloat(residual[i]) + toFloat(branch[i]));
    return;
  }
  for (std::int32_t i = 0; i < columns; ++i)
    residual[i] = fromFloat<R>(toFloat(residual[i]) + gate[i] * toFloat(branch[i]));
}

// src and dst may be one.
template <class T, class R>
KINORA_INLINE void normRow(const R* src, const float* __restrict scale, const float* __restrict shift, float epsilon,
                           T* dst, std::int32_t columns) {
  const float share = 1.0f / static_cast<float>(columns);
  const float mean = rowSum(columns, [&](std::int32_t i) { return toFloat(src[i]); }) * share;
  const float variance = rowSum(columns,
                                [&](std::int32_t i) {
                                  const float d = toFloat(src[i]) - mean;
                                  return d * d;
                                }) *
                         share;
  const float factor = 1.0f / std::sqrt(variance + epsilon);
  if (scale != nullptr && shift != nullptr) {
    KINORA_SAME_PLACE
    for (std::int32_t i = 0; i < columns; ++i)
      dst[i] = fromFloat<T>((toFloat(src[i]) - mean) * factor * (1.0f + scale[i]) + shift[i]);
    return;
  }
  KINORA_SAME_PLACE
  for (std::int32_t i = 0; i < columns; ++i) {
    const float scaled = (toFloat(src[i]) - mean) * factor * (1.0f + (scale != nullptr ? scale[i] : 0.0f));
    dst[i] = fromFloat<T>(scaled + (shift != nullptr ? shift[i] : 0.0f));
  }
}

// Clones are functions, not templates: one for each pair of types.
#define KINORA_ROWS(T, R)                                                                                              \
  KINORA_CLONES void addRow(const T* branch, const float* gate, R* residual, std::int32_t columns) {                   \
    addGatedRow(branch, gate, residual, columns);                                                                      \
  }                                                                                                                    \
  KINORA_CLONES void norm(const R* src, const float* scale, const float* shift, float epsilon, T* dst,                 \
                          std::int32_t columns) {                                                                      \
    normRow(src, scale, shift, epsilon, dst, columns);                                                                 \
  }
KINORA_ROWS(float, float)
KINORA_ROWS(BFloat16, BFloat16)
KINORA_ROWS(BFloat16, float)
#undef KINORA_ROWS

bool fits(const ConstMatrix<float>& factors, std::int32_t rows, std::int32_t columns, std::int32_t rowsPerGroup) {
  return factors.isEmpty() || (factors.width == columns && rowsPerGroup > 0 &&
                               static_cast<std::int64_t>(factors.height) * rowsPerGroup >= rows);
}

bool fits(const Modulation& m, std::int32_t rows, std::int32_t columns) {
  const std::int32_t end = m.firstRow + rows;
  return m.rowsPerGroup > 0 && m.firstRow >= 0 && fits(m.scale, end, columns, m.rowsPerGroup) &&
         fits(m.shift, end, columns, m.rowsPerGroup) && fits(m.gate, end, columns, m.rowsPerGroup);
}

const float* factorsOf(const ConstMatrix<float>& factors, const Modulation& m, std::int32_t row) {
  return groupRow(factors, m.firstRow + row, m.rowsPerGroup);
}

} // namespace

template <class T, class R>
void addGated(ConstMatrix<T> branch, const Modulation& m, Matrix<R> residual, const WorkerPool& pool) {
  KINORA_CHECK(sameShape(branch, residual) && fits(m, branch.height, branch.width));
  forRows(pool, branch.height, branch.width, [&](std::int32_t begin, std::int32_t end) {
    for (std::int32_t r = begin; r < end; ++r)
      addRow(branch.row(r), factorsOf(m.gate, m, r), residual.row(r), branch.width);
  });
}

template <class T, class R>
void layerNorm(ConstMatrix<R> src, const Modulation& m, float epsilon, Matrix<T> dst, const WorkerPool& pool) {
  KINORA_CHECK(sameShape(src, dst) && fits(m, src.height, src.width));
  forRows(pool, src.height, src.width, [&](std::int32_t begin, std::int32_t end) {
    for (std::int32_t r = begin; r < end; ++r)
      norm(src.row(r), factorsOf(m.scale, m, r), factorsOf(m.shift, m, r), epsilon, dst.row(r), src.width);
  });
}

template <class T, class R>
void addGatedLayerNorm(ConstMatrix<T> branch, const Modulation& m, float epsilon, Matrix<R> residual, Matrix<T> dst,
                       const WorkerPool& pool) {
  KINORA_CHECK(sameShape(branch, residual) && sameShape(branch, dst) && fits(m, branch.height, branch.width));
  forRows(pool, branch.height, branch.width, [&](std::int32_t begin, std::int32_t end) {
    for (std::int32_t r = begin; r < end; ++r) {
      addRow(branch.row(r), factorsOf(m.gate, m, r), residual.row(r), branch.width);
      norm(residual.row(r), factorsOf(m.scale, m, r), factorsOf(m.shift, m, r), epsilon, dst.row(r), branch.width);
    }
  });
}

#define KINORA_TYPES(T, R)                                                                                             \
  template void addGated<T, R>(ConstMatrix<T>, const Modulation&, Matrix<R>, const WorkerPool&);                       \
  template void layerNorm<T, R>(ConstMatrix<R>, const Modulation&, float, Matrix<T>, const WorkerPool&);               \
  template void addGatedLayerNorm<T, R>(ConstMatrix<T>, const Modulation&, float, Matrix<R>, Matrix<T>,                \
                                        const WorkerPool&);
KINORA_TYPES(float, float)
KINORA_TYPES(BFloat16, BFloat16)
KINORA_TYPES(BFloat16, float)

} // namespace kinora::kernels
