// SPDX-License-Identifier: Apache-2.0
// One pixel of warp.h: where it comes from, in 1/256 pixel, and what is there.
#pragma once

#include "kernels/shared/pixel_p.h"
#include "kernels/warp.h"

namespace kinora::kernels {

inline constexpr std::int32_t kFractionBits = 8;
inline constexpr std::int32_t kFractionOne = 1 << kFractionBits;
inline constexpr std::int32_t kFractionMask = kFractionOne - 1;

// Keeps positions where their integers cannot overflow; further out is outside of every picture. Not-a-number goes far
// out, too.
KINORA_HD float withinReach(float value) {
  constexpr float kReach = 1048576.0f;
  const float low = value > -kReach ? value : -kReach;
  return low < kReach ? low : kReach;
}

// A position (pixel centres at .5) as integer multiples of 1/256 from the centre of pixel 0.
KINORA_HD std::int32_t fixedFromPosition(float position) {
  return floorToInt(withinReach(position) * 256.0f - 127.5f);
}

// The same for the pixel at index moved by shift.
KINORA_HD std::int32_t fixedFromShift(std::int32_t index, float shift) {
  return index * kFractionOne + floorToInt(withinReach(shift) * 256.0f + 0.5f);
}

// Where a pixel's centre lies between two nodes of a lattice.
struct Between {
  std::int32_t node;
  float t;
};

KINORA_HD Between betweenNodes(std::int32_t index, float cell, std::int32_t nodes) {
  const float centre = static_cast<float>(index) + 0.5f;
  const std::int32_t wanted = static_cast<std::int32_t>(centre / cell);
  const std::int32_t node = wanted < nodes - 2 ? wanted : nodes - 2;
  return {node, (centre - static_cast<float>(node) * cell) / cell};
}

// How far a node moves its own place.
KINORA_HD Float2 nodeShift(Float2 node, std::int32_t i, std::int32_t j, float cellWidth, float cellHeight) {
  return {withinReach(node.x - static_cast<float>(i) * cellWidth),
          withinReach(node.y - static_cast<float>(j) * cellHeight)};
}

KINORA_HD float mixed(float from, float to, float t) {
  return from + (to - from) * t;
}

// Catmull-Rom weights of the four neighbours of a position f / 256 after the second one (Keys 1981, a = -0.5). The
// numerators are exact.
KINORA_HD void cubicWeights(std::int32_t f, float weights[4]) {
  constexpr float kScale = 1.0f / 33554432.0f;
  const std::int32_t f2 = f * f;
  const std::int32_t f3 = f2 * f;
  weights[0] = static_cast<float>(-f3 + 512 * f2 - 65536 * f) * kScale;
  weights[1] = static_cast<float>(3 * f3 - 1280 * f2 + 33554432) * kScale;
  weights[2] = static_cast<float>(-3 * f3 + 1024 * f2 + 65536 * f) * kScale;
  weights[3] = static_cast<float>(f3 - 256 * f2) * kScale;
}

// The pixel at (x, y), whatever lies there.
template <class Pixel>
KINORA_HD Pixel pixelAt(const ConstImageView<Pixel>& src, std::int32_t x, std::int32_t y, Outside outside) {
  const std::int32_t cx = clampIndex(x, src.width);
  const std::int32_t cy = clampIndex(y, src.height);
  const auto* row = reinterpret_cast<const Pixel*>(reinterpret_cast<const char*>(src.data) + cy * src.strideBytes);
  if (outside == Outside::Transparent && (cx != x || cy != y))
    return Pixel{};
  return row[cx];
}

// The weighted mean of four bytes; the weights' sum is 65536.
KINORA_HD std::uint8_t blended(const std::uint32_t w[4], std::uint32_t a, std::uint32_t b, std::uint32_t c,
                               std::uint32_t d) {
  return static_cast<std::uint8_t>((w[0] * a + w[1] * b + w[2] * c + w[3] * d + 32768u) >> 16);
}

KINORA_HD Rgba8 bilinear(const Rgba8 p[4], std::int32_t fx, std::int32_t fy, AlphaMode alpha) {
  const std::uint32_t x1 = static_cast<std::uint32_t>(fx);
  const std::uint32_t y1 = static_cast<std::uint32_t>(fy);
  const std::uint32_t w[4] = {(256 - x1) * (256 - y1), x1 * (256 - y1), (256 - x1) * y1, x1 * y1};
  if (alpha == AlphaMode::Premultiplied)
    return {blended(w, p[0].r, p[1].r, p[2].r, p[3].r), blended(w, p[0].g, p[1].g, p[2].g, p[3].g),
            blended(w, p[0].b, p[1].b, p[2].b, p[3].b), blended(w, p[0].a, p[1].a, p[2].a, p[3].a)};
  // Sums stay below 2^32: 65536 * 255 * 255 plus half the divisor.
  std::uint32_t wa[4];
  std::uint32_t sum = 0;
  for (int i = 0; i < 4; ++i) {
    wa[i] = w[i] * p[i].a;
    sum += wa[i];
  }
  if (sum == 0)
    return Rgba8{};
  const auto over = [&](std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
    return static_cast<std::uint8_t>((wa[0] * a + wa[1] * b + wa[2] * c + wa[3] * d + sum / 2) / sum);
  };
  return {over(p[0].r, p[1].r, p[2].r, p[3].r), over(p[0].g, p[1].g, p[2].g, p[3].g),
          over(p[0].b, p[1].b, p[2].b, p[3].b), static_cast<std::uint8_t>((sum + 32768u) >> 16)};
}

KINORA_HD Rgba16F bilinear(const Rgba16F p[4], std::int32_t fx, std::int32_t fy, AlphaMode alpha) {
  const float x1 = static_cast<float>(fx) * (1.0f / 256.0f);
  const float y1 = static_cast<float>(fy) * (1.0f / 256.0f);
  Float4 v[4];
  for (int i = 0; i < 4; ++i) {
    v[i] = Channels<Rgba16F>::load(p[i]);
    if (alpha == AlphaMode::Straight)
      v[i] = weightedByAlpha(v[i]);
  }
  const Float4 top = v[0] * (1.0f - x1) + v[1] * x1;
  const Float4 bottom = v[2] * (1.0f - x1) + v[3] * x1;
  const Float4 all = top * (1.0f - y1) + bottom * y1;
  return Channels<Rgba16F>::store(alpha == AlphaMode::Straight ? dividedByAlpha(all) : all);
}

// What src shows at a fixed position.
template <class Pixel>
KINORA_HD Pixel sampled(const ConstImageView<Pixel>& src, std::int32_t qx, std::int32_t qy, Sampling sampling,
                        Outside outside, AlphaMode alpha) {
  const std::int32_t x = qx >> kFractionBits;
  const std::int32_t y = qy >> kFractionBits;
  const std::int32_t fx = qx & kFractionMask;
  const std::int32_t fy = qy & kFractionMask;
  if ((fx | fy) == 0)
    return pixelAt(src, x, y, outside);
  if (sampling == Sampling::Bilinear) {
    const Pixel p[4] = {pixelAt(src, x, y, outside), pixelAt(src, x + 1, y, outside), pixelAt(src, x, y + 1, outside),
                        pixelAt(src, x + 1, y + 1, outside)};
    return bilinear(p, fx, fy, alpha);
  }
  float wx[4];
  float wy[4];
  cubicWeights(fx, wx);
  cubicWeights(fy, wy);
  Float4 sum = {0, 0, 0, 0};
  for (int j = 0; j < 4; ++j) {
    Float4 line = {0, 0, 0, 0};
    for (int i = 0; i < 4; ++i) {
      Float4 v = Channels<Pixel>::load(pixelAt(src, x - 1 + i, y - 1 + j, outside));
      if (alpha == AlphaMode::Straight)
        v = weightedByAlpha(v);
      line = line + v * wx[i];
    }
    sum = sum + line * wy[j];
  }
  return Channels<Pixel>::store(alpha == AlphaMode::Straight ? dividedByAlpha(sum) : sum);
}

} // namespace kinora::kernels
