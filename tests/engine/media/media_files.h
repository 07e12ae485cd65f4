// SPDX-License-Identifier: Apache-2.0
// Made videos and sounds whose content says what they should be.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/audio_block.h"
#include "engine/media/decoder.h"
#include "engine/media/encoder.h"

namespace kinora::test {

inline constexpr Size kNumberedSize{192, 96};

// A soft picture with the number n (12 bits) in black and white squares; survives compression.
[[nodiscard]] Image numberedFrame(int n, Size size = kNumberedSize);
// The number of such a picture; -1 when squares are neither black nor white.
[[nodiscard]] int numberIn(const Image& image);

// Eight columns of saturated and grey colours in two rows, flat over 32 x 32 pixels and more.
[[nodiscard]] Image colourBars(Size size = {256, 128});
// Largest difference of any channel, pixels next to a border between two bars left out (there chroma is shared).
[[nodiscard]] int barDifference(const Image& bars, const Image& other);

// Settings of a preset with a size, a rate and a high quality.
[[nodiscard]] media::EncodeSettings settingsOf(std::string_view preset, Size size, FrameRate rate = {24, 1});
// Writes `count` numbered frames. Empty text when all went well, else the error.
[[nodiscard]] std::string writeNumbered(const std::filesystem::path& path, media::EncodeSettings settings, int count);
[[nodiscard]] std::string writeImages(const std::filesystem::path& path, const media::EncodeSettings& settings,
                                      const std::vector<Image>& images);
// All frames; stops at the first error, whose text stands in *error.
[[nodiscard]] std::vector<Image> readAll(const std::filesystem::path& path, std::string* error,
                                         const media::DecoderOptions& options = {});

// Sine tones, one per channel, on the grid of `bits` (so that integers of that many bits hold them exactly).
[[nodiscard]] AudioBlock tones(std::int64_t frames, std::int32_t channels, std::int32_t rate, int bits);

[[nodiscard]] std::string bytesOf(const std::filesystem::path& path);
// Runs the ffmpeg program where there is one; false when there is none or it failed.
[[nodiscard]] bool runFfmpeg(const std::vector<std::string>& arguments);
[[nodiscard]] bool haveFfmpeg();

} // namespace kinora::test
