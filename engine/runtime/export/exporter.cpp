// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/export/exporter.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/base/frame_pool.h"
#include "engine/base/thread_role.h"
#include "engine/media/decoder.h"
#include "engine/media/encoder.h"
#include "engine/runtime/export/export_presets_p.h"
#include "engine/runtime/export/sound_mix.h"
#include "engine/runtime/generation/frame_file.h"
#include "engine/runtime/playback/compositor.h"
#include "kernels/views.h"

namespace kinora::runtime {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kProgressPause = std::chrono::milliseconds(100);
constexpr auto kStopPause = std::chrono::milliseconds(50); // between two looks for a cancel
constexpr std::int64_t kAhead = 24; // frames asked of the generation loop at once, fewer when the store is small
// Measured over so many frames at least before a time left is named.
constexpr std::int64_t kFramesForEstimate = 4;

struct Job {
  JobId id;
  document::DocumentPtr document;
  ExportRequest request;
};

// A video read front to back, exactly.
class VideoReader {
 public:
  static Result<VideoReader> open(const std::filesystem::path& path, const WorkerPool& workers) {
    auto decoder = media::Decoder::open(
        path,
        {.depth = media::OutputDepth::Eight, .fitWithin = {}, .sequenceRate = {24, 1}, .threads = 1, .pool = &workers});
    if (!decoder)
      return fail(decoder);
    return VideoReader(std::move(*decoder));
  }

  Result<Image> at(Time time, const std::stop_token& stop) {
    const bool behind = shown_.isNull() || time < shown_.time() || time - shown_.time() > Duration{kTicksPerSecond};
    if (behind) {
      if (auto sought = decoder_.seek(time, stop); !sought)
        return fail(sought);
      next_.reset();
      shown_ = {};
      if (auto read = advance(stop); !read)
        return fail(read);
      shown_ = next_.value_or(Image());
      if (auto read = advance(stop); !read)
        return fail(read);
    }
    while (next_ && next_->time() <= time) {
      shown_ = *next_;
      if (auto read = advance(stop); !read)
        return fail(read);
    }
    return shown_;
  }

 private:
  explicit VideoReader(media::Decoder decoder) : decoder_(std::move(decoder)) {}

  Result<void> advance(const std::stop_token& stop) {
    auto image = decoder_.next(stop);
    if (!image)
      return fail(image);
    next_ = std::move(*image);
    return {};
  }

  media::Decoder decoder_;
  Image shown_;
  std::optional<Image> next_; // the one after
};

// One export while it runs.
class Run {
 public:
  Run(const Exporter::Environment& environment, const Job& job, std::stop_token stop)
      : environment_(environment), job_(job), stop_(std::move(stop)), compositor_(environment.workers) {}

  Result<std::filesystem::path> render() {
    if (auto planned = plan(); !planned)
      return fail(planned);
    auto settings = encodeSettingsFor(job_.request, plan_->frameSize(), plan_->rate());
    if (!settings)
      return fail(settings);
    if (auto heard = openSound(*settings); !heard)
      return fail(heard);
    if (auto safe = keepsItsSources(*settings); !safe)
      return fail(safe);
    auto encoder = media::Encoder::create(job_.request.file, *settings, &environment_.workers);
    if (!encoder)
      return fail(encoder);
    begin_ = Clock::now();
    tell(0);
    for (std::int64_t n = 0; n < range_.count(); ++n) {
      auto frame = compose(range_.first + n);
      if (!frame)
        return fail(frame);
      if (auto pushed = encoder->push(*frame); !pushed)
        return tl::unexpected<Error>(explained(pushed.error(), n));
      if (sound_) {
        auto samples = sound_->until(samplesIn(since(n + 1), settings->audioSampleRate), stop_);
        if (!samples)
          return fail(samples);
        if (auto pushed = encoder->push(*samples); !pushed)
          return tl::unexpected<Error>(explained(pushed.error(), n));
      }
      tell(n + 1);
    }
    if (auto finished = encoder->finish(); !finished)
      return tl::unexpected<Error>(explained(finished.error(), range_.count()));
    return job_.request.file;
  }

