// SPDX-License-Identifier: Apache-2.0
// Says what a media file is without decoding it whole: pictures, videos and sounds of every container that FFmpeg
// opens. Hides demuxers, stream tables and their many ways of leaving things unsaid.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/geometry.h"
#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/base/time.h"

namespace kinora::media {

enum class MediaKind : std::uint8_t {
  Picture, // one image; no duration
  Video,   // moving pictures, perhaps with sound
  Audio    // sound only (a cover picture does not count)
};

// Stable lower-case name for JSON and the command line ("picture", "video", "audio").
[[nodiscard]] std::string_view mediaKindName(MediaKind kind);

struct VideoInfo {
  std::string codec;       // FFmpeg's name: "h264", "prores", "png" …
  std::string pixelFormat; // FFmpeg's name of the stored format: "yuv420p10le" …
  // What the decoder hands out: after rotation, with square pixels.
  Size size;
  Size storedSize; // in the file
  // 0, 90, 180 or 270 degrees clockwise, then mirrored left to right; both are undone in size and by the decoder.
  int rotationDegrees = 0;
  bool mirrored = false;
  int bitDepth = 8; // of one colour channel
  bool hasAlpha = false;
  // What the numbers in the file mean. Where the file is silent the usual guess stands here: BT.601 up to 576 lines,
  // BT.709 above, limited range for YUV; guessed says that it had to be made for matrix or range.
  ColorInfo color;
  bool colorGuessed = false;
  // Constant rate: every frame lies on this grid. Variable: the mean.
  FrameRate frameRate;
  bool variableFrameRate = false;
  std::optional<std::int64_t> frameCount; // as the container tells it; nothing when it does not
};

struct AudioInfo {
  std::string codec; // FFmpeg's name: "aac", "flac", "pcm_s16le" …
  std::int32_t channels = 0;
  std::int32_t sampleRate = 0;
  Duration length;
  // Where the sound starts on the time line of the file. Differs from 0 when sound and picture do not start together.
  Time start;
};

// The time line of a file starts (0) with its first video frame, or with its first sample when there is no video.
struct MediaInfo {
  MediaKind kind = MediaKind::Picture;
  std::string container; // FFmpeg's name: "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "png_pipe" …
  std::int64_t fileBytes = 0;
  Duration duration; // of the video, else of the sound; zero for pictures and where nothing tells
  std::optional<VideoInfo> video;
  std::optional<AudioInfo> audio;
};

// [any] Reads headers and some packets. A path with a %d or %05d in its name is a numbered sequence of pictures.
// Errors: notFound, io, invalidArgument (a folder, or sizes beyond kMaxImageSide), corrupt (no media in it),
// unsupported (no decoder in this build).
[[nodiscard]] Result<MediaInfo> probe(const std::filesystem::path& path);

} // namespace kinora::media
