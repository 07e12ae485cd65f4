// SPDX-License-Identifier: Apache-2.0
#include "engine/media/audio_writer_p.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

extern "C" {
#include <libavutil/audio_fifo.h>
}

namespace kinora::media {
namespace {

constexpr int kChunk = 1024; // samples of a frame where the codec does not care

struct CodecChoice {
  AVCodecID id;
  AVSampleFormat format;
  int bits;
};

CodecChoice choiceFor(AudioCodec codec) {
  switch (codec) {
  case AudioCodec::Aac:
    return {AV_CODEC_ID_AAC, AV_SAMPLE_FMT_FLTP, 0};
  case AudioCodec::Flac:
    return {AV_CODEC_ID_FLAC, AV_SAMPLE_FMT_S32, 24};
  case AudioCodec::Pcm16:
    return {AV_CODEC_ID_PCM_S16LE, AV_SAMPLE_FMT_S16, 0};
  case AudioCodec::Pcm24:
    return {AV_CODEC_ID_PCM_S24LE, AV_SAMPLE_FMT_S32, 0};
  case AudioCodec::PcmFloat:
    return {AV_CODEC_ID_PCM_F32LE, AV_SAMPLE_FMT_FLT, 0};
  case AudioCodec::None:
    break;
  }
  return {AV_CODEC_ID_NONE, AV_SAMPLE_FMT_NONE, 0};
}

} // namespace

AudioWriter::~AudioWriter() {
  if (fifo_)
    av_audio_fifo_free(fifo_);
}

Result<std::unique_ptr<AudioWriter>> AudioWriter::open(const EncodeSettings& s, bool globalHeader,
                                                       const std::filesystem::path& path) {
  if (s.audioChannels < 1 || s.audioChannels > 8 || s.audioSampleRate < 8000 || s.audioSampleRate > 192'000)
    return fail(
        ErrorCode::InvalidArgument,
        fmt::format("Sound with {} channels at {} Hz cannot be written: 1 to 8 channels and 8000 to 192000 Hz can.",
                    s.audioChannels, s.audioSampleRate),
        path.string());
  const CodecChoice choice = choiceFor(s.audio);
  const AVCodec* encoder = avcodec_find_encoder(choice.id);
  if (!encoder)
    return fail(ErrorCode::Unsupported,
                fmt::format("This build of FFmpeg cannot write {} sound.", avcodec_get_name(choice.id)), path.string());
  auto writer = std::unique_ptr<AudioWriter>(new AudioWriter);
  writer->path_ = path;
  writer->codec_.reset(avcodec_alloc_context3(encoder));
  writer->packet_.reset(av_packet_alloc());
  if (!writer->codec_ || !writer->packet_)
    return fail(ErrorCode::OutOfMemory, fmt::format("No memory to write “{}”.", path.filename().string()),
                path.string());
  AVCodecContext& codec = *writer->codec_;
  codec.sample_fmt = choice.format;
  codec.sample_rate = s.audioSampleRate;
  codec.time_base = {1, s.audioSampleRate};
  codec.bits_per_raw_sample = choice.bits;
  codec.thread_count = 1;
  codec.flags |= AV_CODEC_FLAG_BITEXACT;
  if (globalHeader)
    codec.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  if (s.audio == AudioCodec::Aac)
    codec.bit_rate = s.audioBitRate;
  av_channel_layout_default(&codec.ch_layout, s.audioChannels);
  if (const int code = avcodec_open2(&codec, encoder, nullptr); code < 0)
    return avFail(code, "Starting the sound of", path);
  writer->fifo_ = av_audio_fifo_alloc(codec.sample_fmt, s.audioChannels, kChunk);
  if (!writer->fifo_)
    return fail(ErrorCode::OutOfMemory, fmt::format("No memory to write “{}”.", path.filename().string()),
                path.string());
  return writer;
}

Result<void> AudioWriter::resample(const AudioBlock* block) {
  AVCodecContext& codec = *codec_;
  if (block && (!resampler_ || block->sampleRate() != inputRate_ || block->channels() != inputChannels_)) {
    if (resampler_)
      if (auto flushed = resample(nullptr); !flushed)
        return flushed;
    inputRate_ = block->sampleRate();
    inputChannels_ = block->channels();
    AVChannelLayout from{};
    av_channel_layout_default(&from, inputChannels_);
    SwrContext* made = nullptr;
    int code = swr_alloc_set_opts2(&made, &codec.ch_layout, codec.sample_fmt, codec.sample_rate, &from,
                                   AV_SAMPLE_FMT_FLTP, inputRate_, 0, nullptr);
    resampler_.reset(made);
    if (code >= 0)
      code = av_opt_set_double(made, "rematrix_maxval", 1, 0); // never louder than full scale
    if (code >= 0)
      code = swr_init(resampler_.get());
    if (code < 0)
      return avFail(code, "Converting the sound for", path_);
  }
  if (!resampler_)
    return {};
  std::vector<const std::uint8_t*> in;
  int frames = 0;
  if (block) {
    frames = static_cast<int>(block->frames());
    for (int c = 0; c < block->channels(); ++c)
      in.push_back(reinterpret_cast<const std::uint8_t*>(block->channel(c).data()));
  }
  const int room = swr_get_out_samples(resampler_.get(), frames);
  if (room <= 0)
    return {};
  FramePtr out(av_frame_alloc());
  out->format = codec.sample_fmt;
  out->nb_samples = room;
  out->sample_rate = codec.sample_rate;
  av_channel_layout_copy(&out->ch_layout, &codec.ch_layout);
  if (av_frame_get_buffer(out.get(), 0) < 0)
    return fail(ErrorCode::OutOfMemory, fmt::format("No memory to write “{}”.", path_.filename().string()),
                path_.string());
  const int got = swr_convert(resampler_.get(), out->extended_data, room, block ? in.data() : nullptr, frames);
  if (got < 0)
    return avFail(got, "Converting the sound for", path_);
  if (got > 0 && av_audio_fifo_write(fifo_, reinterpret_cast<void**>(out->extended_data), got) < got)
    return fail(ErrorCode::OutOfMemory, fmt::format("No memory to write “{}”.", path_.filename().string()),
                path_.string());
  return {};
}

Result<void> AudioWriter::encodeReady(const PacketSink& sink, bool all) {
  AVCodecContext& codec = *codec_;
  const int wanted = codec.frame_size > 0 ? codec.frame_size : kChunk;
  while (av_audio_fifo_size(fifo_) >= wanted || (all && av_audio_fifo_size(fifo_) > 0)) {
    FramePtr frame(av_frame_alloc());
    frame->format = codec.sample_fmt;
    frame->nb_samples = std::min(wanted, av_audio_fifo_size(fifo_));
    frame->sample_rate = codec.sample_rate;
    av_channel_layout_copy(&frame->ch_layout, &codec.ch_layout);
    if (av_frame_get_buffer(frame.get(), 0) < 0)
      return fail(ErrorCode::OutOfMemory, fmt::format("No memory to write “{}”.", path_.filename().string()),
                  path_.string());
    av_audio_fifo_read(fifo_, reinterpret_cast<void**>(frame->extended_data), frame->nb_samples);
    frame->pts = written_;
    written_ += frame->nb_samples;
    if (const int code = avcodec_send_frame(&codec, frame.get()); code < 0)
      return avFail(code, "Writing the sound of", path_);
    if (auto drained = drain(sink); !drained)
      return drained;
  }
  return {};
}

Result<void> AudioWriter::drain(const PacketSink& sink) {
  for (;;) {
    const int code = avcodec_receive_packet(codec_.get(), packet_.get());
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF)
      return {};
    if (code < 0)
      return avFail(code, "Writing the sound of", path_);
    if (auto taken = sink(*packet_, codec_->time_base); !taken)
      return taken;
  }
}

Result<void> AudioWriter::push(const AudioBlock& block, const PacketSink& sink) {
  if (block.isNull() || block.frames() == 0)
    return {};
  if (auto done = resample(&block); !done)
    return done;
  return encodeReady(sink, false);
}

Result<void> AudioWriter::finish(const PacketSink& sink) {
  if (auto done = resample(nullptr); !done)
    return done;
  if (auto done = encodeReady(sink, true); !done)
    return done;
  if (const int code = avcodec_send_frame(codec_.get(), nullptr); code < 0 && code != AVERROR_EOF)
    return avFail(code, "Writing the sound of", path_);
  return drain(sink);
}

} // namespace kinora::media