 private:
  Result<void> plan() {
    // Keys name the model's revision, which is known once the model was opened.
    for (const document::TakePtr& take : job_.document->takes)
      if (!environment_.models.revision(take->model)) {
        const auto known = environment_.generation.askModel(take->model);
        while (known.wait_for(kStopPause) != std::future_status::ready)
          if (stop_.stop_requested())
            return fail(ErrorCode::Cancelled, "The export was cancelled.");
      }
    document::DocumentPtr document = job_.document;
    if (job_.request.rate && !(*job_.request.rate == document->frame.rate)) {
      if (!job_.request.rate->isValid())
        return fail(ErrorCode::InvalidArgument, "This frame rate cannot be written. Choose one from 0.01 to 1000.");
      auto changed = std::make_shared<document::Document>(*document);
      changed->frame.rate = *job_.request.rate;
      document = std::move(changed);
    }
    plan_ = Plan::build(std::move(document), nullptr, environment_.models, job_.request.size, job_.request.framing);
    range_ = plan_->playRange();
    if (job_.request.range) {
      const FrameRate rate = plan_->rate();
      range_.first =
          std::clamp<std::int64_t>(rate.framesIn(job_.request.range->start - Time{}), 0, plan_->frameCount());
      range_.end = std::clamp<std::int64_t>(rate.framesIn(job_.request.range->end() - Time{}), range_.first,
                                            plan_->frameCount());
    }
    if (range_.count() <= 0)
      return fail(
          ErrorCode::InvalidArgument,
          fmt::format("“{}” has nothing to export in this range. Put a clip on the timeline or choose another range.",
                      job_.document->name));
    std::vector<ContentKey> keys;
    for (const auto& [take, node] : plan_->nodes())
      keys.push_back(node->key);
    environment_.store.forgive(keys); // what failed before is asked for anew
    environment_.store.setWanted(PinOwner::Export, std::move(keys));
    return {};
  }

  // Refuses to write over a file that the project uses.
  Result<void> keepsItsSources(const media::EncodeSettings& settings) const {
    const bool pictures =
        settings.video == media::VideoCodec::PngSequence || settings.video == media::VideoCodec::ExrSequence;
    for (const auto& item : job_.document->media) {
      std::error_code ignored; // a file that is not there is not written over
      const std::string stem = item->path.stem().string();
      const bool numbered = std::all_of(stem.begin(), stem.end(), [](unsigned char c) { return std::isdigit(c); }) ||
                            stem.find('%') != std::string::npos;
      if (std::filesystem::equivalent(item->path, job_.request.file, ignored) ||
          (pictures && numbered && std::filesystem::equivalent(item->path.parent_path(), job_.request.file, ignored)))
        return fail(ErrorCode::InvalidArgument,
                    fmt::format("“{}” is used by the project and would be written over. Choose another name or folder.",
                                item->path.filename().string()),
                    job_.request.file.string());
    }
    return {};
  }

  // Time from the first exported frame to the n-th.
  [[nodiscard]] Duration since(std::int64_t n) const {
    return plan_->rate().timeOf(range_.first + n) - plan_->rate().timeOf(range_.first);
  }

  // Looks for sound in the range and settles whether the file gets any.
  Result<void> openSound(media::EncodeSettings& settings) {
    if (settings.audio == media::AudioCodec::None)
      return {};
    settings.audioChannels = SoundMix::kChannels;
    auto mix = SoundMix::open(*plan_->document(), {plan_->rate().timeOf(range_.first), since(range_.count())},
                              settings.audioSampleRate, stop_);
    if (!mix)
      return fail(mix);
    sound_ = std::move(*mix);
    if (!sound_)
      settings.audio = media::AudioCodec::None;
    return {};
  }

  // Says what is wanted next: this take's frames from here on.
  void demand(const Layer& layer) {
    const std::int64_t bytes = std::max<std::int64_t>(1, layer.node->outputSize.area() * 4);
    const std::int64_t room = std::clamp<std::int64_t>(environment_.store.memoryLimit() / 2 / bytes, 1, kAhead);
    environment_.generation.demand(
        {layer.node, {layer.takeFrame, std::min(room, layer.node->frameCount - layer.takeFrame)}});
  }

  Result<PlacedImage> fetch(const Layer& layer) {
    PlacedImage placed;
    placed.placement = layer.placement;
    switch (layer.kind) {
    case SourceKind::Take: {
      demand(layer);
      const FrameId id{layer.node->key, layer.takeFrame};
      environment_.store.setPinned(PinOwner::Export, {id});
      auto stored = environment_.store.waitFor(id, session::Quality::Final, stop_);
      if (!stored)
        return fail(stored);
      placed.image = stored->image;
      placed.opaque = stored->opaque;
      return placed;
    }
    case SourceKind::Picture: {
      auto image = environment_.pictures.load(pictureRef(*layer.media));
      if (!image)
        return fail(image);
      placed.image = std::move(*image);
      break;
    }
    case SourceKind::Video: {
      auto reader = videos_.find(layer.media->id);
      if (reader == videos_.end()) {
        auto opened = VideoReader::open(layer.media->path, environment_.workers);
        if (!opened)
          return fail(opened);
        reader = videos_.emplace(layer.media->id, std::move(*opened)).first;
      }
      auto image = reader->second.at(layer.sourceTime, stop_);
      if (!image)
        return fail(image);
      placed.image = std::move(*image);
      break;
    }
    }
    placed.opaque = !placed.image.isNull() && isOpaque(placed.image);
    return placed;
  }

