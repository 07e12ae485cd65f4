// SPDX-License-Identifier: Apache-2.0
// What the checks of network kernels share: matrices of noise, and errors of floats and bfloats.
#pragma once

#include <vector>

#include "kernels/check/check.h"
#include "kernels/check/device.h"
#include "kernels/shared/matrix_p.h"

namespace kinora::kernels::check {

// A matrix of noise in [-range, range], rounded to T.
template <class T>
[[nodiscard]] Picture<T> noiseMatrix(std::int32_t columns, std::int32_t rows, Random& random, float range = 2) {
  Picture<T> matrix(columns, rows);
  for (std::int32_t y = 0; y < rows; ++y)
    for (std::int32_t x = 0; x < columns; ++x)
      matrix.at(x, y) = fromFloat<T>(random.grid(-range, range));
  return matrix;
}

template <class T>
[[nodiscard]] constexpr const char* typeName() {
  return std::is_same_v<T, float> ? "float" : "bfloat16";
}

// Largest error of a kernel in float32 arithmetic, in the units of errorOf.
template <class T>
[[nodiscard]] constexpr double tolerance(double floats) {
  return std::is_same_v<T, float> ? floats : 0.52;
}

// Rows and columns of networks, odd and tiny ones among them (width = columns).
[[nodiscard]] inline std::vector<Shape> matrixShapes() {
  return {{1, 1}, {2, 3}, {31, 2}, {32, 5}, {33, 4}, {64, 7}, {320, 12}, {1536, 9}};
}

} // namespace kinora::kernels::check
