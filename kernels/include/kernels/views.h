// SPDX-License-Identifier: Apache-2.0
// Views of the pictures that the rest of Kinora carries: Image and MutableImage.
#pragma once

#include <array>

#include "engine/base/check.h"
#include "engine/base/image.h"
#include "kernels/image_view.h"

namespace kinora::kernels {

// [any] The pixels of one plane. T must have the size of the plane's samples (Rgba8 for PixelFormat::Rgba8 …).
template <class T>
[[nodiscard]] ConstImageView<T> view(const Image& image, int plane = 0) {
  const PlaneShape shape = planeShape(image.format(), image.size(), plane);
  KINORA_CHECK(shape.sampleBytes == static_cast<std::int32_t>(sizeof(T)));
  return {reinterpret_cast<const T*>(image.data(plane)), shape.width, shape.height, image.strideBytes(plane)};
}

template <class T>
[[nodiscard]] ImageView<T> view(MutableImage& image, int plane = 0) {
  const PlaneShape shape = planeShape(image.format(), image.size(), plane);
  KINORA_CHECK(shape.sampleBytes == static_cast<std::int32_t>(sizeof(T)));
  return {reinterpret_cast<T*>(image.data(plane)), shape.width, shape.height, image.strideBytes(plane)};
}

// A YUV 4:2:0 picture: Nv12 (two planes) or Yuv420P, Yuv420P10 (three planes). Chroma planes are (width + 1) / 2 by
// (height + 1) / 2. Byte is std::byte, or const std::byte for pictures that are only read.
template <class Byte>
struct BasicYuvView {
  PixelFormat format = PixelFormat::Nv12;
  std::int32_t width = 0;
  std::int32_t height = 0;
  std::array<Byte*, kMaxPlanes> data{};
  std::array<std::ptrdiff_t, kMaxPlanes> strideBytes{};

  // NOLINTNEXTLINE(google-explicit-constructor): what may be written may be read.
  operator BasicYuvView<const std::byte>() const requires(!std::is_const_v<Byte>) {
    return {format, width, height, {data[0], data[1], data[2]}, strideBytes};
  }
};
using YuvView = BasicYuvView<std::byte>;
using ConstYuvView = BasicYuvView<const std::byte>;

[[nodiscard]] inline ConstYuvView yuvView(const Image& image) {
  ConstYuvView result{image.format(), image.size().width, image.size().height, {}, {}};
  for (int plane = 0; plane < planeCount(image.format()); ++plane) {
    result.data[static_cast<std::size_t>(plane)] = image.data(plane);
    result.strideBytes[static_cast<std::size_t>(plane)] = image.strideBytes(plane);
  }
  return result;
}

[[nodiscard]] inline YuvView yuvView(MutableImage& image) {
  YuvView result{image.format(), image.size().width, image.size().height, {}, {}};
  for (int plane = 0; plane < planeCount(image.format()); ++plane) {
    result.data[static_cast<std::size_t>(plane)] = image.data(plane);
    result.strideBytes[static_cast<std::size_t>(plane)] = image.strideBytes(plane);
  }
  return result;
}

} // namespace kinora::kernels
