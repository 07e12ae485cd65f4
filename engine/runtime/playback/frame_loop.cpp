// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/playback/frame_loop.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/channel.h"
#include "engine/base/doorbell.h"
#include "engine/base/mailbox.h"
#include "engine/base/thread_role.h"
#include "engine/runtime/generation/frame_file.h"
#include "engine/runtime/playback/compositor.h"
#include "engine/runtime/playback/frame_clock.h"
#include "engine/runtime/playback/frame_loader.h"
#include "engine/runtime/playback/video_sources.h"

namespace kinora::runtime {
namespace {

using Clock = std::chrono::steady_clock;
using session::ControlPhase;

constexpr std::size_t kCommandRoom = 4096;
constexpr std::size_t kOpenVideos = 4;
constexpr std::size_t kMeasuredFrames = 240;
constexpr double kFastest = 16;
constexpr std::int64_t kLoadAhead = 16; // frames of playback looked for on disk

struct Published {
  document::DocumentPtr document;
  std::uint64_t number = 0;
};

struct DragNote {
  TakeId take;
  ControlPhase phase = ControlPhase::Move;
  std::int64_t frame = 0;
  std::uint64_t document = 0;
};

// The drag whose pictures are shown instead of the store's.
struct LiveView {
  TakeId take;
  Image image;            // newest; null until the first
  std::int64_t frame = 0; // of the take
  bool ended = false;     // the hand let go: shown on until the new document's frame is there
  ContentKey keyBefore;   // of the node that the drag began on
  PlanPtr planAtEnd;
};

// How good a picture is for the frame that it is shown as.
enum class Fitness {
  StandIn, // an older picture, until the right one is there
  Quick,   // the right one, and a better one is on its way
  Final,
};

// One clip's picture as far as it is there.
struct Fetched {
  PlacedImage placed;
  Fitness fitness = Fitness::Final;
};

Fitness fitnessOf(const std::vector<Fetched>& layers) {
  Fitness least = Fitness::Final;
  for (const Fetched& layer : layers)
    least = std::min(least, layer.fitness);
  return least;
}

double percentile(std::vector<double>& values, double share) {
  if (values.empty())
    return 0;
  const auto n = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + n, values.end());
  return values[static_cast<std::size_t>(n)];
}

} // namespace

struct FrameLoop::State {
  explicit State(Environment e)
      : environment(e), commands(kCommandRoom), drags(kCommandRoom), videos(kOpenVideos, [this] { bell.ring(); }),
        loader(e.store, [this] { bell.ring(); }), compositor(e.workers) {}

  Environment environment;
  GenerationLoop* generation = nullptr;
  Mailbox<Published> documents;
  std::uint64_t published = 0; // the gui thread's
  Channel<Command> commands;
  Channel<DragNote> drags;
  Doorbell bell;
  VideoSources videos;
  FrameLoader loader;
  Compositor compositor;

  // The engine thread's own
  PlanPtr plan;
  std::uint64_t modelsVersion = 0;
  std::int64_t playhead = 0;
  bool playing = false;
  bool everyFrame = false;
  double speed = 1;
  FrameClock clock;
  std::int64_t step = 0;          // frames since the clock's anchor
  bool redraw = true;             // something changed: show the playhead's frame again
  Fitness shown = Fitness::Final; // of what was shown last
  bool stateChanged = true;
  LiveView live;
  std::map<TakeId, PlacedImage> lastOfTake; // stands in while a frame is missing
  PlanPtr orderedPlan;
  std::int64_t orderedPlayhead = -1;

  mutable std::mutex statsMutex;
  EngineStats counters;
  std::array<double, kMeasuredFrames> frameMs{};
  std::size_t measured = 0;
  Clock::time_point rateSince{};
  std::int64_t rateFrames = 0;

  std::jthread thread; // last

  void run(const std::stop_token& stop);
  void takeSnapshot();
  void takeCommands();
  void obey(const Command& command);
  void takeDrags();
  bool pickFrame(Clock::time_point now);
  void showFrame();
  std::vector<Fetched> fetch();
  Fetched fetchTake(const Layer& layer);
  Fetched fetchPicture(const Layer& layer);
  Fetched fetchVideo(const Layer& layer);
  void handOver(const std::vector<Fetched>& layers);
  void orderWork();
  void loadAhead();
  void account(Clock::time_point begin, bool duplicated);
  void tell();
  [[nodiscard]] Clock::time_point nextDeadline() const;
  void anchorHere(Clock::time_point now) {
    clock.play(now, playhead, speed, plan ? plan->rate() : FrameRate{});
    step = 0;
  }
};

