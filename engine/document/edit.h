// SPDX-License-Identifier: Apache-2.0
// Every change to a project: a pure function from one document to the next. The old value stays valid (undo keeps it).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/document/document.h"

// [any] Errors: notFound (no such id), invalidArgument (out of range, overlapping, locked), with the thing's name.
// Numbers that are not finite are refused; coordinates are clamped to ±1 000 000; times reach 10 000 000 s.
// An edit that changes nothing returns the document it was given.
namespace kinora::document::edit {

// A new document and what it made.
template <class IdType>
struct Made {
  DocumentPtr document;
  IdType id;
};

using Doc = const DocumentPtr&;

// Project
[[nodiscard]] Result<DocumentPtr> rename(Doc doc, std::string name);
[[nodiscard]] Result<DocumentPtr> setFrame(Doc doc, FrameSettings frame);
[[nodiscard]] Result<DocumentPtr> setLoop(Doc doc, bool loop);
[[nodiscard]] Result<DocumentPtr> setMarks(Doc doc, Time in, Time out);
[[nodiscard]] Result<DocumentPtr> addMarker(Doc doc, Marker marker); // one at the same time is replaced
[[nodiscard]] Result<DocumentPtr> removeMarker(Doc doc, Time at);

// Media. The item's id is ignored and given anew. Removing fails while a take or clip uses it.
[[nodiscard]] Result<Made<MediaId>> addMedia(Doc doc, MediaItem item);
[[nodiscard]] Result<DocumentPtr> removeMedia(Doc doc, MediaId id);
[[nodiscard]] Result<DocumentPtr> relocateMedia(Doc doc, MediaId id, std::filesystem::path path, ContentKey hash);

// Lanes and clips. Moving refuses to overlap another clip or to begin before 0. A locked lane refuses every change of
// its clips and its removal. Picture lanes take pictures, video and takes, sound lanes video and sound.
[[nodiscard]] Result<Made<LaneId>> addLane(Doc doc, LaneKind kind, std::string name, std::size_t index);
[[nodiscard]] Result<DocumentPtr> removeLane(Doc doc, LaneId id);
[[nodiscard]] Result<DocumentPtr> renameLane(Doc doc, LaneId id, std::string name);
[[nodiscard]] Result<DocumentPtr> setLaneEnabled(Doc doc, LaneId id, bool enabled);
[[nodiscard]] Result<DocumentPtr> setLaneLocked(Doc doc, LaneId id, bool locked);
[[nodiscard]] Result<Made<ClipId>> addClip(Doc doc, LaneId lane, Clip clip);
[[nodiscard]] Result<DocumentPtr> removeClip(Doc doc, ClipId id);
[[nodiscard]] Result<DocumentPtr> moveClip(Doc doc, ClipId id, LaneId lane, Time start);
// Moves one edge; the other stays. The source point under the clip stays where it was.
[[nodiscard]] Result<DocumentPtr> trimClipStart(Doc doc, ClipId id, Time start);
[[nodiscard]] Result<DocumentPtr> trimClipEnd(Doc doc, ClipId id, Time end);
[[nodiscard]] Result<Made<ClipId>> splitClip(Doc doc, ClipId id, Time at); // id = the right-hand part
[[nodiscard]] Result<DocumentPtr> renameClip(Doc doc, ClipId id, std::string name);
[[nodiscard]] Result<DocumentPtr> setClipPlacement(Doc doc, ClipId id, float opacity, float scale, Point position);

// Takes
[[nodiscard]] Result<Made<TakeId>> addTake(Doc doc, Take take);
[[nodiscard]] Result<DocumentPtr> removeTake(Doc doc, TakeId id); // fails while a clip shows it
[[nodiscard]] Result<DocumentPtr> renameTake(Doc doc, TakeId id, std::string name);
[[nodiscard]] Result<DocumentPtr> setTakeLength(Doc doc, TakeId id, Duration length);
[[nodiscard]] Result<DocumentPtr> setTakeModel(Doc doc, TakeId id, std::string model, std::uint64_t seed,
                                               std::string prompt);
[[nodiscard]] Result<DocumentPtr> setCamera(Doc doc, TakeId id, std::vector<CameraKey> keys);
[[nodiscard]] Result<DocumentPtr> addMatteEdit(Doc doc, TakeId id, MatteEdit edit);
[[nodiscard]] Result<DocumentPtr> clearMatteEdits(Doc doc, TakeId id, std::int32_t group);

// Tracks of a take. A locked track refuses everything but setTrackLocked and setTrackEnabled. addTrack takes points in
// time order, keeps the later of two at the same time, lengthens the duration to the last point and lets a pin rest at
// its first.
[[nodiscard]] Result<Made<TrackId>> addTrack(Doc doc, TakeId take, Track track, std::size_t index = 0);
// All of them in front of index, in the given order; one edit however many there are (imports). Ids in that order.
[[nodiscard]] Result<Made<std::vector<TrackId>>> addTracks(Doc doc, TakeId take, std::vector<Track> tracks,
                                                           std::size_t index = 0);
[[nodiscard]] Result<DocumentPtr> removeTracks(Doc doc, TakeId take, std::span<const TrackId> ids);
[[nodiscard]] Result<DocumentPtr> renameTrack(Doc doc, TakeId take, TrackId id, std::string name);
[[nodiscard]] Result<DocumentPtr> setTrackColour(Doc doc, TakeId take, TrackId id, std::string colour);
[[nodiscard]] Result<DocumentPtr> setTrackEnabled(Doc doc, TakeId take, TrackId id, bool enabled);
[[nodiscard]] Result<DocumentPtr> setTrackLocked(Doc doc, TakeId take, TrackId id, bool locked);
[[nodiscard]] Result<DocumentPtr> setTrackSolo(Doc doc, TakeId take, TrackId id, bool solo);
[[nodiscard]] Result<DocumentPtr> setTrackGroup(Doc doc, TakeId take, TrackId id, std::int32_t group);
[[nodiscard]] Result<DocumentPtr> setTrackMoves(Doc doc, TakeId take, TrackId id, TrackMoves moves, float grip);
[[nodiscard]] Result<DocumentPtr> setTrackStrength(Doc doc, TakeId take, TrackId id, float strength);
// Keeps the drawn path; its recorded times are stretched to the new duration.
[[nodiscard]] Result<DocumentPtr> setTrackTiming(Doc doc, TakeId take, TrackId id, Time start, Duration duration);
[[nodiscard]] Result<DocumentPtr> setTrackEasing(Doc doc, TakeId take, TrackId id, Easing easing);
[[nodiscard]] Result<DocumentPtr> reorderTrack(Doc doc, TakeId take, TrackId id, std::size_t index);
[[nodiscard]] Result<DocumentPtr> moveTracks(Doc doc, TakeId take, std::span<const TrackId> ids, Point by);
[[nodiscard]] Result<DocumentPtr> movePoints(Doc doc, TakeId take, TrackId id, std::span<const std::size_t> points,
                                             Point by);
// Inserts by recorded time; a point at the same time is replaced. After the end it lengthens the track. Pins refuse.
[[nodiscard]] Result<DocumentPtr> insertPoint(Doc doc, TakeId take, TrackId id, TrackPoint point);
// A path keeps at least one point; removing all of them is refused (remove the track instead).
[[nodiscard]] Result<DocumentPtr> removePoints(Doc doc, TakeId take, TrackId id, std::span<const std::size_t> points);
// Visible or "behind" between two times of the take. A range that touches the start or end of a moving track holds for
// its rest before or after as well.
[[nodiscard]] Result<DocumentPtr> setTrackVisibility(Doc doc, TakeId take, TrackId id, TimeRange range, bool visible);
[[nodiscard]] Result<DocumentPtr> reverseTrack(Doc doc, TakeId take, TrackId id);
// strength 0..1: share of a Gaussian smoothing; the ends stay. constantSpeed spreads the times evenly over the length.
[[nodiscard]] Result<DocumentPtr> smoothTrack(Doc doc, TakeId take, TrackId id, float strength);
[[nodiscard]] Result<DocumentPtr> constantSpeed(Doc doc, TakeId take, TrackId id);

} // namespace kinora::document::edit
