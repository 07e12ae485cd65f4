// SPDX-License-Identifier: Apache-2.0
// Edits of takes: their own fields, camera and matte corrections.
#include "engine/document/edit_p.h"

namespace kinora::document::edit {
namespace {

Result<void> checkPicture(const Document& doc, MediaId picture) {
  const MediaItem* item = doc.findMedia(picture);
  if (item == nullptr)
    return noSuch("media item", picture.value);
  if (item->kind == MediaKind::Sound)
    return refuse(fmt::format("A take needs a picture to paint on; “{}” is a sound.", item->name));
  return {};
}

} // namespace

Result<Made<TakeId>> addTake(Doc doc, Take take) {
  if (auto picture = checkPicture(*doc, take.picture); !picture)
    return fail(picture);
  if (doc->takes.size() >= rules::kMaxParts)
    return refuse(fmt::format("A project may have at most {} takes.", rules::kMaxParts));
  auto next = copyOf(doc);
  const auto id = takeId<TakeId>(*next);
  take.id = id;
  for (TrackPtr& track : take.tracks) {
    KINORA_CHECK(track != nullptr);
    auto made = madeTrack(*next, *track); // a number of its own
    if (!made)
      return fail(made);
    track = std::move(*made);
  }
  if (auto rule = rules::checkTake(take); !rule)
    return fail(rule);
  next->takes.push_back(std::make_shared<const Take>(std::move(take)));
  return Made<TakeId>{std::move(next), id};
}

Result<DocumentPtr> removeTake(Doc doc, TakeId id) {
  const auto index = indexOf(doc->takes, id);
  if (!index)
    return noSuch("take", id.value);
  for (const auto& lane : doc->lanes)
    for (const auto& clip : lane->clips)
      if (clip->kind == ClipKind::Take && clip->take == id)
        return refuse(fmt::format("The take “{}” is shown by the clip “{}”. Remove the clip first.",
                                  doc->takes[*index]->name, clip->name));
  auto next = copyOf(doc);
  next->takes.erase(next->takes.begin() + static_cast<std::ptrdiff_t>(*index));
  return DocumentPtr(std::move(next));
}

Result<DocumentPtr> renameTake(Doc doc, TakeId id, std::string name) {
  return changeTake(doc, id, [&](Take& take) -> Result<void> {
    take.name = std::move(name);
    return {};
  });
}

Result<DocumentPtr> setTakeLength(Doc doc, TakeId id, Duration length) {
  return changeTake(doc, id, [&](Take& take) -> Result<void> {
    take.length = length;
    return {};
  });
}

Result<DocumentPtr> setTakeModel(Doc doc, TakeId id, std::string model, std::uint64_t seed, std::string prompt) {
  return changeTake(doc, id, [&](Take& take) -> Result<void> {
    take.model = std::move(model);
    take.seed = seed;
    take.prompt = std::move(prompt);
    return {};
  });
}

Result<DocumentPtr> setCamera(Doc doc, TakeId id, std::vector<CameraKey> keys) {
  return changeTake(doc, id, [&](Take& take) -> Result<void> {
    take.camera = std::move(keys);
    return {};
  });
}

Result<DocumentPtr> addMatteEdit(Doc doc, TakeId id, MatteEdit edit) {
  return changeTake(doc, id, [&](Take& take) -> Result<void> {
    for (Point& p : edit.points) {
      auto checked = checkedPoint(p, fmt::format("A matte correction of the take “{}”", take.name));
      if (!checked)
        return fail(checked);
      p = *checked;
    }
    take.matteEdits.push_back(std::move(edit));
    return {};
  });
}

Result<DocumentPtr> clearMatteEdits(Doc doc, TakeId id, std::int32_t group) {
  return changeTake(doc, id, [&](Take& take) -> Result<void> {
    std::erase_if(take.matteEdits, [group](const MatteEdit& e) { return e.group == group; });
    return {};
  });
}

} // namespace kinora::document::edit
