// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/generation/generation_loop.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "engine/base/thread_role.h"
#include "engine/runtime/generation/session_pool.h"

namespace kinora::runtime {
namespace {

using Clock = std::chrono::steady_clock;
using session::ControlPhase;
using session::Quality;

// So many samples may wait while a step runs: minutes of a fast pointer.
constexpr std::size_t kSampleRoom = 1 << 16;
constexpr std::size_t kQuestionRoom = 256;
constexpr auto kProgressPause = std::chrono::milliseconds(150);
// How far ahead of the playhead the timeline is looked through for work, in frames.
constexpr std::int64_t kLookAhead = 2'000;

struct DragSample {
  TakeId take;
  session::ControlSample sample;
  std::uint64_t document = 0; // the newest at that time
};
struct MatteQuestion {
  TakeId take;
  std::int32_t group = 0;
};
struct ModelQuestion {
  std::string model;
  std::promise<void> answered;
};

// The part of a limit that frames for the near future may fill; the rest is for those just shown.
constexpr std::int64_t readAheadShare(std::int64_t limit) {
  return limit / 5 * 4;
}

// One step of work.
struct Task {
  GenerationNodePtr node;
  std::int64_t frame = -1; // -1: improve the session
};

} // namespace

struct GenerationLoop::State {
  explicit State(Environment e)
      : environment(std::move(e)), sessions(environment.makeMotion, environment.pictures, environment.models),
        samples(kSampleRoom), mattes(kQuestionRoom), questions(kQuestionRoom) {}

  Environment environment;
  SessionPool sessions;
  Mailbox<WorkOrder> orders;
  Mailbox<ExportDemand> demands;
  Channel<DragSample> samples;
  Channel<MatteQuestion> mattes;
  Channel<ModelQuestion> questions;
  Mailbox<LiveFrame> live;
  Doorbell bell;

  // What runs now, so that others can cancel it.
  std::mutex runningMutex;
  ContentKey runningKey;
  std::stop_source runningStop;
  ContentKey exportKey;

  // The inference thread's own
  std::stop_token loopStop;
  TakeId liveTake;                // valid while a hand drags
  TakeId refused;                 // its drag could not be followed: told once, the rest of it is passed over
  std::deque<DragSample> pending; // taken from the channel, not yet given to a session
  PlanPtr reportedPlan;
  std::map<TakeId, std::vector<TakeProgress::Span>> reported;
  Clock::time_point lastReport{};

  mutable std::mutex statsMutex;
  GenerationStats stats;

  std::jthread thread; // last

  void run(const std::stop_token& stop);
  bool work();
  bool answerQuestions();
  bool followHand();
  void answerMatte(const MatteQuestion& question);
  std::optional<Task> nextTask();
  std::optional<Task> missing(const GenerationNodePtr& node, std::int64_t frame, Quality atLeast);
  void perform(const Task& task);
  void report(bool always);
  void learnModels(const Plan& plan);

