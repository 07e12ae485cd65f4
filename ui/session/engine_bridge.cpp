// SPDX-License-Identifier: Apache-2.0
#include "ui/session/engine_bridge.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include <QMetaObject>

namespace kinora::ui {
namespace {

// While the engine has not answered a seek for this long, its own playhead is believed again.
constexpr qint64 kSeekAnswerMs = 400;

} // namespace

// Lets engine threads ring the gui without knowing whether the bridge still lives.
struct EngineBridge::Wake {
  std::mutex mutex;
  EngineBridge* bridge = nullptr; // null when it is gone
  bool pending = false;
};

EngineBridge::EngineBridge(EnginePort& engine, QObject* parent)
    : QObject(parent), engine_(engine), wake_(std::make_shared<Wake>()) {
  wake_->bridge = this;
  engine_.setWakeUp([wake = wake_] {
    const std::lock_guard lock(wake->mutex);
    if (wake->pending || wake->bridge == nullptr)
      return;
    wake->pending = true;
    QMetaObject::invokeMethod(
        wake->bridge,
        [wake] {
          EngineBridge* bridge = nullptr;
          {
            const std::lock_guard inner(wake->mutex);
            wake->pending = false;
            bridge = wake->bridge;
          }
          if (bridge != nullptr)
            bridge->drain();
        },
        Qt::QueuedConnection);
  });
}

EngineBridge::~EngineBridge() {
  {
    const std::lock_guard lock(wake_->mutex);
    wake_->bridge = nullptr;
  }
  engine_.setWakeUp({});
}

void EngineBridge::publish(document::DocumentPtr document) {
  published_ = document;
  engine_.publish(std::move(document));
}

FrameRate EngineBridge::rate() const {
  return published_ ? published_->frame.rate : FrameRate{};
}

void EngineBridge::play(double speed) {
  engine_.send({runtime::Play{speed}});
}

void EngineBridge::pause() {
  engine_.send({runtime::Pause{}});
}

void EngineBridge::togglePlay() {
  if (playback_.playing)
    pause();
  else
    play();
}

void EngineBridge::seek(Time to) {
  if (to < Time{})
    to = Time{};
  engine_.send({runtime::Seek{to}});
  sought_ = to;
  soughtSince_.start();
  setPlayhead(to);
}

void EngineBridge::step(int frames) {
  if (playback_.playing)
    pause();
  const FrameRate frameRate = rate();
  std::int64_t frame = frameRate.frameAt(playhead_) + frames;
  const std::int64_t count = published_ ? frameRate.framesIn(published_->length()) : 0;
  frame = std::clamp<std::int64_t>(frame, 0, std::max<std::int64_t>(0, count - 1));
  seek(frameRate.timeOf(frame));
}

void EngineBridge::setEveryFrame(bool everyFrame) {
  engine_.send({runtime::SetPlaybackRule{everyFrame}});
  if (everyFrame_ == everyFrame)
    return;
  everyFrame_ = everyFrame;
  Q_EMIT everyFrameChanged(everyFrame);
}

void EngineBridge::resetCounters() {
  engine_.send({runtime::ResetCounters{}});
  playback_.lateFrames = 0;
  Q_EMIT playbackChanged(playback_);
}

void EngineBridge::drag(TakeId take, session::ControlSample sample) {
  engine_.drag(take, sample);
}

JobId EngineBridge::startExport(document::DocumentPtr document, runtime::ExportRequest request) {
  return engine_.startExport(std::move(document), std::move(request));
}

void EngineBridge::cancelExport(JobId job) {
  engine_.cancelExport(job);
}

void EngineBridge::describeMedia(const std::filesystem::path& path) {
  engine_.describeMedia(path);
}

std::uint64_t EngineBridge::requestThumbnail(const std::filesystem::path& path, Time at, kinora::Size box) {
  const std::uint64_t tag = nextTag_++;
  engine_.requestThumbnail({path, at, box, tag});
  return tag;
}

void EngineBridge::requestMatte(TakeId take, std::int32_t group) {
  engine_.requestMatte(take, group);
}

runtime::EngineStats EngineBridge::stats() const {
  return engine_.stats();
}

void EngineBridge::setPlayhead(Time at) {
  if (at == playhead_)
    return;
  playhead_ = at;
  Q_EMIT playheadChanged(at);
}

void EngineBridge::take(runtime::PlaybackState& state) {
  const bool playingChange = state.playing != playback_.playing;
  playback_ = state;
  const FrameRate frameRate = rate();
  const bool answersSeek = sought_ && frameRate.frameAt(state.playhead) == frameRate.frameAt(*sought_);
  if (sought_ && (answersSeek || soughtSince_.hasExpired(kSeekAnswerMs)))
    sought_.reset();
  if (!sought_ && !answersSeek)
    setPlayhead(state.playhead);
  if (playingChange)
    Q_EMIT playingChanged(playback_.playing);
  Q_EMIT playbackChanged(playback_);
}

void EngineBridge::drain() {
  while (std::optional<runtime::Event> event = engine_.nextEvent()) {
    std::visit(
        [this](auto& e) {
          using T = std::decay_t<decltype(e)>;
          if constexpr (std::is_same_v<T, runtime::PlaybackState>)
            take(e);
          else if constexpr (std::is_same_v<T, runtime::TakeProgress>)
            Q_EMIT takeProgress(e);
          else if constexpr (std::is_same_v<T, runtime::LiveState>)
            Q_EMIT liveState(e);
          else if constexpr (std::is_same_v<T, runtime::ExportProgress>)
            Q_EMIT exportProgress(e);
          else if constexpr (std::is_same_v<T, runtime::ExportFinished>)
            Q_EMIT exportFinished(e);
          else if constexpr (std::is_same_v<T, runtime::MediaDescribed>)
            Q_EMIT mediaDescribed(e);
          else if constexpr (std::is_same_v<T, runtime::ThumbnailReady>)
            Q_EMIT thumbnailReady(e.tag, e.image ? toQImage(*e.image) : QImage(),
                                  e.image ? QString() : QString::fromStdString(e.image.error().text()));
          else if constexpr (std::is_same_v<T, runtime::MatteReady>)
            Q_EMIT matteReady(e);
          else
            Q_EMIT failed(e.error);
        },
        *event);
  }
}

QImage toQImage(const kinora::Image& image) {
  if (image.isNull() || image.memory() == MemoryKind::Cuda)
    return {};
  QImage::Format format = QImage::Format_Invalid;
  if (image.format() == PixelFormat::Rgba8)
    format = QImage::Format_RGBA8888;
  else if (image.format() == PixelFormat::Gray8)
    format = QImage::Format_Grayscale8;
  if (format == QImage::Format_Invalid)
    return {};
  auto* keep = new kinora::Image(image);
  return QImage(
      reinterpret_cast<const uchar*>(image.data()), image.size().width, image.size().height, image.strideBytes(),
      format, [](void* kept) { delete static_cast<kinora::Image*>(kept); }, keep);
}

} // namespace kinora::ui
