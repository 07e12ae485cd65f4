// SPDX-License-Identifier: Apache-2.0
#include "engine/vision/draft_motion_session.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "engine/base/frame_pool.h"
#include "engine/vision/matte/matte_p.h"
#include "engine/vision/motion/deformation_p.h"
#include "engine/vision/motion/object_layer_p.h"
#include "engine/vision/motion/painted_objects_p.h"
#include "engine/vision/plate/plate_p.h"
#include "engine/vision/scaling_p.h"
#include "kernels/composite.h"
#include "kernels/resize.h"
#include "kernels/views.h"
#include "kernels/warp.h"

namespace kinora::vision {
namespace {

using Clock = std::chrono::steady_clock;
using session::ControlPhase;
using session::ControlSample;
using session::ControlTrack;
using session::Frame;
using session::FrameSpan;
using session::MotionRequest;
using session::Quality;
using session::TrackPosition;

constexpr float kUnmoved = .25F;           // pixels of the frame: less motion than this is none
constexpr int kMatteSide = 1024;           // mattes are made on a picture of at most this side
constexpr int kLatticeNodes = 33;          // of a bent or turned object, per side
constexpr float kInside = .5F;             // alpha from which a pin counts as on the object
constexpr float kMarginShare = .25F;       // of the longer side, when the camera looks out of the picture
constexpr std::size_t kSheetHandles = 256; // of the elastic sheet
constexpr std::size_t kKeptMattes = 16;
constexpr float kFarthest = 1e6F;
constexpr std::int64_t kMostFrames = 1'000'000;

double since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

float distance(Point a, Point b) {
  return std::hypot(a.x - b.x, a.y - b.y);
}

// What a matte was made from; equal inputs, equal matte.
struct MatteInputs {
  bool wholeObject = true;
  float grip = 0;
  std::vector<Point> positives;
  std::vector<Point> negatives;
  std::vector<session::MatteCorrection> corrections;

  friend bool operator==(const MatteInputs&, const MatteInputs&) = default;
};

struct KeptMatte {
  MatteInputs inputs;
  std::shared_ptr<const ObjectLayer> layer;
};

// An object of the present request with everything that is ready to be moved.
struct Actor {
  PaintedObject object;
  std::vector<Point> pinned; // lone pins on it, in pixels of the picture
  MatteInputs inputs;
  std::shared_ptr<const ObjectLayer> layer;
};

class DraftMotionSession final : public session::MotionSession {
 public:
  DraftMotionSession(const WorkerPool& pool, MattePrior prior)
      : pool_(pool), prior_(prior ? std::move(prior) : classicalMattePrior()), frames_(4) {
    info_.modelId = "draft";
    info_.displayName = "Draft";
    info_.revision = 1;
    info_.randomAccess = true;
    info_.chunkFrames = 1;
  }

  const session::SessionInfo& info() const override { return info_; }
  session::SessionStats stats() const override {
    const std::lock_guard lock(statsMutex_);
    return stats_;
  }

  Result<void> prepare(const MotionRequest& request, std::stop_token stop) override;
  void push(std::span<const ControlSample> samples) override;
  Result<std::vector<Frame>> step(FrameSpan wanted, std::stop_token stop) override;
  Result<bool> improve(std::stop_token stop) override;
  bool isFinal() const override { return plate_.isTextured() && !dragging_; }
  Result<Image> matte(std::int32_t group) const override;

 private:
  // Everything that follows from tracks, pins and corrections; built aside and swapped in when complete.
  struct Cast {
    std::vector<Actor> actors; // front to back
    bool sheet = false;        // too many objects: one elastic sheet
    Plate plate;
    Grid<std::uint8_t> hole;
    int margin = 0;
  };