  // Marks a step as running; its token ends with the loop and with a cancel.
  std::stop_token begin(const ContentKey& key) {
    const std::lock_guard lock(runningMutex);
    runningKey = key;
    runningStop = std::stop_source();
    if (loopStop.stop_requested())
      runningStop.request_stop();
    return runningStop.get_token();
  }
  void end() {
    const std::lock_guard lock(runningMutex);
    runningKey = {};
  }
};

GenerationLoop::GenerationLoop(Environment environment) : state_(std::make_unique<State>(std::move(environment))) {
  state_->thread = std::jthread([state = state_.get()](const std::stop_token& stop) { state->run(stop); });
}

GenerationLoop::~GenerationLoop() {
  state_->thread.request_stop();
  {
    const std::lock_guard lock(state_->runningMutex);
    state_->runningStop.request_stop();
  }
  state_->bell.ring();
  state_->thread.join();
}

void GenerationLoop::order(WorkOrder order) {
  {
    const std::lock_guard lock(state_->runningMutex);
    const ContentKey& key = state_->runningKey;
    if (!key.isNull() && key != state_->exportKey && order.plan && !order.plan->hasKey(key))
      state_->runningStop.request_stop();
  }
  state_->orders.put(std::move(order));
  state_->bell.ring();
}

void GenerationLoop::demand(ExportDemand demand) {
  {
    const std::lock_guard lock(state_->runningMutex);
    state_->exportKey = demand.node ? demand.node->key : ContentKey{};
  }
  state_->demands.put(std::move(demand));
  state_->bell.ring();
}

void GenerationLoop::drag(TakeId take, const session::ControlSample& sample, std::uint64_t document) {
  // A full channel means that the model stood still for minutes; the newest places still count.
  state_->samples.pushDroppingOldest({take, sample, document});
  if (sample.phase == ControlPhase::Begin) {
    const std::lock_guard lock(state_->runningMutex);
    if (!state_->runningKey.isNull())
      state_->runningStop.request_stop(); // the hand comes first
  }
  state_->bell.ring();
}

void GenerationLoop::askMatte(TakeId take, std::int32_t group) {
  state_->mattes.pushDroppingOldest({take, group});
  state_->bell.ring();
}

std::future<void> GenerationLoop::askModel(const std::string& model) {
  ModelQuestion question{model, {}};
  auto answer = question.answered.get_future();
  state_->questions.push(std::move(question));
  state_->bell.ring();
  return answer;
}

bool GenerationLoop::takeLiveFrame() {
  return state_->live.take();
}
const LiveFrame& GenerationLoop::liveFrame() const {
  return state_->live.latest();
}

GenerationStats GenerationLoop::stats() const {
  const std::lock_guard lock(state_->statsMutex);
  return state_->stats;
}

void GenerationLoop::State::run(const std::stop_token& stop) {
  const ScopedThreadRole role(ThreadRole::Inference);
  loopStop = stop;
  while (!stop.stop_requested())
    if (!work()) {
      if (const auto next = environment.store.nextTry())
        bell.waitUntil(*next, stop);
      else
        bell.wait(stop);
    }
}

// One piece of work; false when there is nothing to do.
bool GenerationLoop::State::work() {
  orders.take();
  demands.take();
  if (const PlanPtr& plan = orders.latest().plan; plan && plan != reportedPlan) {
    reportedPlan = plan;
    learnModels(*plan);
    report(true);
  }
  if (answerQuestions() || followHand())
    return true;
  if (liveTake.isValid() || !pending.empty())
    return false; // the hand rests, or its document is on its way: nothing may stand between it and the next sample
  if (const auto task = nextTask()) {
    perform(*task);
    report(false);
    return true;
  }
  report(true);
  return environment.store.saveOne();
}

void GenerationLoop::State::learnModels(const Plan& plan) {
  const std::uint64_t before = environment.models.version();
  for (const auto& [take, node] : plan.nodes())
    sessions.learn(node->model);
  if (environment.models.version() != before)
    environment.onProgress();
}

bool GenerationLoop::State::answerQuestions() {
  if (auto question = questions.tryPop()) {
    sessions.learn(question->model);
    question->answered.set_value();
    return true;
  }
  if (const auto question = mattes.tryPop()) {
    answerMatte(*question);
    return true;
  }
  return false;
}

void GenerationLoop::State::answerMatte(const MatteQuestion& question) {
  const auto answer = [&]() -> Result<Image> {
    const PlanPtr& plan = orders.latest().plan;
    const GenerationNodePtr node = plan ? plan->node(question.take) : nullptr;
    const document::TakePtr take = plan ? plan->document()->findTake(question.take) : nullptr;
    if (!node || !take)
      return kinora::fail(ErrorCode::NotFound, "There is no matte: the take is not in the project any more.");
    const std::stop_token running = begin(node->key);
    auto session = sessions.prepared(*node, running);
    end();
    if (!session)
      return kinora::fail(session);
    return (*session)->matte(objectOf(*take, question.group));
  };
  environment.events.add(MatteReady{question.take, question.group, answer()});
}

// Applies what the hand did since the last step and makes the frame that shows it.
bool GenerationLoop::State::followHand() {
  while (const auto next = samples.tryPop())
    pending.push_back(*next);
  if (pending.empty())
    return false;
  const WorkOrder& order = orders.latest();
  const TakeId take = pending.front().take;
  const bool starts = liveTake != take;
  if (!order.plan || (starts && order.document < pending.front().document))
    return false; // the document that the drag began on is on its way; samples wait for it
  // One drag's samples up to its end; they stay pending until a session has them.
  std::vector<session::ControlSample> batch;
  bool ends = false;
  for (auto next = pending.begin(); next != pending.end() && next->take == take && !ends; ++next) {
    ends = next->sample.phase == ControlPhase::End || next->sample.phase == ControlPhase::Cancel;
    batch.push_back(next->sample);
  }
  const auto given = [&] {
    pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(batch.size()));
  };
  if (batch.front().phase == ControlPhase::Begin)
    refused = {};
  const GenerationNodePtr node = order.plan->node(take);
  if (!node || refused == take) {
    given();
    liveTake = {};
    refused = ends ? TakeId{} : take;
    return true;
  }
  liveTake = take;
  const std::stop_token running = begin(starts ? node->key : ContentKey{});
  // While a drag goes on the session holds more than the node says, so it is not prepared again.
  session::MotionSession* session = starts ? nullptr : sessions.find(*node);
  if (!session) {
    auto prepared = sessions.prepared(*node, running);
    if (!prepared) {
      end();
      liveTake = {};
      if (prepared.error().code == ErrorCode::Cancelled)
        return true; // by a newer plan or another drag; this one is followed next time round
      environment.events.add(EngineFailure{prepared.error()});
      given();
      refused = ends ? TakeId{} : take;
      return true;
    }
    session = *prepared;
  }
  const session::ControlSample& newest = batch.back();
  session->push(batch);
  given();
  Result<std::vector<session::Frame>> made = std::vector<session::Frame>();
  if (newest.phase != ControlPhase::Cancel)
    made = session->step({std::clamp<std::int64_t>(newest.frame, 0, node->frameCount - 1), 1}, running);
  end();
  if (ends) {
    sessions.invalidate(take);
    liveTake = {};
  }
  if (!made) {
    if (made.error().code != ErrorCode::Cancelled)
      environment.events.add(EngineFailure{made.error()});
    return true;
  }
  if (!made->empty()) {
    const session::Frame& frame = made->front();
    live.put({take, frame.index, newest.stampNs, frame.image});
    const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
    const double delay = newest.stampNs > 0 ? static_cast<double>(now - newest.stampNs) * 1e-6 : 0;
    {
      const std::lock_guard lock(statsMutex);
      stats.liveDelayMs = delay;
    }
    environment.events.add(LiveState{take, newest.track, frame.index, delay});
    environment.onProgress();
  }
  return true;
}

