// SPDX-License-Identifier: Apache-2.0
// Activation functions of feed-forward layers, plain or gating another half (Hendrycks & Gimpel 2016; Shazeer 2020).
#pragma once

#include "kernels/cuda.h"
#include "kernels/matrix.h"

namespace kinora::kernels {

enum class Activation : std::uint8_t {
  Silu,     // x / (1 + exp(-x))
  GeluTanh, // x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))
};

// [any] dst = f(src). dst may be src. Largest error 4e-7 * max(1, |x|), before rounding to T.
template <class T>
void activate(ConstMatrix<T> src, Activation function, Matrix<T> dst, const WorkerPool& pool);

// [any] dst = f(gate) * value. dst may be either.
template <class T>
void activateGate(ConstMatrix<T> gate, ConstMatrix<T> value, Activation function, Matrix<T> dst,
                  const WorkerPool& pool);

#if KINORA_HAVE_CUDA
namespace cuda {
template <class T>
Status activate(ConstMatrix<T> src, Activation function, Matrix<T> dst, Stream stream);
template <class T>
Status activateGate(ConstMatrix<T> gate, ConstMatrix<T> value, Activation function, Matrix<T> dst, Stream stream);
} // namespace cuda
#endif

} // namespace kinora::kernels
