// SPDX-License-Identifier: Apache-2.0
#include "kernels/layer_norm.h"

#include "kernels/cuda/matrix_rows_p.cuh"

namespace kinora::kernels::cuda {
namespace {

template <class T, class R>
struct AddGated {
  ConstMatrix<T> branch;
  Modulation modulation;
  Matrix<R> residual;

  __device__ void operator()(int row, int lane) const {
    const float* gate = groupRow(modulation.gate, modulation.firstRow + row, modulation.rowsPerGroup);
    const T* from = &pixelOf(branch, 0, row);
    R* to = &pixelOf(residual, 0, row);
    for (int i = lane; i < branch.width; i += kPartialSums) {
      const float step = gate == nullptr ? toFloat(from[i]) : gate[i] * toFloat(from[i]);
      to[i] = fromFloat<R>(toFloat(to[i]) + step);
    }
  }
};

template <class T, class R>
struct Norm {
  ConstMatrix<R> src;
  Modulation modulation;
  float epsilon;
  Matrix<T> dst;

  __device__ void operator()(int row, int lane) const {
    const int columns = src.width;
    const R* from = &pixelOf(src, 0, row);
    T* to = &pixelOf(dst, 0, row);
    const float share = 1.0f / static_cast<float>(columns);
    const float mean = rowSum(columns, lane, [&](int i) { return toFloat(from[i]); }) * share;
    const float variance = rowSum(columns, lane,
                                  [&](int i) {
                                    const float d = toFloat(from[i]) - mean;
                                    return d * d;
                                  }) *
                           share;
    const float factor = 1.0f / sqrtf(variance + epsilon);
    const float* scale = groupRow(modulation.scale, modulation.firstRow + row, modulation.rowsPerGroup);
    const float* shift = groupRow(modulation.shift, modulation.firstRow + row, modulation.rowsPerGroup);
    for (int i = lane; i < columns; i += kPartialSums) {
      const float scaled = (toFloat(from[i]) - mean) * factor * (1.0f + (scale != nullptr ? scale[i] : 0.0f));
      to[i] = fromFloat<T>(scaled + (shift != nullptr ? shift[i] : 0.0f));
    }
  }
};

template <class T, class R>
struct AddGatedNorm {
  AddGated<T, R> add;
  Norm<T, R> norm;

  __device__ void operator()(int row, int lane) const {
    add(row, lane);
    __syncwarp(); // every lane reads again only what it wrote itself, but the sums need all of them
    norm(row, lane);
  }
};

bool fits(const Modulation& m, int rows, int columns) {
  const int end = m.firstRow + rows;
  return m.rowsPerGroup > 0 && m.firstRow >= 0 && fitsGroups(m.scale, end, columns, m.rowsPerGroup) &&
         fitsGroups(m.shift, end, columns, m.rowsPerGroup) && fitsGroups(m.gate, end, columns, m.rowsPerGroup);
}

} // namespace

template <class T, class R>
Status addGated(ConstMatrix<T> branch, const Modulation& m, Matrix<R> residual, Stream stream) {
  if (!sameShape(branch, residual) || !fits(m, branch.height, branch.width))
    return mismatch();
  return forRows(branch.height, stream, AddGated<T, R>{branch, m, residual});
}

template <class T, class R>
Status layerNorm(ConstMatrix<R> src, const Modulation& m, float epsilon, Matrix<T> dst, Stream stream) {
  if (!sameShape(src, dst) || !fits(m, src.height, src.width))
    return mismatch();
  return forRows(src.height, stream, Norm<T, R>{src, m, epsilon, dst});
}

template <class T, class R>
Status addGatedLayerNorm(ConstMatrix<T> branch, const Modulation& m, float epsilon, Matrix<R> residual, Matrix<T> dst,
                         Stream stream) {
  if (!sameShape(branch, residual) || !sameShape(branch, dst) || !fits(m, branch.height, branch.width))
    return mismatch();
  return forRows(branch.height, stream,
                 AddGatedNorm<T, R>{{branch, m, residual}, {ConstMatrix<R>(residual), m, epsilon, dst}});
}

#define KINORA_TYPES(T, R)                                                                                             \
  template Status addGated<T, R>(ConstMatrix<T>, const Modulation&, Matrix<R>, Stream);                                \
  template Status layerNorm<T, R>(ConstMatrix<R>, const Modulation&, float, Matrix<T>, Stream);                        \
  template Status addGatedLayerNorm<T, R>(ConstMatrix<T>, const Modulation&, float, Matrix<R>, Matrix<T>, Stream);
KINORA_TYPES(float, float)
KINORA_TYPES(BFloat16, BFloat16)
KINORA_TYPES(BFloat16, float)

} // namespace kinora::kernels::cuda
