// SPDX-License-Identifier: Apache-2.0
#include "kernels/activation.h"

#include "kernels/cuda/launch_p.h"
#include "kernels/shared/matrix_p.h"

namespace kinora::kernels::cuda {
namespace {

template <class T>
struct Activate {
  ConstMatrix<T> src;
  ConstMatrix<T> value; // none: plain
  Activation function;
  Matrix<T> dst;

  __device__ void operator()(int x, int y) const {
    const float in = toFloat(pixelOf(src, x, y));
    const float out = function == Activation::Silu ? silu(in) : geluTanh(in);
    pixelOf(dst, x, y) = fromFloat<T>(value.data == nullptr ? out : out * toFloat(pixelOf(value, x, y)));
  }
};

} // namespace

template <class T>
Status activate(ConstMatrix<T> src, Activation function, Matrix<T> dst, Stream stream) {
  if (!sameShape(src, dst))
    return mismatch();
  return forPixels(src.width, src.height, stream, Activate<T>{src, {}, function, dst});
}

template <class T>
Status activateGate(ConstMatrix<T> gate, ConstMatrix<T> value, Activation function, Matrix<T> dst, Stream stream) {
  if (!sameShape(gate, dst) || !sameShape(value, dst))
    return mismatch();
  return forPixels(gate.width, gate.height, stream, Activate<T>{gate, value, function, dst});
}

template Status activate<float>(ConstMatrix<float>, Activation, Matrix<float>, Stream);
template Status activate<BFloat16>(ConstMatrix<BFloat16>, Activation, Matrix<BFloat16>, Stream);
template Status activateGate<float>(ConstMatrix<float>, ConstMatrix<float>, Activation, Matrix<float>, Stream);
template Status activateGate<BFloat16>(ConstMatrix<BFloat16>, ConstMatrix<BFloat16>, Activation, Matrix<BFloat16>,
                                       Stream);

} // namespace kinora::kernels::cuda
