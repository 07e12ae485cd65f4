// SPDX-License-Identifier: Apache-2.0
// Video pictures for the checks of yuv_to_rgb and rgb_to_yuv, and the standards' numbers.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "kernels/check/check.h"
#include "kernels/check/device.h"
#include "kernels/rgb_to_yuv.h"

namespace kinora::kernels::check {

// Planes as 16-bit or 8-bit pictures behind one view. Nv12's chroma is a picture of twice the width.
class Video {
 public:
  Video(PixelFormat format, Shape shape) : format_(format), shape_(shape) {
    const std::int32_t cw = (shape.width + 1) / 2;
    const std::int32_t ch = (shape.height + 1) / 2;
    planes_.emplace_back(shape.width * bytes(), shape.height);
    if (format == PixelFormat::Nv12) {
      planes_.emplace_back(2 * cw, ch);
    } else {
      planes_.emplace_back(cw * bytes(), ch);
      planes_.emplace_back(cw * bytes(), ch);
    }
  }

  [[nodiscard]] Shape shape() const { return shape_; }
  [[nodiscard]] PixelFormat format() const { return format_; }
  [[nodiscard]] int bits() const { return format_ == PixelFormat::Yuv420P10 ? 10 : 8; }
  [[nodiscard]] int largest() const { return (1 << bits()) - 1; }
  [[nodiscard]] std::vector<Picture<std::uint8_t>>& planes() { return planes_; }
  [[nodiscard]] const std::vector<Picture<std::uint8_t>>& planes() const { return planes_; }
  [[nodiscard]] bool guardsHold() const {
    return std::all_of(planes_.begin(), planes_.end(), [](const auto& plane) { return plane.guardsHold(); });
  }

  [[nodiscard]] YuvView view() {
    YuvView view{format_, shape_.width, shape_.height, {}, {}};
    for (std::size_t p = 0; p < planes_.size(); ++p) {
      view.data[p] = reinterpret_cast<std::byte*>(planes_[p].view().data);
      view.strideBytes[p] = planes_[p].view().strideBytes;
    }
    return view;
  }

  [[nodiscard]] int luma(std::int32_t x, std::int32_t y) const { return sample(0, x, y); }
  [[nodiscard]] int cb(std::int32_t x, std::int32_t y) const {
    return format_ == PixelFormat::Nv12 ? planes_[1].at(2 * x, y) : sample(1, x, y);
  }
  [[nodiscard]] int cr(std::int32_t x, std::int32_t y) const {
    return format_ == PixelFormat::Nv12 ? planes_[1].at(2 * x + 1, y) : sample(2, x, y);
  }

  void fill(Random& random) {
    for (auto& plane : planes_)
      for (std::int32_t y = 0; y < plane.height(); ++y)
        for (std::int32_t x = 0; x < plane.width(); x += bytes()) {
          const int value = random.below(largest() + 1);
          plane.at(x, y) = static_cast<std::uint8_t>(value & 255);
          if (bytes() == 2)
            plane.at(x + 1, y) = static_cast<std::uint8_t>(value >> 8);
        }
  }

 private:
  [[nodiscard]] int bytes() const { return format_ == PixelFormat::Yuv420P10 ? 2 : 1; }
  [[nodiscard]] int sample(std::size_t plane, std::int32_t x, std::int32_t y) const {
    if (bytes() == 1)
      return planes_[plane].at(x, y);
    return planes_[plane].at(2 * x, y) | planes_[plane].at(2 * x + 1, y) << 8;
  }

  PixelFormat format_;
  Shape shape_;
  std::vector<Picture<std::uint8_t>> planes_;
};

struct Standard {
  YuvEncoding encoding;
  const char* name;
  double kr, kb;
};

inline constexpr std::array kStandards = {
    Standard{{ColorMatrix::Bt601, ColorRange::Limited}, "bt601 limited", 0.299, 0.114},
    Standard{{ColorMatrix::Bt601, ColorRange::Full}, "bt601 full", 0.299, 0.114},
    Standard{{ColorMatrix::Bt709, ColorRange::Limited}, "bt709 limited", 0.2126, 0.0722},
    Standard{{ColorMatrix::Bt709, ColorRange::Full}, "bt709 full", 0.2126, 0.0722},
    Standard{{ColorMatrix::Bt2020, ColorRange::Limited}, "bt2020 limited", 0.2627, 0.0593},
    Standard{{ColorMatrix::Bt2020, ColorRange::Full}, "bt2020 full", 0.2627, 0.0593}};

inline constexpr std::array kVideoFormats = {PixelFormat::Nv12, PixelFormat::Yuv420P, PixelFormat::Yuv420P10};
inline constexpr std::array kVideoFormatNames = {"nv12", "yuv420p", "yuv420p10"};

// Sample values of black, of white less black, and of the chroma range.
struct SampleLevels {
  double black, range, neutral, chroma;
};

inline SampleLevels sampleLevels(const Standard& standard, int bits) {
  const double f = bits == 10 ? 4 : 1;
  const double largest = bits == 10 ? 1023 : 255;
  if (standard.encoding.range == ColorRange::Limited)
    return {16 * f, 219 * f, 128 * f, 224 * f};
  return {0, largest, 128 * f, largest};
}

#if KINORA_HAVE_CUDA
class DeviceVideo {
 public:
  explicit DeviceVideo(Video& host) : view_(host.view()) {
    planes_.reserve(host.planes().size());
    for (std::size_t p = 0; p < host.planes().size(); ++p) {
      planes_.push_back(std::make_unique<DevicePicture<std::uint8_t>>(host.planes()[p]));
      view_.data[p] = reinterpret_cast<std::byte*>(planes_[p]->view().data);
    }
  }
  [[nodiscard]] const YuvView& view() const { return view_; }
  [[nodiscard]] const DevicePicture<std::uint8_t>& plane(std::size_t p) const { return *planes_[p]; }

 private:
  YuvView view_;
  std::vector<std::unique_ptr<DevicePicture<std::uint8_t>>> planes_;
};
#endif

} // namespace kinora::kernels::check
