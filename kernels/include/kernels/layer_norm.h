// SPDX-License-Identifier: Apache-2.0
// The element-wise side of a transformer block in one pass: gated residual, layer norm, modulation (Peebles & Xie 2023,
// adaLN-Zero; Ba et al. 2016 for the norm).
#pragma once

#include "kernels/cuda.h"
#include "kernels/matrix.h"

namespace kinora::kernels {

// Factors of whole groups of rows (the tokens of one frame, or of one sample). Row r belongs to group (firstRow + r) /
// rowsPerGroup.
struct Modulation {
  ConstMatrix<float> scale; // groups x columns: what is normalised is multiplied by 1 + scale; none: by 1
  ConstMatrix<float> shift; // groups x columns, added after that; none: 0
  ConstMatrix<float> gate;  // groups x columns, factor of the branch that joins the residual; none: 1
  std::int32_t rowsPerGroup = 1;
  std::int32_t firstRow = 0; // which row of the first group the matrix begins with, when it is a part of a larger one
};

// T is float or BFloat16; R, the type of the residual stream, is T or float.

// [any] residual += gate * branch, rounded to R. Shapes rows x columns.
template <class T, class R>
void addGated(ConstMatrix<T> branch, const Modulation& modulation, Matrix<R> residual, const WorkerPool& pool);

// [any] dst = norm(src) * (1 + scale) + shift with norm(x) = (x - mean) / sqrt(variance + epsilon) over the columns.
// dst may be src when the types are one.
template <class T, class R>
void layerNorm(ConstMatrix<R> src, const Modulation& modulation, float epsilon, Matrix<T> dst, const WorkerPool& pool);

// [any] addGated, then layerNorm of what it left in residual, reading each row once from memory. dst must not overlap.
template <class T, class R>
void addGatedLayerNorm(ConstMatrix<T> branch, const Modulation& modulation, float epsilon, Matrix<R> residual,
                       Matrix<T> dst, const WorkerPool& pool);

#if KINORA_HAVE_CUDA
namespace cuda {
template <class T, class R>
Status addGated(ConstMatrix<T> branch, const Modulation& modulation, Matrix<R> residual, Stream stream);
template <class T, class R>
Status layerNorm(ConstMatrix<R> src, const Modulation& modulation, float epsilon, Matrix<T> dst, Stream stream);
template <class T, class R>
Status addGatedLayerNorm(ConstMatrix<T> branch, const Modulation& modulation, float epsilon, Matrix<R> residual,
                         Matrix<T> dst, Stream stream);
} // namespace cuda
#endif

} // namespace kinora::kernels