  static Result<void> check(const MotionRequest& request);
  Result<void> takePicture(const MotionRequest& request);
  Result<Cast> makeCast(const std::vector<ControlTrack>& tracks, const MotionRequest& request,
                        const std::stop_token& stop);
  Result<void> makeMattes(std::vector<Actor>& actors, const std::stop_token& stop);
  Result<std::shared_ptr<const ObjectLayer>> layerFor(const MatteInputs& inputs, const std::stop_token& stop);
  void adopt(Cast cast);
  [[nodiscard]] int marginFor(const std::vector<CameraPose>& camera) const;
  Result<void> applySamples(const std::stop_token& stop);

  [[nodiscard]] Point scaled(Point p) const { return {p.x * scaleX_, p.y * scaleY_}; }
  [[nodiscard]] Point positionAt(const ControlTrack& track, std::int64_t frame) const {
    return scaled(track.positions[static_cast<std::size_t>(frame)].at);
  }
  struct Pose {
    std::vector<PointPair> pairs; // from: now; to: in the picture (swapped roles, for sampling backwards)
    bool hidden = false;
    bool moved = false;
    bool bends = false;
  };
  [[nodiscard]] Pose poseOf(const Actor& actor, std::int64_t frame) const;
  Result<Image> render(std::int64_t frame);
  Result<Image> renderSheet(std::int64_t frame, const CameraPose& pose);
  void drawBase(MutableImage& out, const CameraPose& pose, const std::vector<Pose>& poses) const;
  void drawActor(MutableImage& out, const Actor& actor, const Pose& pose, const CameraView& camera, bool still);

  const WorkerPool& pool_;
  MattePrior prior_;
  FramePool frames_;
  session::SessionInfo info_;
  mutable std::mutex statsMutex_;
  session::SessionStats stats_;
  double meanStepMs_ = 0;

  Image picture_; // as the user gave it
  Size pictureSize_;
  Image photo_; // in the size of the frames
  Grid<Pixel> photoGrid_;
  Grid<Pixel> mattePicture_; // photo, scaled down when it is large
  float scaleX_ = 1;         // picture to frame
  float scaleY_ = 1;

  std::int64_t frameCount_ = 0;
  std::vector<ControlTrack> tracks_; // with what a live drag added
  std::vector<ControlTrack> prepared_;
  MotionRequest request_; // without picture
  std::vector<Actor> actors_;
  bool sheet_ = false;
  Plate plate_;
  Grid<std::uint8_t> hole_;
  std::vector<KeptMatte> kept_;        // newest last
  std::vector<ControlSample> samples_; // not applied yet
  bool dragging_ = false;
  MutableImage scratch_; // one object's warped layer
};

Result<void> DraftMotionSession::check(const MotionRequest& r) {
  if (r.picture.isNull() || r.picture.format() != PixelFormat::Rgba8 || r.picture.memory() == MemoryKind::Cuda)
    return fail(ErrorCode::InvalidArgument, "The draft model needs an 8-bit RGBA picture in host memory.");
  if (r.frameCount < 1 || r.frameCount > kMostFrames)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("A take of {} frames cannot be made; 1 to {} can.", r.frameCount, kMostFrames));
  for (const ControlTrack& track : r.tracks) {
    if (static_cast<std::int64_t>(track.positions.size()) != r.frameCount)
      return fail(ErrorCode::InvalidArgument, fmt::format("Track {} has {} positions for {} frames.", track.id.value,
                                                          track.positions.size(), r.frameCount));
    for (std::size_t f = 0; f < track.positions.size(); ++f) {
      const Point p = track.positions[f].at;
      if (!std::isfinite(p.x) || !std::isfinite(p.y))
        return fail(ErrorCode::InvalidArgument,
                    fmt::format("Track {} has no usable position at frame {}.", track.id.value, f));
    }
  }
  if (!r.camera.empty() && static_cast<std::int64_t>(r.camera.size()) != r.frameCount)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("The camera has {} positions for {} frames.", r.camera.size(), r.frameCount));
  for (std::size_t f = 0; f < r.camera.size(); ++f) {
    const CameraPose& c = r.camera[f];
    if (!(c.zoom > 1e-3F) || !std::isfinite(c.zoom) || !std::isfinite(c.panX) || !std::isfinite(c.panY) ||
        !std::isfinite(c.rotation))
      return fail(ErrorCode::InvalidArgument, fmt::format("The camera has no usable position at frame {}.", f));
  }
  for (const session::MatteCorrection& c : r.corrections)
    for (const Point p : c.points)
      if (!std::isfinite(p.x) || !std::isfinite(p.y) || !std::isfinite(c.radius))
        return fail(ErrorCode::InvalidArgument, "A correction of the matte has a point that is no number.");
  return {};
}

