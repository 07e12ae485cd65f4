// SPDX-License-Identifier: Apache-2.0
// The one currency for pictures: immutable pixels with format, memory kind and time, cheap to copy and to share.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "engine/base/geometry.h"
#include "engine/base/result.h"
#include "engine/base/time.h"

namespace kinora {

enum class PixelFormat : std::uint8_t {
  Rgba8,    // 1 plane, 4 x 8 bit, straight alpha
  Rgba16F,  // 1 plane, 4 x half float, straight alpha, 0..1 (more is allowed)
  Gray8,    // 1 plane, mattes and masks
  Gray32F,  // 1 plane
  Yuv420P,  // 3 planes, 8 bit
  Nv12,     // 2 planes, 8 bit, chroma interleaved
  Yuv420P10 // 3 planes, 10 bit in the low bits of 16
};

enum class MemoryKind : std::uint8_t { Host, Pinned, Cuda };

enum class ColorMatrix : std::uint8_t { Rgb, Bt601, Bt709, Bt2020 };
enum class ColorRange : std::uint8_t { Full, Limited };
enum class ColorPrimaries : std::uint8_t { Bt709, Bt601Ntsc, Bt601Pal, Bt2020, DisplayP3 };
enum class ColorTransfer : std::uint8_t { Srgb, Bt709, Linear, Pq, Hlg };

// How numbers in the planes become light. RGBA images are matrix Rgb, range Full.
struct ColorInfo {
  ColorMatrix matrix = ColorMatrix::Rgb;
  ColorRange range = ColorRange::Full;
  ColorPrimaries primaries = ColorPrimaries::Bt709;
  ColorTransfer transfer = ColorTransfer::Srgb;

  friend constexpr bool operator==(const ColorInfo&, const ColorInfo&) = default;
};

struct PlaneShape {
  std::int32_t width = 0;       // in samples of the plane
  std::int32_t height = 0;      // rows
  std::int32_t sampleBytes = 0; // bytes of one sample with all its channels (4 for RGBA8, 2 for NV12 chroma)
};

inline constexpr int kMaxPlanes = 3;
// Largest side and area that Kinora works with; larger pictures are refused with a message.
inline constexpr std::int32_t kMaxImageSide = 32'768;
inline constexpr std::int64_t kMaxImageArea = std::int64_t{1} << 28;

[[nodiscard]] int planeCount(PixelFormat format);
[[nodiscard]] PlaneShape planeShape(PixelFormat format, Size size, int plane);
[[nodiscard]] std::string_view pixelFormatName(PixelFormat format);

// Memory behind an image. Owned by shared_ptr; the last owner frees it or hands it back to its pool.
struct ImageBuffer {
  PixelFormat format = PixelFormat::Rgba8;
  MemoryKind memory = MemoryKind::Host;
  Size size;
  std::array<std::byte*, kMaxPlanes> data{};
  std::array<std::ptrdiff_t, kMaxPlanes> strideBytes{};
  std::shared_ptr<void> owner; // frees the memory
};

class Image;

// An image while it is being written: one owner, movable. freeze() ends the writing.
class MutableImage {
 public:
  MutableImage() = default;
  // Host memory, rows aligned to 64 bytes, contents undefined. Errors: invalidArgument (empty or beyond the limits
  // above), outOfMemory.
  static Result<MutableImage> allocate(PixelFormat format, Size size);
  explicit MutableImage(std::shared_ptr<ImageBuffer> buffer) : buffer_(std::move(buffer)) {}
  MutableImage(MutableImage&&) = default;
  MutableImage& operator=(MutableImage&&) = default;

  [[nodiscard]] bool isNull() const { return !buffer_; }
  [[nodiscard]] PixelFormat format() const { return buffer_->format; }
  [[nodiscard]] Size size() const { return buffer_->size; }
  [[nodiscard]] std::byte* data(int plane = 0) { return buffer_->data[static_cast<std::size_t>(plane)]; }
  template <class T>
  [[nodiscard]] T* row(int y, int plane = 0) {
    return reinterpret_cast<T*>(data(plane) + static_cast<std::ptrdiff_t>(y) * strideBytes(plane));
  }
  [[nodiscard]] std::ptrdiff_t strideBytes(int plane = 0) const {
    return buffer_->strideBytes[static_cast<std::size_t>(plane)];
  }
  [[nodiscard]] Image freeze(Time time = {}, ColorInfo color = {}) &&;

 private:
  std::shared_ptr<ImageBuffer> buffer_;
};

// [any] Safe to read from every thread. A default-made Image is null.
class Image {
 public:
  Image() = default;

  [[nodiscard]] bool isNull() const { return !buffer_; }
  [[nodiscard]] PixelFormat format() const { return buffer_->format; }
  [[nodiscard]] MemoryKind memory() const { return buffer_->memory; }
  [[nodiscard]] Size size() const { return buffer_ ? buffer_->size : Size{}; }
  [[nodiscard]] Time time() const { return time_; }
  [[nodiscard]] const ColorInfo& color() const { return color_; }
  [[nodiscard]] const std::byte* data(int plane = 0) const { return buffer_->data[static_cast<std::size_t>(plane)]; }
  [[nodiscard]] std::ptrdiff_t strideBytes(int plane = 0) const {
    return buffer_->strideBytes[static_cast<std::size_t>(plane)];
  }
  template <class T>
  [[nodiscard]] const T* row(int y, int plane = 0) const {
    return reinterpret_cast<const T*>(data(plane) + static_cast<std::ptrdiff_t>(y) * strideBytes(plane));
  }
  // Bytes of all planes, strides included.
  [[nodiscard]] std::int64_t byteSize() const;
  // The same pixels at another time.
  [[nodiscard]] Image at(Time time) const;
  // True when both share one buffer (not a comparison of pixels).
  [[nodiscard]] bool sharesPixels(const Image& other) const { return buffer_ && buffer_ == other.buffer_; }

 private:
  friend class MutableImage;
  std::shared_ptr<const ImageBuffer> buffer_;
  Time time_;
  ColorInfo color_;
};

// Same size and format, and every visible byte of every plane equal (host memory).
[[nodiscard]] bool samePixels(const Image& a, const Image& b);

} // namespace kinora
