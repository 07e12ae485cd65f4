// SPDX-License-Identifier: Apache-2.0
#include "engine/media/audio_reader.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/media/input_p.h"

namespace kinora::media {
namespace {

namespace fs = std::filesystem;

// Codecs need some frames to swing in: so much earlier a seek begins.
constexpr Duration kRunUp{kTicksPerSecond / 2};
constexpr std::int64_t kMostDamagedInARow = 2000;
// Samples are counted; when the stamps of the file differ by more than this, sound is missing there (or there is too
// much of it) and the stamps are right.
constexpr Duration kGap{kTicksPerSecond / 20};

std::int64_t samplesIn(Duration d, std::int32_t rate) {
  return av_rescale_rnd(d.ticks, rate, kTicksPerSecond, AV_ROUND_NEAR_INF);
}

Duration lengthOf(std::int64_t samples, std::int32_t rate) {
  return {av_rescale_rnd(samples, kTicksPerSecond, rate, AV_ROUND_NEAR_INF)};
}

} // namespace

struct AudioReader::State {
  fs::path path;
  std::unique_ptr<Input> input;
  CodecPtr codec;
  SwrPtr resampler;
  PacketPtr packet;
  FramePtr frame;
  std::int32_t rate = 0;
  std::int32_t channels = 0;
  std::optional<Time> position; // of the next sample that comes out; none: taken from the next frame
  std::optional<Time> skipTo;   // after a seek: samples before it are dropped
  Time firstStamp;              // of the first frame of the file
  std::int64_t blockLength = 0; // samples of that frame; 0: not seen yet
  bool atEnd = false;
  bool decodedOne = false;
  std::int64_t damagedInARow = 0;
  int readError = 0;

  tl::unexpected<Error> noMemory() const {
    return fail(ErrorCode::OutOfMemory, fmt::format("No memory to read “{}”.", path.filename().string()),
                path.string());
  }

