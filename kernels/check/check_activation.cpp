// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "kernels/activation.h"
#include "kernels/check/matrix_check.h"

namespace kinora::kernels::check {
namespace {

constexpr std::array kFunctions = {Activation::Silu, Activation::GeluTanh};

std::string nameOf(Activation function) {
  return function == Activation::Silu ? "silu" : "gelu";
}

double exactly(Activation function, double x) {
  if (function == Activation::Silu)
    return x / (1 + std::exp(-x));
  return x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

template <class T>
void compareType(Comparison& comparison) {
  Random random(121);
  for (const Shape shape : matrixShapes()) {
    const Picture<T> src = noiseMatrix<T>(shape.width, shape.height, random, 12);
    const Picture<T> value = noiseMatrix<T>(shape.width, shape.height, random);
    for (const Activation function : kFunctions) {
      const std::string what = nameOf(function) + ", " + typeName<T>();
      Picture<T> dst(shape.width, shape.height);
      [[maybe_unused]] const Picture<T> empty = dst;
      activate<T>(src.view(), function, dst.view(), comparison.pool());
      comparison.note(what, dst, tolerance<T>(4),
                      [&](auto x, auto y) { return exactly(function, exactFloat(src.at(x, y))); });
      Picture<T> gated(shape.width, shape.height);
      activateGate<T>(src.view(), value.view(), function, gated.view(), comparison.pool());
      comparison.note(what + ", gate", gated, tolerance<T>(6), [&](auto x, auto y) {
        return exactly(function, exactFloat(src.at(x, y))) * exactFloat(value.at(x, y));
      });
#if KINORA_HAVE_CUDA
      if (comparison.cuda()) {
        const DevicePicture<T> deviceSrc(src);
        const DevicePicture<T> deviceValue(value);
        const DevicePicture<T> deviceDst(empty);
        mustWork(cuda::activate<T>(deviceSrc.view(), function, deviceDst.view(), nullptr));
        noteSame(comparison, what, deviceDst, dst);
        mustWork(cuda::activateGate<T>(deviceSrc.view(), deviceValue.view(), function, deviceDst.view(), nullptr));
        noteSame(comparison, what + ", gate", deviceDst, gated);
      }
#endif
    }
  }
}

void compare(Comparison& comparison) {
  compareType<float>(comparison);
  compareType<BFloat16>(comparison);
}

template <class T>
void perfType(Stopwatch& stopwatch) {
  Random random(13);
  constexpr std::int32_t kColumns = 8960;
  constexpr std::int32_t kRows = 1560;
  Picture<T> values = noiseMatrix<T>(kColumns, kRows, random);
  constexpr std::int64_t kBytes = std::int64_t{kColumns} * kRows * static_cast<std::int64_t>(sizeof(T)) * 2;
  for (const Activation function : kFunctions) {
    const std::string what = nameOf(function) + ", 1560x8960, " + typeName<T>();
    Picture<T> dst(kColumns, kRows);
    stopwatch.time(what, kBytes, [&] { activate<T>(values.view(), function, dst.view(), stopwatch.pool()); });
#if KINORA_HAVE_CUDA
    if (stopwatch.cuda()) {
      const DevicePicture<T> from(values);
      const DevicePicture<T> to(dst);
      stopwatch.timeCuda(what, kBytes, [&] { mustWork(cuda::activate<T>(from.view(), function, to.view(), nullptr)); });
    }
#endif
  }
}

void perf(Stopwatch& stopwatch) {
  perfType<float>(stopwatch);
  perfType<BFloat16>(stopwatch);
}

} // namespace

const Operation kActivation = {"activation", compare, perf};

} // namespace kinora::kernels::check
