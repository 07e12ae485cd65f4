// SPDX-License-Identifier: Apache-2.0
#include "engine/media/exr_p.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <fstream>
#include <system_error>
#include <vector>

#include <ImathBox.h>
#include <ImfRgba.h>
#include <ImfRgbaFile.h>
#include <fmt/format.h>

namespace kinora::media {
namespace {

namespace fs = std::filesystem;

// IEC 61966-2-1.
float linearToSrgb(float v) {
  if (!(v > 0))
    return 0;
  return v <= .0031308F ? 12.92F * v : 1.055F * std::pow(v, 1 / 2.4F) - .055F;
}

float srgbToLinear(float v) {
  return v <= .04045F ? v / 12.92F : std::pow((v + .055F) / 1.055F, 2.4F);
}

} // namespace

bool looksLikeExr(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) // a pipe would block
    return false;
  std::ifstream in(path, std::ios::binary);
  std::array<char, 4> magic{};
  in.read(magic.data(), magic.size());
  return in.gcount() == 4 && magic == std::array<char, 4>{'\x76', '\x2f', '\x31', '\x01'};
}

Result<Image> readExr(const fs::path& path) {
  try {
    Imf::RgbaInputFile file(path.c_str());
    const Imath::Box2i window = file.dataWindow();
    const std::int64_t width = std::int64_t{window.max.x} - window.min.x + 1;
    const std::int64_t height = std::int64_t{window.max.y} - window.min.y + 1;
    if (width < 1 || height < 1 || width > kMaxImageSide || height > kMaxImageSide || width * height > kMaxImageArea)
      return fail(
          ErrorCode::InvalidArgument,
          fmt::format("“{}” says that it has {}×{} pixels; at most {} a side and {} million in all can be opened.",
                      path.filename().string(), width, height, kMaxImageSide, kMaxImageArea >> 20),
          path.string());
    auto image = MutableImage::allocate(PixelFormat::Rgba16F, {static_cast<int>(width), static_cast<int>(height)});
    if (!image)
      return fail(image);
    std::vector<Imf::Rgba> line(static_cast<std::size_t>(width));
    for (int y = 0; y < height; ++y) {
      // One line at a time: the base pointer is that of pixel (0, 0) of the data window's coordinates.
      file.setFrameBuffer(line.data() - window.min.x, 1, 0);
      file.readPixels(window.min.y + y);
      auto* out = image->row<std::uint16_t>(y);
      for (std::size_t x = 0; x < line.size(); ++x) {
        const float alpha = line[x].a;
        const float scale = alpha > 0 && alpha != 1 ? 1 / alpha : 1;
        out[4 * x + 0] = half(line[x].r * scale).bits();
        out[4 * x + 1] = half(line[x].g * scale).bits();
        out[4 * x + 2] = half(line[x].b * scale).bits();
        out[4 * x + 3] = line[x].a.bits();
      }
    }
    ColorInfo color;
    color.transfer = ColorTransfer::Linear;
    return std::move(*image).freeze({}, color);
  } catch (const std::exception& error) {
    return fail(ErrorCode::Corrupt,
                fmt::format("Reading the picture “{}” failed: {}. Make it again with another program.",
                            path.filename().string(), error.what()),
                path.string());
  }
}

Result<void> writeExr(const fs::path& path, const Image& image) {
  try {
    const Size size = image.size();
    const bool linear = image.color().transfer == ColorTransfer::Linear;
    Imf::RgbaOutputFile file(path.c_str(), size.width, size.height, Imf::WRITE_RGBA, 1, Imath::V2f(0, 0), 1,
                             Imf::INCREASING_Y, Imf::ZIP_COMPRESSION);
    std::vector<Imf::Rgba> line(static_cast<std::size_t>(size.width));
    for (int y = 0; y < size.height; ++y) {
      const auto* in = image.row<std::uint16_t>(y);
      for (std::size_t x = 0; x < line.size(); ++x) {
        std::array<float, 4> v{};
        for (std::size_t c = 0; c < 4; ++c) {
          half h;
          h.setBits(in[4 * x + c]);
          v[c] = h;
        }
        for (std::size_t c = 0; c < 3; ++c)
          v[c] = (linear ? v[c] : srgbToLinear(v[c])) * v[3];
        line[x] = Imf::Rgba(v[0], v[1], v[2], v[3]);
      }
      file.setFrameBuffer(line.data() - static_cast<std::ptrdiff_t>(y) * size.width, 1, line.size());
      file.writePixels(1);
    }
    return {};
  } catch (const std::exception& error) {
    return fail(ErrorCode::Io,
                fmt::format("Writing “{}” failed: {}. Check the free space and the folder.", path.filename().string(),
                            error.what()),
                path.string());
  }
}

Result<Image> displayReferred(const Image& linear) {
  const Size size = linear.size();
  auto image = MutableImage::allocate(PixelFormat::Rgba8, size);
  if (!image)
    return fail(image);
  // One entry per half: 65 536 values are fewer than the pixels of most pictures.
  std::vector<std::uint8_t> curve(65'536);
  std::vector<std::uint8_t> plain(65'536);
  for (std::size_t bits = 0; bits < curve.size(); ++bits) {
    half h;
    h.setBits(static_cast<std::uint16_t>(bits));
    const float v = std::isnan(static_cast<float>(h)) ? 0.F : std::clamp(static_cast<float>(h), 0.F, 1.F);
    curve[bits] = static_cast<std::uint8_t>(std::lround(linearToSrgb(v) * 255));
    plain[bits] = static_cast<std::uint8_t>(std::lround(v * 255));
  }
  for (int y = 0; y < size.height; ++y) {
    const auto* in = linear.row<std::uint16_t>(y);
    auto* out = image->row<std::uint8_t>(y);
    for (int x = 0; x < size.width; ++x) {
      for (int c = 0; c < 3; ++c)
        out[4 * x + c] = curve[in[4 * x + c]];
      out[4 * x + 3] = plain[in[4 * x + 3]];
    }
  }
  return std::move(*image).freeze(linear.time());
}

} // namespace kinora::media
