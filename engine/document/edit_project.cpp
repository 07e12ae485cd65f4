// SPDX-License-Identifier: Apache-2.0
// Edits of the project itself and of its media.
#include "engine/document/edit_p.h"

namespace kinora::document::edit {
namespace {

Result<std::filesystem::path> fullPath(const std::filesystem::path& path) {
  if (path.empty())
    return refuse("A media item needs the path of its file.");
  std::error_code error;
  auto full = std::filesystem::absolute(path, error);
  if (error)
    return fail(ErrorCode::Io, fmt::format("Finding the full path of a media file failed: {}.", error.message()));
  return full.lexically_normal();
}

} // namespace

Result<DocumentPtr> rename(Doc doc, std::string name) {
  return changeProject(doc, [&](Document& d) -> Result<void> {
    d.name = std::move(name);
    return rules::checkText(d.name, rules::kMaxNameBytes, "The name of the project");
  });
}

Result<DocumentPtr> setFrame(Doc doc, FrameSettings frame) {
  return changeProject(doc, [&](Document& d) -> Result<void> {
    d.frame = frame;
    return rules::checkFrame(frame);
  });
}

Result<DocumentPtr> setLoop(Doc doc, bool loop) {
  return changeProject(doc, [&](Document& d) -> Result<void> {
    d.loop = loop;
    return {};
  });
}

Result<DocumentPtr> setMarks(Doc doc, Time in, Time out) {
  return changeProject(doc, [&](Document& d) -> Result<void> {
    d.markIn = in;
    d.markOut = out;
    return rules::checkMarks(in, out);
  });
}

Result<DocumentPtr> addMarker(Doc doc, Marker marker) {
  return changeProject(doc, [&](Document& d) -> Result<void> {
    if (auto rule = rules::checkMarker(marker); !rule)
      return rule;
    const auto place = std::lower_bound(d.markers.begin(), d.markers.end(), marker.at,
                                        [](const Marker& m, Time t) { return m.at < t; });
    if (place != d.markers.end() && place->at == marker.at)
      *place = std::move(marker);
    else if (d.markers.size() >= rules::kMaxParts)
      return refuse(fmt::format("A project may have at most {} markers.", rules::kMaxParts));
    else
      d.markers.insert(place, std::move(marker));
    return {};
  });
}

Result<DocumentPtr> removeMarker(Doc doc, Time at) {
  return changeProject(doc, [&](Document& d) -> Result<void> {
    if (std::erase_if(d.markers, [&](const Marker& m) { return m.at == at; }) == 0)
      return fail(ErrorCode::NotFound, fmt::format("There is no marker at {} s.", at.seconds()));
    return {};
  });
}

Result<Made<MediaId>> addMedia(Doc doc, MediaItem item) {
  auto path = fullPath(item.path);
  if (!path)
    return fail(path);
  item.path = std::move(*path);
  if (item.name.empty())
    item.name = item.path.filename().string();
  if (auto rule = rules::checkMedia(item); !rule)
    return fail(rule);
  if (doc->media.size() >= rules::kMaxParts)
    return refuse(fmt::format("A project may have at most {} media items.", rules::kMaxParts));
  auto next = copyOf(doc);
  const auto id = takeId<MediaId>(*next);
  item.id = id;
  next->media.push_back(std::make_shared<const MediaItem>(std::move(item)));
  return Made<MediaId>{std::move(next), id};
}

Result<DocumentPtr> removeMedia(Doc doc, MediaId id) {
  const auto index = indexOf(doc->media, id);
  if (!index)
    return noSuch("media item", id.value);
  const std::string& name = doc->media[*index]->name;
  for (const auto& take : doc->takes)
    if (take->picture == id)
      return refuse(fmt::format("“{}” is the picture of the take “{}”. Remove the take first.", name, take->name));
  for (const auto& lane : doc->lanes)
    for (const auto& clip : lane->clips)
      if (clip->kind == ClipKind::Media && clip->media == id)
        return refuse(fmt::format("“{}” is shown by the clip “{}”. Remove the clip first.", name, clip->name));
  auto next = copyOf(doc);
  next->media.erase(next->media.begin() + static_cast<std::ptrdiff_t>(*index));
  return DocumentPtr(std::move(next));
}

Result<DocumentPtr> relocateMedia(Doc doc, MediaId id, std::filesystem::path path, ContentKey hash) {
  const auto index = indexOf(doc->media, id);
  if (!index)
    return noSuch("media item", id.value);
  auto full = fullPath(path);
  if (!full)
    return fail(full);
  return changePart<MediaItem>(doc, &Document::media, *index, [&](MediaItem& item) -> Result<void> {
    item.path = std::move(*full);
    item.hash = hash;
    return rules::checkMedia(item);
  });
}

} // namespace kinora::document::edit
