// SPDX-License-Identifier: Apache-2.0
// Edits of lanes and clips.
#include "engine/document/edit_p.h"

namespace kinora::document::edit {
namespace {

struct Place {
  std::size_t lane = 0;
  std::size_t clip = 0;
};

std::optional<Place> placeOf(const Document& doc, ClipId id) {
  for (std::size_t lane = 0; lane < doc.lanes.size(); ++lane)
    if (const auto clip = indexOf(doc.lanes[lane]->clips, id))
      return Place{lane, *clip};
  return std::nullopt;
}

Result<void> checkUnlocked(const Lane& lane) {
  if (lane.locked)
    return refuse(fmt::format("The lane “{}” is locked. Unlock it to change its clips.", lane.name));
  return {};
}

// The clip must lead somewhere and fit the kind of lane.
Result<void> checkFits(const Document& doc, const Lane& lane, const Clip& clip) {
  MediaKind kind = MediaKind::Picture;
  if (clip.kind == ClipKind::Media) {
    const MediaItem* item = doc.findMedia(clip.media);
    if (item == nullptr)
      return noSuch("media item", clip.media.value);
    kind = item->kind;
  } else if (!doc.findTake(clip.take)) {
    return noSuch("take", clip.take.value);
  }
  if (!rules::laneTakes(lane.kind, clip.kind, kind))
    return refuse(fmt::format("The clip “{}” cannot lie on “{}”, which is a {} lane.", clip.name, lane.name,
                              lane.kind == LaneKind::Picture ? "picture" : "sound"));
  return {};
}

// Puts the clip where its start says. Refuses to overlap a neighbour.
Result<void> insertClip(Lane& lane, ClipPtr clip) {
  const auto place = std::lower_bound(lane.clips.begin(), lane.clips.end(), clip->start,
                                      [](const ClipPtr& c, Time t) { return c->start < t; });
  const auto overlaps = [&](const Clip& other) {
    return other.start < clip->range().end() && clip->start < other.range().end();
  };
  const Clip* hit = nullptr;
  if (place != lane.clips.end() && overlaps(**place))
    hit = place->get();
  else if (place != lane.clips.begin() && overlaps(**(place - 1)))
    hit = (place - 1)->get();
  if (hit != nullptr)
    return refuse(fmt::format("The clip “{}” would overlap “{}” on the lane “{}”.", clip->name, hit->name, lane.name));
  lane.clips.insert(place, std::move(clip));
  return rules::checkLane(lane);
}

template <class Change>
Result<DocumentPtr> changeLane(Doc doc, LaneId id, Change&& change) {
  const auto index = indexOf(doc->lanes, id);
  if (!index)
    return noSuch("lane", id.value);
  return changePart<Lane>(doc, &Document::lanes, *index, [&](Lane& lane) -> Result<void> {
    if (Result<void> done = change(lane); !done)
      return done;
    return rules::checkLane(lane);
  });
}

// Changes a clip on its lane: it may come close to its neighbours but not overlap them. change: Result<void>(Clip&).
template <class Change>
Result<DocumentPtr> changeClipAt(Doc doc, Place place, Change&& change) {
  const ClipPtr& old = doc->lanes[place.lane]->clips[place.clip];
  auto clip = std::make_shared<Clip>(*old);
  if (auto unlocked = checkUnlocked(*doc->lanes[place.lane]); !unlocked)
    return fail(unlocked);
  if (Result<void> done = change(*clip); !done)
    return fail(done);
  if (*clip == *old)
    return doc;
  if (auto rule = rules::checkClip(*clip); !rule)
    return fail(rule);
  return changePart<Lane>(doc, &Document::lanes, place.lane, [&](Lane& lane) -> Result<void> {
    if (clip->range() == old->range()) {
      lane.clips[place.clip] = std::move(clip);
      return {};
    }
    lane.clips.erase(lane.clips.begin() + static_cast<std::ptrdiff_t>(place.clip));
    return insertClip(lane, std::move(clip));
  });
}

template <class Change>
Result<DocumentPtr> changeClip(Doc doc, ClipId id, Change&& change) {
  const auto place = placeOf(*doc, id);
  if (!place)
    return noSuch("clip", id.value);
  return changeClipAt(doc, *place, change);
}

Result<DocumentPtr> removeClipAt(Doc doc, Place place) {
  return changePart<Lane>(doc, &Document::lanes, place.lane, [&](Lane& lane) -> Result<void> {
    if (auto unlocked = checkUnlocked(lane); !unlocked)
      return unlocked;
    lane.clips.erase(lane.clips.begin() + static_cast<std::ptrdiff_t>(place.clip));
    return {};
  });
}

// A picture is the same at every time; everything else has a first moment.
bool isStill(const Document& doc, const Clip& clip) {
  const MediaItem* item = clip.kind == ClipKind::Media ? doc.findMedia(clip.media) : nullptr;
  return item != nullptr && item->kind == MediaKind::Picture;
}

} // namespace

Result<Made<LaneId>> addLane(Doc doc, LaneKind kind, std::string name, std::size_t index) {
  auto lane = std::make_shared<Lane>();
  lane->kind = kind;
  lane->name = std::move(name);
  if (auto rule = rules::checkLane(*lane); !rule)
    return fail(rule);
  if (doc->lanes.size() >= rules::kMaxParts)
    return refuse(fmt::format("A project may have at most {} lanes.", rules::kMaxParts));
  auto next = copyOf(doc);
  const auto id = takeId<LaneId>(*next);
  lane->id = id;
  next->lanes = inserted<LanePtr>(std::move(next->lanes), index, std::move(lane));
  return Made<LaneId>{std::move(next), id};
}

Result<DocumentPtr> removeLane(Doc doc, LaneId id) {
  const auto index = indexOf(doc->lanes, id);
  if (!index)
    return noSuch("lane", id.value);
  if (auto unlocked = checkUnlocked(*doc->lanes[*index]); !unlocked)
    return fail(unlocked);
  auto next = copyOf(doc);
  next->lanes.erase(next->lanes.begin() + static_cast<std::ptrdiff_t>(*index));
  return DocumentPtr(std::move(next));
}

Result<DocumentPtr> renameLane(Doc doc, LaneId id, std::string name) {
  return changeLane(doc, id, [&](Lane& lane) -> Result<void> {
    lane.name = std::move(name);
    return {};
  });
}

Result<DocumentPtr> setLaneEnabled(Doc doc, LaneId id, bool enabled) {
  return changeLane(doc, id, [&](Lane& lane) -> Result<void> {
    lane.enabled = enabled;
    return {};
  });
}

Result<DocumentPtr> setLaneLocked(Doc doc, LaneId id, bool locked) {
  return changeLane(doc, id, [&](Lane& lane) -> Result<void> {
    lane.locked = locked;
    return {};
  });
}

Result<Made<ClipId>> addClip(Doc doc, LaneId lane, Clip clip) {
  auto next = copyOf(doc);
  const auto id = takeId<ClipId>(*next);
  clip.id = id;
  if (rules::isFinite(clip.position))
    clip.position = rules::clamped(clip.position);
  if (auto rule = rules::checkClip(clip); !rule)
    return fail(rule);
  auto added = changeLane(DocumentPtr(std::move(next)), lane, [&](Lane& l) -> Result<void> {
    if (auto unlocked = checkUnlocked(l); !unlocked)
      return unlocked;
    if (auto fits = checkFits(*doc, l, clip); !fits)
      return fits;
    return insertClip(l, std::make_shared<const Clip>(std::move(clip)));
  });
  if (!added)
    return fail(added);
  return Made<ClipId>{std::move(*added), id};
}

Result<DocumentPtr> removeClip(Doc doc, ClipId id) {
  const auto place = placeOf(*doc, id);
  if (!place)
    return noSuch("clip", id.value);
  return removeClipAt(doc, *place);
}

Result<DocumentPtr> moveClip(Doc doc, ClipId id, LaneId lane, Time start) {
  const auto place = placeOf(*doc, id);
  if (!place)
    return noSuch("clip", id.value);
  if (doc->lanes[place->lane]->id == lane)
    return changeClipAt(doc, *place, [&](Clip& clip) -> Result<void> {
      clip.start = start;
      return {};
    });
  auto clip = std::make_shared<Clip>(*doc->lanes[place->lane]->clips[place->clip]);
  clip->start = start;
  if (auto rule = rules::checkClip(*clip); !rule)
    return fail(rule);
  auto removed = removeClipAt(doc, *place);
  if (!removed)
    return removed;
  return changeLane(*removed, lane, [&](Lane& l) -> Result<void> {
    if (auto unlocked = checkUnlocked(l); !unlocked)
      return unlocked;
    if (auto fits = checkFits(*doc, l, *clip); !fits)
      return fits;
    return insertClip(l, std::move(clip));
  });
}

Result<DocumentPtr> trimClipStart(Doc doc, ClipId id, Time start) {
  return changeClip(doc, id, [&](Clip& clip) -> Result<void> {
    const Time end = clip.range().end();
    if (!rules::isTime(start) || start >= end)
      return refuse(fmt::format("The clip “{}” cannot start at {} s: it ends at {} s.", clip.name, start.seconds(),
                                end.seconds()));
    clip.sourceIn = clip.sourceIn + (start - clip.start);
    if (clip.sourceIn.ticks < 0) {
      if (!isStill(*doc, clip))
        return refuse(fmt::format("The source of the clip “{}” has nothing before its first frame.", clip.name));
      clip.sourceIn = {};
    }
    clip.start = start;
    clip.length = end - start;
    return {};
  });
}

Result<DocumentPtr> trimClipEnd(Doc doc, ClipId id, Time end) {
  return changeClip(doc, id, [&](Clip& clip) -> Result<void> {
    if (!rules::isTime(end) || end <= clip.start)
      return refuse(fmt::format("The clip “{}” cannot end at {} s: it starts at {} s.", clip.name, end.seconds(),
                                clip.start.seconds()));
    clip.length = end - clip.start;
    return {};
  });
}

Result<Made<ClipId>> splitClip(Doc doc, ClipId id, Time at) {
  const auto place = placeOf(*doc, id);
  if (!place)
    return noSuch("clip", id.value);
  const Clip& whole = *doc->lanes[place->lane]->clips[place->clip];
  if (auto unlocked = checkUnlocked(*doc->lanes[place->lane]); !unlocked)
    return fail(unlocked);
  if (at <= whole.start || at >= whole.range().end())
    return refuse(
        fmt::format("The clip “{}” cannot be split at {} s, which does not lie within it.", whole.name, at.seconds()));
  auto next = copyOf(doc);
  auto left = std::make_shared<Clip>(whole);
  auto right = std::make_shared<Clip>(whole);
  right->id = takeId<ClipId>(*next);
  const auto made = right->id;
  left->length = at - whole.start;
  right->start = at;
  right->length = whole.range().end() - at;
  right->sourceIn = whole.sourceIn + left->length;
  if (auto rule = rules::checkClip(*right); !rule)
    return fail(rule);
  auto lane = std::make_shared<Lane>(*doc->lanes[place->lane]);
  lane->clips[place->clip] = std::move(left);
  lane->clips.insert(lane->clips.begin() + static_cast<std::ptrdiff_t>(place->clip) + 1, std::move(right));
  if (auto rule = rules::checkLane(*lane); !rule)
    return fail(rule);
  next->lanes[place->lane] = std::move(lane);
  return Made<ClipId>{std::move(next), made};
}

Result<DocumentPtr> renameClip(Doc doc, ClipId id, std::string name) {
  return changeClip(doc, id, [&](Clip& clip) -> Result<void> {
    clip.name = std::move(name);
    return {};
  });
}

Result<DocumentPtr> setClipPlacement(Doc doc, ClipId id, float opacity, float scale, Point position) {
  return changeClip(doc, id, [&](Clip& clip) -> Result<void> {
    auto p = checkedPoint(position, fmt::format("The position of the clip “{}”", clip.name));
    if (!p)
      return fail(p);
    clip.opacity = opacity;
    clip.scale = scale;
    clip.position = *p;
    return {};
  });
}

} // namespace kinora::document::edit
