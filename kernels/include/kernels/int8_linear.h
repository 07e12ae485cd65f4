// SPDX-License-Identifier: Apache-2.0
// A linear layer whose weights are stored as bytes and whose inputs become bytes on the way in: dynamic quantisation,
// one scale per output and one per input row (Dettmers et al. 2022, without the outlier split).
#pragma once

#include "kernels/cuda.h"
#include "kernels/matrix.h"

namespace kinora::kernels {

inline constexpr std::int32_t kMaxInt8Inputs = 65'000; // their products fit 32 bits

// Weights as the layer reads them. The owner keeps the memory.
struct Int8Weights {
  ConstMatrix<std::int8_t> values;    // outputs x inputs, -127 … 127
  const float* scales = nullptr;      // one per output: weight = value * scale
  const std::int32_t* sums = nullptr; // one per output: the sum of its values (bytes are multiplied unsigned by signed)
};

// [any] Fills values, scales and sums from float weights (outputs x inputs): scale = largest magnitude of the row /
// 127.
void quantiseWeights(ConstMatrix<float> weights, Matrix<std::int8_t> values, float* scales, std::int32_t* sums,
                     const WorkerPool& pool);

// Bytes that int8Linear needs for its inputs.
[[nodiscard]] constexpr std::size_t int8ScratchBytes(std::int32_t rows, std::int32_t inputs) {
  return static_cast<std::size_t>(rows) * (static_cast<std::size_t>(inputs) + sizeof(float));
}

// [any] dst = src * weights^T + bias; src rows x inputs, dst rows x outputs, bias (may be null) one per output. Each
// row of src is rounded to bytes with the scale largest magnitude / 127; products are summed as integers, so that the
// answer is exact for those bytes. scratch: int8ScratchBytes(rows, inputs), aligned to 4; device memory for CUDA.
template <class T>
void int8Linear(ConstMatrix<T> src, const Int8Weights& weights, const float* bias, Matrix<T> dst, void* scratch,
                const WorkerPool& pool);

#if KINORA_HAVE_CUDA
namespace cuda {
template <class T>
Status int8Linear(ConstMatrix<T> src, const Int8Weights& weights, const float* bias, Matrix<T> dst, void* scratch,
                  Stream stream);
} // namespace cuda
#endif

} // namespace kinora::kernels
