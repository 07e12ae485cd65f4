// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/plan/node.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <unordered_map>
#include <utility>

#include "engine/document/sampling.h"

namespace kinora::runtime {
namespace {

SampledTrackPtr sample(const document::TrackPtr& track, FrameRate rate, std::int64_t frames) {
  auto made = std::make_shared<SampledTrack>();
  made->source = track;
  made->rate = rate;
  session::ControlTrack& control = made->control;
  control.id = track->id;
  control.group = objectOf(track->id, track->group);
  control.role = track->kind == document::TrackKind::Pin ? session::TrackRole::Hold : session::TrackRole::Move;
  control.wholeObject = track->moves == document::TrackMoves::Object;
  control.grip = track->grip;
  control.positions.reserve(static_cast<std::size_t>(frames));
  for (const document::SampledPosition& p : document::sampleTrack(*track, rate, frames))
    control.positions.push_back({p.at, p.visible});
  ContentHasher hasher;
  hasher.integer(control.group).integer(static_cast<int>(control.role)).integer(control.wholeObject ? 1 : 0);
  // The grip matters only where it decides what moves.
  hasher.real(control.wholeObject ? 0 : control.grip);
  hasher.integer(static_cast<std::int64_t>(control.positions.size()));
  for (const session::TrackPosition& p : control.positions)
    hasher.real(p.at.x).real(p.at.y).integer(p.visible ? 1 : 0);
  made->hash = hasher.finish();
  return made;
}

} // namespace

PictureRef pictureRef(const document::MediaItem& item) {
  PictureRef ref{item.path, item.hash, item.name};
  if (ref.content.isNull())
    ref.content = ContentHasher().text("path").text(item.path.string()).finish();
  return ref;
}

std::int32_t objectOf(TrackId track, std::int32_t group) {
  return group != 0 ? group : -static_cast<std::int32_t>(track.value & 0x7fff'ffff);
}

std::int32_t objectOf(const document::Take& take, std::int32_t group) {
  if (group != 0)
    return group;
  for (const document::TrackPtr& track : take.tracks)
    if (track->group == 0 && track->kind == document::TrackKind::Path)
      return objectOf(track->id, 0);
  return 0;
}

Size fitInside(Size source, Size frame) {
  if (source.isEmpty() || frame.isEmpty())
    return frame;
  const double scale =
      std::min(static_cast<double>(frame.width) / source.width, static_cast<double>(frame.height) / source.height);
  const auto side = [scale](std::int32_t s) {
    return std::max<std::int32_t>(1, static_cast<std::int32_t>(std::lround(s * scale)));
  };
  const Size fitted{std::min(side(source.width), frame.width), std::min(side(source.height), frame.height)};
  // A frame made even for its encoder misses the picture's shape by less than two pixels: no black line for that.
  if (frame.width - fitted.width < 2 && frame.height - fitted.height < 2)
    return frame;
  return fitted;
}

Size coverOf(Size source, Size frame) {
  if (source.isEmpty() || frame.isEmpty())
    return frame;
  const double scale =
      std::max(static_cast<double>(frame.width) / source.width, static_cast<double>(frame.height) / source.height);
  const auto side = [scale](std::int32_t s, std::int32_t least) {
    return static_cast<std::int32_t>(
        std::clamp<long>(std::lround(s * scale), least, std::max<long>(least, kMaxImageSide)));
  };
  return {side(source.width, frame.width), side(source.height, frame.height)};
}

Size renderSize(Size picture, Size frame, double scale) {
  const Size fitted = fitInside(picture, frame);
  if (!(scale > 1) || picture.isEmpty())
    return fitted;
  const double step = std::exp2(std::ceil(std::log2(std::min(scale, 1024.0)) * 2 - 1e-6) / 2);
  const Size cover = coverOf(picture, frame);
  const Size most = picture.width > cover.width ? picture : cover;
  if (fitted.width * step >= most.width)
    return fitted.width < most.width ? most : fitted;
  return {static_cast<std::int32_t>(std::lround(fitted.width * step)),
          static_cast<std::int32_t>(std::lround(fitted.height * step))};
}

session::MotionRequest GenerationNode::request(Image untouched) const {
  session::MotionRequest made;
  made.picture = std::move(untouched);
  made.outputSize = outputSize;
  made.frameCount = frameCount;
  made.tracks.reserve(tracks.size());
  for (const SampledTrackPtr& track : tracks)
    made.tracks.push_back(track->control);
  made.camera = camera;
  made.corrections = corrections;
  made.prompt = prompt;
  made.seed = seed;
  return made;
}

GenerationNodePtr makeNode(const document::Take& take, const document::MediaItem& picture, Size outputSize,
                           FrameRate rate, const std::int32_t* revision, const GenerationNodePtr& previous) {
  auto node = std::make_shared<GenerationNode>();
  node->take = take.id;
  node->name = take.name;
  node->picture = pictureRef(picture);
  node->pictureSize = picture.size;
  node->outputSize = outputSize;
  node->rate = rate;
  node->frameCount = std::max<std::int64_t>(1, rate.framesIn(take.length));
  node->model = take.model;
  node->prompt = take.prompt;
  node->seed = take.seed;

  std::unordered_map<const document::Track*, SampledTrackPtr> known;
  if (previous && previous->rate == rate && previous->frameCount == node->frameCount)
    for (const SampledTrackPtr& track : previous->tracks)
      known.emplace(track->source.get(), track);
  for (const document::TrackPtr& track : document::activeTracks(take)) {
    const auto it = known.find(track.get());
    node->tracks.push_back(it != known.end() ? it->second : sample(track, rate, node->frameCount));
  }
  if (!take.camera.empty()) {
    node->camera.reserve(static_cast<std::size_t>(node->frameCount));
    for (std::int64_t f = 0; f < node->frameCount; ++f)
      node->camera.push_back(document::sampleCamera(take.camera, rate.timeOf(f)));
    if (std::all_of(node->camera.begin(), node->camera.end(), [](const CameraPose& p) { return p.isIdentity(); }))
      node->camera.clear();
  }
  for (const document::MatteEdit& edit : take.matteEdits)
    node->corrections.push_back({objectOf(take, edit.group), edit.add, edit.radius, edit.points});

  if (revision) {
    ContentHasher hasher;
    hasher.text("kinora.frame/1").key(node->picture.content);
    hasher.integer(node->outputSize.width).integer(node->outputSize.height).integer(node->frameCount);
    hasher.integer(static_cast<std::int64_t>(node->tracks.size()));
    for (const SampledTrackPtr& track : node->tracks)
      hasher.key(track->hash);
    hasher.integer(static_cast<std::int64_t>(node->camera.size()));
    for (const CameraPose& pose : node->camera)
      hasher.real(pose.zoom).real(pose.panX).real(pose.panY).real(pose.rotation);
    hasher.integer(static_cast<std::int64_t>(node->corrections.size()));
    for (const session::MatteCorrection& c : node->corrections) {
      hasher.integer(c.group).integer(c.add ? 1 : 0).real(c.radius).integer(static_cast<std::int64_t>(c.points.size()));
      for (const Point p : c.points)
        hasher.real(p.x).real(p.y);
    }
    hasher.text(node->prompt).integer(static_cast<std::int64_t>(node->seed)).text(node->model).integer(*revision);
    node->key = hasher.finish();
  }
  return node;
}

} // namespace kinora::runtime
