// SPDX-License-Identifier: Apache-2.0
#include "ui/session/selection.h"

#include <algorithm>
#include <utility>

namespace kinora::ui {
namespace {

template <class T>
bool contains(const std::vector<T>& list, const T& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

template <class T>
void toggle(std::vector<T>& list, const T& value) {
  const auto at = std::find(list.begin(), list.end(), value);
  if (at == list.end())
    list.push_back(value);
  else
    list.erase(at);
}

} // namespace

bool Selection::has(TrackId track) const {
  return contains(tracks, track);
}
bool Selection::has(ClipId clip) const {
  return contains(clips, clip);
}

void SelectionModel::set(Selection selection) {
  if (selection == current_)
    return;
  current_ = std::move(selection);
  Q_EMIT changed(current_);
}

void SelectionModel::setTake(TakeId take) {
  if (take == current_.take)
    return;
  Selection next = current_;
  next.take = take;
  next.tracks.clear();
  next.points.clear();
  next.camera = false;
  set(std::move(next));
}

void SelectionModel::selectTrack(TrackId track) {
  Selection next = current_;
  next.tracks = {track};
  next.points.clear();
  next.camera = false;
  set(std::move(next));
}

void SelectionModel::toggleTrack(TrackId track) {
  Selection next = current_;
  toggle(next.tracks, track);
  next.points.clear();
  next.camera = false;
  set(std::move(next));
}

void SelectionModel::selectPoints(TrackId track, std::vector<std::size_t> points) {
  Selection next = current_;
  if (!next.has(track))
    next.tracks = {track};
  else if (next.focusedTrack() != track) {
    std::erase(next.tracks, track);
    next.tracks.push_back(track);
  }
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  next.points = std::move(points);
  next.camera = false;
  set(std::move(next));
}

void SelectionModel::selectCamera() {
  Selection next = current_;
  next.tracks.clear();
  next.points.clear();
  next.camera = true;
  set(std::move(next));
}

void SelectionModel::clearTracks() {
  Selection next = current_;
  next.tracks.clear();
  next.points.clear();
  next.camera = false;
  set(std::move(next));
}

void SelectionModel::selectClip(ClipId clip) {
  Selection next = current_;
  next.clips = {clip};
  set(std::move(next));
}

void SelectionModel::toggleClip(ClipId clip) {
  Selection next = current_;
  toggle(next.clips, clip);
  set(std::move(next));
}

void SelectionModel::clearClips() {
  Selection next = current_;
  next.clips.clear();
  set(std::move(next));
}

void SelectionModel::prune(const document::Document& document) {
  Selection next = current_;
  document::TakePtr take;
  for (const document::TakePtr& candidate : document.takes)
    if (candidate->id == next.take)
      take = candidate;
  if (!take) {
    take = document.takes.empty() ? nullptr : document.takes.front();
    next.take = take ? take->id : TakeId{};
    next.tracks.clear();
    next.points.clear();
    next.camera = false;
  }
  const auto track = [&](TrackId id) -> document::TrackPtr {
    if (take)
      for (const document::TrackPtr& candidate : take->tracks)
        if (candidate->id == id)
          return candidate;
    return nullptr;
  };
  const TrackId focused = next.focusedTrack();
  std::erase_if(next.tracks, [&](TrackId id) { return !track(id); });
  if (next.focusedTrack() != focused)
    next.points.clear();
  else if (const document::TrackPtr owner = track(focused))
    std::erase_if(next.points, [&](std::size_t point) { return point >= owner->points.size(); });
  std::erase_if(next.clips, [&](ClipId id) {
    for (const document::LanePtr& lane : document.lanes)
      for (const document::ClipPtr& clip : lane->clips)
        if (clip->id == id)
          return false;
    return true;
  });
  set(std::move(next));
}

} // namespace kinora::ui
