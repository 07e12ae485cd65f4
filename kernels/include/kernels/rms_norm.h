// SPDX-License-Identifier: Apache-2.0
// Root-mean-square norm of queries and keys with the rotary position embedding behind it (Zhang & Sennrich 2019; Su et
// al. 2021).
#pragma once

#include "kernels/cuda.h"
#include "kernels/matrix.h"

namespace kinora::kernels {

// Rotations of neighbouring pairs of channels. table: positions x headColumns; entry 2i is the cosine and 2i + 1 the
// sine of pair i. Row r of the matrix is turned by row positions[r] of the table, every head alike. No table: no turn.
struct Rotary {
  ConstMatrix<float> table;
  const std::int32_t* positions = nullptr; // one per row; null: row r takes row r. In device memory for CUDA.
};

// [any] dst = rotate(src / sqrt(mean(src^2) + epsilon) * weight). weight has one value per column, the mean goes over
// all columns (all heads together, as Wan norms); without weight (null) nothing is normed and rows are only turned. The
// table's width divides the columns and is even. dst may be src, and may be rows of a cache.
template <class T>
void rmsNormRotary(ConstMatrix<T> src, const float* weight, float epsilon, const Rotary& rotary, Matrix<T> dst,
                   const WorkerPool& pool);

#if KINORA_HAVE_CUDA
namespace cuda {
template <class T>
Status rmsNormRotary(ConstMatrix<T> src, const float* weight, float epsilon, const Rotary& rotary, Matrix<T> dst,
                     Stream stream);
} // namespace cuda
#endif

} // namespace kinora::kernels
