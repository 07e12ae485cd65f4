// SPDX-License-Identifier: Apache-2.0
#include "engine/media/encoder.h"

#include <algorithm>
#include <cctype>
#include <deque>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "engine/base/file.h"
#include "engine/media/audio_writer_p.h"
#include "engine/media/picture_sequence_writer_p.h"
#include "engine/media/pixels_p.h"
#include "engine/media/video_codec_p.h"

namespace kinora::media {
namespace {

namespace fs = std::filesystem;

constexpr AVRational kRecordingClock{1, 90'000};

struct Container {
  const char* ending;
  const char* muxer;
};
constexpr Container kContainers[] = {{".mp4", "mp4"},      {".m4v", "mp4"},   {".mov", "mov"},
                                     {".mkv", "matroska"}, {".webm", "webm"}, {".wav", "wav"},
                                     {".flac", "flac"},    {".m4a", "ipod"},  {".mka", "matroska"}};

const char* muxerFor(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const Container& container : kContainers)
    if (ending == container.ending)
      return container.muxer;
  return nullptr;
}

// A container that is being written; removes its part file unless it was finished.
class Muxer {
 public:
  static Result<std::unique_ptr<Muxer>> open(const fs::path& path) {
    const char* name = muxerFor(path);
    if (!name)
      return fail(ErrorCode::InvalidArgument,
                  fmt::format("The ending of “{}” fits no container. Use .mp4, .mov, .mkv, .webm, .wav, .flac or .m4a.",
                              path.filename().string()),
                  path.string());
    auto muxer = std::unique_ptr<Muxer>(new Muxer);
    muxer->path_ = path;
    muxer->part_ = partPath(path);
    if (const int code = avformat_alloc_output_context2(&muxer->format_, nullptr, name, muxer->url().c_str()); code < 0)
      return avFail(code, "Writing", path);
    muxer->format_->flags |= AVFMT_FLAG_BITEXACT;
    return muxer;
  }

  ~Muxer() {
    if (format_) {
      if (format_->pb)
        avio_closep(&format_->pb);
      avformat_free_context(format_);
    }
    if (opened_ && !published_) {
      std::error_code ignored;
      fs::remove(part_, ignored);
    }
  }
  Muxer(const Muxer&) = delete;
  Muxer& operator=(const Muxer&) = delete;

  [[nodiscard]] bool wantsGlobalHeader() const { return (format_->oformat->flags & AVFMT_GLOBALHEADER) != 0; }

  Result<int> addStream(const AVCodecContext& codec) {
    AVStream* stream = avformat_new_stream(format_, nullptr);
    if (!stream || avcodec_parameters_from_context(stream->codecpar, &codec) < 0)
      return fail(ErrorCode::OutOfMemory, fmt::format("No memory to write “{}”.", path_.filename().string()),
                  path_.string());
    stream->time_base = codec.time_base;
    if (codec.codec_type == AVMEDIA_TYPE_VIDEO) {
      stream->avg_frame_rate = codec.framerate;
      stream->r_frame_rate = codec.framerate;
      stream->sample_aspect_ratio = codec.sample_aspect_ratio;
    }
    return stream->index;
  }

  Result<void> begin() {
    if (const int code = avio_open(&format_->pb, url().c_str(), AVIO_FLAG_WRITE); code < 0)
      return fail(ErrorCode::Io,
                  fmt::format("Writing “{}” failed: {}. Check the folder and its permissions.",
                              path_.filename().string(), avErrorText(code)),
                  path_.string());
    opened_ = true;
    Dictionary options;
    if (std::string_view(format_->oformat->name) == "mp4" || std::string_view(format_->oformat->name) == "mov")
      options.set("movflags", "+faststart+write_colr");
    const int code = avformat_write_header(format_, options.get());
    if (code == AVERROR(EINVAL) || code == AVERROR(ENOSYS) || code == AVERROR_PATCHWELCOME)
      return fail(
          ErrorCode::InvalidArgument,
          fmt::format("“{}” cannot hold this codec. Choose another ending, such as .mkv.", path_.filename().string()),
          path_.string());
    if (code < 0)
      return avFail(code, "Writing", path_);
    return {};
  }

