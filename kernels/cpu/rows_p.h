// SPDX-License-Identifier: Apache-2.0
// What the CPU kernels share: splitting pictures into bands of rows, and clones of hot loops for newer processors.
#pragma once

#include <cstdint>
#include <cstring>

#include "engine/base/worker_pool.h"
#include "kernels/image_view.h"

// Compiles a function once for every x86-64 and once with AVX2; the loader takes the better one. Both give the same
// bits: contraction is off and sums keep their order. Not with sanitizers (their runtime starts after the loader has
// chosen) and not with compilers that lack it.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__) && !defined(KINORA_NO_CLONES)
#define KINORA_CLONES __attribute__((target_clones("default", "avx2")))
#else
#define KINORA_CLONES
#endif

// Parts of cloned functions: they must be compiled into each clone.
#define KINORA_INLINE inline __attribute__((always_inline))

namespace kinora::kernels {

// body(y0, y1) for bands of rows; pixelsPerRow says how heavy a row is, so that small pictures stay in one piece.
template <class Body>
void forRows(const WorkerPool& pool, std::int32_t rows, std::int64_t pixelsPerRow, const Body& body) {
  constexpr std::int64_t kPixelsPerPiece = 16'384;
  const std::int64_t grain = (kPixelsPerPiece + pixelsPerRow - 1) / (pixelsPerRow > 0 ? pixelsPerRow : 1);
  pool.parallelFor(rows, grain, [&](std::int64_t begin, std::int64_t end) {
    body(static_cast<std::int32_t>(begin), static_cast<std::int32_t>(end));
  });
}

template <class A, class B>
[[nodiscard]] bool sameShape(const ImageView<A>& a, const ImageView<B>& b) {
  return a.width == b.width && a.height == b.height;
}

template <class T>
void copyRow(const T* from, T* to, std::int32_t count) {
  std::memcpy(to, from, sizeof(T) * static_cast<std::size_t>(count));
}

} // namespace kinora::kernels
