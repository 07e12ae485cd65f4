// SPDX-License-Identifier: Apache-2.0
// What is heard while a span of the timeline plays: every clip with sound, trimmed, put in its place to the sample,
// resampled and added up.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "engine/base/audio_block.h"
#include "engine/base/result.h"
#include "engine/base/time.h"
#include "engine/document/document.h"

namespace kinora::runtime {

// Number of samples that begin before d: the nearest one, halves up. Counted from 0 each time, so that it never drifts
// whatever the frame rate. sampleRate up to 768 000.
[[nodiscard]] std::int64_t samplesIn(Duration d, std::int32_t sampleRate);

// Used by one thread [encode]. Lanes that are off are silent; a picture lane is heard where its videos have sound. Gaps
// are silence, the sum is clamped to full scale. The same input gives the same samples.
class SoundMix {
 public:
  static constexpr std::int32_t kChannels = 2; // one channel goes to both sides, more than two are mixed down

  // Nothing when nothing in this span can be heard. Looks into every file of the span (media::probe). Errors: those of
  // media::probe, cancelled.
  [[nodiscard]] static Result<std::optional<SoundMix>> open(const document::Document& document, TimeRange span,
                                                            std::int32_t sampleRate, const std::stop_token& stop);
  ~SoundMix();
  SoundMix(SoundMix&&) noexcept;
  SoundMix& operator=(SoundMix&&) noexcept;

  // The samples from where the last call ended to `end`, counted from the start of the span. Files are opened when
  // their clip begins and closed when it ends. Errors: those of media::AudioReader.
  [[nodiscard]] Result<AudioBlock> until(std::int64_t end, const std::stop_token& stop);

 private:
  class Voice;
  SoundMix(std::int32_t sampleRate, std::vector<Voice> voices);

  std::int32_t sampleRate_;
  std::int64_t position_ = 0;
  std::vector<Voice> voices_; // in the order of lanes and clips
};

} // namespace kinora::runtime