  Result<void> write(AVPacket& packet, int stream, AVRational timeBase) {
    av_packet_rescale_ts(&packet, timeBase, format_->streams[stream]->time_base);
    packet.stream_index = stream;
    if (const int code = av_interleaved_write_frame(format_, &packet); code < 0)
      return writeError(code);
    return {};
  }

  Result<void> finish() {
    if (const int code = av_write_trailer(format_); code < 0)
      return writeError(code);
    const int closed = avio_closep(&format_->pb);
    if (closed < 0)
      return writeError(closed);
    auto done = publishPart(part_, path_);
    published_ = done.has_value();
    return done;
  }

 private:
  Muxer() = default;

  // With the protocol, so that a colon in the name means nothing.
  [[nodiscard]] std::string url() const { return "file:" + part_.string(); }

  tl::unexpected<Error> writeError(int code) const {
    return fail(ErrorCode::Io,
                fmt::format("Writing “{}” failed: {}. Check the free space of the disk, or choose another folder.",
                            path_.filename().string(), avErrorText(code)),
                path_.string());
  }

  fs::path path_;
  fs::path part_;
  AVFormatContext* format_ = nullptr;
  bool opened_ = false;
  bool published_ = false;
};

// x264 puts its version and all its options into the first packet, as an SEI message of user data. They say nothing
// about the picture and would make files of equal content differ between builds, so they are taken out.
void removeUserData(AVPacket& packet) {
  constexpr std::uint8_t kSei = 6;
  constexpr std::uint8_t kUserData = 5; // user_data_unregistered, ISO/IEC 14496-10 annex D
  if (av_packet_make_writable(&packet) < 0)
    return;
  const auto startAt = [&packet](int i) {
    return i + 3 <= packet.size && packet.data[i] == 0 && packet.data[i + 1] == 0 && packet.data[i + 2] == 1;
  };
  int unit = 0; // its start code, with the zero in front that belongs to it
  while (unit < packet.size) {
    int header = unit;
    while (header < packet.size && !startAt(header))
      ++header;
    header += 3;
    int end = header;
    while (end < packet.size && !startAt(end))
      ++end;
    if (end < packet.size && end > header && packet.data[end - 1] == 0)
      --end;
    if (header + 1 < end && (packet.data[header] & 31) == kSei && packet.data[header + 1] == kUserData) {
      std::copy(packet.data + end, packet.data + packet.size, packet.data + unit);
      av_shrink_packet(&packet, packet.size - (end - unit));
    } else {
      unit = end;
    }
  }
}

Result<void> checkSettings(const EncodeSettings& s, const fs::path& path) {
  const auto refuse = [&path](std::string message) {
    return fail(ErrorCode::InvalidArgument, std::move(message), path.string());
  };
  if (s.video == VideoCodec::None && s.audio == AudioCodec::None)
    return refuse(fmt::format("“{}” would hold neither picture nor sound.", path.filename().string()));
  if (s.video == VideoCodec::None)
    return {};
  if (s.size.isEmpty() || s.size.width > kMaxImageSide || s.size.height > kMaxImageSide ||
      s.size.area() > kMaxImageArea)
    return refuse(fmt::format("Frames of {}×{} pixels cannot be written.", s.size.width, s.size.height));
  if (!s.frameRate.isValid())
    return refuse(fmt::format("A frame rate of {}/{} cannot be written.", s.frameRate.num, s.frameRate.den));
  if (s.quality < 1 || s.quality > 100 || s.effort < 0 || s.effort > 100)
    return refuse("Quality must be 1 to 100 and effort 0 to 100.");
  return {};
}

} // namespace

struct Encoder::State {
  fs::path path;
  EncodeSettings settings;
  Size coded;
  std::string name;
  // Members are destroyed in reverse: the muxer last, when nobody writes to it any more.
  std::unique_ptr<Muxer> muxer;
  CodecPtr codec;
  std::unique_ptr<FrameWriter> writer;
  std::unique_ptr<AudioWriter> audio;
  std::optional<PictureSequenceWriter> pictures;
  PacketPtr packet;
  int videoStream = -1;
  int audioStream = -1;
  std::int64_t frames = 0;
  std::int64_t lastStamp = -1;
  std::deque<std::int64_t> stamps; // of frames whose packets are not written yet
  int delay = 0;                   // packets written before the first stamp was used
  bool begun = false;              // a packet was written
  bool heard = false;
  bool finished = false;

