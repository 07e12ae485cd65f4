// SPDX-License-Identifier: Apache-2.0
// From encode settings to an opened libav video encoder.
#pragma once

#include <filesystem>
#include <string>

#include "engine/media/encoder.h"
#include "engine/media/ffmpeg_p.h"

namespace kinora::media {

struct VideoCodecSetup {
  CodecPtr codec;
  Size coded;      // even where chroma asks for it
  ColorInfo color; // of the frames pushed into it
};

// format: pixel format that these settings mean. Errors: invalidArgument (settings that do not fit each other),
// unsupported.
[[nodiscard]] Result<AVPixelFormat> pixelFormatFor(const EncodeSettings& settings);
// Matrix of the settings with "Rgb" worked out, as stored in the file.
[[nodiscard]] ColorInfo storedColor(const EncodeSettings& settings);
// clock: time base of the frames. globalHeader: the container wants it.
[[nodiscard]] Result<VideoCodecSetup> openVideoCodec(const EncodeSettings& settings, AVRational clock,
                                                     bool globalHeader, const std::filesystem::path& path);
// Name of the encoder library for a codec, in order of preference; null-terminated.
[[nodiscard]] const char* softwareEncoder(VideoCodec codec);
[[nodiscard]] const char* hardwareEncoder(VideoCodec codec);
[[nodiscard]] const char* codecTitle(VideoCodec codec);

} // namespace kinora::media
