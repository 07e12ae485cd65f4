// SPDX-License-Identifier: Apache-2.0
#include "engine/document/starter.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace kinora::document {
namespace {

constexpr std::int32_t kLongestFrameSide = 1920;

// Video encoders want even sides; the frame keeps the picture's shape.
Size frameSizeFor(Size picture) {
  const double longer = std::max(picture.width, picture.height);
  const double scale = std::min(1.0, kLongestFrameSide / longer);
  const auto even = [scale](std::int32_t side) {
    return std::max<std::int32_t>(2, static_cast<std::int32_t>(std::lround(side * scale)) & ~1);
  };
  return {even(picture.width), even(picture.height)};
}

struct LaneSlot {
  DocumentPtr document;
  LaneId lane;
  Time end;
};

Result<LaneSlot> firstLane(const DocumentPtr& document, LaneKind kind) {
  for (const LanePtr& lane : document->lanes)
    if (lane->kind == kind && !lane->locked)
      return LaneSlot{document, lane->id, lane->clips.empty() ? Time{} : lane->clips.back()->range().end()};
  auto made = kind == LaneKind::Picture ? edit::addLane(document, kind, "Picture", 0)
                                        : edit::addLane(document, kind, "Sound", document->lanes.size());
  if (!made)
    return fail(made);
  return LaneSlot{made->document, made->id, Time{}};
}

} // namespace

Result<edit::Made<TakeId>> projectForPicture(MediaItem picture, Duration length, FrameRate rate) {
  if (picture.kind != MediaKind::Picture || picture.size.isEmpty())
    return fail(ErrorCode::InvalidArgument,
                fmt::format("“{}” is not a picture, so nothing can be painted on it. Choose a PNG, JPEG or EXR file.",
                            picture.name),
                picture.path.string());
  const DocumentPtr empty = std::make_shared<Document>();
  auto named = edit::rename(empty, picture.path.stem().string());
  if (!named)
    return fail(named);
  auto framed = edit::setFrame(*named, FrameSettings{frameSizeFor(picture.size), rate});
  if (!framed)
    return fail(framed);
  return addPictureTake(*framed, std::move(picture), length);
}

Result<edit::Made<TakeId>> addPictureTake(const DocumentPtr& document, MediaItem picture, Duration length) {
  auto media = edit::addMedia(document, std::move(picture));
  if (!media)
    return fail(media);
  const std::string name = media->document->findMedia(media->id)->name;
  Take take;
  take.name = fmt::format("Take {}", document->takes.size() + 1);
  take.picture = media->id;
  take.length = length;
  auto made = edit::addTake(media->document, std::move(take));
  if (!made)
    return fail(made);
  auto slot = firstLane(made->document, LaneKind::Picture);
  if (!slot)
    return fail(slot);
  Clip clip;
  clip.name = name;
  clip.kind = ClipKind::Take;
  clip.take = made->id;
  clip.start = slot->end;
  clip.length = length;
  auto placed = edit::addClip(slot->document, slot->lane, std::move(clip));
  if (!placed)
    return fail(placed);
  return edit::Made<TakeId>{placed->document, made->id};
}

Result<edit::Made<ClipId>> addMediaClip(const DocumentPtr& document, MediaItem item) {
  const LaneKind kind = item.kind == MediaKind::Sound ? LaneKind::Sound : LaneKind::Picture;
  Clip clip;
  clip.length = item.length;
  auto media = edit::addMedia(document, std::move(item));
  if (!media)
    return fail(media);
  clip.name = media->document->findMedia(media->id)->name;
  clip.media = media->id;
  auto slot = firstLane(media->document, kind);
  if (!slot)
    return fail(slot);
  clip.start = slot->end;
  return edit::addClip(slot->document, slot->lane, std::move(clip));
}

} // namespace kinora::document