// The frame when it is not there in that quality (and can be made), or the improvement that it waits for.
std::optional<Task> GenerationLoop::State::missing(const GenerationNodePtr& node, std::int64_t frame, Quality atLeast) {
  const auto there = environment.store.quality({node->key, frame});
  if (there && *there >= atLeast)
    return std::nullopt;
  return Task{node, frame};
}

std::optional<Task> GenerationLoop::State::nextTask() {
  const auto usable = [this](const GenerationNodePtr& node) {
    return node && !node->key.isNull() && environment.store.mayTry(node->key);
  };
  const WorkOrder& order = orders.latest();
  // On screen now.
  if (order.plan)
    for (const Layer& layer : order.plan->layersAt(order.playhead))
      if (layer.kind == SourceKind::Take && usable(layer.node))
        if (const auto task = missing(layer.node, layer.takeFrame, Quality::Quick))
          return task;
  // What an export waits for: final frames only, so the slow part comes first.
  if (const ExportDemand& demand = demands.latest(); usable(demand.node))
    for (std::int64_t i = 0; i < demand.span.count; ++i) {
      const std::int64_t frame = demand.span.first + i;
      const auto there = environment.store.quality({demand.node->key, frame});
      if (there != Quality::Final)
        return Task{demand.node, frame};
    }
  if (!order.plan)
    return std::nullopt;
  // The rest of what plays, from the playhead on and round; first at all, then better.
  const FrameRange range = order.plan->playRange();
  const std::int64_t count = std::min(range.count(), kLookAhead);
  for (const Quality quality : {Quality::Quick, Quality::Final}) {
    std::optional<Task> better;
    // What is made too far ahead would push out what was made before it, round and round. Only Final frames go to disk.
    std::int64_t room = readAheadShare(environment.store.memoryLimit());
    if (quality == Quality::Final && environment.store.hasDisk())
      room += readAheadShare(environment.store.diskLimit());
    for (std::int64_t i = 0; i < count && room > 0; ++i) {
      const std::int64_t from = std::clamp(order.playhead, range.first, range.end - 1);
      const std::int64_t frame = range.first + (from - range.first + i) % range.count();
      for (const Layer& layer : order.plan->layersAt(frame)) {
        if (layer.kind != SourceKind::Take || !usable(layer.node))
          continue;
        room -= layer.node->outputSize.area() * 4;
        if (room < 0)
          break;
        const auto there = environment.store.keep({layer.node->key, layer.takeFrame});
        if (!there || *there < quality) {
          better = Task{layer.node, layer.takeFrame};
          break;
        }
      }
      if (better)
        break;
    }
    if (better) {
      if (quality == Quality::Quick)
        return better;
      const session::MotionSession* session = sessions.find(*better->node);
      return Task{better->node, session && session->isFinal() ? better->frame : -1};
    }
  }
  return std::nullopt;
}