FrameLoop::FrameLoop(Environment environment) : state_(std::make_unique<State>(environment)) {}
FrameLoop::~FrameLoop() {
  stop();
}

void FrameLoop::start(GenerationLoop& generation) {
  state_->generation = &generation;
  state_->thread = std::jthread([state = state_.get()](const std::stop_token& stop) { state->run(stop); });
}

void FrameLoop::stop() {
  if (!state_->thread.joinable())
    return;
  state_->thread.request_stop();
  state_->bell.ring();
  state_->thread.join();
}

std::uint64_t FrameLoop::publish(document::DocumentPtr document) {
  const std::uint64_t number = ++state_->published;
  state_->documents.put({std::move(document), number});
  state_->bell.ring();
  return number;
}

void FrameLoop::send(const Command& command) {
  state_->commands.pushDroppingOldest(command);
  state_->bell.ring();
}

void FrameLoop::noteDrag(TakeId take, ControlPhase phase, std::int64_t frame, std::uint64_t document) {
  state_->drags.pushDroppingOldest({take, phase, frame, document});
  state_->bell.ring();
}

void FrameLoop::wake() {
  state_->bell.ring();
}

EngineStats FrameLoop::stats() const {
  EngineStats result;
  std::vector<double> ms;
  {
    const std::lock_guard lock(state_->statsMutex);
    result = state_->counters;
    ms.assign(state_->frameMs.begin(),
              state_->frameMs.begin() + static_cast<std::ptrdiff_t>(std::min(state_->measured, kMeasuredFrames)));
  }
  result.frameMsP50 = percentile(ms, .5);
  result.frameMsP95 = percentile(ms, .95);
  result.frameMsMax = ms.empty() ? 0 : *std::max_element(ms.begin(), ms.end());
  if (state_->environment.transport)
    result.dropped = static_cast<std::int64_t>(state_->environment.transport->stats().dropped);
  return result;
}

// The frame loop: one round shows at most one frame.
void FrameLoop::State::run(const std::stop_token& stop) {
  const ScopedThreadRole role(ThreadRole::Engine);
  while (!stop.stop_requested()) {
    takeSnapshot();
    takeCommands();
    takeDrags();
    const auto begin = Clock::now();
    const bool due = pickFrame(begin);
    if (plan && (due || redraw || shown < Fitness::Final)) {
      orderWork();
      const auto layers = fetch();
      loadAhead();
      const Fitness fitness = fitnessOf(layers);
      // What was shown already is shown again only when something better came in.
      if (due || redraw || fitness > shown) {
        handOver(layers);
        account(begin, fitness == Fitness::StandIn && due);
      }
      shown = fitness;
      redraw = false;
    }
    tell();
    bell.waitUntil(nextDeadline(), stop);
  }
}

void FrameLoop::State::takeSnapshot() {
  const bool newDocument = documents.take();
  const document::DocumentPtr& document = documents.latest().document;
  if (!document)
    return;
  const std::uint64_t known = environment.models.version();
  if (!newDocument && known == modelsVersion && plan)
    return;
  modelsVersion = known;
  const bool rateChanged = plan && !(plan->rate() == document->frame.rate);
  plan = Plan::build(document, plan, environment.models);
  if (rateChanged && playing)
    anchorHere(Clock::now());
  playhead = std::clamp<std::int64_t>(playhead, 0, std::max<std::int64_t>(0, plan->frameCount() - 1));
  std::erase_if(lastOfTake, [this](const auto& entry) { return !plan->node(entry.first); });
  std::vector<ContentKey> wanted;
  for (const auto& [take, node] : plan->nodes())
    wanted.push_back(node->key);
  environment.store.setWanted(PinOwner::Screen, std::move(wanted));
  redraw = true;
}

void FrameLoop::State::takeCommands() {
  while (const auto command = commands.tryPop())
    obey(*command);
}

void FrameLoop::State::obey(const Command& command) {
  stateChanged = true;
  if (const auto* play = std::get_if<Play>(&command.what)) {
    speed = std::clamp(play->speed == 0 ? 1.0 : play->speed, -kFastest, kFastest);
    playing = true;
    // Starting at the end begins anew.
    if (plan && !plan->document()->loop) {
      const FrameRange range = plan->playRange();
      if (speed > 0 && playhead >= range.end - 1)
        playhead = range.first;
      else if (speed < 0 && playhead <= range.first)
        playhead = range.end - 1;
    }
    anchorHere(Clock::now());
    redraw = true;
  } else if (std::holds_alternative<Pause>(command.what)) {
    playing = false;
  } else if (const auto* seek = std::get_if<Seek>(&command.what)) {
    if (plan) {
      playhead = std::clamp<std::int64_t>(plan->rate().frameAt(seek->to), 0,
                                          std::max<std::int64_t>(0, plan->frameCount() - 1));
      anchorHere(Clock::now());
      redraw = true;
    }
  } else if (const auto* stepBy = std::get_if<Step>(&command.what)) {
    playing = false;
    playhead = std::clamp<std::int64_t>(playhead + stepBy->frames, 0,
                                        plan ? std::max<std::int64_t>(0, plan->frameCount() - 1) : 0);
    redraw = true;
  } else if (const auto* rule = std::get_if<SetPlaybackRule>(&command.what)) {
    everyFrame = rule->everyFrame;
    anchorHere(Clock::now());
  } else {
    const std::lock_guard lock(statsMutex);
    counters = {};
    measured = 0;
  }
}

