// SPDX-License-Identifier: Apache-2.0
// Sound into one stream of a file: resampled, cut into the codec's frames, encoded.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "engine/base/audio_block.h"
#include "engine/media/encoder.h"
#include "engine/media/ffmpeg_p.h"

struct AVAudioFifo;

namespace kinora::media {

// Takes a packet whose times count in the codec's time base.
using PacketSink = std::function<Result<void>(AVPacket& packet, AVRational timeBase)>;

class AudioWriter {
 public:
  // Errors: unsupported, invalidArgument, outOfMemory.
  static Result<std::unique_ptr<AudioWriter>> open(const EncodeSettings& settings, bool globalHeader,
                                                   const std::filesystem::path& path);
  ~AudioWriter();
  AudioWriter(const AudioWriter&) = delete;
  AudioWriter& operator=(const AudioWriter&) = delete;

  [[nodiscard]] const AVCodecContext& codec() const { return *codec_; }
  Result<void> push(const AudioBlock& block, const PacketSink& sink);
  Result<void> finish(const PacketSink& sink);

 private:
  AudioWriter() = default;
  Result<void> resample(const AudioBlock* block);
  Result<void> encodeReady(const PacketSink& sink, bool all);
  Result<void> drain(const PacketSink& sink);

  std::filesystem::path path_;
  CodecPtr codec_;
  SwrPtr resampler_;
  std::int32_t inputRate_ = 0;
  std::int32_t inputChannels_ = 0;
  AVAudioFifo* fifo_ = nullptr;
  PacketPtr packet_;
  std::int64_t written_ = 0; // samples handed to the codec
};

} // namespace kinora::media
