// SPDX-License-Identifier: Apache-2.0
#include "tests/support/pictures.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>
#include <vector>

#include "engine/base/check.h"

namespace kinora::test {
namespace {

MutableImage makePicture(Size size) {
  auto image = MutableImage::allocate(PixelFormat::Rgba8, size);
  KINORA_CHECK(image.has_value());
  return std::move(*image);
}

} // namespace

Image texturedPicture(Size size, unsigned seed) {
  MutableImage image = makePicture(size);
  std::mt19937 random(seed);
  const auto next = [&random] { return static_cast<int>(random() & 63); };
  // Noise in 3x3 blocks survives resampling better than single pixels do.
  const int cells = (size.width + 2) / 3;
  std::vector<int> noise(static_cast<std::size_t>(cells));
  for (int y = 0; y < size.height; ++y) {
    if (y % 3 == 0)
      std::generate(noise.begin(), noise.end(), next);
    auto* row = image.row<unsigned char>(y);
    for (int x = 0; x < size.width; ++x) {
      const int n = noise[static_cast<std::size_t>(x / 3)];
      row[4 * x + 0] = static_cast<unsigned char>(n + 160 * x / size.width);
      row[4 * x + 1] = static_cast<unsigned char>(n + 160 * y / size.height);
      row[4 * x + 2] = static_cast<unsigned char>(n + 80);
      row[4 * x + 3] = 255;
    }
  }
  return std::move(image).freeze();
}

Image plainPicture(Size size, unsigned char r, unsigned char g, unsigned char b) {
  MutableImage image = makePicture(size);
  for (int y = 0; y < size.height; ++y) {
    auto* row = image.row<unsigned char>(y);
    for (int x = 0; x < size.width; ++x) {
      row[4 * x + 0] = r;
      row[4 * x + 1] = g;
      row[4 * x + 2] = b;
      row[4 * x + 3] = 255;
    }
  }
  return std::move(image).freeze();
}

Image withDisc(const Image& base, Point centre, float radius, unsigned char r, unsigned char g, unsigned char b) {
  MutableImage image = makePicture(base.size());
  for (int y = 0; y < base.size().height; ++y) {
    const auto* from = base.row<unsigned char>(y);
    auto* to = image.row<unsigned char>(y);
    std::copy_n(from, 4 * static_cast<std::size_t>(base.size().width), to);
    for (int x = 0; x < base.size().width; ++x) {
      const float dx = static_cast<float>(x) + .5f - centre.x;
      const float dy = static_cast<float>(y) + .5f - centre.y;
      if (dx * dx + dy * dy <= radius * radius) {
        to[4 * x + 0] = r;
        to[4 * x + 1] = g;
        to[4 * x + 2] = b;
      }
    }
  }
  return std::move(image).freeze();
}

Image withTexturedDisc(const Image& base, Point centre, float radius, unsigned seed) {
  const Image texture = texturedPicture(base.size(), seed);
  MutableImage image = makePicture(base.size());
  for (int y = 0; y < base.size().height; ++y) {
    const auto* from = base.row<unsigned char>(y);
    const auto* grain = texture.row<unsigned char>(y);
    auto* to = image.row<unsigned char>(y);
    std::copy_n(from, 4 * static_cast<std::size_t>(base.size().width), to);
    for (int x = 0; x < base.size().width; ++x) {
      const float dx = static_cast<float>(x) + .5f - centre.x;
      const float dy = static_cast<float>(y) + .5f - centre.y;
      if (dx * dx + dy * dy <= radius * radius) {
        const int n = (grain[4 * x + 2] - 80) & 63; // the texture's noise alone
        to[4 * x + 0] = static_cast<unsigned char>(190 + n);
        to[4 * x + 1] = static_cast<unsigned char>(n / 2);
        to[4 * x + 2] = static_cast<unsigned char>(n / 2);
      }
    }
  }
  return std::move(image).freeze();
}

int largestDifference(const Image& a, const Image& b) {
  KINORA_CHECK(a.size() == b.size() && a.format() == PixelFormat::Rgba8 && b.format() == PixelFormat::Rgba8);
  int largest = 0;
  for (int y = 0; y < a.size().height; ++y) {
    const auto* p = a.row<unsigned char>(y);
    const auto* q = b.row<unsigned char>(y);
    for (int i = 0; i < 4 * a.size().width; ++i)
      largest = std::max(largest, std::abs(p[i] - q[i]));
  }
  return largest;
}

double psnr(const Image& a, const Image& b) {
  KINORA_CHECK(a.size() == b.size() && a.format() == PixelFormat::Rgba8 && b.format() == PixelFormat::Rgba8);
  double sum = 0;
  for (int y = 0; y < a.size().height; ++y) {
    const auto* p = a.row<unsigned char>(y);
    const auto* q = b.row<unsigned char>(y);
    for (int x = 0; x < a.size().width; ++x)
      for (int c = 0; c < 3; ++c) {
        const double d = p[4 * x + c] - q[4 * x + c];
        sum += d * d;
      }
  }
  const double mse = sum / (3.0 * static_cast<double>(a.size().area()));
  return mse == 0 ? std::numeric_limits<double>::infinity() : 10 * std::log10(255.0 * 255.0 / mse);
}

} // namespace kinora::test