  Result<Image> compose(std::int64_t number) {
    if (stop_.stop_requested())
      return fail(ErrorCode::Cancelled, "The export was cancelled.");
    std::vector<PlacedImage> layers;
    for (const Layer& layer : plan_->layersAt(number)) {
      auto placed = fetch(layer);
      if (!placed) {
        if (placed.error().code == ErrorCode::Cancelled)
          return fail(ErrorCode::Cancelled, "The export was cancelled.");
        return fail(placed);
      }
      if (!placed->image.isNull())
        layers.push_back(std::move(*placed));
    }
    auto frame = frames_.acquire(PixelFormat::Rgba8, plan_->frameSize());
    if (!frame)
      return fail(frame);
    const auto view = kernels::view<kernels::Rgba8>(*frame);
    const FrameArea area = plan_->area();
    if (!(area.size == plan_->frameSize()))
      for (std::int32_t y = 0; y < view.height; ++y)
        std::fill_n(view.row(y), view.width, kernels::Rgba8{0, 0, 0, 255});
    compositor_.compose(layers, view.sub({area.x, area.y, area.size.width, area.size.height}));
    return std::move(*frame).freeze(Time{} + since(number - range_.first));
  }

  void tell(std::int64_t done) {
    const auto now = Clock::now();
    if (done < range_.count() && done > 0 && now - told_ < kProgressPause)
      return;
    told_ = now;
    const double passed = std::chrono::duration<double>(now - begin_).count();
    const double left = done >= kFramesForEstimate
                            ? passed / static_cast<double>(done) * static_cast<double>(range_.count() - done)
                            : -1;
    environment_.events.add(ExportProgress{job_.id, done, range_.count(), left});
  }

  [[nodiscard]] Error explained(Error error, std::int64_t done) const {
    error.message = fmt::format("{} The export stopped at frame {} of {}.", error.message, done, range_.count());
    return error;
  }

  const Exporter::Environment& environment_;
  const Job& job_;
  std::stop_token stop_;
  Compositor compositor_;
  FramePool frames_{4};
  PlanPtr plan_;
  FrameRange range_;
  std::map<MediaId, VideoReader> videos_;
  std::optional<SoundMix> sound_; // none: the file has no sound
  Clock::time_point begin_{};
  Clock::time_point told_{};
};

} // namespace

struct Exporter::State {
  explicit State(Environment e) : environment(e) {}

  Environment environment;
  std::mutex mutex;
  std::condition_variable_any changed;
  std::deque<Job> jobs;
  JobId running;
  std::stop_source runningStop;
  std::jthread thread; // last

  void run(const std::stop_token& stop) {
    const ScopedThreadRole role(ThreadRole::Encode);
    for (;;) {
      std::unique_lock lock(mutex);
      if (!changed.wait(lock, stop, [this] { return !jobs.empty(); }))
        return;
      const Job job = std::move(jobs.front());
      jobs.pop_front();
      running = job.id;
      runningStop = std::stop_source();
      const std::stop_token token = runningStop.get_token();
      lock.unlock();
      auto file = Run(environment, job, token).render();
      environment.generation.demand({});
      environment.store.setPinned(PinOwner::Export, {});
      environment.store.setWanted(PinOwner::Export, {});
      lock.lock();
      running = {};
      lock.unlock();
      environment.events.add(ExportFinished{job.id, std::move(file)});
    }
  }
};

Exporter::Exporter(Environment environment) : state_(std::make_unique<State>(environment)) {
  state_->thread = std::jthread([state = state_.get()](const std::stop_token& stop) { state->run(stop); });
}

Exporter::~Exporter() {
  state_->thread.request_stop();
  {
    const std::lock_guard lock(state_->mutex);
    state_->jobs.clear();
    state_->runningStop.request_stop();
  }
  state_->changed.notify_all();
  state_->thread.join();
}

void Exporter::start(JobId job, document::DocumentPtr document, ExportRequest request) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->jobs.push_back({job, std::move(document), std::move(request)});
  }
  state_->changed.notify_all();
}

void Exporter::cancel(JobId job) {
  bool waiting = false;
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->running == job)
      state_->runningStop.request_stop();
    waiting = std::erase_if(state_->jobs, [job](const Job& j) { return j.id == job; }) > 0;
  }
  if (waiting)
    state_->environment.events.add(
        ExportFinished{job, tl::unexpected<Error>(Error{ErrorCode::Cancelled, "The export was cancelled.", {}})});
}

} // namespace kinora::runtime