void GenerationLoop::State::perform(const Task& task) {
  const GenerationNode& node = *task.node;
  const std::stop_token running = begin(node.key);
  const std::uint64_t forgiven = environment.store.timesForgiven();
  const auto failed = [&](const Error& error) {
    end();
    if (error.code == ErrorCode::Cancelled || environment.store.timesForgiven() != forgiven)
      return;
    environment.store.fail(
        node.key, Error{error.code, fmt::format("“{}” could not be made: {}", node.name, error.message), error.where});
    report(true);
    environment.onProgress();
  };
  auto session = sessions.prepared(node, running);
  if (!session)
    return failed(session.error());
  const ExportDemand& demand = demands.latest();
  const bool forExport = demand.node && demand.node->key == node.key;
  if (task.frame < 0 || (forExport && !(*session)->isFinal())) {
    const auto improved = (*session)->improve(running);
    if (!improved)
      return failed(improved.error());
    // Nothing visible changed: the frames made so far are as good as they get.
    if (!*improved)
      environment.store.promote(node.key);
  }
  if (task.frame >= 0) {
    const auto made = (*session)->step({task.frame, 1}, running);
    if (!made)
      return failed(made.error());
    for (const session::Frame& frame : *made)
      environment.store.put({node.key, frame.index}, frame.image, frame.quality);
  }
  end();
  const session::SessionStats measured = (*session)->stats();
  {
    const std::lock_guard lock(statsMutex);
    stats.modelName = (*session)->info().displayName;
    stats.modelFps = measured.framesPerSecond;
    stats.prepareMs = measured.prepareMs;
  }
  environment.onProgress();
}

// Tells how far the takes on the timeline are, at most a few times a second.
void GenerationLoop::State::report(bool always) {
  const auto now = Clock::now();
  const PlanPtr& plan = orders.latest().plan;
  if (!plan || (!always && now - lastReport < kProgressPause))
    return;
  lastReport = now;
  const auto working = nextTask();
  for (const auto& [take, node] : plan->nodes()) {
    TakeProgress progress{take, node->rate, {}, {}};
    const auto failure = node->key.isNull() ? std::nullopt : environment.store.failure(node->key);
    if (failure)
      progress.failure = failure->text();
    for (std::int64_t f = 0; f < node->frameCount; ++f) {
      SpanState state = SpanState::NeedsWork;
      if (failure)
        state = SpanState::Failed;
      else if (!node->key.isNull() && environment.store.quality({node->key, f}))
        state = SpanState::Ready;
      else if (working && working->node == node && working->frame >= 0 && f >= working->frame && f < working->frame + 8)
        state = SpanState::Generating;
      if (!progress.spans.empty() && progress.spans.back().state == state)
        ++progress.spans.back().count;
      else
        progress.spans.push_back({f, 1, state});
    }
    auto& last = reported[take];
    if (last == progress.spans)
      continue;
    last = progress.spans;
    environment.events.add(std::move(progress));
  }
}

} // namespace kinora::runtime