Result<void> DraftMotionSession::takePicture(const MotionRequest& request) {
  if (request.picture.sharesPixels(picture_) && photo_.size() == request.outputSize)
    return {};
  Image photo = request.picture;
  if (!(photo.size() == request.outputSize)) {
    auto scaledPhoto = MutableImage::allocate(PixelFormat::Rgba8, request.outputSize);
    if (!scaledPhoto)
      return fail(scaledPhoto);
    const bool shrinks = request.outputSize.width < photo.size().width;
    kernels::resize(kernels::view<Pixel>(photo), kernels::view<Pixel>(*scaledPhoto),
                    {shrinks ? kernels::Filter::Area : kernels::Filter::Lanczos3, kernels::AlphaMode::Straight}, pool_);
    photo = std::move(*scaledPhoto).freeze();
  }
  Grid<Pixel> grid(photo.size());
  for (int y = 0; y < grid.height; ++y)
    std::copy_n(photo.row<Pixel>(y), grid.width, grid.row(y));
  Grid<Pixel> small = grid;
  if (const int longer = std::max(grid.width, grid.height); longer > kMatteSide) {
    const double scale = static_cast<double>(kMatteSide) / longer;
    const auto side = [scale](int s) { return std::max(1, static_cast<int>(std::lround(s * scale))); };
    small = Grid<Pixel>(side(grid.width), side(grid.height));
    kernels::resize(std::as_const(grid).view(), small.view(), {}, pool_);
  }
  picture_ = request.picture;
  pictureSize_ = request.picture.size();
  photo_ = std::move(photo);
  photoGrid_ = std::move(grid);
  mattePicture_ = std::move(small);
  scaleX_ = static_cast<float>(photo_.size().width) / static_cast<float>(pictureSize_.width);
  scaleY_ = static_cast<float>(photo_.size().height) / static_cast<float>(pictureSize_.height);
  kept_.clear();
  actors_.clear();
  hole_ = Grid<std::uint8_t>(photo_.size());
  plate_ = Plate(photoGrid_, hole_, 0);
  scratch_ = MutableImage();
  return {};
}

Result<void> DraftMotionSession::prepare(const MotionRequest& request, std::stop_token stop) {
  const auto begin = Clock::now();
  if (auto good = check(request); !good)
    return good;
  if (auto taken = takePicture(request); !taken)
    return taken;
  std::vector<ControlTrack> tracks = request.tracks;
  for (ControlTrack& track : tracks)
    for (TrackPosition& p : track.positions)
      p.at = {std::clamp(p.at.x, -kFarthest, kFarthest), std::clamp(p.at.y, -kFarthest, kFarthest)};
  auto cast = makeCast(tracks, request, stop);
  if (!cast)
    return fail(cast);
  adopt(std::move(*cast));
  tracks_ = std::move(tracks);
  prepared_ = tracks_;
  frameCount_ = request.frameCount;
  request_ = request;
  request_.picture = {};
  request_.tracks.clear();
  samples_.clear();
  dragging_ = false;
  const std::lock_guard lock(statsMutex_);
  stats_.prepareMs = since(begin);
  return {};
}

int DraftMotionSession::marginFor(const std::vector<CameraPose>& camera) const {
  const Size size = photo_.size();
  const auto w = static_cast<float>(size.width);
  const auto h = static_cast<float>(size.height);
  for (const CameraPose& pose : camera) {
    const CameraView view(pose, size);
    for (const Point corner : {Point{0, 0}, Point{w, 0}, Point{0, h}, Point{w, h}}) {
      const Point p = view.toPicture(corner);
      if (p.x < -.01F || p.y < -.01F || p.x > w + .01F || p.y > h + .01F)
        return static_cast<int>(std::lround(kMarginShare * std::max(w, h)));
    }
  }
  return 0;
}

