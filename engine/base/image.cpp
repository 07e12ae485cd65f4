// SPDX-License-Identifier: Apache-2.0
#include "engine/base/image.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include <fmt/format.h>

#include "engine/base/check.h"

namespace kinora {
namespace {

constexpr std::size_t kRowAlignment = 64;

std::size_t alignUp(std::size_t n) {
  return (n + kRowAlignment - 1) / kRowAlignment * kRowAlignment;
}

} // namespace

int planeCount(PixelFormat format) {
  switch (format) {
  case PixelFormat::Yuv420P:
  case PixelFormat::Yuv420P10:
    return 3;
  case PixelFormat::Nv12:
    return 2;
  default:
    return 1;
  }
}

PlaneShape planeShape(PixelFormat format, Size size, int plane) {
  const Size half{(size.width + 1) / 2, (size.height + 1) / 2};
  switch (format) {
  case PixelFormat::Rgba8:
    return {size.width, size.height, 4};
  case PixelFormat::Rgba16F:
    return {size.width, size.height, 8};
  case PixelFormat::Gray8:
    return {size.width, size.height, 1};
  case PixelFormat::Gray32F:
    return {size.width, size.height, 4};
  case PixelFormat::Yuv420P:
    return plane == 0 ? PlaneShape{size.width, size.height, 1} : PlaneShape{half.width, half.height, 1};
  case PixelFormat::Yuv420P10:
    return plane == 0 ? PlaneShape{size.width, size.height, 2} : PlaneShape{half.width, half.height, 2};
  case PixelFormat::Nv12:
    return plane == 0 ? PlaneShape{size.width, size.height, 1} : PlaneShape{half.width, half.height, 2};
  }
  return {};
}

std::string_view pixelFormatName(PixelFormat format) {
  switch (format) {
  case PixelFormat::Rgba8:
    return "rgba8";
  case PixelFormat::Rgba16F:
    return "rgba16f";
  case PixelFormat::Gray8:
    return "gray8";
  case PixelFormat::Gray32F:
    return "gray32f";
  case PixelFormat::Yuv420P:
    return "yuv420p";
  case PixelFormat::Nv12:
    return "nv12";
  case PixelFormat::Yuv420P10:
    return "yuv420p10";
  }
  return "unknown";
}

Result<MutableImage> MutableImage::allocate(PixelFormat format, Size size) {
  if (size.isEmpty() || size.width > kMaxImageSide || size.height > kMaxImageSide || size.area() > kMaxImageArea)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("A picture of {}×{} pixels cannot be made: sides must be 1 to {} and the area at most {} "
                            "million pixels.",
                            size.width, size.height, kMaxImageSide, kMaxImageArea >> 20));
  std::array<std::size_t, kMaxPlanes> offset{};
  std::size_t total = 0;
  auto buffer = std::make_shared<ImageBuffer>();
  buffer->format = format;
  buffer->size = size;
  for (int p = 0; p < planeCount(format); ++p) {
    const PlaneShape shape = planeShape(format, size, p);
    const std::size_t stride = alignUp(static_cast<std::size_t>(shape.width) * shape.sampleBytes);
    buffer->strideBytes[p] = static_cast<std::ptrdiff_t>(stride);
    offset[p] = total;
    total += stride * shape.height;
  }
  void* memory = std::aligned_alloc(kRowAlignment, total);
  if (!memory)
    return fail(ErrorCode::OutOfMemory,
                fmt::format("No memory for a picture of {}×{} pixels ({} MiB).", size.width, size.height, total >> 20));
  buffer->owner = std::shared_ptr<void>(memory, std::free);
  for (int p = 0; p < planeCount(format); ++p)
    buffer->data[p] = static_cast<std::byte*>(memory) + offset[p];
  return MutableImage(std::move(buffer));
}

Image MutableImage::freeze(Time time, ColorInfo color) && {
  KINORA_CHECK(buffer_ != nullptr);
  Image image;
  image.buffer_ = std::move(buffer_);
  image.time_ = time;
  image.color_ = color;
  return image;
}

std::int64_t Image::byteSize() const {
  if (!buffer_)
    return 0;
  std::int64_t total = 0;
  for (int p = 0; p < planeCount(format()); ++p)
    total += static_cast<std::int64_t>(strideBytes(p)) * planeShape(format(), size(), p).height;
  return total;
}

Image Image::at(Time time) const {
  Image copy = *this;
  copy.time_ = time;
  return copy;
}

bool samePixels(const Image& a, const Image& b) {
  if (a.isNull() || b.isNull())
    return a.isNull() && b.isNull();
  if (a.format() != b.format() || !(a.size() == b.size()))
    return false;
  if (a.sharesPixels(b))
    return true;
  KINORA_CHECK(a.memory() != MemoryKind::Cuda && b.memory() != MemoryKind::Cuda);
  for (int p = 0; p < planeCount(a.format()); ++p) {
    const PlaneShape shape = planeShape(a.format(), a.size(), p);
    for (int y = 0; y < shape.height; ++y)
      if (std::memcmp(a.row<std::byte>(y, p), b.row<std::byte>(y, p),
                      static_cast<std::size_t>(shape.width) * shape.sampleBytes) != 0)
        return false;
  }
  return true;
}

} // namespace kinora
