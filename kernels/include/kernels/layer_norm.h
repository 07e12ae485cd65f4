// SPDX-License-Identifier: Apache-2.0
// The element-wise side of a transformer block in one pass: gated residual, layer norm, modulation (Peebles & Xie 2023,
// adaLN-Zero; Ba et al. 2016 for the norm).
#pragma once

#include "kernels/cuda.h"
#include "kernels/matrix.h"

namespace kinora::kernels {

// Factors of whole groups of rows (the tokens of one frame, or of one sample). Row r belongs to group r / rowsPerGroup.
struct Modulation {
  ConstMatrix<float> scale; // groups x columns: what is normalised is multiplied by 1 + scale; none: by 1
  ConstMatrix<float> shift; // groups x columns, added after that; none: 0
  ConstMatrix<float> gate;  // groups x columns, factor of the branch that joins the residual; none: 1
  std::int32_t rowsPerGroup = 1;
};

// [any] residual += gate * branch, rounded to T. Shapes rows x columns.
template <class T>
void addGated(ConstMatrix<T> branch, const Modulation& modulation, Matrix<T> residual, const WorkerPool& pool);

// [any] dst = norm(src) * (1 + scale) + shift with norm(x) = (x - mean) / sqrt(variance + epsilon) over the columns.
// dst may be src.
template <class T>
void layerNorm(ConstMatrix<T> src, const Modulation& modulation, float epsilon, Matrix<T> dst, const WorkerPool& pool);

// [any] addGated, then layerNorm of what it left in residual, reading each row once from memory. dst must not overlap.
template <class T>
void addGatedLayerNorm(ConstMatrix<T> branch, const Modulation& modulation, float epsilon, Matrix<T> residual,
                       Matrix<T> dst, const WorkerPool& pool);

#if KINORA_HAVE_CUDA
namespace cuda {
template <class T>
Status addGated(ConstMatrix<T> branch, const Modulation& modulation, Matrix<T> residual, Stream stream);
template <class T>
Status layerNorm(ConstMatrix<T> src, const Modulation& modulation, float epsilon, Matrix<T> dst, Stream stream);
template <class T>
Status addGatedLayerNorm(ConstMatrix<T> branch, const Modulation& modulation, float epsilon, Matrix<T> residual,
                         Matrix<T> dst, Stream stream);
} // namespace cuda
#endif

} // namespace kinora::kernels