Result<DraftMotionSession::Cast> DraftMotionSession::makeCast(const std::vector<ControlTrack>& tracks,
                                                              const MotionRequest& request,
                                                              const std::stop_token& stop) {
  Cast cast;
  cast.margin = marginFor(request.camera);
  cast.hole = Grid<std::uint8_t>(photo_.size());
  const PaintedObjects painted = paintedObjects(tracks);
  cast.sheet = painted.objects.size() > static_cast<std::size_t>(kMaxObjects);
  if (!cast.sheet) {
    for (std::size_t o = 0; o < painted.objects.size(); ++o) {
      Actor actor;
      actor.object = painted.objects[o];
      const ObjectClicks clicks = clicksOf(painted, o, tracks);
      actor.inputs.wholeObject = actor.object.wholeObject;
      actor.inputs.grip = actor.object.wholeObject ? 0 : actor.object.grip;
      actor.inputs.positives = clicks.positives;
      actor.inputs.negatives = clicks.others;
      for (const session::MatteCorrection& c : request.corrections)
        if (c.group == actor.object.group)
          actor.inputs.corrections.push_back(c);
      cast.actors.push_back(std::move(actor));
    }
    if (auto made = makeMattes(cast.actors, stop); !made)
      return fail(made);
    // A pin on an object holds a part of it; every other one says what is not the object.
    std::vector<Point> outside;
    for (const std::size_t pin : painted.lonePins) {
      const Point at = tracks[pin].positions.front().at;
      int x = 0;
      int y = 0;
      bool onObject = false;
      for (Actor& actor : cast.actors)
        if (pixelAt(scaled(at), photo_.size(), x, y) && actor.layer->alpha.at(x, y) >= kInside) {
          actor.pinned.push_back(at);
          onObject = true;
          break;
        }
      if (!onObject)
        outside.push_back(at);
    }
    if (!outside.empty()) {
      for (Actor& actor : cast.actors)
        if (actor.inputs.wholeObject)
          actor.inputs.negatives.insert(actor.inputs.negatives.end(), outside.begin(), outside.end());
      if (auto made = makeMattes(cast.actors, stop); !made)
        return fail(made);
    }
    for (const Actor& actor : cast.actors) {
      const Rect r = actor.layer->holeBounds;
      for (int y = r.y; y < r.y + r.height; ++y) {
        const std::uint8_t* from = actor.layer->hole.row(y);
        std::uint8_t* to = cast.hole.row(y);
        for (int x = r.x; x < r.x + r.width; ++x)
          to[x] = static_cast<std::uint8_t>(to[x] | (from[x] ? 1 : 0));
      }
    }
  }
  // New background stays until something is uncovered that was not before.
  if (plate_.margin() != cast.margin || hole_.data != cast.hole.data || plate_.pixels().isEmpty())
    cast.plate = Plate(photoGrid_, cast.hole, cast.margin);
  return cast;
}

Result<void> DraftMotionSession::makeMattes(std::vector<Actor>& actors, const std::stop_token& stop) {
  std::vector<Result<std::shared_ptr<const ObjectLayer>>> made(actors.size(), std::shared_ptr<const ObjectLayer>());
  pool_.parallelFor(static_cast<std::int64_t>(actors.size()), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      made[static_cast<std::size_t>(i)] = layerFor(actors[static_cast<std::size_t>(i)].inputs, stop);
  });
  for (std::size_t i = 0; i < actors.size(); ++i) {
    if (!made[i])
      return fail(made[i]);
    actors[i].layer = *made[i];
    std::erase_if(kept_, [&](const KeptMatte& k) { return k.inputs == actors[i].inputs; });
    kept_.push_back({actors[i].inputs, actors[i].layer});
  }
  if (kept_.size() > std::max(kKeptMattes, actors.size()))
    kept_.erase(kept_.begin(), kept_.end() - static_cast<std::ptrdiff_t>(std::max(kKeptMattes, actors.size())));
  return {};
}

