// SPDX-License-Identifier: Apache-2.0
#include "kernels/layer_norm.h"

#include <cmath>

#include "engine/base/check.h"
#include "kernels/cpu/matrix_rows_p.h"

namespace kinora::kernels {
namespace {

template <class T>
KINORA_INLINE void addGatedRow(const T* __restrict branch, const float* __restrict gate, T* __restrict residual,
                               std::int32_t columns) {
  if (gate == nullptr) {
    for (std::int32_t i = 0; i < columns; ++i)
      residual[i] = fromFloat<T>(toFloat(residual[i]) + toFloat(branch[i]));
    return;
  }
  for (std::int32_t i = 0; i < columns; ++i)
    residual[i] = fromFloat<T>(toFloat(residual[i]) + gate[i] * toFloat(branch[i]));
}

// src and dst may be one.
template <class T>
KINORA_INLINE void normRow(const T* src, const float* __restrict scale, const float* __restrict shift, float epsilon,
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

KINORA_CLONES void addRow(const float* branch, const float* gate, float* residual, std::int32_t columns) {
  addGatedRow(branch, gate, residual, columns);
}

KINORA_CLONES void addRow(const BFloat16* branch, const float* gate, BFloat16* residual, std::int32_t columns) {
  addGatedRow(branch, gate, residual, columns);
}

KINORA_CLONES void norm(const float* src, const float* scale, const float* shift, float epsilon, float* dst,
                        std::int32_t columns) {
  normRow(src, scale, shift, epsilon, dst, columns);
}

KINORA_CLONES void norm(const BFloat16* src, const float* scale, const float* shift, float epsilon, BFloat16* dst,
                        std::int32_t columns) {
  normRow(src, scale, shift, epsilon, dst, columns);
}

bool fits(const ConstMatrix<float>& factors, std::int32_t rows, std::int32_t columns, std::int32_t rowsPerGroup) {
  return factors.isEmpty() || (factors.width == columns && rowsPerGroup > 0 &&
                               static_cast<std::int64_t>(factors.height) * rowsPerGroup >= rows);
}

bool fits(const Modulation& m, std::int32_t rows, std::int32_t columns) {
  return m.rowsPerGroup > 0 && fits(m.scale, rows, columns, m.rowsPerGroup) &&
         fits(m.shift, rows, columns, m.rowsPerGroup) && fits(m.gate, rows, columns, m.rowsPerGroup);
}

} // namespace

template <class T>
void addGated(ConstMatrix<T> branch, const Modulation& m, Matrix<T> residual, const WorkerPool& pool) {
  KINORA_CHECK(sameShape(branch, residual) && fits(m, branch.height, branch.width));
  forRows(pool, branch.height, branch.width, [&](std::int32_t begin, std::int32_t end) {
    for (std::int32_t r = begin; r < end; ++r)
      addRow(branch.row(r), groupRow(m.gate, r, m.rowsPerGroup), residual.row(r), branch.width);
  });
}

template <class T>
void layerNorm(ConstMatrix<T> src, const Modulation& m, float epsilon, Matrix<T> dst, const WorkerPool& pool) {
  KINORA_CHECK(sameShape(src, dst) && fits(m, src.height, src.width));
  forRows(pool, src.height, src.width, [&](std::int32_t begin, std::int32_t end) {
    for (std::int32_t r = begin; r < end; ++r)
      norm(src.row(r), groupRow(m.scale, r, m.rowsPerGroup), groupRow(m.shift, r, m.rowsPerGroup), epsilon, dst.row(r),
           src.width);
  });
}

template <class T>
void addGatedLayerNorm(ConstMatrix<T> branch, const Modulation& m, float epsilon, Matrix<T> residual, Matrix<T> dst,
                       const WorkerPool& pool) {
  KINORA_CHECK(sameShape(branch, residual) && sameShape(branch, dst) && fits(m, branch.height, branch.width));
  forRows(pool, branch.height, branch.width, [&](std::int32_t begin, std::int32_t end) {
    for (std::int32_t r = begin; r < end; ++r) {
      addRow(branch.row(r), groupRow(m.gate, r, m.rowsPerGroup), residual.row(r), branch.width);
      norm(residual.row(r), groupRow(m.scale, r, m.rowsPerGroup), groupRow(m.shift, r, m.rowsPerGroup), epsilon,
           dst.row(r), branch.width);
    }
  });
}

template void addGated<float>(ConstMatrix<float>, const Modulation&, Matrix<float>, const WorkerPool&);
template void addGated<BFloat16>(ConstMatrix<BFloat16>, const Modulation&, Matrix<BFloat16>, const WorkerPool&);
template void layerNorm<float>(ConstMatrix<float>, const Modulation&, float, Matrix<float>, const WorkerPool&);
template void layerNorm<BFloat16>(ConstMatrix<BFloat16>, const Modulation&, float, Matrix<BFloat16>, const WorkerPool&);
template void addGatedLayerNorm<float>(ConstMatrix<float>, const Modulation&, float, Matrix<float>, Matrix<float>,
                                       const WorkerPool&);
template void addGatedLayerNorm<BFloat16>(ConstMatrix<BFloat16>, const Modulation&, float, Matrix<BFloat16>,
                                          Matrix<BFloat16>, const WorkerPool&);

} // namespace kinora::kernels
