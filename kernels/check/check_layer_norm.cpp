// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/check/matrix_check.h"
#include "kernels/layer_norm.h"

namespace kinora::kernels::check {
namespace {

constexpr float kEpsilon = 1e-6f;

// The factors of a case on the host.
struct Factors {
  Picture<float> scale, shift, gate;

  Factors(std::int32_t columns, std::int32_t groups, Random& random)
      : scale(noiseMatrix<float>(columns, groups, random, 1)), shift(noiseMatrix<float>(columns, groups, random, 1)),
        gate(noiseMatrix<float>(columns, groups, random, 1)) {}
};

template <class R>
double normed(const Picture<R>& src, const Factors* factors, std::int32_t x, std::int32_t y, std::int32_t perGroup) {
  double mean = 0;
  for (std::int32_t i = 0; i < src.width(); ++i)
    mean += exactFloat(src.at(i, y)) / src.width();
  double variance = 0;
  for (std::int32_t i = 0; i < src.width(); ++i)
    variance += std::pow(exactFloat(src.at(i, y)) - mean, 2) / src.width();
  const double value = (exactFloat(src.at(x, y)) - mean) / std::sqrt(variance + static_cast<double>(kEpsilon));
  if (factors == nullptr)
    return value;
  const std::int32_t group = y / perGroup;
  return value * (1 + exactFloat(factors->scale.at(x, group))) + exactFloat(factors->shift.at(x, group));
}

template <class T, class R>
void compareType(Comparison& comparison) {
  Random random(101);
  for (const Shape shape : matrixShapes()) {
    const std::int32_t perGroup = 3;
    const Picture<T> branch = noiseMatrix<T>(shape.width, shape.height, random);
    const Picture<R> residual = noiseMatrix<R>(shape.width, shape.height, random);
    const Factors factors(shape.width, (shape.height + perGroup - 1) / perGroup, random);
    const Modulation modulation{factors.scale.view(), factors.shift.view(), factors.gate.view(), perGroup};
    const std::string type = std::string(", ") + typeName<T>() + " on " + typeName<R>();

    Picture<T> plain(shape.width, shape.height);
    layerNorm<T, R>(residual.view(), {}, kEpsilon, plain.view(), comparison.pool());
    comparison.note("plain norm" + type, plain, tolerance<T>(16),
                    [&](auto x, auto y) { return normed(residual, nullptr, x, y, perGroup); });

    Picture<R> sum = residual;
    addGated<T, R>(branch.view(), modulation, sum.view(), comparison.pool());
    comparison.note("gated sum" + type, sum, tolerance<R>(2), [&](auto x, auto y) {
      return exactFloat(residual.at(x, y)) + exactFloat(factors.gate.at(x, y / perGroup)) * exactFloat(branch.at(x, y));
    });

    Picture<R> both = residual;
    Picture<T> out(shape.width, shape.height);
    [[maybe_unused]] const Picture<T> empty = out;
    addGatedLayerNorm<T, R>(branch.view(), modulation, kEpsilon, both.view(), out.view(), comparison.pool());
    comparison.note("sum and norm" + type, out, tolerance<T>(32),
                    [&](auto x, auto y) { return normed(sum, &factors, x, y, perGroup); });
    comparison.note("sum and norm" + type + ", residual", "fused - single", shape, both == sum ? 0 : INFINITY, 0);
#if KINORA_HAVE_CUDA
    if (comparison.cuda()) {
      const DevicePicture<T> deviceBranch(branch);
      const DevicePicture<R> deviceResidual(residual);
      const DevicePicture<T> deviceOut(empty);
      const DevicePicture<float> scale(factors.scale);
      const DevicePicture<float> shift(factors.shift);
      const DevicePicture<float> gate(factors.gate);
      const Modulation onDevice{scale.view(), shift.view(), gate.view(), perGroup};
      mustWork(cuda::addGatedLayerNorm<T, R>(deviceBranch.view(), onDevice, kEpsilon, deviceResidual.view(),
                                             deviceOut.view(), nullptr));
      noteSame(comparison, "sum and norm" + type, deviceOut, out);
      noteSame(comparison, "sum and norm" + type + ", residual", deviceResidual, both);
    }
#endif
  }
}

void compare(Comparison& comparison) {
  compareType<float, float>(comparison);
  compareType<BFloat16, BFloat16>(comparison);
  compareType<BFloat16, float>(comparison);
}

template <class T, class R>
void perfType(Stopwatch& stopwatch) {
  Random random(11);
  constexpr std::int32_t kColumns = 1536;
  constexpr std::int32_t kRows = 4680; // one chunk of Wan 1.3B at 480x832
  const Picture<T> branch = noiseMatrix<T>(kColumns, kRows, random);
  Picture<R> residual = noiseMatrix<R>(kColumns, kRows, random);
  Picture<T> out(kColumns, kRows);
  const Factors factors(kColumns, 3, random);
  const Modulation modulation{factors.scale.view(), factors.shift.view(), factors.gate.view(), 1560};
  constexpr std::int64_t kBytes = std::int64_t{kColumns} * kRows * static_cast<std::int64_t>(sizeof(T) + sizeof(R)) * 2;
  const std::string what = std::string("sum and norm, 4680x1536, ") + typeName<T>() + " on " + typeName<R>();
  stopwatch.time(what, kBytes, [&] {
    addGatedLayerNorm<T, R>(branch.view(), modulation, kEpsilon, residual.view(), out.view(), stopwatch.pool());
  });
#if KINORA_HAVE_CUDA
  if (stopwatch.cuda()) {
    const DevicePicture<T> deviceBranch(branch);
    const DevicePicture<R> deviceResidual(residual);
    const DevicePicture<T> deviceOut(out);
    const DevicePicture<float> scale(factors.scale);
    const DevicePicture<float> shift(factors.shift);
    const DevicePicture<float> gate(factors.gate);
    const Modulation onDevice{scale.view(), shift.view(), gate.view(), 1560};
    stopwatch.timeCuda(what, kBytes, [&] {
      mustWork(cuda::addGatedLayerNorm<T, R>(deviceBranch.view(), onDevice, kEpsilon, deviceResidual.view(),
                                             deviceOut.view(), nullptr));
    });
  }
#endif
}

void perf(Stopwatch& stopwatch) {
  perfType<float, float>(stopwatch);
  perfType<BFloat16, BFloat16>(stopwatch);
  perfType<BFloat16, float>(stopwatch);
}

} // namespace

const Operation kLayerNorm = {"layer_norm", compare, perf};

} // namespace kinora::kernels::check
