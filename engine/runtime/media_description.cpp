// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/media_description.h"

#include "engine/base/file.h"
#include "engine/media/probe.h"

namespace kinora::runtime {

Result<document::MediaItem> describeMediaFile(const std::filesystem::path& path) {
  const auto info = media::probe(path);
  if (!info)
    return fail(info);
  const auto hash = hashFile(path);
  if (!hash)
    return fail(hash);
  document::MediaItem item;
  item.name = path.filename().string();
  std::error_code unreachable;
  item.path = std::filesystem::absolute(path, unreachable).lexically_normal();
  if (unreachable)
    item.path = path;
  item.hash = *hash;
  item.length = info->duration;
  switch (info->kind) {
  case media::MediaKind::Picture:
    item.kind = document::MediaKind::Picture;
    break;
  case media::MediaKind::Video:
    item.kind = document::MediaKind::Video;
    break;
  case media::MediaKind::Audio:
    item.kind = document::MediaKind::Sound;
    break;
  }
  if (info->video)
    item.size = info->video->size;
  return item;
}

} // namespace kinora::runtime
