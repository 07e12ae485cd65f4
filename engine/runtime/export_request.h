// SPDX-License-Identifier: Apache-2.0
// What to export: which span, which format, which size and rate, where to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/geometry.h"
#include "engine/base/time.h"

namespace kinora::runtime {

// A named set of container and codecs.
struct ExportPreset {
  std::string id;        // "h264-mp4"
  std::string name;      // "H.264 video (MP4)"
  std::string extension; // ".mp4"; empty for picture sequences (the path is a folder)
  bool usable = true;
  std::string whyNot; // when not usable on this machine
};

// [any] All presets in the order to offer them.
[[nodiscard]] std::vector<ExportPreset> exportPresets();
// The preset that fits a file name, or none.
[[nodiscard]] std::optional<ExportPreset> presetForPath(const std::filesystem::path& path);

// How the document's frame goes into a size of another shape.
enum class Framing : std::uint8_t {
  Fit, // all of it is seen; the rest stays black
  Fill // nothing stays black; what hangs over is cut off, the same on both sides
};

// Clips with sound are heard where the format can hold sound: AAC in MP4 (and H.264 in MOV), 24-bit PCM beside ProRes,
// FLAC in Matroska; 48 kHz, stereo. Numbered pictures are silent. Without any sound in the span there is no sound
// track.
struct ExportRequest {
  std::filesystem::path file;
  std::string preset;             // empty: by the file's ending
  std::optional<TimeRange> range; // none: everything, or in to out where marks are set
  std::optional<Size> size;       // none: the document's frame
  Framing framing = Framing::Fit;
  std::optional<FrameRate> rate = std::nullopt; // none: the document's; paths and cuts keep their times
};

} // namespace kinora::runtime
