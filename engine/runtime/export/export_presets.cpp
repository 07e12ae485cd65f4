// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/export/export_presets_p.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace kinora::runtime {
namespace {

std::string lowerExtension(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return std::tolower(c); });
  return ending;
}

// FFmpeg's name of the encoder that a codec needs; the picture sequences need none.
std::string_view codecLabel(media::VideoCodec codec) {
  switch (codec) {
  case media::VideoCodec::H264:
    return "H.264";
  case media::VideoCodec::Hevc:
    return "HEVC";
  case media::VideoCodec::Av1:
    return "AV1";
  case media::VideoCodec::ProRes:
    return "ProRes";
  case media::VideoCodec::Ffv1:
    return "FFV1";
  default:
    return {};
  }
}

const media::EncodePreset* presetForEnding(const std::filesystem::path& path) {
  const std::string ending = lowerExtension(path);
  for (const media::EncodePreset& preset : media::presets())
    if (!preset.extension.empty() && preset.extension == ending)
      return &preset;
  // Containers that hold the first preset's codec too.
  if (ending == ".m4v")
    return media::findPreset("h264-mp4");
  return nullptr;
}

// What sound beside a picture is written as. Matroska cannot take the run-in of AAC off, so it gets FLAC.
media::AudioCodec soundBeside(media::VideoCodec picture, const std::string& ending) {
  if (picture == media::VideoCodec::PngSequence || picture == media::VideoCodec::ExrSequence)
    return media::AudioCodec::None;
  if (ending == ".mkv")
    return media::AudioCodec::Flac;
  return picture == media::VideoCodec::ProRes ? media::AudioCodec::Pcm24 : media::AudioCodec::Aac;
}

ExportPreset described(const media::EncodePreset& preset, const std::vector<media::EncoderStatus>& encoders) {
  ExportPreset result{std::string(preset.id), std::string(preset.title), std::string(preset.extension), true, {}};
  const std::string_view label = codecLabel(preset.settings.video);
  if (label.empty())
    return result;
  // Usable when any encoder of the codec is: software or hardware.
  result.usable = false;
  result.whyNot = fmt::format("this build of FFmpeg has no encoder for {}", label);
  for (const media::EncoderStatus& status : encoders) {
    if (status.codec != label)
      continue;
    if (status.usable) {
      result.usable = true;
      result.whyNot.clear();
      break;
    }
    result.whyNot = status.reason;
  }
  return result;
}

} // namespace

std::vector<ExportPreset> exportPresets() {
  const auto encoders = media::encoders();
  std::vector<ExportPreset> result;
  for (const media::EncodePreset& preset : media::presets())
    result.push_back(described(preset, encoders));
  return result;
}

std::optional<ExportPreset> presetForPath(const std::filesystem::path& path) {
  const media::EncodePreset* preset = presetForEnding(path);
  if (!preset)
    return std::nullopt;
  return described(*preset, media::encoders());
}

Result<media::EncodeSettings> encodeSettingsFor(const ExportRequest& request, Size size, FrameRate rate) {
  const media::EncodePreset* preset =
      request.preset.empty() ? presetForEnding(request.file) : media::findPreset(request.preset);
  if (!preset && request.preset.empty())
    return fail(ErrorCode::InvalidArgument,
                fmt::format("The ending of “{}” fits no format. Use .mp4, .mov or .mkv, or choose a preset.",
                            request.file.filename().string()),
                request.file.string());
  if (!preset)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("The export preset “{}” is unknown. Choose one of the list.", request.preset));
  media::EncodeSettings settings = preset->settings;
  settings.size = size;
  settings.frameRate = rate;
  settings.audio = soundBeside(settings.video, lowerExtension(request.file));
  return settings;
}

} // namespace kinora::runtime
