// SPDX-License-Identifier: Apache-2.0
// How a kernel sees a picture: a pointer, a shape and a row pitch. Nothing is owned; works for host and device memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace kinora {
class WorkerPool;
}

namespace kinora::kernels {

// IEEE 754 binary16, as bits (shared/half_p.h converts).
struct Half {
  std::uint16_t bits = 0;
  friend constexpr bool operator==(Half, Half) = default;
};

struct Rgba8 {
  std::uint8_t r = 0, g = 0, b = 0, a = 0;
  friend constexpr bool operator==(Rgba8, Rgba8) = default;
};

struct Rgba16F {
  Half r, g, b, a;
  friend constexpr bool operator==(Rgba16F, Rgba16F) = default;
};

using Gray8 = std::uint8_t;
using Gray32F = float;

struct Float2 {
  float x = 0, y = 0;
  friend constexpr bool operator==(Float2, Float2) = default;
};

// Whether colours are stored as they are or already multiplied by alpha.
enum class AlphaMode : std::uint8_t { Straight, Premultiplied };

// A rectangle of pixels; empty when a side is not positive.
struct Rect {
  std::int32_t x = 0, y = 0, width = 0, height = 0;

  [[nodiscard]] constexpr bool isEmpty() const { return width <= 0 || height <= 0; }
  friend constexpr bool operator==(Rect, Rect) = default;
};

[[nodiscard]] constexpr Rect intersected(Rect a, Rect b) {
  const std::int32_t x0 = std::max(a.x, b.x);
  const std::int32_t y0 = std::max(a.y, b.y);
  const std::int32_t x1 = std::min(a.x + a.width, b.x + b.width);
  const std::int32_t y1 = std::min(a.y + a.height, b.y + b.height);
  return x1 > x0 && y1 > y0 ? Rect{x0, y0, x1 - x0, y1 - y0} : Rect{};
}

// T is the pixel type, const for pictures that are only read. strideBytes is the distance between rows, a multiple of
// alignof(T), at least width * sizeof(T). A view without pixels (data null or a side 0) means "none" where a function
// says that it may be left out.
template <class T>
struct ImageView {
  T* data = nullptr;
  std::int32_t width = 0;
  std::int32_t height = 0;
  std::ptrdiff_t strideBytes = 0;

  using Byte = std::conditional_t<std::is_const_v<T>, const std::byte, std::byte>;

  [[nodiscard]] bool isEmpty() const { return data == nullptr || width <= 0 || height <= 0; }
  [[nodiscard]] Rect bounds() const { return {0, 0, width, height}; }
  [[nodiscard]] T* row(std::int32_t y) const {
    return reinterpret_cast<T*>(reinterpret_cast<Byte*>(data) + static_cast<std::ptrdiff_t>(y) * strideBytes);
  }
  // The part inside r, which must lie within the picture.
  [[nodiscard]] ImageView sub(Rect r) const { return {row(r.y) + r.x, r.width, r.height, strideBytes}; }
  // NOLINTNEXTLINE(google-explicit-constructor): what may be written may be read.
  operator ImageView<const T>() const requires(!std::is_const_v<T>) { return {data, width, height, strideBytes}; }
};

template <class T>
using ConstImageView = ImageView<const T>;

// A view of packed rows.
template <class T>
[[nodiscard]] ImageView<T> packedView(T* data, std::int32_t width, std::int32_t height) {
  return {data, width, height, static_cast<std::ptrdiff_t>(sizeof(T)) * width};
}

} // namespace kinora::kernels
