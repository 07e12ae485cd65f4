// SPDX-License-Identifier: Apache-2.0
// Edits of whole tracks: adding, removing, order and properties.
#include "engine/document/edit_p.h"

#include "engine/document/points_p.h"

namespace kinora::document::edit {
namespace {

// One property of an unlocked track.
template <class Field, class Value>
Result<DocumentPtr> setField(Doc doc, TakeId take, TrackId id, Field Track::*field, Value&& value,
                             Locked locked = Locked::Refuse) {
  return changeTrack(doc, take, id, locked, [&](Track& track) -> Result<void> {
    track.*field = std::forward<Value>(value);
    return {};
  });
}

Result<void> tidy(Track& track) {
  for (TrackPoint& p : track.points) {
    auto checked = checkedPoint(p.position, fmt::format("A point of the track “{}”", track.name));
    if (!checked)
      return fail(checked);
    p.position = *checked;
  }
  // Of points at the same time the later one counts: it is where the hand was last.
  std::vector<TrackPoint> points;
  points.reserve(track.points.size());
  for (const TrackPoint& p : track.points) {
    if (!points.empty() && points.back().at == p.at)
      points.back() = p;
    else
      points.push_back(p);
  }
  track.points = std::move(points);
  if (track.kind == TrackKind::Pin)
    for (TrackPoint& p : track.points)
      p.position = track.points.front().position;
  if (!track.points.empty())
    track.duration = std::max(track.duration, track.points.back().at);
  return {};
}

} // namespace

Result<Made<TrackId>> addTrack(Doc doc, TakeId take, Track track, std::size_t index) {
  auto next = copyOf(doc);
  const auto id = takeId<TrackId>(*next);
  track.id = id;
  if (auto done = tidy(track); !done)
    return fail(done);
  if (auto rule = rules::checkTrack(track); !rule)
    return fail(rule);
  auto added = changeTake(DocumentPtr(std::move(next)), take, [&](Take& t) -> Result<void> {
    t.tracks = inserted<TrackPtr>(std::move(t.tracks), index, std::make_shared<const Track>(std::move(track)));
    return {};
  });
  if (!added)
    return fail(added);
  return Made<TrackId>{std::move(*added), id};
}

Result<DocumentPtr> removeTracks(Doc doc, TakeId take, std::span<const TrackId> ids) {
  return changeTake(doc, take, [&](Take& t) -> Result<void> {
    for (const TrackId id : ids) {
      const auto index = indexOf(t.tracks, id);
      if (!index)
        return noSuch("track", id.value);
      if (t.tracks[*index]->locked)
        return refuse(fmt::format("The track “{}” is locked. Unlock it to remove it.", t.tracks[*index]->name));
    }
    std::erase_if(t.tracks,
                  [&](const TrackPtr& track) { return std::find(ids.begin(), ids.end(), track->id) != ids.end(); });
    return {};
  });
}

Result<DocumentPtr> renameTrack(Doc doc, TakeId take, TrackId id, std::string name) {
  return setField(doc, take, id, &Track::name, std::move(name));
}

Result<DocumentPtr> setTrackColour(Doc doc, TakeId take, TrackId id, std::string colour) {
  return setField(doc, take, id, &Track::colour, std::move(colour));
}

Result<DocumentPtr> setTrackEnabled(Doc doc, TakeId take, TrackId id, bool enabled) {
  return setField(doc, take, id, &Track::enabled, enabled, Locked::Allow);
}

Result<DocumentPtr> setTrackLocked(Doc doc, TakeId take, TrackId id, bool locked) {
  return setField(doc, take, id, &Track::locked, locked, Locked::Allow);
}

Result<DocumentPtr> setTrackSolo(Doc doc, TakeId take, TrackId id, bool solo) {
  return setField(doc, take, id, &Track::solo, solo);
}

Result<DocumentPtr> setTrackGroup(Doc doc, TakeId take, TrackId id, std::int32_t group) {
  return setField(doc, take, id, &Track::group, group);
}

Result<DocumentPtr> setTrackMoves(Doc doc, TakeId take, TrackId id, TrackMoves moves, float grip) {
  return changeTrack(doc, take, id, Locked::Refuse, [&](Track& track) -> Result<void> {
    track.moves = moves;
    track.grip = grip;
    return {};
  });
}

Result<DocumentPtr> setTrackStrength(Doc doc, TakeId take, TrackId id, float strength) {
  return setField(doc, take, id, &Track::strength, strength);
}

Result<DocumentPtr> setTrackTiming(Doc doc, TakeId take, TrackId id, Time start, Duration duration) {
  return changeTrack(doc, take, id, Locked::Refuse, [&](Track& track) -> Result<void> {
    if (!rules::isDuration(duration))
      return refuse(fmt::format("The track “{}” cannot be {} s long.", track.name, duration.seconds()));
    track.start = start;
    return stretch(track, duration);
  });
}

Result<DocumentPtr> setTrackEasing(Doc doc, TakeId take, TrackId id, Easing easing) {
  return setField(doc, take, id, &Track::easing, easing);
}

Result<DocumentPtr> reorderTrack(Doc doc, TakeId take, TrackId id, std::size_t index) {
  return changeTake(doc, take, [&](Take& t) -> Result<void> {
    const auto from = indexOf(t.tracks, id);
    if (!from)
      return noSuch("track", id.value);
    if (t.tracks[*from]->locked)
      return refuse(fmt::format("The track “{}” is locked. Unlock it to move it.", t.tracks[*from]->name));
    TrackPtr track = std::move(t.tracks[*from]);
    t.tracks.erase(t.tracks.begin() + static_cast<std::ptrdiff_t>(*from));
    t.tracks = inserted(std::move(t.tracks), index, std::move(track));
    return {};
  });
}

} // namespace kinora::document::edit
