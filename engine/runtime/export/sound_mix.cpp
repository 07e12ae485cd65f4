// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/export/sound_mix.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "engine/media/audio_reader.h"
#include "engine/media/probe.h"

namespace kinora::runtime {
namespace {

Duration lengthOf(std::int64_t samples, std::int32_t rate) {
  const std::int64_t seconds = samples / rate;
  return {seconds * kTicksPerSecond + ((samples - seconds * rate) * kTicksPerSecond + rate / 2) / rate};
}

tl::unexpected<Error> cancelled() {
  return fail(ErrorCode::Cancelled, "The export was cancelled.");
}

} // namespace

std::int64_t samplesIn(Duration d, std::int32_t sampleRate) {
  std::int64_t seconds = d.ticks / kTicksPerSecond;
  std::int64_t rest = d.ticks % kTicksPerSecond;
  if (rest < 0) {
    rest += kTicksPerSecond;
    --seconds;
  }
  return seconds * sampleRate + (rest * sampleRate + kTicksPerSecond / 2) / kTicksPerSecond;
}

// One clip as long as it sounds.
class SoundMix::Voice {
 public:
  // Samples [first, end) of the span; the first is what the file has at `source`.
  Voice(std::filesystem::path path, std::int32_t channels, std::int64_t first, std::int64_t end, Time source)
      : path_(std::move(path)), channels_(channels), first_(first), end_(end), source_(source) {}

  // Adds the samples [from, to) of the span to `mix` (planar, kChannels of them).
  Result<void> add(std::vector<float>& mix, std::int64_t from, std::int64_t to, std::int32_t rate,
                   const std::stop_token& stop) {
    const std::int64_t length = to - from;
    const std::int64_t last = std::min(to, end_);
    std::int64_t at = std::max(from, first_);
    if (at >= last || over_)
      return {};
    if (!reader_)
      if (auto opened = open(at, rate, stop); !opened)
        return opened;
    while (at < last) {
      if (block_.isNull())
        if (auto read = advance(rate, stop); !read)
          return read;
      if (over_)
        return {};
      const auto count = static_cast<std::int64_t>(block_.frames());
      const std::int64_t begin = std::max(at, blockAt_);
      const std::int64_t end = std::min(last, blockAt_ + count);
      for (std::int32_t c = 0; c < kChannels && begin < end; ++c) {
        const auto samples = block_.channel(std::min(c, block_.channels() - 1));
        float* sum = mix.data() + c * length;
        for (std::int64_t i = begin; i < end; ++i)
          sum[i - from] += samples[static_cast<std::size_t>(i - blockAt_)];
      }
      at = std::max(at, std::min(last, blockAt_ + count));
      if (blockAt_ + count <= at)
        block_ = {};
      else if (blockAt_ >= last)
        break; // it begins later: a hole in the file
    }
    if (to >= end_) {
      block_ = {};
      reader_.reset();
      over_ = true;
    }
    return {};
  }

 private:
  Result<void> open(std::int64_t at, std::int32_t rate, const std::stop_token& stop) {
    auto opened = media::AudioReader::open(path_, {rate, channels_ > 1 ? kChannels : 1});
    if (!opened)
      return fail(opened);
    const Time from = source_ + lengthOf(at - first_, rate);
    if (auto sought = opened->seek(from, stop); !sought)
      return sought;
    reader_.emplace(std::move(*opened));
    return {};
  }

  Result<void> advance(std::int32_t rate, const std::stop_token& stop) {
    auto next = reader_->next(stop);
    if (!next)
      return fail(next);
    if (!*next) {
      over_ = true;
      reader_.reset();
      return {};
    }
    block_ = std::move(**next);
    blockAt_ = first_ + samplesIn(block_.time() - source_, rate);
    return {};
  }

  std::filesystem::path path_;
  std::int32_t channels_;
  std::int64_t first_;
  std::int64_t end_;
  Time source_;
  std::optional<media::AudioReader> reader_;
  AudioBlock block_;
  std::int64_t blockAt_ = 0; // place of its first sample in the span
  bool over_ = false;
};

SoundMix::SoundMix(std::int32_t sampleRate, std::vector<Voice> voices)
    : sampleRate_(sampleRate), voices_(std::move(voices)) {}
SoundMix::~SoundMix() = default;
SoundMix::SoundMix(SoundMix&&) noexcept = default;
SoundMix& SoundMix::operator=(SoundMix&&) noexcept = default;

Result<std::optional<SoundMix>> SoundMix::open(const document::Document& document, TimeRange span,
                                               std::int32_t sampleRate, const std::stop_token& stop) {
  std::map<MediaId, std::int32_t> channelsOf; // 0: no sound in it
  std::vector<Voice> voices;
  for (const document::LanePtr& lane : document.lanes) {
    if (!lane->enabled)
      continue;
    for (const document::ClipPtr& clip : lane->clips) {
      if (clip->kind != document::ClipKind::Media || clip->range().end() <= span.start || clip->start >= span.end())
        continue;
      const document::MediaItem* item = document.findMedia(clip->media);
      if (!item || item->kind == document::MediaKind::Picture)
        continue;
      auto known = channelsOf.find(item->id);
      if (known == channelsOf.end()) {
        if (stop.stop_requested())
          return cancelled();
        const auto info = media::probe(item->path);
        if (!info)
          return fail(info);
        known = channelsOf.emplace(item->id, info->audio ? info->audio->channels : 0).first;
      }
      const std::int64_t first = std::max<std::int64_t>(0, samplesIn(clip->start - span.start, sampleRate));
      const std::int64_t end = samplesIn(std::min(clip->range().end(), span.end()) - span.start, sampleRate);
      if (known->second == 0 || first >= end)
        continue;
      const Time source = Time{} + clip->sourceIn + (span.start + lengthOf(first, sampleRate) - clip->start);
      voices.emplace_back(item->path, known->second, first, end, source);
    }
  }
  if (voices.empty())
    return std::optional<SoundMix>();
  return std::optional(SoundMix(sampleRate, std::move(voices)));
}

Result<AudioBlock> SoundMix::until(std::int64_t end, const std::stop_token& stop) {
  const std::int64_t length = std::max<std::int64_t>(0, end - position_);
  std::vector<float> mix(static_cast<std::size_t>(length * kChannels));
  for (Voice& voice : voices_)
    if (auto added = voice.add(mix, position_, position_ + length, sampleRate_, stop); !added) {
      if (added.error().code == ErrorCode::Cancelled)
        return cancelled();
      return fail(added);
    }
  for (float& sample : mix)
    sample = std::clamp(sample, -1.F, 1.F);
  const Time time = Time{} + lengthOf(position_, sampleRate_);
  position_ += length;
  return AudioBlock(std::move(mix), kChannels, sampleRate_, time);
}

} // namespace kinora::runtime
