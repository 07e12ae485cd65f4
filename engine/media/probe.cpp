// SPDX-License-Identifier: Apache-2.0
#include "engine/media/probe.h"

#include <fmt/format.h>

#include "engine/media/input_p.h"
#include "engine/media/sequence_p.h"

namespace kinora::media {

std::string_view mediaKindName(MediaKind kind) {
  switch (kind) {
  case MediaKind::Picture:
    return "picture";
  case MediaKind::Video:
    return "video";
  case MediaKind::Audio:
    return "audio";
  }
  return "picture";
}

Result<MediaInfo> probe(const std::filesystem::path& path) {
  const auto pattern = parseSequencePattern(path);
  if (!pattern) {
    auto input = Input::open(path);
    if (!input)
      return fail(input);
    return (*input)->info();
  }
  const auto span = pattern->existing();
  if (!span)
    return fail(
        ErrorCode::NotFound,
        fmt::format("No picture fits “{}”. Check the folder and the number of digits.", path.filename().string()),
        path.string());
  auto first = Input::open(pattern->file(span->first));
  if (!first)
    return fail(first);
  MediaInfo info = (*first)->info();
  if (!info.video)
    return fail(ErrorCode::Corrupt,
                fmt::format("“{}” is not a picture.", pattern->file(span->first).filename().string()), path.string());
  info.kind = MediaKind::Video;
  info.container = "image2";
  info.video->frameRate = {24, 1};
  info.video->frameCount = span->count;
  info.duration = info.video->frameRate.timeOf(span->count) - Time{};
  return info;
}

} // namespace kinora::media
