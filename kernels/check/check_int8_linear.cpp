// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/check/matrix_check.h"
#include "kernels/int8_linear.h"

namespace kinora::kernels::check {
namespace {

// A layer on the host.
struct Layer {
  Picture<float> weights;
  Picture<std::int8_t> values;
  std::vector<float> scales, bias;
  std::vector<std::int32_t> sums;

  Layer(std::int32_t inputs, std::int32_t outputs, Random& random, const WorkerPool& pool)
      : weights(noiseMatrix<float>(inputs, outputs, random, 1)), values(inputs, outputs),
        scales(static_cast<std::size_t>(outputs)), bias(scales.size()), sums(scales.size()) {
    std::generate(bias.begin(), bias.end(), [&] { return random.grid(-1, 1); });
    quantiseWeights(weights.view(), values.view(), scales.data(), sums.data(), pool);
  }
  [[nodiscard]] Int8Weights view() const { return {values.view(), scales.data(), sums.data()}; }
};

template <class T>
double largestOf(const Picture<T>& matrix, std::int32_t y) {
  double largest = 0;
  for (std::int32_t i = 0; i < matrix.width(); ++i)
    largest = std::max(largest, std::abs(exactFloat(matrix.at(i, y))));
  return largest;
}

// Weights round to within half a step of their scale.
void compareWeights(Comparison& comparison, const Layer& layer) {
  double worst = layer.values.guardsHold() ? 0 : INFINITY;
  for (std::int32_t o = 0; o < layer.values.height(); ++o) {
    const double step = largestOf(layer.weights, o) / 127;
    for (std::int32_t i = 0; i < layer.values.width(); ++i)
      worst = Comparison::larger(
          worst, step == 0 ? std::abs(layer.values.at(i, o))
                           : std::abs(layer.values.at(i, o) - exactFloat(layer.weights.at(i, o)) / step));
  }
  comparison.note("weights", "cpu - formula", {layer.values.width(), layer.values.height()}, worst, 0.5001);
}

template <class T>
void compareType(Comparison& comparison) {
  Random random(131);
  struct Size {
    std::int32_t rows, inputs, outputs;
  };
  for (const Size size :
       {Size{1, 1, 1}, Size{3, 5, 2}, Size{4, 64, 4}, Size{5, 65, 67}, Size{2, 128, 33}, Size{9, 320, 130}}) {
    const Layer layer(size.inputs, size.outputs, random, comparison.pool());
    compareWeights(comparison, layer);
    Picture<T> src = noiseMatrix<T>(size.inputs, size.rows, random);
    if (size.rows > 2) // a row of zeros has no scale
      for (std::int32_t i = 0; i < size.inputs; ++i)
        src.at(i, 1) = T{};
    Picture<T> dst(size.outputs, size.rows);
    [[maybe_unused]] const Picture<T> empty = dst;
    std::vector<float> scratch(int8ScratchBytes(size.rows, size.inputs) / sizeof(float) + 1);
    int8Linear<T>(src.view(), layer.view(), layer.bias.data(), dst.view(), scratch.data(), comparison.pool());
    const std::string what = "linear, " + std::to_string(size.inputs) + " inputs, " + typeName<T>();
    comparison.note(what, dst, tolerance<T>(8), [&](auto x, auto y) {
      const double step = largestOf(src, y) / 127;
      double sum = 0;
      for (std::int32_t i = 0; i < size.inputs && step > 0; ++i)
        sum += std::nearbyint(exactFloat(src.at(i, y)) / step) * layer.values.at(i, x);
      return sum * step * exactFloat(layer.scales[static_cast<std::size_t>(x)]) +
             exactFloat(layer.bias[static_cast<std::size_t>(x)]);
    });
#if KINORA_HAVE_CUDA
    if (comparison.cuda()) {
      const DevicePicture<T> deviceSrc(src);
      const DevicePicture<T> deviceDst(empty);
      const DevicePicture<std::int8_t> values(layer.values);
      const std::size_t bytes = layer.scales.size() * sizeof(float);
      const DeviceMemory scales(bytes);
      const DeviceMemory sums(bytes);
      const DeviceMemory bias(bytes);
      const DeviceMemory deviceScratch(scratch.size() * sizeof(float));
      mustWork(cuda::copyToDevice(scales.data(), layer.scales.data(), bytes, nullptr));
      mustWork(cuda::copyToDevice(sums.data(), layer.sums.data(), bytes, nullptr));
      mustWork(cuda::copyToDevice(bias.data(), layer.bias.data(), bytes, nullptr));
      const Int8Weights onDevice{values.view(), static_cast<const float*>(scales.data()),
                                 static_cast<const std::int32_t*>(sums.data())};
      mustWork(cuda::int8Linear<T>(deviceSrc.view(), onDevice, static_cast<const float*>(bias.data()), deviceDst.view(),
                                   deviceScratch.data(), nullptr));
      noteSame(comparison, what, deviceDst, dst);
    }
#endif
  }
}

void compare(Comparison& comparison) {
  compareType<float>(comparison);
  compareType<BFloat16>(comparison);
}

void perf(Stopwatch& stopwatch) {
  Random random(14);
  constexpr std::int32_t kRows = 780;
  constexpr std::int32_t kInputs = 1536;
  constexpr std::int32_t kOutputs = 1536;
  const Layer layer(kInputs, kOutputs, random, stopwatch.pool());
  const Picture<float> src = noiseMatrix<float>(kInputs, kRows, random);
  Picture<float> dst(kOutputs, kRows);
  std::vector<float> scratch(int8ScratchBytes(kRows, kInputs) / sizeof(float) + 1);
  constexpr std::int64_t kBytes =
      std::int64_t{kRows} * kInputs * 4 + std::int64_t{kInputs} * kOutputs + std::int64_t{kRows} * kOutputs * 4;
  stopwatch.time("linear, 780x1536x1536, float", kBytes, [&] {
    int8Linear<float>(src.view(), layer.view(), layer.bias.data(), dst.view(), scratch.data(), stopwatch.pool());
  });
#if KINORA_HAVE_CUDA
  if (stopwatch.cuda()) {
    const DevicePicture<float> deviceSrc(src);
    const DevicePicture<float> deviceDst(dst);
    const DevicePicture<std::int8_t> values(layer.values);
    const std::size_t bytes = layer.scales.size() * sizeof(float);
    const DeviceMemory scales(bytes);
    const DeviceMemory sums(bytes);
    const DeviceMemory deviceScratch(scratch.size() * sizeof(float));
    mustWork(cuda::copyToDevice(scales.data(), layer.scales.data(), bytes, nullptr));
    mustWork(cuda::copyToDevice(sums.data(), layer.sums.data(), bytes, nullptr));
    const Int8Weights onDevice{values.view(), static_cast<const float*>(scales.data()),
                               static_cast<const std::int32_t*>(sums.data())};
    stopwatch.timeCuda("linear, 780x1536x1536, float", kBytes, [&] {
      mustWork(cuda::int8Linear<float>(deviceSrc.view(), onDevice, nullptr, deviceDst.view(), deviceScratch.data(),
                                       nullptr));
    });
  }
#endif
}

} // namespace

const Operation kInt8Linear = {"int8_linear", compare, perf};

} // namespace kinora::kernels::check
