// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/media/media_files.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <numbers>
#include <sstream>

#include <QProcess>
#include <QStandardPaths>
#include <QStringList>

#include "engine/base/check.h"

namespace kinora::test {
namespace {

constexpr int kBits = 12;
constexpr int kSquare = 16;

MutableImage blank(Size size) {
  auto made = MutableImage::allocate(PixelFormat::Rgba8, size);
  KINORA_CHECK(made.has_value());
  return std::move(*made);
}

} // namespace

Image numberedFrame(int n, Size size) {
  KINORA_CHECK(size.width >= kBits * kSquare && size.height >= kSquare);
  MutableImage image = blank(size);
  for (int y = 0; y < size.height; ++y) {
    auto* row = image.row<std::uint8_t>(y);
    for (int x = 0; x < size.width; ++x) {
      const bool square = y < kSquare && x < kBits * kSquare;
      const bool set = square && ((n >> (x / kSquare)) & 1) != 0;
      row[4 * x + 0] = static_cast<std::uint8_t>(square ? (set ? 255 : 0) : (x + 3 * n) % 256);
      row[4 * x + 1] = static_cast<std::uint8_t>(square ? (set ? 255 : 0) : (2 * y + n) % 256);
      row[4 * x + 2] = static_cast<std::uint8_t>(square ? (set ? 255 : 0) : 128);
      row[4 * x + 3] = 255;
    }
  }
  return std::move(image).freeze();
}

int numberIn(const Image& image) {
  if (image.isNull() || image.format() != PixelFormat::Rgba8 || image.size().width < kBits * kSquare)
    return -1;
  int n = 0;
  for (int bit = 0; bit < kBits; ++bit) {
    const int value = image.row<std::uint8_t>(kSquare / 2)[4 * (bit * kSquare + kSquare / 2) + 1];
    if (value > 64 && value < 192)
      return -1;
    n |= (value >= 192 ? 1 : 0) << bit;
  }
  return n;
}

Image colourBars(Size size) {
  static constexpr std::array<std::array<std::uint8_t, 3>, 16> kColours{{{255, 255, 255},
                                                                         {255, 255, 0},
                                                                         {0, 255, 255},
                                                                         {0, 255, 0},
                                                                         {255, 0, 255},
                                                                         {255, 0, 0},
                                                                         {0, 0, 255},
                                                                         {0, 0, 0},
                                                                         {16, 16, 16},
                                                                         {64, 64, 64},
                                                                         {128, 128, 128},
                                                                         {235, 235, 235},
                                                                         {191, 64, 32},
                                                                         {32, 191, 64},
                                                                         {64, 32, 191},
                                                                         {200, 150, 120}}};
  MutableImage image = blank(size);
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x) {
      const auto& c = kColours[static_cast<std::size_t>(8 * (2 * y / size.height) + 8 * x / size.width)];
      auto* p = image.row<std::uint8_t>(y) + 4 * x;
      std::copy(c.begin(), c.end(), p);
      p[3] = 255;
    }
  return std::move(image).freeze();
}

int barDifference(const Image& bars, const Image& other) {
  if (!(bars.size() == other.size()) || other.format() != PixelFormat::Rgba8)
    return 1000;
  constexpr int kBorder = 4;
  const Size size = bars.size();
  int largest = 0;
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x) {
      const int column = size.width / 8;
      const int line = size.height / 2;
      if (x % column < kBorder || x % column >= column - kBorder || y % line < kBorder || y % line >= line - kBorder)
        continue;
      for (int c = 0; c < 4; ++c)
        largest =
            std::max(largest, std::abs(bars.row<std::uint8_t>(y)[4 * x + c] - other.row<std::uint8_t>(y)[4 * x + c]));
    }
  return largest;
}

media::EncodeSettings settingsOf(std::string_view preset, Size size, FrameRate rate) {
  const media::EncodePreset* found = media::findPreset(preset);
  KINORA_CHECK(found != nullptr);
  media::EncodeSettings settings = found->settings;
  settings.size = size;
  settings.frameRate = rate;
  return settings;
}

std::string writeImages(const std::filesystem::path& path, const media::EncodeSettings& settings,
                        const std::vector<Image>& images) {
  auto encoder = media::Encoder::create(path, settings);
  if (!encoder)
    return encoder.error().text();
  for (const Image& image : images)
    if (auto done = encoder->push(image); !done)
      return done.error().text();
  const auto done = encoder->finish();
  return done ? std::string() : done.error().text();
}

std::string writeNumbered(const std::filesystem::path& path, media::EncodeSettings settings, int count) {
  settings.size = kNumberedSize;
  std::vector<Image> images;
  for (int n = 0; n < count; ++n)
    images.push_back(numberedFrame(n).at(settings.frameRate.timeOf(n)));
  return writeImages(path, settings, images);
}

std::vector<Image> readAll(const std::filesystem::path& path, std::string* error,
                           const media::DecoderOptions& options) {
  std::vector<Image> images;
  auto decoder = media::Decoder::open(path, options);
  if (!decoder) {
    *error = decoder.error().text();
    return images;
  }
  for (;;) {
    auto next = decoder->next();
    if (!next) {
      *error = next.error().text();
      return images;
    }
    if (!*next)
      return images;
    images.push_back(**next);
  }
}

AudioBlock tones(std::int64_t frames, std::int32_t channels, std::int32_t rate, int bits) {
  std::vector<float> samples;
  const double steps = std::ldexp(1.0, bits - 1);
  for (int c = 0; c < channels; ++c)
    for (std::int64_t i = 0; i < frames; ++i) {
      const double v = .7 * std::sin(2 * std::numbers::pi * (220.0 + 110 * c) * static_cast<double>(i) / rate);
      samples.push_back(static_cast<float>(std::round(v * steps) / steps));
    }
  return AudioBlock(std::move(samples), channels, rate, {});
}

std::string bytesOf(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream all;
  all << in.rdbuf();
  return all.str();
}

bool haveFfmpeg() {
  return !QStandardPaths::findExecutable(QStringLiteral("ffmpeg")).isEmpty();
}

bool runFfmpeg(const std::vector<std::string>& arguments) {
  QStringList list{QStringLiteral("-y"), QStringLiteral("-loglevel"), QStringLiteral("error")};
  for (const std::string& argument : arguments)
    list << QString::fromStdString(argument);
  QProcess process;
  process.start(QStringLiteral("ffmpeg"), list);
  return process.waitForFinished(120'000) && process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0;
}

} // namespace kinora::test
