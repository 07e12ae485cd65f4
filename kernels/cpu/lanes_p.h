// SPDX-License-Identifier: Apache-2.0
// The four channels of a pixel as one vector of floats, lane by lane the same arithmetic as Float4's.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/cpu/rows_p.h"
#include "kernels/shared/pixel_p.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace kinora::kernels {

using Lanes = float __attribute__((vector_size(16)));

KINORA_INLINE Lanes lanesAt(const float* values) {
  Lanes lanes;
  std::memcpy(&lanes, values, sizeof lanes);
  return lanes;
}

#if defined(__SSE2__)

KINORA_INLINE Lanes lanesOf(Rgba8 p) {
  std::int32_t bits;
  std::memcpy(&bits, &p, sizeof bits);
  const __m128i zero = _mm_setzero_si128();
  const __m128i shorts = _mm_unpacklo_epi8(_mm_cvtsi32_si128(bits), zero);
  return _mm_cvtepi32_ps(_mm_unpacklo_epi16(shorts, zero));
}

// halfToFloat for four at once.
KINORA_INLINE Lanes lanesOf(Rgba16F p) {
  const __m128i halves = _mm_unpacklo_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(&p)), _mm_setzero_si128());
  const __m128i sign = _mm_slli_epi32(_mm_and_si128(halves, _mm_set1_epi32(0x8000)), 16);
  const __m128i rest = _mm_and_si128(halves, _mm_set1_epi32(0x7fff));
  const __m128i shifted = _mm_slli_epi32(rest, 13);
  const __m128i normal = _mm_add_epi32(shifted, _mm_set1_epi32(112 << 23));
  const __m128i special = _mm_or_si128(shifted, _mm_set1_epi32(0x7f800000));
  const __m128i tiny = _mm_castps_si128(_mm_mul_ps(_mm_cvtepi32_ps(rest), _mm_set1_ps(5.9604644775390625e-8f)));
  const __m128i isTiny = _mm_cmplt_epi32(rest, _mm_set1_epi32(0x400));
  const __m128i isSpecial = _mm_cmpgt_epi32(rest, _mm_set1_epi32(0x7bff));
  const __m128i finite = _mm_or_si128(_mm_and_si128(isTiny, tiny), _mm_andnot_si128(isTiny, normal));
  const __m128i all = _mm_or_si128(_mm_and_si128(isSpecial, special), _mm_andnot_si128(isSpecial, finite));
  return _mm_castsi128_ps(_mm_or_si128(sign, all));
}

// As toByte does: not-a-number becomes 0, since max takes its second operand then.
KINORA_INLINE Rgba8 storedBytes(Lanes v) {
  const __m128 low = _mm_max_ps(_mm_add_ps(v, _mm_set1_ps(0.5f)), _mm_setzero_ps());
  const __m128i cut = _mm_cvttps_epi32(_mm_min_ps(low, _mm_set1_ps(255.0f)));
  const __m128i shorts = _mm_packs_epi32(cut, cut);
  const std::int32_t bits = _mm_cvtsi128_si32(_mm_packus_epi16(shorts, shorts));
  Rgba8 p;
  std::memcpy(static_cast<void*>(&p), &bits, sizeof p);
  return p;
}

// floatToHalf for four at once.
KINORA_INLINE Rgba16F storedHalves(Lanes v) {
  const __m128i bits = _mm_castps_si128(v);
  const __m128i sign = _mm_and_si128(_mm_srli_epi32(bits, 16), _mm_set1_epi32(0x8000));
  const __m128i rest = _mm_and_si128(bits, _mm_set1_epi32(0x7fffffff));
  const __m128i odd = _mm_and_si128(_mm_srli_epi32(rest, 13), _mm_set1_epi32(1));
  const __m128i normal =
      _mm_srli_epi32(_mm_add_epi32(_mm_add_epi32(rest, odd), _mm_set1_epi32(0xfff - (112 << 23))), 13);
  const __m128i isTiny = _mm_cmplt_epi32(rest, _mm_set1_epi32(113 << 23));
  const __m128 moved = _mm_add_ps(_mm_castsi128_ps(_mm_and_si128(isTiny, rest)), _mm_set1_ps(0.5f));
  const __m128i tiny = _mm_sub_epi32(_mm_castps_si128(moved), _mm_set1_epi32(0x3f000000));
  const __m128i isNan = _mm_cmpgt_epi32(rest, _mm_set1_epi32(0x7f800000));
  const __m128i special = _mm_or_si128(_mm_set1_epi32(0x7c00), _mm_and_si128(isNan, _mm_set1_epi32(0x200)));
  const __m128i isSpecial = _mm_cmpgt_epi32(rest, _mm_set1_epi32(0x477fffff));
  const __m128i finite = _mm_or_si128(_mm_and_si128(isTiny, tiny), _mm_andnot_si128(isTiny, normal));
  const __m128i all = _mm_or_si128(_mm_and_si128(isSpecial, special), _mm_andnot_si128(isSpecial, finite));
  // Sixteen bits with a sign, so that packing keeps them.
  const __m128i halves = _mm_srai_epi32(_mm_slli_epi32(_mm_or_si128(sign, all), 16), 16);
  Rgba16F p;
  _mm_storel_epi64(reinterpret_cast<__m128i*>(&p), _mm_packs_epi32(halves, halves));
  return p;
}

#else

KINORA_INLINE Float4 float4Of(Lanes v) {
  return {v[0], v[1], v[2], v[3]};
}

template <class Pixel>
KINORA_INLINE Lanes lanesOf(Pixel p) {
  const Float4 v = Channels<Pixel>::load(p);
  return Lanes{v.r, v.g, v.b, v.a};
}

KINORA_INLINE Rgba8 storedBytes(Lanes v) {
  return Channels<Rgba8>::store(float4Of(v));
}

KINORA_INLINE Rgba16F storedHalves(Lanes v) {
  return Channels<Rgba16F>::store(float4Of(v));
}

#endif

template <class Pixel>
KINORA_INLINE Pixel stored(Lanes v) {
  if constexpr (std::is_same_v<Pixel, Rgba8>)
    return storedBytes(v);
  else
    return storedHalves(v);
}

// Colours times alpha; alpha itself stays.
KINORA_INLINE Lanes lanesByAlpha(Lanes v) {
  return v * Lanes{v[3], v[3], v[3], 1.0f};
}

// Colours over alpha, nothing where there is none.
KINORA_INLINE Lanes lanesOverAlpha(Lanes v) {
  if (!(v[3] > 0.0f))
    return Lanes{0, 0, 0, 0};
  return v / Lanes{v[3], v[3], v[3], 1.0f};
}

} // namespace kinora::kernels
