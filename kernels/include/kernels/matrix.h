// SPDX-License-Identifier: Apache-2.0
// How a kernel sees the rows of a network: a matrix is an ImageView whose width is its columns (channels) and whose
// height is its rows (tokens).
#pragma once

#include "kernels/image_view.h"

namespace kinora::kernels {

// The upper half of an IEEE 754 binary32, as bits (shared/matrix_p.h converts, rounding to nearest even).
struct BFloat16 {
  std::uint16_t bits = 0;
  friend constexpr bool operator==(BFloat16, BFloat16) = default;
};

// T is float or BFloat16, const for what is only read. Sums are made in float32, in 32 interleaved partial sums, on
// every back-end: the same inputs give the same bits.
template <class T>
using Matrix = ImageView<T>;
template <class T>
using ConstMatrix = ImageView<const T>;

} // namespace kinora::kernels
