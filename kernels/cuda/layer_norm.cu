// SPDX-License-Identifier: Apache-2.0
#include "kernels/layer_norm.h"

#include "kernels/cuda/matrix_rows_p.cuh"

namespace kinora::kernels::cuda {
namespace {

template <class T>
struct AddGated {
  ConstMatrix<T> branch;
  Modulation modulation;
  Matrix<T> residual;

  __device__ void operator()(int row, int lane) const {
    const float* gate = groupRow(modulation.gate, row, modulation.rowsPerGroup);
    const T* from = &pixelOf(branch, 0, row);
    T* to = &pixelOf(residual, 0, row);
    for (int i = lane; i < branch.width; i += kPartialSums) {
      const float step = gate == nullptr ? toFloat(from[i]) : gate[i] * toFloat(from[i]);
      to[i] = fromFloat<T>(toFloat(to[i]) + step);
    }
  }
};

template <class T>
struct Norm {
  ConstMatrix<T> src;
  Modulation modulation;
  float epsilon;
  Matrix<T> dst;

  __device__ void operator()(int row, int lane) const {
    const int columns = src.width;
    const T* from = &pixelOf(src, 0, row);
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
    const float* scale = groupRow(modulation.scale, row, modulation.rowsPerGroup);
    const float* shift = groupRow(modulation.shift, row, modulation.rowsPerGroup);
    for (int i = lane; i < columns; i += kPartialSums) {
      const float scaled = (toFloat(from[i]) - mean) * factor * (1.0f + (scale != nullptr ? scale[i] : 0.0f));
      to[i] = fromFloat<T>(scaled + (shift != nullptr ? shift[i] : 0.0f));
    }
  }
};

template <class T>
struct AddGatedNorm {
  AddGated<T> add;
  Norm<T> norm;

  __device__ void operator()(int row, int lane) const {
    add(row, lane);
    __syncwarp(); // every lane reads again only what it wrote itself, but the sums need all of them
    norm(row, lane);
  }
};

bool fits(const Modulation& m, int rows, int columns) {
  return m.rowsPerGroup > 0 && fitsGroups(m.scale, rows, columns, m.rowsPerGroup) &&
         fitsGroups(m.shift, rows, columns, m.rowsPerGroup) && fitsGroups(m.gate, rows, columns, m.rowsPerGroup);
}

} // namespace

template <class T>
Status addGated(ConstMatrix<T> branch, const Modulation& m, Matrix<T> residual, Stream stream) {
  if (!sameShape(branch, residual) || !fits(m, branch.height, branch.width))
    return mismatch();
  return forRows(branch.height, stream, AddGated<T>{branch, m, residual});
}

template <class T>
Status layerNorm(ConstMatrix<T> src, const Modulation& m, float epsilon, Matrix<T> dst, Stream stream) {
  if (!sameShape(src, dst) || !fits(m, src.height, src.width))
    return mismatch();
  return forRows(src.height, stream, Norm<T>{src, m, epsilon, dst});
}

template <class T>
Status addGatedLayerNorm(ConstMatrix<T> branch, const Modulation& m, float epsilon, Matrix<T> residual, Matrix<T> dst,
                         Stream stream) {
  if (!sameShape(branch, residual) || !sameShape(branch, dst) || !fits(m, branch.height, branch.width))
    return mismatch();
  return forRows(branch.height, stream,
                 AddGatedNorm<T>{{branch, m, residual}, {ConstMatrix<T>(residual), m, epsilon, dst}});
}

template Status addGated<float>(ConstMatrix<float>, const Modulation&, Matrix<float>, Stream);
template Status addGated<BFloat16>(ConstMatrix<BFloat16>, const Modulation&, Matrix<BFloat16>, Stream);
template Status layerNorm<float>(ConstMatrix<float>, const Modulation&, float, Matrix<float>, Stream);
template Status layerNorm<BFloat16>(ConstMatrix<BFloat16>, const Modulation&, float, Matrix<BFloat16>, Stream);
template Status addGatedLayerNorm<float>(ConstMatrix<float>, const Modulation&, float, Matrix<float>, Matrix<float>,
                                         Stream);
template Status addGatedLayerNorm<BFloat16>(ConstMatrix<BFloat16>, const Modulation&, float, Matrix<BFloat16>,
                                            Matrix<BFloat16>, Stream);

} // namespace kinora::kernels::cuda
