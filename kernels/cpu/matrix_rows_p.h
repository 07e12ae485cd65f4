// SPDX-License-Identifier: Apache-2.0
// Sums over the row of a matrix, in the order that every back-end keeps.
#pragma once

#include "kernels/cpu/rows_p.h"
#include "kernels/shared/matrix_p.h"

// Before a loop whose target may be its source: element i is read before it is written and by no other turn.
#if defined(__GNUC__) && !defined(__clang__)
#define KINORA_SAME_PLACE _Pragma("GCC ivdep")
#else
#define KINORA_SAME_PLACE
#endif

namespace kinora::kernels {

// Sum of term(i) for i < count in kPartialSums interleaved sums.
template <class Term>
KINORA_INLINE float rowSum(std::int32_t count, const Term& term) {
  float sums[kPartialSums] = {};
  std::int32_t i = 0;
  for (; i + kPartialSums <= count; i += kPartialSums)
    for (int k = 0; k < kPartialSums; ++k)
      sums[k] += term(i + k);
  for (int k = 0; i + k < count; ++k)
    sums[k] += term(i + k);
  for (int half = kPartialSums / 2; half > 0; half /= 2)
    for (int k = 0; k < half; ++k)
      sums[k] += sums[k + half];
  return sums[0];
}

// The row of a group, or null when there are no such factors.
inline const float* groupRow(const ConstMatrix<float>& factors, std::int32_t row, std::int32_t rowsPerGroup) {
  return factors.isEmpty() ? nullptr : factors.row(row / rowsPerGroup);
}

} // namespace kinora::kernels
