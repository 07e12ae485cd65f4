// SPDX-License-Identifier: Apache-2.0
#include "engine/document/document.h"

#include <algorithm>

#include "engine/document/unknown_fields_p.h"

namespace kinora::document {
namespace {

template <class T>
bool sameParts(const std::vector<std::shared_ptr<const T>>& a, const std::vector<std::shared_ptr<const T>>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x == y || (x && y && *x == *y); });
}

template <class T, class IdType>
const std::shared_ptr<const T>* find(const std::vector<std::shared_ptr<const T>>& parts, IdType id) {
  for (const auto& part : parts)
    if (part->id == id)
      return &part;
  return nullptr;
}

} // namespace

bool operator==(const UnknownFields& a, const UnknownFields& b) {
  if (a.members_ == b.members_)
    return true;
  return a.members_ && b.members_ && a.members_->object == b.members_->object;
}

bool operator==(const Take& a, const Take& b) {
  return a.id == b.id && a.name == b.name && a.picture == b.picture && a.model == b.model && a.seed == b.seed &&
         a.prompt == b.prompt && a.length == b.length && sameParts(a.tracks, b.tracks) && a.camera == b.camera &&
         a.matteEdits == b.matteEdits && a.unknown == b.unknown;
}

bool operator==(const Lane& a, const Lane& b) {
  return a.id == b.id && a.name == b.name && a.kind == b.kind && a.enabled == b.enabled && a.locked == b.locked &&
         sameParts(a.clips, b.clips) && a.unknown == b.unknown;
}

bool operator==(const Document& a, const Document& b) {
  return a.name == b.name && a.frame == b.frame && sameParts(a.media, b.media) && sameParts(a.takes, b.takes) &&
         sameParts(a.lanes, b.lanes) && a.markers == b.markers && a.loop == b.loop && a.markIn == b.markIn &&
         a.markOut == b.markOut && a.nextId == b.nextId && a.unknown == b.unknown;
}

const MediaItem* Document::findMedia(MediaId id) const {
  const auto* found = find(media, id);
  return found ? found->get() : nullptr;
}

TakePtr Document::findTake(TakeId id) const {
  const auto* found = find(takes, id);
  return found ? *found : nullptr;
}

LanePtr Document::findLane(LaneId id) const {
  const auto* found = find(lanes, id);
  return found ? *found : nullptr;
}

ClipPtr Document::findClip(ClipId id) const {
  for (const auto& lane : lanes)
    if (const auto* found = find(lane->clips, id))
      return *found;
  return nullptr;
}

Duration Document::length() const {
  Time end;
  for (const auto& lane : lanes)
    if (!lane->clips.empty())
      end = std::max(end, lane->clips.back()->range().end());
  return end - Time{};
}

} // namespace kinora::document
