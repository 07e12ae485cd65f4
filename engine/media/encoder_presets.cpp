// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string>

#include <fmt/format.h>

#include "engine/media/encoder.h"
#include "engine/media/ffmpeg_p.h"
#include "engine/media/video_codec_p.h"

namespace kinora::media {
namespace {

EncodeSettings settingsOf(VideoCodec codec, ChromaFormat chroma, int bits, bool alpha) {
  EncodeSettings s;
  s.video = codec;
  s.chroma = chroma;
  s.bitDepth = bits;
  s.alpha = alpha;
  return s;
}

std::array<EncodePreset, 8> makePresets() {
  std::array<EncodePreset, 8> presets{{
      {"h264-mp4", "H.264 video (MP4)", ".mp4", settingsOf(VideoCodec::H264, ChromaFormat::Yuv420, 8, false)},
      {"hevc-mp4", "HEVC video, 10 bit (MP4)", ".mp4", settingsOf(VideoCodec::Hevc, ChromaFormat::Yuv420, 10, false)},
      {"av1-mp4", "AV1 video, 10 bit (MP4)", ".mp4", settingsOf(VideoCodec::Av1, ChromaFormat::Yuv420, 10, false)},
      {"prores-hq-mov", "ProRes 422 HQ (MOV)", ".mov", settingsOf(VideoCodec::ProRes, ChromaFormat::Yuv422, 10, false)},
      {"prores-4444-mov", "ProRes 4444 with transparency (MOV)", ".mov",
       settingsOf(VideoCodec::ProRes, ChromaFormat::Yuv444, 10, true)},
      {"ffv1-mkv", "FFV1, lossless (MKV)", ".mkv", settingsOf(VideoCodec::Ffv1, ChromaFormat::Rgb, 8, true)},
      {"png-sequence", "PNG pictures", "", settingsOf(VideoCodec::PngSequence, ChromaFormat::Rgb, 8, true)},
      {"exr-sequence", "EXR pictures, half float", "",
       settingsOf(VideoCodec::ExrSequence, ChromaFormat::Rgb, 16, true)},
  }};
  for (EncodePreset& preset : presets)
    if (preset.settings.video == VideoCodec::ProRes)
      preset.settings.color.matrix = ColorMatrix::Bt709;
  return presets;
}

} // namespace

std::span<const EncodePreset> presets() {
  static const auto all = makePresets();
  return all;
}

const EncodePreset* findPreset(std::string_view id) {
  for (const EncodePreset& preset : presets())
    if (preset.id == id)
      return &preset;
  return nullptr;
}

std::vector<EncoderStatus> encoders() {
  routeFfmpegLog();
  std::vector<EncoderStatus> result;
  const auto check = [&result](const EncodePreset& preset, const char* name, Acceleration acceleration) {
    if (!name)
      return;
    EncodeSettings settings = preset.settings;
    settings.size = {256, 144};
    settings.acceleration = acceleration;
    EncoderStatus status{name, codecTitle(settings.video), false, {}};
    if (!avcodec_find_encoder_by_name(name)) {
      status.reason = "not in this build of FFmpeg";
    } else if (acceleration == Acceleration::Software) {
      status.usable = true; // needs nothing of the machine
    } else if (const auto opened = openVideoCodec(settings, {1, 24}, false, {}); opened) {
      status.usable = true;
    } else {
      status.reason = opened.error().message;
    }
    result.push_back(std::move(status));
  };
  VideoCodec last = VideoCodec::None;
  for (const EncodePreset& preset : presets()) {
    if (preset.settings.video == last)
      continue;
    last = preset.settings.video;
    check(preset, softwareEncoder(last), Acceleration::Software);
    check(preset, hardwareEncoder(last), Acceleration::Nvenc);
  }
  return result;
}

} // namespace kinora::media