Result<std::shared_ptr<const ObjectLayer>> DraftMotionSession::layerFor(const MatteInputs& inputs,
                                                                        const std::stop_token& stop) {
  for (const KeptMatte& kept : kept_)
    if (kept.inputs == inputs)
      return kept.layer;
  const float toMatteX = scaleX_ * static_cast<float>(mattePicture_.width) / static_cast<float>(photoGrid_.width);
  const float toMatteY = scaleY_ * static_cast<float>(mattePicture_.height) / static_cast<float>(photoGrid_.height);
  if (!inputs.wholeObject) {
    std::vector<Point> centres;
    for (const Point p : inputs.positives)
      centres.push_back(scaled(p));
    return std::make_shared<const ObjectLayer>(
        makeObjectLayer(photoGrid_, discMatte(photo_.size(), centres, inputs.grip * scaleX_)));
  }
  const auto toMatte = [&](std::vector<Point> points) {
    for (Point& p : points)
      p = {p.x * toMatteX, p.y * toMatteY};
    return points;
  };
  MatteTask task;
  task.picture = &mattePicture_;
  task.positives = toMatte(inputs.positives);
  task.negatives = toMatte(inputs.negatives);
  for (session::MatteCorrection c : inputs.corrections) {
    c.points = toMatte(std::move(c.points));
    c.radius *= toMatteX;
    task.corrections.push_back(std::move(c));
  }
  auto alpha = makeMatte(task, prior_, stop);
  if (!alpha)
    return fail(alpha);
  if (!(alpha->size() == photo_.size()))
    alpha = resized(*alpha, photo_.size());
  return std::make_shared<const ObjectLayer>(makeObjectLayer(photoGrid_, std::move(*alpha)));
}

void DraftMotionSession::adopt(Cast cast) {
  actors_ = std::move(cast.actors);
  sheet_ = cast.sheet;
  hole_ = std::move(cast.hole);
  if (!cast.plate.pixels().isEmpty())
    plate_ = std::move(cast.plate);
  std::int64_t bytes = static_cast<std::int64_t>(photoGrid_.data.size() + plate_.pixels().data.size()) * 4;
  for (const KeptMatte& kept : kept_)
    bytes += static_cast<std::int64_t>(kept.layer->alpha.data.size()) * 5 +
             static_cast<std::int64_t>(kept.layer->colours.data.size()) * 4;
  const std::lock_guard lock(statsMutex_);
  stats_.bytesHeld = bytes;
}

void DraftMotionSession::push(std::span<const ControlSample> samples) {
  samples_.insert(samples_.end(), samples.begin(), samples.end());
}

Result<void> DraftMotionSession::applySamples(const std::stop_token& stop) {
  if (samples_.empty())
    return {};
  std::vector<ControlTrack> tracks = tracks_;
  bool newObject = false;
  bool dragging = dragging_;
  for (const ControlSample& s : samples_) {
    if (s.phase == ControlPhase::Cancel) {
      tracks = prepared_;
      newObject = true;
      dragging = false;
      continue;
    }
    if (!std::isfinite(s.at.x) || !std::isfinite(s.at.y))
      continue;
    const Point at{std::clamp(s.at.x, -kFarthest, kFarthest), std::clamp(s.at.y, -kFarthest, kFarthest)};
    auto track = std::find_if(tracks.begin(), tracks.end(), [&](const ControlTrack& t) { return t.id == s.track; });
    if (track == tracks.end()) {
      if (s.phase != ControlPhase::Begin)
        continue;
      ControlTrack made;
      made.id = s.track;
      made.group = s.group;
      made.wholeObject = s.wholeObject;
      made.grip = s.grip;
      made.positions.assign(static_cast<std::size_t>(frameCount_), TrackPosition{at, true});
      tracks.insert(tracks.begin(), std::move(made));
      newObject = true;
      dragging = true;
      continue;
    }
    dragging = s.phase != ControlPhase::End;
    const auto from = static_cast<std::size_t>(std::clamp<std::int64_t>(s.frame, 0, frameCount_ - 1));
    for (std::size_t f = from; f < track->positions.size(); ++f)
      track->positions[f] = {at, true};
  }
  if (newObject) {
    auto cast = makeCast(tracks, request_, stop);
    if (!cast)
      return fail(cast);
    adopt(std::move(*cast));
  }
  tracks_ = std::move(tracks);
  dragging_ = dragging;
  samples_.clear();
  return {};
}