void FrameLoop::State::takeDrags() {
  while (const auto note = drags.tryPop()) {
    if (note->document > documents.latest().number)
      takeSnapshot(); // the take that is dragged may have come with it
    if (note->phase == ControlPhase::Begin) {
      const GenerationNodePtr node = plan ? plan->node(note->take) : nullptr;
      live = {note->take, {}, note->frame, false, node ? node->key : ContentKey{}, nullptr};
    } else if (note->take != live.take) {
      continue;
    } else if (note->phase == ControlPhase::Cancel) {
      live = {};
      redraw = true;
      continue;
    }
    live.ended = note->phase == ControlPhase::End;
    live.planAtEnd = live.ended ? plan : nullptr;
    live.frame = note->frame;
    // While a hand records, time is the recording's.
    if (plan && !live.ended)
      if (const auto at = plan->timelineFrame(live.take, note->frame, playhead)) {
        redraw = redraw || *at != playhead;
        playhead = *at;
        playing = false;
        stateChanged = true;
      }
  }
  if (generation->takeLiveFrame() && live.take.isValid() && generation->liveFrame().take == live.take) {
    live.image = generation->liveFrame().image;
    redraw = true;
  }
}

// True when another frame of the timeline is due; the playhead then stands on it.
bool FrameLoop::State::pickFrame(Clock::time_point now) {
  if (!playing || !plan || plan->frameCount() == 0)
    return false;
  const FrameRange range = plan->playRange();
  const bool loop = plan->document()->loop;
  std::int64_t n = clock.elapsed(now);
  if (n <= step)
    return false;
  if (everyFrame) {
    if (shown == Fitness::StandIn)
      return false; // the next one, and not before what is shown is there
    if (n > step + 1) {
      anchorHere(now); // fell behind: time waits for the picture
      n = 1;
    }
  }
  const std::int64_t skipped = n - step - 1;
  if (skipped > 0) {
    const std::lock_guard lock(statsMutex);
    counters.skipped += skipped;
    ++counters.late;
  }
  playhead = clock.frame(n, range, loop);
  const bool past = !loop && clock.isPastEnd(n, range);
  step = n;
  if (past) {
    playing = false;
    stateChanged = true;
  }
  return true;
}

std::vector<Fetched> FrameLoop::State::fetch() {
  std::vector<Fetched> result;
  std::vector<FrameId> pins;
  for (const Layer& layer : plan->layersAt(playhead)) {
    Fetched fetched;
    switch (layer.kind) {
    case SourceKind::Take:
      pins.push_back({layer.node->key, layer.takeFrame});
      fetched = fetchTake(layer);
      break;
    case SourceKind::Picture:
      fetched = fetchPicture(layer);
      break;
    case SourceKind::Video:
      fetched = fetchVideo(layer);
      break;
    }
    fetched.placed.placement = layer.placement;
    result.push_back(std::move(fetched));
  }
  environment.store.setPinned(PinOwner::Screen, std::move(pins));
  return result;
}

Fetched FrameLoop::State::fetchTake(const Layer& layer) {
  const GenerationNode& node = *layer.node;
  const auto stored = environment.store.find({node.key, layer.takeFrame});
  const bool isLive = live.take == node.take;
  // After a drag its last picture stays until the new document's frame is there, so that nothing flashes back.
  if (isLive && live.ended && stored && (node.key != live.keyBefore || plan != live.planAtEnd))
    live = {};
  else if (isLive && !live.image.isNull())
    return {{live.image, isOpaque(live.image), {}}, live.ended ? Fitness::StandIn : Fitness::Final};
  if (stored) {
    lastOfTake[node.take] = {stored->image, stored->opaque, {}};
    return {lastOfTake[node.take], stored->quality == session::Quality::Final ? Fitness::Final : Fitness::Quick};
  }
  if (const auto last = lastOfTake.find(node.take); last != lastOfTake.end())
    return {last->second, Fitness::StandIn};
  // Nothing was made yet: the untouched picture.
  Fetched untouched = fetchPicture(layer);
  untouched.fitness = Fitness::StandIn;
  return untouched;
}

