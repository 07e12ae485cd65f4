// SPDX-License-Identifier: Apache-2.0
#include "engine/vision/motion/painted_objects_p.h"

#include <algorithm>
#include <unordered_map>

namespace kinora::vision {

PaintedObjects paintedObjects(const std::vector<session::ControlTrack>& tracks) {
  PaintedObjects result;
  std::unordered_map<std::int32_t, std::size_t> known;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    const session::ControlTrack& track = tracks[i];
    if (track.role != session::TrackRole::Move)
      continue;
    const auto [it, isNew] = known.emplace(track.group, result.objects.size());
    if (isNew)
      result.objects.push_back({track.group, {}, {}, false, 0});
    PaintedObject& object = result.objects[it->second];
    object.moves.push_back(i);
    object.wholeObject = object.wholeObject || track.wholeObject;
    object.grip = std::max(object.grip, track.grip);
  }
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    if (tracks[i].role != session::TrackRole::Hold)
      continue;
    if (const auto it = known.find(tracks[i].group); it != known.end())
      result.objects[it->second].holds.push_back(i);
    else
      result.lonePins.push_back(i);
  }
  return result;
}

ObjectClicks clicksOf(const PaintedObjects& all, std::size_t object, const std::vector<session::ControlTrack>& tracks) {
  ObjectClicks clicks;
  for (std::size_t o = 0; o < all.objects.size(); ++o)
    for (const std::size_t track : all.objects[o].moves)
      (o == object ? clicks.positives : clicks.others).push_back(tracks[track].positions.front().at);
  for (const std::size_t pin : all.objects[object].holds)
    clicks.positives.push_back(tracks[pin].positions.front().at);
  return clicks;
}

} // namespace kinora::vision