  // SVT-AV1 waits for ever when it is closed in the middle of a stream.
  ~State() {
    if (!codec || finished || name != "libsvtav1")
      return;
    if (frames == 0 && writer)
      if (auto blank = MutableImage::allocate(PixelFormat::Rgba8, settings.size))
        if (auto frame = writer->write(std::move(*blank).freeze()); frame) {
          (*frame)->pts = 0;
          avcodec_send_frame(codec.get(), frame->get());
        }
    avcodec_send_frame(codec.get(), nullptr);
    while (avcodec_receive_packet(codec.get(), packet.get()) >= 0)
      av_packet_unref(packet.get());
  }

  Result<void> openMovie(const WorkerPool* pool) {
    auto opened = Muxer::open(path);
    if (!opened)
      return fail(opened);
    muxer = std::move(*opened);
    if (settings.video != VideoCodec::None) {
      const AVRational clock = settings.timing == FrameTiming::Counted
                                   ? AVRational{settings.frameRate.den, settings.frameRate.num}
                                   : kRecordingClock;
      auto setup = openVideoCodec(settings, clock, muxer->wantsGlobalHeader(), path);
      if (!setup)
        return fail(setup);
      codec = std::move(setup->codec);
      coded = setup->coded;
      name = codec->codec->name;
      writer = std::make_unique<FrameWriter>(codec->pix_fmt, coded, setup->color, pool);
      auto stream = muxer->addStream(*codec);
      if (!stream)
        return fail(stream);
      videoStream = *stream;
    }
    if (settings.audio != AudioCodec::None) {
      auto made = AudioWriter::open(settings, muxer->wantsGlobalHeader(), path);
      if (!made)
        return fail(made);
      audio = std::move(*made);
      auto stream = muxer->addStream(audio->codec());
      if (!stream)
        return fail(stream);
      audioStream = *stream;
    }
    packet.reset(av_packet_alloc());
    if (!packet)
      return fail(ErrorCode::OutOfMemory, fmt::format("No memory to write “{}”.", path.filename().string()),
                  path.string());
    return muxer->begin();
  }

  Result<std::int64_t> stampFor(const Image& image) {
    if (settings.timing == FrameTiming::Counted)
      return frames;
    const std::int64_t stamp =
        av_rescale_q(image.time().ticks, {1, static_cast<int>(kTicksPerSecond)}, kRecordingClock);
    if (stamp <= lastStamp)
      return fail(ErrorCode::InvalidArgument,
                  fmt::format("Frame {} of “{}” does not come later than the one before it.", frames,
                              path.filename().string()));
    return stamp;
  }

  // Moves finished packets from the codec into the file.
  Result<void> drain() {
    for (;;) {
      const int code = avcodec_receive_packet(codec.get(), packet.get());
      if (code == AVERROR(EAGAIN) || code == AVERROR_EOF)
        return {};
      if (code < 0)
        return avFail(code, "Encoding", path);
      if (packet->duration == 0)
        packet->duration = settings.timing == FrameTiming::Counted
                               ? 1
                               : av_rescale_q(1, {settings.frameRate.den, settings.frameRate.num}, kRecordingClock);
      if (name == "libx265")
        packet->dts = nextDecodeStamp();
      if (name == "libx264" && !std::exchange(begun, true))
        removeUserData(*packet);
      if (auto written = muxer->write(*packet, videoStream, codec->time_base); !written)
        return written;
    }
  }

  // x265 invents the decode stamps of streams that are shorter than its reordering. The rule is the usual one: the
  // stamps of presentation in order, delayed by as many frames as may be reordered.
  std::int64_t nextDecodeStamp() {
    constexpr int kReordered = 2; // frames: B-frames that refer to B-frames
    if (delay < kReordered)
      return stamps.front() - (kReordered - delay++);
    const std::int64_t stamp = stamps.front();
    stamps.pop_front();
    return stamp;
  }

