// SPDX-License-Identifier: Apache-2.0
// How an edit copies the path it touches and shares the rest.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/document/edit.h"
#include "engine/document/rules_p.h"

namespace kinora::document::edit {

[[nodiscard]] inline tl::unexpected<Error> refuse(std::string message) {
  return fail(ErrorCode::InvalidArgument, std::move(message));
}

[[nodiscard]] inline tl::unexpected<Error> noSuch(std::string_view what, std::uint64_t id) {
  return fail(ErrorCode::NotFound, fmt::format("There is no {} with the number {} in this project.", what, id));
}

[[nodiscard]] inline std::shared_ptr<Document> copyOf(Doc doc) {
  KINORA_CHECK(doc != nullptr);
  return std::make_shared<Document>(*doc);
}

template <class T, class IdType>
[[nodiscard]] std::optional<std::size_t> indexOf(const std::vector<std::shared_ptr<const T>>& parts, IdType id) {
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (parts[i]->id == id)
      return i;
  return std::nullopt;
}

// The next free number as an id.
template <class IdType>
[[nodiscard]] IdType takeId(Document& document) {
  KINORA_CHECK(document.nextId <= rules::kMaxId);
  return IdType{document.nextId++};
}

template <class T>
[[nodiscard]] std::vector<T> inserted(std::vector<T> parts, std::size_t index, T part) {
  parts.insert(parts.begin() + static_cast<std::ptrdiff_t>(std::min(index, parts.size())), std::move(part));
  return parts;
}

// A checked and tidied track with a number of its own (edit_track.cpp).
[[nodiscard]] Result<TrackPtr> madeTrack(Document& document, Track track);

// change: Result<void>(Document&).
template <class Change>
[[nodiscard]] Result<DocumentPtr> changeProject(Doc doc, Change&& change) {
  auto next = copyOf(doc);
  if (Result<void> done = change(*next); !done)
    return fail(done);
  if (*next == *doc)
    return doc;
  return DocumentPtr(std::move(next));
}

// Replaces parts[index] of the document by a changed copy. list: the member of Document; change: Result<void>(T&).
template <class T, class Change>
[[nodiscard]] Result<DocumentPtr> changePart(Doc doc, std::vector<std::shared_ptr<const T>> Document::*list,
                                             std::size_t index, Change&& change) {
  const T& old = *((*doc).*list)[index];
  auto part = std::make_shared<T>(old);
  if (Result<void> done = change(*part); !done)
    return fail(done);
  if (*part == old)
    return doc;
  auto next = copyOf(doc);
  ((*next).*list)[index] = std::move(part);
  return DocumentPtr(std::move(next));
}

// change: Result<void>(Take&). The take's own fields are checked afterwards, its tracks are not.
template <class Change>
[[nodiscard]] Result<DocumentPtr> changeTake(Doc doc, TakeId id, Change&& change) {
  KINORA_CHECK(doc != nullptr);
  const auto index = indexOf(doc->takes, id);
  if (!index)
    return noSuch("take", id.value);
  return changePart<Take>(doc, &Document::takes, *index, [&](Take& take) -> Result<void> {
    if (Result<void> done = change(take); !done)
      return done;
    return rules::checkTake(take);
  });
}

enum class Locked { Refuse, Allow };

// Replaces take.tracks[index] by a changed and checked copy. change: Result<void>(Track&).
template <class Change>
[[nodiscard]] Result<void> changeTrackAt(Take& take, std::size_t index, Locked locked, Change&& change) {
  const Track& old = *take.tracks[index];
  if (old.locked && locked == Locked::Refuse)
    return refuse(fmt::format("The track “{}” is locked. Unlock it to change it.", old.name));
  auto track = std::make_shared<Track>(old);
  if (Result<void> done = change(*track); !done)
    return done;
  if (*track == old)
    return {};
  if (auto rule = rules::checkTrack(*track); !rule)
    return rule;
  take.tracks[index] = std::move(track);
  return {};
}

template <class Change>
[[nodiscard]] Result<DocumentPtr> changeTrack(Doc doc, TakeId take, TrackId id, Locked locked, Change&& change) {
  return changeTake(doc, take, [&](Take& t) -> Result<void> {
    const auto index = indexOf(t.tracks, id);
    if (!index)
      return noSuch("track", id.value);
    return changeTrackAt(t, *index, locked, change);
  });
}

// Where the tracks are in the take, ascending and without repeats. Errors: notFound.
[[nodiscard]] Result<std::vector<std::size_t>> placesOf(const Take& take, std::span<const TrackId> ids);

// Refuses what is not finite and clamps the rest. what: "A point of the track".
[[nodiscard]] inline Result<Point> checkedPoint(Point p, std::string_view what) {
  if (!rules::isFinite(p))
    return refuse(fmt::format("{} has a coordinate that is not a number.", what));
  return rules::clamped(p);
}

} // namespace kinora::document::edit