Fetched FrameLoop::State::fetchPicture(const Layer& layer) {
  const auto picture = environment.pictures.find(layer.node ? layer.node->picture : pictureRef(*layer.media));
  if (!picture)
    return {{}, Fitness::StandIn};
  if (!*picture)
    return {{}, Fitness::Final}; // a missing file shows nothing; the window says why
  return {{**picture, isOpaque(**picture), {}}, Fitness::Final};
}

Fetched FrameLoop::State::fetchVideo(const Layer& layer) {
  const SourceFrame frame = videos.at(layer.media->path, layer.sourceTime);
  if (frame.error)
    return {{}, Fitness::Final};
  const bool opaque = !frame.image.isNull() && isOpaque(frame.image);
  return {{frame.image, opaque, {}}, frame.exact ? Fitness::Final : Fitness::StandIn};
}

void FrameLoop::State::handOver(const std::vector<Fetched>& layers) {
  if (!environment.transport)
    return;
  std::vector<PlacedImage> placed;
  for (const Fetched& fetched : layers)
    if (!fetched.placed.image.isNull())
      placed.push_back(fetched.placed);
  auto slot = environment.transport->beginWrite(plan->frameSize());
  if (!slot) {
    environment.events.add(EngineFailure{slot.error()});
    return;
  }
  compositor.compose(placed, {reinterpret_cast<kernels::Rgba8*>(slot->pixels), slot->size.width, slot->size.height,
                              slot->strideBytes});
  if (const auto done = environment.transport->endWrite(plan->rate().timeOf(playhead), playhead); !done)
    environment.events.add(EngineFailure{done.error()});
}

void FrameLoop::State::orderWork() {
  if (plan == orderedPlan && playhead == orderedPlayhead)
    return;
  orderedPlan = plan;
  orderedPlayhead = playhead;
  generation->order({plan, playhead, documents.latest().number});
}

// Frames on disk that are due now or soon, in the direction of playback.
void FrameLoop::State::loadAhead() {
  const FrameRange range = plan->playRange();
  if (range.count() <= 0)
    return;
  const std::int64_t room = environment.store.memoryLimit() / 2;
  std::int64_t bytes = 0;
  std::vector<FrameId> wanted;
  const std::int64_t count = playing ? std::min(kLoadAhead, range.count()) : 1;
  for (std::int64_t i = 0; i < count && bytes <= room; ++i) {
    std::int64_t frame = playhead + (speed < 0 ? -i : i);
    if (i > 0 && (frame < range.first || frame >= range.end)) // round the loop
      frame = speed < 0 ? range.end - (range.first - frame) : range.first + (frame - range.end);
    for (const Layer& layer : plan->layersAt(frame)) {
      if (layer.kind != SourceKind::Take)
        continue;
      bytes += layer.node->outputSize.area() * 4;
      if (const FrameId id{layer.node->key, layer.takeFrame}; environment.store.isOnlyOnDisk(id))
        wanted.push_back(id);
    }
  }
  if (!wanted.empty())
    loader.want(std::move(wanted));
}

void FrameLoop::State::account(Clock::time_point begin, bool duplicated) {
  const auto now = Clock::now();
  stateChanged = true;
  const std::lock_guard lock(statsMutex);
  ++counters.frames;
  counters.duplicated += duplicated ? 1 : 0;
  frameMs[measured++ % kMeasuredFrames] = std::chrono::duration<double, std::milli>(now - begin).count();
  ++rateFrames;
  const double window = std::chrono::duration<double>(now - rateSince).count();
  if (window >= 1) {
    counters.displayFps = window < 3 ? static_cast<double>(rateFrames) / window : 0;
    rateSince = now;
    rateFrames = 0;
  }
}

void FrameLoop::State::tell() {
  if (!stateChanged || !plan)
    return;
  stateChanged = false;
  std::int64_t late = 0;
  {
    const std::lock_guard lock(statsMutex);
    late = counters.late;
  }
  environment.events.add(PlaybackState{playing, speed, plan->rate().timeOf(playhead), late});
}

Clock::time_point FrameLoop::State::nextDeadline() const {
  constexpr auto kIdle = std::chrono::seconds(1);
  const auto now = Clock::now();
  if (!playing || !plan || plan->frameCount() == 0 || (everyFrame && shown == Fitness::StandIn))
    return now + kIdle;
  return clock.due(step + 1);
}

} // namespace kinora::runtime
