// SPDX-License-Identifier: Apache-2.0
// Edits of whole tracks: adding, removing, order and properties.
#include "engine/document/edit_p.h"

#include <unordered_set>

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

Result<TrackPtr> madeTrack(Document& document, Track track) {
  track.id = takeId<TrackId>(document);
  if (auto done = tidy(track); !done)
    return fail(done);
  if (auto rule = rules::checkTrack(track); !rule)
    return fail(rule);
  return std::make_shared<const Track>(std::move(track));
}

Result<std::vector<std::size_t>> placesOf(const Take& take, std::span<const TrackId> ids) {
  std::unordered_set<TrackId> wanted(ids.begin(), ids.end());
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < take.tracks.size() && !wanted.empty(); ++i)
    if (wanted.erase(take.tracks[i]->id) > 0)
      places.push_back(i);
  if (!wanted.empty())
    return noSuch("track", wanted.begin()->value);
  return places;
}

Result<Made<TrackId>> addTrack(Doc doc, TakeId take, Track track, std::size_t index) {
  std::vector<Track> one;
  one.push_back(std::move(track));
  auto added = addTracks(doc, take, std::move(one), index);
  if (!added)
    return fail(added);
  return Made<TrackId>{std::move(added->document), added->id.front()};
}

Result<Made<std::vector<TrackId>>> addTracks(Doc doc, TakeId take, std::vector<Track> tracks, std::size_t index) {
  auto next = copyOf(doc);
  std::vector<TrackPtr> made;
  std::vector<TrackId> ids;
  made.reserve(tracks.size());
  ids.reserve(tracks.size());
  for (Track& track : tracks) {
    auto one = madeTrack(*next, std::move(track));
    if (!one)
      return fail(one);
    ids.push_back((*one)->id);
    made.push_back(std::move(*one));
  }
  auto added = changeTake(DocumentPtr(std::move(next)), take, [&](Take& t) -> Result<void> {
    t.tracks.insert(t.tracks.begin() + static_cast<std::ptrdiff_t>(std::min(index, t.tracks.size())), made.begin(),
                    made.end());
    return {};
  });
  if (!added)
    return fail(added);
  return Made<std::vector<TrackId>>{ids.empty() ? doc : std::move(*added), std::move(ids)};
}

Result<DocumentPtr> removeTracks(Doc doc, TakeId take, std::span<const TrackId> ids) {
  return changeTake(doc, take, [&](Take& t) -> Result<void> {
    const auto places = placesOf(t, ids);
    if (!places)
      return fail(places);
    for (const std::size_t place : *places)
      if (t.tracks[place]->locked)
        return refuse(fmt::format("The track “{}” is locked. Unlock it to remove it.", t.tracks[place]->name));
    for (const std::size_t place : *places)
      t.tracks[place] = nullptr;
    std::erase(t.tracks, nullptr);
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
