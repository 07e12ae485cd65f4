// SPDX-License-Identifier: Apache-2.0
// One warp a row: lane k holds the partial sum k of shared/matrix_p.h, so that sums have the CPU's order.
#pragma once

#include "kernels/cuda/launch_p.h"
#include "kernels/shared/matrix_p.h"

namespace kinora::kernels::cuda {

inline constexpr int kRowsPerBlock = 8;

// Row factors of a group; null when there are none.
__device__ __forceinline__ const float* groupRow(const ConstMatrix<float>& factors, int row, int rowsPerGroup) {
  return factors.data == nullptr ? nullptr : &pixelOf(factors, 0, row / rowsPerGroup);
}

// Sum of term(i) for i < count, the same on every lane.
template <class Term>
__device__ float rowSum(int count, int lane, const Term& term) {
  float sum = 0.0f;
  for (int i = lane; i < count; i += kPartialSums)
    sum += term(i);
  for (int half = kPartialSums / 2; half > 0; half /= 2)
    sum += __shfl_down_sync(0xffffffffu, sum, static_cast<unsigned>(half));
  return __shfl_sync(0xffffffffu, sum, 0);
}

template <class Work>
__global__ void forRowsKernel(int rows, Work work) {
  const int lane = static_cast<int>(threadIdx.x);
  for (int row = static_cast<int>(blockIdx.x * blockDim.y + threadIdx.y); row < rows;
       row += static_cast<int>(gridDim.x * blockDim.y))
    work(row, lane);
}

// Enqueues work(row, lane) for every row, all lanes of a warp on one row.
template <class Work>
Status forRows(int rows, Stream stream, const Work& work) {
  if (rows <= 0)
    return {};
  const unsigned wanted = (static_cast<unsigned>(rows) + kRowsPerBlock - 1) / kRowsPerBlock;
  const dim3 grid(wanted < 65535u ? wanted : 65535u);
  const dim3 block(kPartialSums, kRowsPerBlock);
  forRowsKernel<<<grid, block, 0, static_cast<cudaStream_t>(stream)>>>(rows, work);
  return {static_cast<int>(cudaGetLastError())};
}

inline bool fitsGroups(const ConstMatrix<float>& factors, int rows, int columns, int rowsPerGroup) {
  return factors.isEmpty() || (factors.width == columns && rowsPerGroup > 0 &&
                               static_cast<long long>(factors.height) * rowsPerGroup >= rows);
}

} // namespace kinora::kernels::cuda
