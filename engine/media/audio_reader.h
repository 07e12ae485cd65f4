// SPDX-License-Identifier: Apache-2.0
// The sound of any file as planar float blocks. Hides containers, codecs, sample formats, codec delays and resampling.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>

#include "engine/base/audio_block.h"
#include "engine/base/result.h"
#include "engine/base/time.h"
#include "engine/media/probe.h"

namespace kinora::media {

struct AudioReaderOptions {
  std::int32_t sampleRate = 0; // 0 = as in the file
  std::int32_t channels = 0;   // 0 = as in the file; mixed by the usual coefficients, never beyond full scale
};

// Used by one thread at a time. Without resampling the samples of PCM and FLAC files are exact: integers divided by
// 2^(bits-1), up to 24 bit. Times are exact to the sample, in containers that count milliseconds (Matroska) as long as
// the codec's blocks have one length.
class AudioReader {
 public:
  // Errors: as probe(), and corrupt when there is no sound in the file.
  [[nodiscard]] static Result<AudioReader> open(const std::filesystem::path& path,
                                                const AudioReaderOptions& options = {});
  ~AudioReader();
  AudioReader(AudioReader&&) noexcept;
  AudioReader& operator=(AudioReader&&) noexcept;

  [[nodiscard]] const MediaInfo& info() const;
  // Of the blocks that next() gives.
  [[nodiscard]] std::int32_t sampleRate() const;
  [[nodiscard]] std::int32_t channels() const;

  // The next block, of any length above 0; nothing after the last one. Its time is that of its first sample on the time
  // line of the file (MediaInfo), so it may start below 0. Blocks follow each other without holes unless the stamps of
  // the file leave one of more than 50 ms. Errors: cancelled, corrupt (nothing could be decoded), io.
  [[nodiscard]] Result<std::optional<AudioBlock>> next(std::stop_token stop = {});
  // The next block starts with the first sample at or after time. Errors: io, cancelled, corrupt.
  [[nodiscard]] Result<void> seek(Time time, std::stop_token stop = {});

 private:
  struct State;
  explicit AudioReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// [any] All of it in one block. Errors: as above, and invalidArgument when it is longer than maxFrames samples.
[[nodiscard]] Result<AudioBlock> readAudio(const std::filesystem::path& path, const AudioReaderOptions& options = {},
                                           std::int64_t maxFrames = std::int64_t{1} << 28);

} // namespace kinora::media