DraftMotionSession::Pose DraftMotionSession::poseOf(const Actor& actor, std::int64_t frame) const {
  Pose pose;
  const auto add = [&](bool visibleOnly) {
    for (const std::size_t i : actor.object.moves) {
      const ControlTrack& track = tracks_[i];
      if (!visibleOnly || track.positions[static_cast<std::size_t>(frame)].visible)
        pose.pairs.push_back({positionAt(track, frame), positionAt(track, 0)});
    }
  };
  add(true);
  if (pose.pairs.empty()) {
    pose.hidden = true;
    add(false);
  }
  pose.moved = std::any_of(pose.pairs.begin(), pose.pairs.end(),
                           [](const PointPair& p) { return distance(p.from, p.to) >= kUnmoved; });
  for (const std::size_t i : actor.object.holds) {
    const Point at = positionAt(tracks_[i], 0);
    pose.pairs.push_back({at, at});
    pose.bends = true;
  }
  for (const Point pin : actor.pinned) {
    pose.pairs.push_back({scaled(pin), scaled(pin)});
    pose.bends = true;
  }
  return pose;
}

void DraftMotionSession::drawBase(MutableImage& out, const CameraPose& pose, const std::vector<Pose>& poses) const {
  const Size size = photo_.size();
  auto target = kernels::view<Pixel>(out);
  if (!pose.isIdentity()) {
    // The whole background moves: one warp of the plate with all holes filled.
    const CameraView camera(pose, size);
    const auto margin = static_cast<float>(plate_.margin());
    Grid<kernels::Float2> nodes(2, 2);
    for (int j = 0; j < 2; ++j)
      for (int i = 0; i < 2; ++i) {
        const Point p = camera.toPicture({static_cast<float>(i * size.width), static_cast<float>(j * size.height)});
        nodes.at(i, j) = {p.x + margin, p.y + margin};
      }
    kernels::warp(plate_.pixels().view(), kernels::latticeOver(std::as_const(nodes).view(), size.width, size.height),
                  target, {kernels::Sampling::Bilinear, kernels::Outside::Clamp, kernels::AlphaMode::Straight, {}, {}},
                  pool_);
    return;
  }
  const auto plate = plate_.pixels().view();
  pool_.parallelFor(size.height, 64, [&](std::int64_t begin, std::int64_t end) {
    for (auto y = static_cast<int>(begin); y < end; ++y) {
      Pixel* to = target.row(y);
      std::copy_n(photoGrid_.row(y), size.width, to);
      const Pixel* filled = plate.row(y + plate_.margin()) + plate_.margin();
      for (std::size_t a = 0; a < actors_.size(); ++a) {
        const Rect r = actors_[a].layer->holeBounds;
        if (!poses[a].moved || y < r.y || y >= r.y + r.height)
          continue;
        const std::uint8_t* gap = actors_[a].layer->hole.row(y);
        for (int x = r.x; x < r.x + r.width; ++x)
          if (gap[x])
            to[x] = filled[x];
      }
    }
  });
}

