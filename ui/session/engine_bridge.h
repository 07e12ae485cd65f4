// SPDX-License-Identifier: Apache-2.0
// Hides the engine's channels from widgets: documents, commands and drags go in as calls, events come out as signals.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include <QElapsedTimer>
#include <QImage>
#include <QObject>

#include "engine/base/time.h"
#include "ui/session/engine_port.h"

namespace kinora::ui {

// [gui] The playhead follows a seek at once, before the engine has answered: scrubbing never waits.
class EngineBridge : public QObject {
  Q_OBJECT
 public:
  // The port must outlive the bridge.
  explicit EngineBridge(EnginePort& engine, QObject* parent = nullptr);
  ~EngineBridge() override;

  void publish(document::DocumentPtr document);

  void play(double speed = 1);
  void pause();
  void togglePlay();
  void seek(Time to);
  void step(int frames);
  void setEveryFrame(bool everyFrame);
  void resetCounters();

  // One pointer sample of a drag; none is lost.
  void drag(TakeId take, session::ControlSample sample);

  JobId startExport(document::DocumentPtr document, runtime::ExportRequest request);
  void cancelExport(JobId job);
  // Answered by mediaDescribed.
  void describeMedia(const std::filesystem::path& path);
  // Returns the tag of the answer; see thumbnailReady.
  std::uint64_t requestThumbnail(const std::filesystem::path& path, Time at, kinora::Size box);
  void requestMatte(TakeId take, std::int32_t group);

  [[nodiscard]] bool isPlaying() const { return playback_.playing; }
  [[nodiscard]] Time playhead() const { return playhead_; }
  [[nodiscard]] bool everyFrame() const { return everyFrame_; }
  [[nodiscard]] const runtime::PlaybackState& playback() const { return playback_; }
  [[nodiscard]] runtime::EngineStats stats() const;
  // Rate of the published document: what a frame step is worth.
  [[nodiscard]] FrameRate rate() const;

 Q_SIGNALS:
  void playheadChanged(kinora::Time at);
  void playingChanged(bool playing);
  void playbackChanged(const kinora::runtime::PlaybackState& state);
  void everyFrameChanged(bool everyFrame);
  void takeProgress(const kinora::runtime::TakeProgress& progress);
  void liveState(const kinora::runtime::LiveState& state);
  void exportProgress(const kinora::runtime::ExportProgress& progress);
  void exportFinished(const kinora::runtime::ExportFinished& finished);
  void mediaDescribed(const kinora::runtime::MediaDescribed& described);
  // A null image: there is none, for the reason given.
  void thumbnailReady(std::uint64_t tag, const QImage& image, const QString& whyNot);
  void matteReady(const kinora::runtime::MatteReady& matte);
  void failed(const kinora::Error& error);

 private:
  void drain();
  void setPlayhead(Time at);
  void take(runtime::PlaybackState& state);

  EnginePort& engine_;
  document::DocumentPtr published_;
  runtime::PlaybackState playback_;
  Time playhead_;
  bool everyFrame_ = false;
  std::optional<Time> sought_; // answers older than this seek are not shown
  QElapsedTimer soughtSince_;
  std::uint64_t nextTag_ = 1;
  struct Wake;
  std::shared_ptr<Wake> wake_;
};

// A view of the image's pixels when it is RGBA8 or Gray8, which it keeps alive; null for other formats.
[[nodiscard]] QImage toQImage(const kinora::Image& image);

} // namespace kinora::ui