  Result<void> makeResampler() {
    AVChannelLayout out{};
    av_channel_layout_default(&out, channels);
    AVChannelLayout in{};
    if (codec->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
      av_channel_layout_default(&in, codec->ch_layout.nb_channels);
    else
      av_channel_layout_copy(&in, &codec->ch_layout);
    SwrContext* made = nullptr;
    int code = swr_alloc_set_opts2(&made, channels == in.nb_channels ? &in : &out, AV_SAMPLE_FMT_FLTP, rate, &in,
                                   codec->sample_fmt, codec->sample_rate, 0, nullptr);
    resampler.reset(made);
    // Mixing down stays within full scale: two channels become their mean.
    if (code >= 0)
      code = av_opt_set_double(made, "rematrix_maxval", 1, 0);
    if (code >= 0)
      code = swr_init(resampler.get());
    av_channel_layout_uninit(&in);
    if (code < 0)
      return avFail(code, "Converting the sound of", path);
    return {};
  }

  // Where the decoded frame begins. Clocks that are coarser than a sample (milliseconds in Matroska) are made exact by
  // counting blocks, which have one length in most codecs.
  std::optional<Time> timeOfFrame() {
    const AVRational clock = input->audio()->time_base;
    std::int64_t ticks = 0;
    if (!ticksOf(frame->best_effort_timestamp, clock, ticks))
      return std::nullopt;
    const Time stamped{ticks - input->zeroTicks()};
    const std::int32_t sourceRate = codec->sample_rate;
    if (blockLength == 0) { // the first frame of the file
      blockLength = frame->nb_samples;
      firstStamp = stamped;
      return stamped;
    }
    if (av_cmp_q(clock, {1, sourceRate}) <= 0 || blockLength <= 0)
      return stamped;
    const std::int64_t sample = samplesIn(stamped - firstStamp, sourceRate);
    const std::int64_t counted = (sample + blockLength / 2) / blockLength * blockLength;
    const std::int64_t unit = av_rescale_rnd(clock.num, sourceRate, clock.den, AV_ROUND_UP);
    return std::abs(counted - sample) <= unit ? firstStamp + lengthOf(counted, sourceRate) : stamped;
  }

  // Sends one packet, or the end.
  void feed() {
    for (;;) {
      const int code = av_read_frame(input->format(), packet.get());
      if (code < 0) {
        if (code != AVERROR_EOF && input->bytes().systemError() != 0)
          readError = AVERROR(input->bytes().systemError());
        avcodec_send_packet(codec.get(), nullptr);
        return;
      }
      const bool ours = packet->stream_index == input->audio()->index;
      const int sent = ours ? avcodec_send_packet(codec.get(), packet.get()) : 0;
      av_packet_unref(packet.get());
      if (!ours)
        continue;
      if (sent < 0 && ++damagedInARow > kMostDamagedInARow)
        avcodec_send_packet(codec.get(), nullptr);
      return;
    }
  }

  // True when `frame` holds the next samples, false at the end.
  Result<bool> decode(const std::stop_token& stop) {
    for (;;) {
      if (stop.stop_requested())
        return fail(ErrorCode::Cancelled, fmt::format("Reading “{}” was cancelled.", path.filename().string()));
      const int code = avcodec_receive_frame(codec.get(), frame.get());
      if (code == 0) {
        decodedOne = true;
        damagedInARow = 0;
        return true;
      }
      if (code == AVERROR_EOF) {
        if (readError != 0)
          return avFail(readError, "Reading", path, "Check the disk or the network share that it lies on.");
        if (!decodedOne)
          return fail(ErrorCode::Corrupt,
                      fmt::format("No sound of “{}” could be decoded. It may be damaged; make it again.",
                                  path.filename().string()),
                      path.string());
        return false;
      }
      if (code != AVERROR(EAGAIN) && ++damagedInARow > kMostDamagedInARow)
        return decodedOne
                   ? Result<bool>(false)
                   : fail(ErrorCode::Corrupt,
                          fmt::format("No sound of “{}” could be decoded.", path.filename().string()), path.string());
      feed();
    }
  }

  // Converts `samples` of input (or what is left inside, when null); planar.
  Result<std::vector<float>> convert(const AVFrame* in) {
    const int given = in ? in->nb_samples : 0;
    const int room = swr_get_out_samples(resampler.get(), given);
    std::vector<float> out(static_cast<std::size_t>(std::max(0, room)) * static_cast<std::size_t>(channels));
    if (room <= 0)
      return std::vector<float>();
    std::vector<std::uint8_t*> planes;
    for (int c = 0; c < channels; ++c)
      planes.push_back(reinterpret_cast<std::uint8_t*>(out.data() + static_cast<std::ptrdiff_t>(c) * room));
    const int got = swr_convert(resampler.get(), planes.data(), room,
                                in ? const_cast<const std::uint8_t**>(in->extended_data) : nullptr, given);
    if (got < 0)
      return avFail(got, "Converting the sound of", path);
    if (got < room) {
      for (int c = 1; c < channels; ++c)
        std::copy_n(out.begin() + static_cast<std::ptrdiff_t>(c) * room, got,
                    out.begin() + static_cast<std::ptrdiff_t>(c) * got);
      out.resize(static_cast<std::size_t>(got) * static_cast<std::size_t>(channels));
    }
    return out;
  }
};

AudioReader::AudioReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
AudioReader::~AudioReader() = default;
AudioReader::AudioReader(AudioReader&&) noexcept = default;
AudioReader& AudioReader::operator=(AudioReader&&) noexcept = default;

Result<AudioReader> AudioReader::open(const fs::path& path, const AudioReaderOptions& options) {
  auto input = Input::open(path);
  if (!input)
    return fail(input);
  if (!(*input)->audio())
    return fail(ErrorCode::Corrupt, fmt::format("There is no sound in “{}”.", path.filename().string()), path.string());
  auto state = std::make_unique<State>();
  state->path = path;
  auto codec = (*input)->openDecoder(*(*input)->audio(), 1);
  if (!codec)
    return fail(codec);
  state->codec = std::move(*codec);
  state->input = std::move(*input);
  state->packet.reset(av_packet_alloc());
  state->frame.reset(av_frame_alloc());
  if (!state->packet || !state->frame)
    return state->noMemory();
  if (state->codec->sample_rate <= 0 || state->codec->ch_layout.nb_channels <= 0)
    return fail(ErrorCode::Corrupt, fmt::format("“{}” does not say how its sound is stored.", path.filename().string()),
                path.string());
  state->rate = options.sampleRate > 0 ? options.sampleRate : state->codec->sample_rate;
  state->channels = options.channels > 0 ? options.channels : state->codec->ch_layout.nb_channels;
  if (state->rate > 768'000 || state->channels > 64)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("Sound with {} channels at {} Hz cannot be read.", state->channels, state->rate),
                path.string());
  if (auto made = state->makeResampler(); !made)
    return fail(made);
  return AudioReader(std::move(state));
}

const MediaInfo& AudioReader::info() const {
  return state_->input->info();
}
std::int32_t AudioReader::sampleRate() const {
  return state_->rate;
}
std::int32_t AudioReader::channels() const {
  return state_->channels;
}

Result<std::optional<AudioBlock>> AudioReader::next(std::stop_token stop) {
  State& s = *state_;
  while (!s.atEnd) {
    auto got = s.decode(stop);
    if (!got)
      return fail(got);
    Result<std::vector<float>> samples = std::vector<float>();
    if (*got) {
      const auto stamped = s.timeOfFrame();
      const Duration inside{swr_get_delay(s.resampler.get(), s.codec->sample_rate) * kTicksPerSecond /
                            s.codec->sample_rate};
      if (!s.position)
        s.position = stamped.value_or(Time{});
      else if (stamped && (*stamped - (*s.position + inside) > kGap || (*s.position + inside) - *stamped > kGap))
        s.position = *stamped - inside;
      samples = s.convert(s.frame.get());
    } else {
      s.atEnd = true;
      samples = s.convert(nullptr);
    }
    if (!samples)
      return fail(samples);
    auto count = static_cast<std::int64_t>(samples->size()) / s.channels;
    if (count == 0)
      continue;
    Time start = s.position.value_or(Time{});
    s.position = start + lengthOf(count, s.rate);
    if (s.skipTo) {
      const std::int64_t drop = std::clamp<std::int64_t>(samplesIn(*s.skipTo - start, s.rate), 0, count);
      if (drop == count)
        continue;
      std::vector<float> kept;
      kept.reserve(static_cast<std::size_t>((count - drop) * s.channels));
      for (int c = 0; c < s.channels; ++c)
        kept.insert(kept.end(), samples->begin() + c * count + drop, samples->begin() + (c + 1) * count);
      start = start + lengthOf(drop, s.rate);
      samples = std::move(kept);
      s.skipTo.reset();
    }
    return std::optional(AudioBlock(std::move(*samples), s.channels, s.rate, start));
  }
  return std::optional<AudioBlock>();
}

Result<void> AudioReader::seek(Time time, std::stop_token stop) {
  State& s = *state_;
  if (stop.stop_requested())
    return fail(ErrorCode::Cancelled, fmt::format("Reading “{}” was cancelled.", s.path.filename().string()));
  if (s.blockLength == 0 && av_cmp_q(s.input->audio()->time_base, {1, s.codec->sample_rate}) > 0) {
    auto first = s.decode(stop);
    if (!first)
      return fail(first);
    if (*first)
      (void)s.timeOfFrame();
  }
  const Time from = time - kRunUp;
  const AVStream* stream = s.input->audio();
  const std::int64_t stamp =
      av_rescale_q(from.ticks + s.input->zeroTicks(), {1, static_cast<int>(kTicksPerSecond)}, stream->time_base);
  int code = av_seek_frame(s.input->format(), stream->index, stamp, AVSEEK_FLAG_BACKWARD);
  if (code < 0)
    code = av_seek_frame(s.input->format(), stream->index,
                         stream->start_time != AV_NOPTS_VALUE ? stream->start_time : 0, AVSEEK_FLAG_BACKWARD);
  if (code < 0)
    return avFail(code, "Finding a place in", s.path);
  avcodec_flush_buffers(s.codec.get());
  if (auto made = s.makeResampler(); !made)
    return made;
  s.position.reset();
  s.skipTo = time;
  s.atEnd = false;
  s.damagedInARow = 0;
  return {};
}

Result<AudioBlock> readAudio(const fs::path& path, const AudioReaderOptions& options, std::int64_t maxFrames) {
  auto reader = AudioReader::open(path, options);
  if (!reader)
    return fail(reader);
  const auto channels = static_cast<std::size_t>(reader->channels());
  std::vector<std::vector<float>> planes(channels);
  std::optional<Time> start;
  for (;;) {
    auto block = reader->next();
    if (!block)
      return fail(block);
    if (!*block)
      break;
    if (!start)
      start = (*block)->time();
    for (std::size_t c = 0; c < channels; ++c) {
      const auto samples = (*block)->channel(static_cast<std::int32_t>(c));
      planes[c].insert(planes[c].end(), samples.begin(), samples.end());
    }
    if (static_cast<std::int64_t>(planes[0].size()) > maxFrames)
      return fail(ErrorCode::InvalidArgument,
                  fmt::format("“{}” is longer than the {} samples that can be read at once.", path.filename().string(),
                              maxFrames),
                  path.string());
  }
  std::vector<float> all;
  all.reserve(planes[0].size() * channels);
  for (const auto& plane : planes)
    all.insert(all.end(), plane.begin(), plane.end());
  return AudioBlock(std::move(all), reader->channels(), reader->sampleRate(), start.value_or(Time{}));
}

} // namespace kinora::media