void DraftMotionSession::drawActor(MutableImage& out, const Actor& actor, const Pose& pose, const CameraView& camera,
                                   bool still) {
  const ObjectLayer& layer = *actor.layer;
  if (layer.crop.isEmpty())
    return;
  const Size size = photo_.size();
  const Deformation back(pose.moved ? pose.pairs : std::vector<PointPair>(), pose.bends);
  // A shift under a still or zooming camera is affine: four nodes say it exactly.
  const int side = back.isShift() ? 2 : kLatticeNodes;
  Grid<kernels::Float2> nodes(side, side);
  for (int j = 0; j < side; ++j)
    for (int i = 0; i < side; ++i) {
      const Point at{static_cast<float>(size.width) * static_cast<float>(i) / static_cast<float>(side - 1),
                     static_cast<float>(size.height) * static_cast<float>(j) / static_cast<float>(side - 1)};
      const Point source = back.map(still ? at : camera.toPicture(at));
      nodes.at(i, j) = {source.x - static_cast<float>(layer.crop.x), source.y - static_cast<float>(layer.crop.y)};
    }
  const kernels::Lattice lattice = kernels::latticeOver(std::as_const(nodes).view(), size.width, size.height);
  const Rect content{0, 0, layer.crop.width, layer.crop.height};
  const Rect seen = kernels::latticeCoverage(lattice, content, size.width, size.height, kernels::Sampling::Bilinear);
  if (seen.isEmpty())
    return;
  auto scratch = kernels::view<Pixel>(scratch_);
  kernels::warp(
      layer.colours.view(), lattice, scratch,
      {kernels::Sampling::Bilinear, kernels::Outside::Transparent, kernels::AlphaMode::Premultiplied, content, seen},
      pool_);
  kernels::composite(kernels::ConstImageView<Pixel>(scratch.sub(seen)), kernels::view<Pixel>(out).sub(seen),
                     {kernels::AlphaMode::Premultiplied, 1}, pool_);
}

Result<Image> DraftMotionSession::renderSheet(std::int64_t frame, const CameraPose& pose) {
  std::vector<PointPair> pairs;
  bool moved = !pose.isIdentity();
  const std::size_t stride = std::max<std::size_t>(1, (tracks_.size() + kSheetHandles - 1) / kSheetHandles);
  for (std::size_t i = 0; i < tracks_.size(); i += stride) {
    const PointPair pair{positionAt(tracks_[i], frame), positionAt(tracks_[i], 0)};
    moved = moved || distance(pair.from, pair.to) >= kUnmoved;
    pairs.push_back(pair);
  }
  if (!moved)
    return photo_;
  auto out = frames_.acquire(PixelFormat::Rgba8, photo_.size());
  if (!out)
    return fail(out);
  const Size size = photo_.size();
  const CameraView camera(pose, size);
  const Deformation back(std::move(pairs), false);
  Grid<kernels::Float2> nodes(kLatticeNodes, kLatticeNodes);
  pool_.parallelFor(kLatticeNodes, 4, [&](std::int64_t begin, std::int64_t end) {
    for (auto j = static_cast<int>(begin); j < end; ++j)
      for (int i = 0; i < kLatticeNodes; ++i) {
        const Point at{static_cast<float>(size.width) * static_cast<float>(i) / (kLatticeNodes - 1),
                       static_cast<float>(size.height) * static_cast<float>(j) / (kLatticeNodes - 1)};
        const Point source = back.map(camera.toPicture(at));
        nodes.at(i, j) = {source.x, source.y};
      }
  });
  kernels::warp(std::as_const(photoGrid_).view(),
                kernels::latticeOver(std::as_const(nodes).view(), size.width, size.height), kernels::view<Pixel>(*out),
                {kernels::Sampling::Bilinear, kernels::Outside::Clamp, kernels::AlphaMode::Straight, {}, {}}, pool_);
  return std::move(*out).freeze();
}

