// SPDX-License-Identifier: Apache-2.0
#include "engine/document/validate.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "engine/document/rules_p.h"

namespace kinora::document {
namespace {

tl::unexpected<Error> broken(std::string message) {
  return fail(ErrorCode::InvalidArgument, std::move(message));
}

class Checker {
 public:
  explicit Checker(const Document& document) : doc_(document) {}

  Result<void> run() {
    for (const auto step : {&Checker::project, &Checker::media, &Checker::takes, &Checker::lanes})
      if (auto done = (this->*step)(); !done)
        return done;
    return {};
  }

 private:
  Result<void> use(std::uint64_t id, std::string_view what) {
    if (id == 0 || id >= doc_.nextId)
      return broken(fmt::format("A {} has the number {}, which must lie between 1 and {}.", what, id, doc_.nextId - 1));
    if (!ids_.insert(id).second)
      return broken(fmt::format("Two things have the number {}; the second is a {}.", id, what));
    return {};
  }

  Result<void> project() {
    if (doc_.nextId == 0 || doc_.nextId > rules::kMaxId + 1)
      return broken(fmt::format("The next number {} is out of range.", doc_.nextId));
    if (auto text = rules::checkText(doc_.name, rules::kMaxNameBytes, "The name of the project"); !text)
      return text;
    if (auto frame = rules::checkFrame(doc_.frame); !frame)
      return frame;
    if (auto marks = rules::checkMarks(doc_.markIn, doc_.markOut); !marks)
      return marks;
    if (std::max({doc_.media.size(), doc_.takes.size(), doc_.lanes.size(), doc_.markers.size()}) > rules::kMaxParts)
      return broken(
          fmt::format("There may be at most {} media items, takes, lanes and markers each.", rules::kMaxParts));
    for (std::size_t i = 0; i < doc_.markers.size(); ++i) {
      if (auto marker = rules::checkMarker(doc_.markers[i]); !marker)
        return marker;
      if (i > 0 && doc_.markers[i].at <= doc_.markers[i - 1].at)
        return broken(fmt::format("The marker “{}” is out of order.", doc_.markers[i].name));
    }
    return {};
  }

  Result<void> media() {
    for (const auto& item : doc_.media) {
      if (!item)
        return broken("A media item is missing.");
      if (auto id = use(item->id.value, "media item"); !id)
        return id;
      if (auto rule = rules::checkMedia(*item); !rule)
        return rule;
      kinds_.emplace(item->id, item->kind);
    }
    return {};
  }

  Result<void> takes() {
    for (const auto& take : doc_.takes) {
      if (!take)
        return broken("A take is missing.");
      if (auto id = use(take->id.value, "take"); !id)
        return id;
      if (auto rule = rules::checkTake(*take); !rule)
        return rule;
      takes_.insert(take->id);
      const auto picture = kinds_.find(take->picture);
      if (picture == kinds_.end() || picture->second == MediaKind::Sound)
        return broken(fmt::format("The take “{}” paints on the media item {}, which is {}.", take->name,
                                  take->picture.value, picture == kinds_.end() ? "not there" : "a sound"));
      for (const auto& track : take->tracks) {
        if (!track)
          return broken(fmt::format("A track of the take “{}” is missing.", take->name));
        if (auto id = use(track->id.value, "track"); !id)
          return id;
        if (auto rule = rules::checkTrack(*track); !rule)
          return rule;
      }
    }
    return {};
  }

  Result<void> lanes() {
    for (const auto& lane : doc_.lanes) {
      if (!lane)
        return broken("A lane is missing.");
      if (auto id = use(lane->id.value, "lane"); !id)
        return id;
      if (auto rule = rules::checkLane(*lane); !rule)
        return rule;
      Time end;
      for (const auto& clip : lane->clips) {
        if (!clip)
          return broken(fmt::format("A clip of the lane “{}” is missing.", lane->name));
        if (auto id = use(clip->id.value, "clip"); !id)
          return id;
        if (auto rule = clipOf(*lane, *clip); !rule)
          return rule;
        if (clip->start < end)
          return broken(
              fmt::format("The clip “{}” on the lane “{}” overlaps the one before it.", clip->name, lane->name));
        end = clip->range().end();
      }
    }
    return {};
  }

  Result<void> clipOf(const Lane& lane, const Clip& clip) const {
    if (auto rule = rules::checkClip(clip); !rule)
      return rule;
    const auto media = kinds_.find(clip.media);
    if (clip.kind == ClipKind::Media && media == kinds_.end())
      return broken(
          fmt::format("The clip “{}” shows the media item {}, which is not there.", clip.name, clip.media.value));
    if (clip.kind == ClipKind::Take && !takes_.contains(clip.take))
      return broken(fmt::format("The clip “{}” shows the take {}, which is not there.", clip.name, clip.take.value));
    if (!rules::laneTakes(lane.kind, clip.kind, media == kinds_.end() ? MediaKind::Picture : media->second))
      return broken(fmt::format("The clip “{}” does not fit on the {} lane “{}”.", clip.name,
                                lane.kind == LaneKind::Picture ? "picture" : "sound", lane.name));
    return {};
  }

  const Document& doc_;
  std::unordered_set<std::uint64_t> ids_;
  std::unordered_map<MediaId, MediaKind> kinds_;
  std::unordered_set<TakeId> takes_;
};

} // namespace

Result<void> validate(const Document& document) {
  return Checker(document).run();
}

} // namespace kinora::document
