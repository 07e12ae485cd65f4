// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/check/matrix_check.h"
#include "kernels/rms_norm.h"

namespace kinora::kernels::check {
namespace {

constexpr float kEpsilon = 1e-6f;

// Cosines and sines of positions x pairs, with the frequencies of Su et al.
Picture<float> turns(std::int32_t positions, std::int32_t headColumns) {
  Picture<float> table(headColumns, positions);
  for (std::int32_t p = 0; p < positions; ++p)
    for (std::int32_t i = 0; i + 1 < headColumns; i += 2) {
      const double angle = p * std::pow(10000.0, -static_cast<double>(i) / headColumns);
      table.at(i, p) = static_cast<float>(std::cos(angle));
      table.at(i + 1, p) = static_cast<float>(std::sin(angle));
    }
  return table;
}

template <class T>
double normed(const Picture<T>& src, const std::vector<float>& weight, std::int32_t x, std::int32_t y) {
  double squares = 0;
  for (std::int32_t i = 0; i < src.width(); ++i)
    squares += std::pow(exactFloat(src.at(i, y)), 2) / src.width();
  return exactFloat(src.at(x, y)) / std::sqrt(squares + static_cast<double>(kEpsilon)) *
         exactFloat(weight[static_cast<std::size_t>(x)]);
}

std::vector<float> weights(std::int32_t count, Random& random) {
  std::vector<float> values(static_cast<std::size_t>(count));
  std::generate(values.begin(), values.end(), [&] { return random.grid(-2, 2); });
  return values;
}

template <class T>
void compareType(Comparison& comparison) {
  Random random(111);
  for (const Shape shape : matrixShapes()) {
    const Picture<T> src = noiseMatrix<T>(shape.width, shape.height, random);
    const std::vector<float> weight = weights(shape.width, random);
    for (const std::int32_t headColumns : {0, 2, 8, shape.width}) {
      if (headColumns > 0 && (headColumns % 2 != 0 || shape.width % headColumns != 0))
        continue;
      constexpr std::int32_t kPositions = 50;
      const Picture<float> table = turns(kPositions, std::max(headColumns, 2));
      std::vector<std::int32_t> positions(static_cast<std::size_t>(shape.height));
      std::generate(positions.begin(), positions.end(), [&] { return random.below(kPositions); });
      const Rotary rotary = headColumns > 0 ? Rotary{table.view(), positions.data()} : Rotary{};
      Picture<T> dst(shape.width, shape.height);
      [[maybe_unused]] const Picture<T> empty = dst;
      rmsNormRotary<T>(src.view(), weight.data(), kEpsilon, rotary, dst.view(), comparison.pool());
      const std::string what = "head of " + std::to_string(headColumns) + ", " + typeName<T>();
      comparison.note(what, dst, tolerance<T>(24), [&](auto x, auto y) {
        if (headColumns == 0)
          return normed(src, weight, x, y);
        const std::int32_t even = x - x % 2;
        const std::int32_t pair = even % headColumns;
        const std::int32_t position = positions[static_cast<std::size_t>(y)];
        const double a = normed(src, weight, even, y);
        const double b = normed(src, weight, even + 1, y);
        const double c = exactFloat(table.at(pair, position));
        const double s = exactFloat(table.at(pair + 1, position));
        return x == even ? a * c - b * s : a * s + b * c;
      });
      if (headColumns > 0) {
        Picture<T> turned(shape.width, shape.height);
        rmsNormRotary<T>(src.view(), nullptr, kEpsilon, rotary, turned.view(), comparison.pool());
        comparison.note(what + ", turned only", turned, tolerance<T>(3), [&](auto x, auto y) {
          const std::int32_t even = x - x % 2;
          const std::int32_t pair = even % headColumns;
          const std::int32_t position = positions[static_cast<std::size_t>(y)];
          const double a = exactFloat(src.at(even, y));
          const double b = exactFloat(src.at(even + 1, y));
          const double c = exactFloat(table.at(pair, position));
          const double s = exactFloat(table.at(pair + 1, position));
          return x == even ? a * c - b * s : a * s + b * c;
        });
      }
#if KINORA_HAVE_CUDA
      if (comparison.cuda()) {
        const DevicePicture<T> deviceSrc(src);
        const DevicePicture<T> deviceDst(empty);
        const DevicePicture<float> deviceTable(table);
        const DeviceMemory deviceWeight(weight.size() * sizeof(float));
        const DeviceMemory devicePositions(positions.size() * sizeof(std::int32_t));
        mustWork(cuda::copyToDevice(deviceWeight.data(), weight.data(), weight.size() * sizeof(float), nullptr));
        mustWork(cuda::copyToDevice(devicePositions.data(), positions.data(), positions.size() * sizeof(std::int32_t),
                                    nullptr));
        const Rotary onDevice =
            headColumns > 0 ? Rotary{deviceTable.view(), static_cast<const std::int32_t*>(devicePositions.data())}
                            : Rotary{};
        mustWork(cuda::rmsNormRotary<T>(deviceSrc.view(), static_cast<const float*>(deviceWeight.data()), kEpsilon,
                                        onDevice, deviceDst.view(), nullptr));
        noteSame(comparison, what, deviceDst, dst);
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
  Random random(12);
  constexpr std::int32_t kColumns = 1536;
  constexpr std::int32_t kRows = 4680;
  const Picture<T> src = noiseMatrix<T>(kColumns, kRows, random);
  Picture<T> dst(kColumns, kRows);
  const std::vector<float> weight = weights(kColumns, random);
  const Picture<float> table = turns(kRows, 128);
  constexpr std::int64_t kBytes = std::int64_t{kColumns} * kRows * static_cast<std::int64_t>(sizeof(T)) * 2;
  const std::string what = std::string("norm and turn, 4680x1536, ") + typeName<T>();
  stopwatch.time(what, kBytes, [&] {
    rmsNormRotary<T>(src.view(), weight.data(), kEpsilon, {table.view(), nullptr}, dst.view(), stopwatch.pool());
  });
#if KINORA_HAVE_CUDA
  if (stopwatch.cuda()) {
    const DevicePicture<T> deviceSrc(src);
    const DevicePicture<T> deviceDst(dst);
    const DevicePicture<float> deviceTable(table);
    const DeviceMemory deviceWeight(weight.size() * sizeof(float));
    mustWork(cuda::copyToDevice(deviceWeight.data(), weight.data(), weight.size() * sizeof(float), nullptr));
    stopwatch.timeCuda(what, kBytes, [&] {
      mustWork(cuda::rmsNormRotary<T>(deviceSrc.view(), static_cast<const float*>(deviceWeight.data()), kEpsilon,
                                      {deviceTable.view(), nullptr}, deviceDst.view(), nullptr));
    });
  }
#endif
}

void perf(Stopwatch& stopwatch) {
  perfType<float>(stopwatch);
  perfType<BFloat16>(stopwatch);
}

} // namespace

const Operation kRmsNorm = {"rms_norm", compare, perf};

} // namespace kinora::kernels::check