Result<Image> DraftMotionSession::render(std::int64_t frame) {
  const CameraPose camera = request_.camera.empty() ? CameraPose{} : request_.camera[static_cast<std::size_t>(frame)];
  if (sheet_)
    return renderSheet(frame, camera);
  std::vector<Pose> poses;
  poses.reserve(actors_.size());
  bool moved = !camera.isIdentity();
  for (const Actor& actor : actors_) {
    poses.push_back(poseOf(actor, frame));
    moved = moved || (poses.back().moved && !actor.layer->crop.isEmpty());
  }
  if (!moved)
    return photo_;
  auto out = frames_.acquire(PixelFormat::Rgba8, photo_.size());
  if (!out)
    return fail(out);
  if (scratch_.isNull()) {
    auto scratch = MutableImage::allocate(PixelFormat::Rgba8, photo_.size());
    if (!scratch)
      return fail(scratch);
    scratch_ = std::move(*scratch);
  }
  drawBase(*out, camera, poses);
  const CameraView view(camera, photo_.size());
  const bool still = camera.isIdentity();
  const auto touched = [&](std::size_t a) {
    // An object at rest is part of the photo until another one's hole cuts into it or passes over it.
    if (poses[a].moved || !still)
      return true;
    for (std::size_t b = 0; b < actors_.size(); ++b)
      if (b != a && poses[b].moved &&
          (b > a || !kernels::intersected(actors_[b].layer->holeBounds, actors_[a].layer->crop).isEmpty()))
        return true;
    return false;
  };
  for (const bool hidden : {true, false})
    for (std::size_t a = actors_.size(); a-- > 0;)
      if (poses[a].hidden == hidden && touched(a))
        drawActor(*out, actors_[a], poses[a], view, still);
  return std::move(*out).freeze();
}

Result<std::vector<Frame>> DraftMotionSession::step(FrameSpan wanted, std::stop_token stop) {
  const auto begin = Clock::now();
  if (photo_.isNull())
    return fail(ErrorCode::InvalidArgument, "The draft model was asked for a frame before it got a picture.");
  if (wanted.first < 0 || wanted.count < 1 || wanted.first >= frameCount_)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("Frame {} of a take of {} frames does not exist.", wanted.first, frameCount_));
  if (stop.stop_requested())
    return fail(ErrorCode::Cancelled, "Making a frame was cancelled.");
  if (auto applied = applySamples(stop); !applied)
    return fail(applied);
  auto image = render(wanted.first);
  if (!image)
    return fail(image);
  std::vector<Frame> result;
  result.push_back({wanted.first, std::move(*image), isFinal() ? Quality::Final : Quality::Quick});
  const std::lock_guard lock(statsMutex_);
  stats_.stepMs = since(begin);
  // A running mean over about sixteen steps.
  meanStepMs_ = meanStepMs_ > 0 ? meanStepMs_ * (15. / 16) + stats_.stepMs / 16 : stats_.stepMs;
  stats_.framesPerSecond = meanStepMs_ > 0 ? 1000 / meanStepMs_ : 0;
  return result;
}

Result<bool> DraftMotionSession::improve(std::stop_token stop) {
  if (dragging_ || plate_.isTextured())
    return false;
  Plate better = plate_;
  if (auto textured = better.addTexture(pool_, stop); !textured)
    return fail(textured);
  plate_ = std::move(better);
  return true;
}

Result<Image> DraftMotionSession::matte(std::int32_t group) const {
  const auto actor =
      std::find_if(actors_.begin(), actors_.end(), [group](const Actor& a) { return a.object.group == group; });
  if (actor == actors_.end())
    return fail(ErrorCode::NotFound, "There is no matte: nothing of that object is painted.");
  Grid<float> alpha = actor->layer->alpha;
  if (!(alpha.size() == pictureSize_))
    alpha = resized(alpha, pictureSize_);
  auto image = MutableImage::allocate(PixelFormat::Gray8, pictureSize_);
  if (!image)
    return fail(image);
  for (int y = 0; y < alpha.height; ++y) {
    auto* to = image->row<std::uint8_t>(y);
    for (int x = 0; x < alpha.width; ++x)
      to[x] = toByte(alpha.at(x, y) * 255);
  }
  return std::move(*image).freeze();
}

} // namespace

std::unique_ptr<session::MotionSession> makeDraftMotionSession(const WorkerPool& pool, MattePrior prior) {
  return std::make_unique<DraftMotionSession>(pool, std::move(prior));
}

} // namespace kinora::vision
