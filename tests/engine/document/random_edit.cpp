// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/document/random_edit.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace kinora::test {

using namespace document;

namespace {

template <class IdType>
Result<DocumentPtr> only(Result<edit::Made<IdType>> made) {
  if (!made)
    return fail(made);
  return made->document;
}

template <class T>
auto anyId(const std::vector<std::shared_ptr<const T>>& parts, std::uint64_t pick) {
  using IdType = decltype(T::id);
  return parts.empty() ? IdType{999'999} : parts[pick % parts.size()]->id;
}

} // namespace

float RandomEdits::real(float low, float high) {
  return low + (high - low) * static_cast<float>(below(10'001)) / 10'000.F;
}

Time RandomEdits::time(double most) {
  return Time::fromSeconds(most * static_cast<double>(below(1'001)) / 1'000);
}

std::string RandomEdits::word() {
  static constexpr const char* kWords[] = {"Rakete", "ship", "Größe", "海", "", "a “quoted” \\ name\n"};
  return fmt::format("{} {}", kWords[below(6)], below(100));
}

Result<DocumentPtr> RandomEdits::next(const DocumentPtr& doc) {
  function_ = static_cast<int>(below(kFunctions));
  if (function_ < 9)
    return projectEdit(doc);
  if (function_ < 20)
    return laneEdit(doc);
  if (function_ < 28)
    return takeEdit(doc);
  return function_ < 38 ? trackEdit(doc) : pointEdit(doc);
}

Result<DocumentPtr> RandomEdits::projectEdit(const DocumentPtr& doc) {
  switch (function_) {
  case 0:
    return edit::rename(doc, word());
  case 1:
    return edit::setFrame(doc, {{static_cast<std::int32_t>(below(2'000)), 720}, {30'000, 1'001}});
  case 2:
    return edit::setLoop(doc, coin());
  case 3:
    return edit::setMarks(doc, time(10), time(10));
  case 4:
    return edit::addMarker(doc, {time(10), word(), "teal"});
  case 5:
    return edit::removeMarker(doc, doc->markers.empty() ? Time{} : doc->markers[below(doc->markers.size())].at);
  case 6: {
    MediaItem item;
    item.path = fmt::format("/media/{}.bin", below(50));
    item.kind = static_cast<MediaKind>(below(3));
    item.size = {static_cast<std::int32_t>(below(4'000)), 1'080};
    item.length = duration(30);
    item.hash = {random_(), random_()};
    return only(edit::addMedia(doc, item));
  }
  case 7:
    return edit::removeMedia(doc, anyId(doc->media, random_()));
  default:
    return edit::relocateMedia(doc, anyId(doc->media, random_()), fmt::format("/moved/{}.bin", below(50)),
                               {random_(), 1});
  }
}

Result<DocumentPtr> RandomEdits::laneEdit(const DocumentPtr& doc) {
  const LaneId laneId = anyId(doc->lanes, random_());
  const LanePtr lane = doc->findLane(laneId);
  const ClipId clipId = lane ? anyId(lane->clips, random_()) : ClipId{7};
  const ClipPtr clip = doc->findClip(clipId);
  switch (function_) {
  case 9:
    return only(edit::addLane(doc, coin() ? LaneKind::Picture : LaneKind::Sound, word(), below(4)));
  case 10: // seldom: a lane takes all its clips along
    return below(4) == 0 ? edit::removeLane(doc, laneId) : edit::renameLane(doc, laneId, word());
  case 11:
    return edit::renameLane(doc, laneId, word());
  case 12:
    return edit::setLaneEnabled(doc, laneId, coin());
  case 13:
    return edit::setLaneLocked(doc, laneId, below(8) == 0);
  case 14: {
    Clip made;
    made.name = word();
    made.kind = coin() ? ClipKind::Take : ClipKind::Media;
    made.take = made.kind == ClipKind::Take ? anyId(doc->takes, random_()) : TakeId{};
    made.media = made.kind == ClipKind::Media ? anyId(doc->media, random_()) : MediaId{};
    made.start = time(60);
    made.length = duration(5);
    made.sourceIn = duration(3);
    return only(edit::addClip(doc, laneId, made));
  }
  case 15:
    return edit::removeClip(doc, clipId);
  case 16:
    return edit::moveClip(doc, clipId, anyId(doc->lanes, random_()), time(60));
  case 17:
    return coin() ? edit::trimClipStart(doc, clipId, time(60)) : edit::trimClipEnd(doc, clipId, time(60));
  case 18: {
    const Time at =
        clip ? clip->start +
                   Duration{static_cast<std::int64_t>(below(static_cast<std::uint64_t>(clip->length.ticks + 1)))}
             : Time{};
    return only(edit::splitClip(doc, clipId, at));
  }
  default:
    return coin() ? edit::renameClip(doc, clipId, word())
                  : edit::setClipPlacement(doc, clipId, real(0, 1), real(-.1F, 3), point());
  }
}

Result<DocumentPtr> RandomEdits::takeEdit(const DocumentPtr& doc) {
  const TakeId take = anyId(doc->takes, random_());
  switch (function_) {
  case 20: {
    Take made;
    made.name = word();
    made.picture = anyId(doc->media, random_());
    made.length = duration(6);
    return only(edit::addTake(doc, made));
  }
  case 21:
    return edit::removeTake(doc, take);
  case 22:
    return edit::renameTake(doc, take, word());
  case 23:
    return edit::setTakeLength(doc, take, duration(6));
  case 24:
    return edit::setTakeModel(doc, take, coin() ? "draft" : "", random_(), word());
  case 25: {
    std::vector<CameraKey> keys(below(4));
    for (std::size_t i = 0; i < keys.size(); ++i)
      keys[i] = {Time::fromSeconds(static_cast<double>(i)), {real(.5F, 2), real(-1, 1), real(-1, 1), real(-3, 3)}};
    return edit::setCamera(doc, take, keys);
  }
  case 26: {
    MatteEdit matte{static_cast<std::int32_t>(below(3)), coin(), real(0, 30), {}};
    for (std::uint64_t i = below(6); i > 0; --i)
      matte.points.push_back(point());
    return edit::addMatteEdit(doc, take, matte);
  }
  default:
    return edit::clearMatteEdits(doc, take, static_cast<std::int32_t>(below(3)));
  }
}

Result<DocumentPtr> RandomEdits::trackEdit(const DocumentPtr& doc) {
  const TakeId takeId = anyId(doc->takes, random_());
  const TakePtr take = doc->findTake(takeId);
  const TrackId id = take ? anyId(take->tracks, random_()) : TrackId{7};
  switch (function_) {
  case 28: {
    Track track;
    track.name = word();
    track.kind = below(4) == 0 ? TrackKind::Pin : TrackKind::Path;
    track.start = time(2);
    Duration at;
    for (std::uint64_t i = below(20); i > 0; --i) {
      track.points.push_back({at, point(), below(5) != 0});
      at = at + duration(.2);
    }
    return only(edit::addTrack(doc, takeId, track, below(5)));
  }
  case 29: {
    const TrackId ids[] = {id, take ? anyId(take->tracks, random_()) : id};
    return edit::removeTracks(doc, takeId, std::span(ids, 1 + below(2)));
  }
  case 30:
    return coin() ? edit::renameTrack(doc, takeId, id, word()) : edit::setTrackColour(doc, takeId, id, "blue");
  case 31:
    return coin() ? edit::setTrackEnabled(doc, takeId, id, coin()) : edit::setTrackSolo(doc, takeId, id, coin());
  case 32:
    return edit::setTrackLocked(doc, takeId, id, below(8) == 0);
  case 33:
    return edit::setTrackGroup(doc, takeId, id, static_cast<std::int32_t>(below(5)) - 1);
  case 34:
    return edit::setTrackMoves(doc, takeId, id, coin() ? TrackMoves::Object : TrackMoves::Point, real(-1, 60));
  case 35:
    return coin() ? edit::setTrackStrength(doc, takeId, id, real(-.1F, 1))
                  : edit::setTrackEasing(doc, takeId, id, {{real(0, 1), real(0, 1)}, {real(0, 1.05F), real(0, 1)}});
  case 36:
    return edit::setTrackTiming(doc, takeId, id, time(3),
                                coin() ? duration(4) : Duration{static_cast<std::int64_t>(below(30))});
  default:
    return edit::reorderTrack(doc, takeId, id, below(6));
  }
}

Result<DocumentPtr> RandomEdits::pointEdit(const DocumentPtr& doc) {
  const TakeId takeId = anyId(doc->takes, random_());
  const TakePtr take = doc->findTake(takeId);
  const TrackId id = take ? anyId(take->tracks, random_()) : TrackId{7};
  const std::size_t some[] = {below(12), below(12), below(3)};
  const std::span<const std::size_t> points(some, 1 + below(3));
  switch (function_) {
  case 38: {
    const TrackId ids[] = {id};
    return edit::moveTracks(doc, takeId, ids, point());
  }
  case 39:
    return edit::movePoints(doc, takeId, id, points, point());
  case 40:
    return edit::insertPoint(doc, takeId, id, {duration(5), point(), coin()});
  case 41:
    return edit::removePoints(doc, takeId, id, points);
  case 42:
    return edit::setTrackVisibility(doc, takeId, id, {time(4), duration(2)}, coin());
  case 43:
    return coin() ? edit::reverseTrack(doc, takeId, id) : edit::constantSpeed(doc, takeId, id);
  default:
    return edit::smoothTrack(doc, takeId, id, real(0, 1));
  }
}

} // namespace kinora::test
