// SPDX-License-Identifier: Apache-2.0
#include "kernels/activation.h"

#include "engine/base/check.h"
#include "kernels/cpu/matrix_rows_p.h"

namespace kinora::kernels {
namespace {

template <class T, class Function>
KINORA_INLINE void plainRow(const T* src, T* dst, std::int32_t columns, const Function& function) {
  KINORA_SAME_PLACE
  for (std::int32_t i = 0; i < columns; ++i)
    dst[i] = fromFloat<T>(function(toFloat(src[i])));
}

template <class T, class Function>
KINORA_INLINE void gatedRow(const T* gate, const T* value, T* dst, std::int32_t columns, const Function& function) {
  KINORA_SAME_PLACE
  for (std::int32_t i = 0; i < columns; ++i)
    dst[i] = fromFloat<T>(function(toFloat(gate[i])) * toFloat(value[i]));
}

// value null: plain.
template <class T>
KINORA_INLINE void anyRow(const T* src, const T* value, Activation function, T* dst, std::int32_t columns) {
  if (function == Activation::Silu) {
    const auto f = [](float x) __attribute__((always_inline)) {
      return silu(x);
    };
    value == nullptr ? plainRow(src, dst, columns, f) : gatedRow(src, value, dst, columns, f);
  } else {
    const auto f = [](float x) __attribute__((always_inline)) {
      return geluTanh(x);
    };
    value == nullptr ? plainRow(src, dst, columns, f) : gatedRow(src, value, dst, columns, f);
  }
}

KINORA_CLONES void activateRow(const float* src, const float* value, Activation function, float* dst,
                               std::int32_t columns) {
  anyRow(src, value, function, dst, columns);
}

KINORA_CLONES void activateRow(const BFloat16* src, const BFloat16* value, Activation function, BFloat16* dst,
                               std::int32_t columns) {
  anyRow(src, value, function, dst, columns);
}

} // namespace

template <class T>
void activate(ConstMatrix<T> src, Activation function, Matrix<T> dst, const WorkerPool& pool) {
  KINORA_CHECK(sameShape(src, dst));
  forRows(pool, src.height, src.width, [&](std::int32_t begin, std::int32_t end) {
    for (std::int32_t r = begin; r < end; ++r)
      activateRow(src.row(r), nullptr, function, dst.row(r), src.width);
  });
}

template <class T>
void activateGate(ConstMatrix<T> gate, ConstMatrix<T> value, Activation function, Matrix<T> dst,
                  const WorkerPool& pool) {
  KINORA_CHECK(sameShape(gate, dst) && sameShape(value, dst));
  forRows(pool, gate.height, gate.width, [&](std::int32_t begin, std::int32_t end) {
    for (std::int32_t r = begin; r < end; ++r)
      activateRow(gate.row(r), value.row(r), function, dst.row(r), gate.width);
  });
}

template void activate<float>(ConstMatrix<float>, Activation, Matrix<float>, const WorkerPool&);
template void activate<BFloat16>(ConstMatrix<BFloat16>, Activation, Matrix<BFloat16>, const WorkerPool&);
template void activateGate<float>(ConstMatrix<float>, ConstMatrix<float>, Activation, Matrix<float>, const WorkerPool&);
template void activateGate<BFloat16>(ConstMatrix<BFloat16>, ConstMatrix<BFloat16>, Activation, Matrix<BFloat16>,
                                     const WorkerPool&);

} // namespace kinora::kernels