  [[nodiscard]] PacketSink audioSink() {
    return [this](AVPacket& sound, AVRational timeBase) { return muxer->write(sound, audioStream, timeBase); };
  }
};

Encoder::Encoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
Encoder::~Encoder() = default;
Encoder::Encoder(Encoder&&) noexcept = default;
Encoder& Encoder::operator=(Encoder&&) noexcept = default;

Result<Encoder> Encoder::create(const fs::path& path, const EncodeSettings& settings, const WorkerPool* pool) {
  routeFfmpegLog();
  if (auto fits = checkSettings(settings, path); !fits)
    return fail(fits);
  auto state = std::make_unique<State>();
  state->path = path;
  state->settings = settings;
  state->coded = settings.size;
  if (settings.video == VideoCodec::PngSequence || settings.video == VideoCodec::ExrSequence) {
    if (settings.audio != AudioCodec::None)
      return fail(ErrorCode::InvalidArgument, "Numbered pictures cannot hold sound. Export the sound to its own file.",
                  path.string());
    const bool png = settings.video == VideoCodec::PngSequence;
    auto pictures = PictureSequenceWriter::create(path, png ? ".png" : ".exr");
    if (!pictures)
      return fail(pictures);
    state->pictures.emplace(std::move(*pictures));
    state->name = png ? "png" : "exr";
  } else if (auto opened = state->openMovie(pool); !opened) {
    return fail(opened);
  }
  return Encoder(std::move(state));
}

Size Encoder::codedSize() const {
  return state_->coded;
}
std::string Encoder::encoderName() const {
  return state_->name;
}

Result<void> Encoder::push(const Image& image) {
  State& s = *state_;
  if (s.finished || s.settings.video == VideoCodec::None)
    return fail(ErrorCode::InvalidArgument, fmt::format("“{}” takes no further pictures.", s.path.filename().string()));
  if (image.isNull() || !(image.size() == s.settings.size))
    return fail(ErrorCode::InvalidArgument,
                fmt::format("Frame {} of “{}” has {}×{} pixels instead of {}×{}.", s.frames, s.path.filename().string(),
                            image.size().width, image.size().height, s.settings.size.width, s.settings.size.height));
  if (s.pictures) {
    auto written = s.pictures->push(image);
    if (written)
      ++s.frames;
    return written;
  }
  const auto stamp = s.stampFor(image);
  if (!stamp)
    return fail(stamp);
  auto frame = s.writer->write(image);
  if (!frame)
    return fail(frame);
  (*frame)->pts = *stamp;
  if (const int code = avcodec_send_frame(s.codec.get(), frame->get()); code < 0)
    return avFail(code, "Encoding", s.path);
  s.lastStamp = *stamp;
  if (s.name == "libx265")
    s.stamps.push_back(*stamp);
  ++s.frames;
  return s.drain();
}

Result<void> Encoder::push(const AudioBlock& block) {
  State& s = *state_;
  if (!s.audio || s.finished)
    return fail(ErrorCode::InvalidArgument, fmt::format("“{}” takes no sound.", s.path.filename().string()));
  s.heard = s.heard || block.frames() > 0;
  return s.audio->push(block, s.audioSink());
}

Result<void> Encoder::finish() {
  State& s = *state_;
  if (s.finished)
    return {};
  if (s.frames == 0 && !s.heard)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("Nothing was written to “{}”: there are no frames.", s.path.filename().string()));
  if (s.pictures) {
    auto done = s.pictures->finish();
    s.finished = done.has_value();
    return done;
  }
  if (s.codec) {
    if (const int code = avcodec_send_frame(s.codec.get(), nullptr); code < 0 && code != AVERROR_EOF)
      return avFail(code, "Encoding", s.path);
    if (auto drained = s.drain(); !drained)
      return drained;
  }
  if (s.audio)
    if (auto drained = s.audio->finish(s.audioSink()); !drained)
      return drained;
  auto done = s.muxer->finish();
  s.finished = done.has_value();
  return done;
}

} // namespace kinora::media
