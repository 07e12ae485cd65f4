// SPDX-License-Identifier: Apache-2.0
#include "kernels/rms_norm.h"

#include "kernels/cuda/matrix_rows_p.cuh"

namespace kinora::kernels::cuda {
namespace {

template <class T>
struct NormAndTurn {
  ConstMatrix<T> src;
  const float* weight;
  float epsilon;
  Rotary rotary;
  Matrix<T> dst;

  __device__ void operator()(int row, int lane) const {
    const int columns = src.width;
    const T* from = &pixelOf(src, 0, row);
    T* to = &pixelOf(dst, 0, row);
    float factor = 1.0f;
    if (weight != nullptr) {
      const float squares = rowSum(columns, lane, [&](int i) {
        const float v = toFloat(from[i]);
        return v * v;
      });
      factor = 1.0f / sqrtf(squares * (1.0f / static_cast<float>(columns)) + epsilon);
    }
    if (rotary.table.data == nullptr) {
      for (int i = lane; i < columns; i += kPartialSums)
        to[i] = fromFloat<T>(toFloat(from[i]) * (factor * weight[i]));
      return;
    }
    const float* turns = &pixelOf(rotary.table, 0, rotary.positions != nullptr ? rotary.positions[row] : row);
    for (int i = 2 * lane; i < columns; i += 2 * kPartialSums) {
      const int t = i % rotary.table.width;
      const float a = toFloat(from[i]) * (weight == nullptr ? 1.0f : factor * weight[i]);
      const float b = toFloat(from[i + 1]) * (weight == nullptr ? 1.0f : factor * weight[i + 1]);
      to[i] = fromFloat<T>(a * turns[t] - b * turns[t + 1]);
      to[i + 1] = fromFloat<T>(a * turns[t + 1] + b * turns[t]);
    }
  }
};

} // namespace

template <class T>
Status rmsNormRotary(ConstMatrix<T> src, const float* weight, float epsilon, const Rotary& rotary, Matrix<T> dst,
                     Stream stream) {
  const bool turns = !rotary.table.isEmpty();
  if (!sameShape(src, dst) || (weight == nullptr && !turns))
    return mismatch();
  if (turns && (rotary.table.width % 2 != 0 || src.width % rotary.table.width != 0))
    return mismatch();
  if (turns && rotary.positions == nullptr && src.height > rotary.table.height)
    return mismatch();
  return forRows(src.height, stream, NormAndTurn<T>{src, weight, epsilon, turns ? rotary : Rotary{}, dst});
}

template Status rmsNormRotary<float>(ConstMatrix<float>, const float*, float, const Rotary&, Matrix<float>, Stream);
template Status rmsNormRotary<BFloat16>(ConstMatrix<BFloat16>, const float*, float, const Rotary&, Matrix<BFloat16>,
                                        Stream);

} // namespace kinora::kernels::cuda
