// SPDX-License-Identifier: Apache-2.0
#include "engine/media/input_p.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kinora::media {
namespace {

namespace fs = std::filesystem;

constexpr int kIoBytes = 1 << 16;
constexpr std::int64_t kLargestStill = std::int64_t{1} << 30;
// How many packets are looked at to tell a constant frame rate from a variable one.
constexpr int kMeasuredFrames = 240;
constexpr std::string_view kNotMedia = "It may be damaged, incomplete or no media file. Try to play it with another "
                                       "program, or make it again.";

// Only what libav already has in its hands may be read: no second file, no server.
int refuseToOpen(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
  return AVERROR(EPERM);
}

FrameRate rateOf(AVRational r) {
  int num = 0;
  int den = 0;
  if (r.num > 0 && r.den > 0)
    av_reduce(&num, &den, r.num, r.den, 1'000'000);
  return {num, den};
}

// The next simple rate for a measured one: 29.97 in a file that counts milliseconds is 30000/1001.
FrameRate snapped(FrameRate rate) {
  if (!rate.isValid())
    return rate;
  static constexpr FrameRate kUsual[] = {{24'000, 1001}, {24, 1}, {25, 1},        {30'000, 1001}, {30, 1},
                                         {48, 1},        {50, 1}, {60'000, 1001}, {60, 1},        {120, 1}};
  for (const FrameRate usual : kUsual)
    if (std::abs(rate.hertz() / usual.hertz() - 1) < 2e-4)
      return usual;
  return rate;
}

// Whether all frames (sorted ticks from the first on) lie on the grid of rate, give or take one unit of the clock.
bool liesOnGrid(const std::vector<std::int64_t>& ticks, FrameRate rate, std::int64_t unit) {
  if (!rate.isValid())
    return false;
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    const std::int64_t expected = rate.timeOf(static_cast<std::int64_t>(i)).ticks;
    if (std::abs(ticks[i] - ticks[0] - expected) > unit + 1)
      return false;
  }
  return true;
}

std::string nameOf(const fs::path& path) {
  return path.filename().string();
}

} // namespace

Result<std::unique_ptr<FileBytes>> FileBytes::open(const fs::path& path) {
  auto bytes = std::unique_ptr<FileBytes>(new FileBytes);
  bytes->fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (bytes->fd_ < 0)
    return fail(
        errno == ENOENT || errno == ENOTDIR ? ErrorCode::NotFound : ErrorCode::Io,
        fmt::format("Opening “{}” failed: {}. Check the path and the permissions.", nameOf(path), std::strerror(errno)),
        path.string());
  struct stat info {};
  if (::fstat(bytes->fd_, &info) != 0)
    return fail(ErrorCode::Io, fmt::format("Reading “{}” failed: {}.", nameOf(path), std::strerror(errno)),
                path.string());
  if (!S_ISREG(info.st_mode))
    return fail(ErrorCode::InvalidArgument,
                fmt::format("“{}” is {}, not a media file. Choose a file.", nameOf(path),
                            S_ISDIR(info.st_mode) ? "a folder" : "a device or a pipe"),
                path.string());
  if (info.st_size == 0)
    return fail(
        ErrorCode::Corrupt,
        fmt::format("“{}” is empty (0 bytes). It was probably never written to its end; make it again.", nameOf(path)),
        path.string());
  bytes->size_ = info.st_size;
  auto* buffer = static_cast<unsigned char*>(av_malloc(kIoBytes));
  bytes->io_ = buffer
                   ? avio_alloc_context(buffer, kIoBytes, 0, bytes.get(), &FileBytes::read, nullptr, &FileBytes::seek)
                   : nullptr;
  if (!bytes->io_) {
    av_free(buffer);
    return fail(ErrorCode::OutOfMemory, fmt::format("No memory to read “{}”.", nameOf(path)), path.string());
  }
  return bytes;
}

FileBytes::~FileBytes() {
  if (io_) {
    av_freep(&io_->buffer);
    avio_context_free(&io_);
  }
  if (fd_ >= 0)
    ::close(fd_);
}

int FileBytes::read(void* self, std::uint8_t* to, int count) {
  auto& file = *static_cast<FileBytes*>(self);
  for (;;) {
    const ssize_t n = ::pread(file.fd_, to, static_cast<std::size_t>(count), file.position_);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      file.systemError_ = errno;
      return AVERROR(errno);
    }
    if (n == 0)
      return AVERROR_EOF;
    file.position_ += n;
    return static_cast<int>(n);
  }
}

std::int64_t FileBytes::seek(void* self, std::int64_t offset, int whence) {
  auto& file = *static_cast<FileBytes*>(self);
  switch (whence & ~AVSEEK_FORCE) {
  case AVSEEK_SIZE:
    return file.size_;
  case SEEK_SET:
    break;
  case SEEK_CUR:
    offset += file.position_;
    break;
  case SEEK_END:
    offset += file.size_;
    break;
  default:
    return AVERROR(EINVAL);
  }
  if (offset < 0)
    return AVERROR(EINVAL);
  file.position_ = offset;
  return offset;
}

Result<std::unique_ptr<Input>> Input::open(const fs::path& path) {
  routeFfmpegLog();
  auto bytes = FileBytes::open(path);
  if (!bytes)
    return fail(bytes);
  auto input = std::unique_ptr<Input>(new Input);
  input->path_ = path;
  input->bytes_ = std::move(*bytes);

  if (auto opened = input->openContainer(); !opened)
    return fail(opened);
  if (auto done = input->describe(); !done)
    return fail(done);
  return input;
}

Result<void> Input::openContainer() {
  AVFormatContext* format = avformat_alloc_context();
  if (!format)
    return fail(ErrorCode::OutOfMemory, fmt::format("No memory to open “{}”.", nameOf(path_)), path_.string());
  format->pb = bytes_->context();
  format->io_open = refuseToOpen;
  Dictionary options;
  options.set("protocol_whitelist", "none");
  if (const int code = avformat_open_input(&format, nullptr, nullptr, options.get()); code < 0)
    return avFail(code == AVERROR(EPERM) ? AVERROR_INVALIDDATA : code, "Opening", path_, kNotMedia);
  format_.reset(format);

  const std::string_view container = format->iformat->name;
  still_ = container.ends_with("_pipe") && format->nb_streams == 1;
  if (!still_) {
    if (const int code = avformat_find_stream_info(format, nullptr); code < 0)
      return avFail(code, "Reading the streams of", path_, kNotMedia);
  }
  return chooseStreams();
}

Result<void> Input::chooseStreams() {
  AVFormatContext* f = format_.get();
  video_ = nullptr;
  audio_ = nullptr;
  const int best = av_find_best_stream(f, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (best >= 0 && (f->streams[best]->disposition & AV_DISPOSITION_ATTACHED_PIC) == 0)
    video_ = f->streams[best];
  const int sound = av_find_best_stream(f, AVMEDIA_TYPE_AUDIO, -1, best, nullptr, 0);
  if (sound >= 0)
    audio_ = f->streams[sound];
  if (!video_ && !audio_)
    return fail(ErrorCode::Corrupt,
                fmt::format("“{}” holds neither a picture nor sound (it looks like {}). {}", nameOf(path_),
                            f->iformat->long_name ? f->iformat->long_name : f->iformat->name, kNotMedia),
                path_.string());
  for (unsigned i = 0; i < f->nb_streams; ++i)
    if (f->streams[i] != video_ && f->streams[i] != audio_)
      f->streams[i]->discard = AVDISCARD_ALL;
  return {};
}

Result<void> Input::rewind() {
  const AVStream* first = video_ ? video_ : audio_;
  // Only containers with an index of their own go back reliably.
  const bool indexed = (format_->iformat->flags & (AVFMT_TS_DISCONT | AVFMT_NOTIMESTAMPS | AVFMT_GENERIC_INDEX)) == 0;
  if (indexed && av_seek_frame(format_.get(), first->index, first->start_time != AV_NOPTS_VALUE ? first->start_time : 0,
                               AVSEEK_FLAG_BACKWARD) >= 0)
    return {};
  format_.reset();
  avio_seek(bytes_->context(), 0, SEEK_SET);
  return openContainer();
}

Result<void> Input::describe() {
  AVFormatContext* f = format_.get();
  info_.container = f->iformat->name;
  info_.fileBytes = bytes_->size();
  std::int64_t ticks = 0;
  const AVStream* first = video_ ? video_ : audio_;
  if (ticksOf(first->start_time, first->time_base, ticks))
    zeroTicks_ = ticks;
  if (video_)
    if (auto done = describeVideo(); !done)
      return done;
  if (audio_)
    describeAudio();
  f = format_.get(); // measuring may have opened it anew
  first = video_ ? video_ : audio_;

  info_.kind = video_ ? (still_ ? MediaKind::Picture : MediaKind::Video) : MediaKind::Audio;
  if (info_.kind == MediaKind::Video && info_.container == "gif" && info_.video->frameCount == 1)
    info_.kind = MediaKind::Picture;
  if (info_.kind != MediaKind::Picture) {
    if (ticksOf(first->duration, first->time_base, ticks) && ticks > 0)
      info_.duration = {ticks};
    else if (ticksOf(f->duration, AVRational{1, AV_TIME_BASE}, ticks) && ticks > 0)
      info_.duration = {ticks};
    if (video_ && info_.duration.ticks == 0 && info_.video->frameCount && info_.video->frameRate.isValid())
      info_.duration = info_.video->frameRate.timeOf(*info_.video->frameCount) - Time{};
  }
  return {};
}

Result<void> Input::describeVideo() {
  const AVCodecParameters& p = *video_->codecpar;
  VideoInfo video;
  video.codec = avcodec_get_name(p.codec_id);
  Size stored{p.width, p.height};
  ColorTags tags = tagsOf(p);
  AVRational aspect = av_guess_sample_aspect_ratio(format_.get(), video_, nullptr);
  if (still_) {
    auto frame = decodeStill(*this);
    if (!frame)
      return fail(frame);
    stored = {(*frame)->width, (*frame)->height};
    tags = tagsOf(**frame);
    orientation_ = orientationOfFrame(**frame);
    aspect = {1, 1}; // pictures give print densities there
    video.frameCount = 1;
  } else {
    if (const std::uint8_t* data = av_stream_get_side_data(video_, AV_PKT_DATA_DISPLAYMATRIX, nullptr)) {
      std::int32_t matrix[9];
      std::memcpy(matrix, data, sizeof matrix);
      orientation_ = orientationOfMatrix(matrix);
    }
    if (auto measured = measureFrames(video); !measured)
      return measured;
  }
  if (stored.isEmpty())
    return fail(ErrorCode::Corrupt,
                fmt::format("“{}” does not say how large its pictures are. {}", nameOf(path_), kNotMedia),
                path_.string());
  Size square = stored;
  const double ratio = aspect.num > 0 && aspect.den > 0 ? av_q2d(aspect) : 1;
  if (ratio > 1 && ratio <= 8)
    square.width = static_cast<std::int32_t>(std::lround(stored.width * ratio));
  else if (ratio < 1 && ratio >= 1. / 8)
    square.height = static_cast<std::int32_t>(std::lround(stored.height / ratio));
  for (const Size size : {stored, square})
    if (size.width > kMaxImageSide || size.height > kMaxImageSide || size.area() > kMaxImageArea)
      return fail(ErrorCode::InvalidArgument,
                  fmt::format("“{}” has pictures of {}×{} pixels; at most {} a side and {} million in all can be "
                              "opened. Scale it down with another program, or check whether it is damaged.",
                              nameOf(path_), size.width, size.height, kMaxImageSide, kMaxImageArea >> 20),
                  path_.string());
  const char* formatName = av_get_pix_fmt_name(tags.format);
  video.pixelFormat = formatName ? formatName : "unknown";
  video.storedSize = stored;
  video.size = orientation_.apply(square);
  video.rotationDegrees = orientation_.rotationDegrees;
  video.mirrored = orientation_.mirrored;
  video.bitDepth = bitDepthOf(tags.format);
  video.hasAlpha = hasAlpha(tags.format);
  video.color = colorOf(tags, stored.height, &video.colorGuessed);
  info_.video = std::move(video);
  return {};
}

Result<void> Input::measureFrames(VideoInfo& video) {
  AVFormatContext* f = format_.get();
  const FrameRate mean = snapped(rateOf(video_->avg_frame_rate));
  const FrameRate nominal = snapped(rateOf(video_->r_frame_rate));
  video.frameRate = mean.isValid() ? mean : nominal.isValid() ? nominal : FrameRate{25, 1};
  if (video_->nb_frames > 0)
    video.frameCount = video_->nb_frames;
  if (isCounted())
    return {};

  // Time stamps of the first frames, in order of presentation.
  std::vector<std::int64_t> ticks;
  const PacketPtr packet(av_packet_alloc());
  if (!packet)
    return fail(ErrorCode::OutOfMemory, fmt::format("No memory to open “{}”.", nameOf(path_)), path_.string());
  bool whole = false;
  bool decodeOrderOnly = false;
  std::int64_t unit = 1;
  (void)ticksOf(1, video_->time_base, unit);
  for (int read = 0; read < 16 * kMeasuredFrames && static_cast<int>(ticks.size()) < kMeasuredFrames; ++read) {
    const int code = av_read_frame(f, packet.get());
    if (code < 0) {
      whole = code == AVERROR_EOF;
      break;
    }
    std::int64_t t = 0;
    if (packet->stream_index == video_->index && (packet->flags & AV_PKT_FLAG_DISCARD) == 0 &&
        ticksOf(packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts, video_->time_base, t)) {
      decodeOrderOnly = decodeOrderOnly || (ticks.empty() && packet->pts == AV_NOPTS_VALUE);
      ticks.push_back(t);
    }
    av_packet_unref(packet.get());
  }
  if (auto back = rewind(); !back)
    return back;
  if (decodeOrderOnly) {
    readFirstStamp();
    if (auto back = rewind(); !back)
      return back;
  }
  std::sort(ticks.begin(), ticks.end());
  // The last ones may lack B-frames that come later in the file.
  if (!whole && ticks.size() > 32)
    ticks.resize(ticks.size() - 32);
  if (whole && !video.frameCount)
    video.frameCount = static_cast<std::int64_t>(ticks.size());
  if (ticks.size() < 2)
    return {};
  if (liesOnGrid(ticks, video.frameRate, unit))
    return {};
  if (liesOnGrid(ticks, nominal, unit)) {
    video.frameRate = nominal;
    return {};
  }
  const FrameRate measured =
      snapped(rateOf(av_d2q(static_cast<double>(ticks.size() - 1) * kTicksPerSecond /
                                static_cast<double>(std::max<std::int64_t>(1, ticks.back() - ticks.front())),
                            100'000)));
  if (measured.isValid() && liesOnGrid(ticks, measured, unit)) {
    video.frameRate = measured;
    return {};
  }
  video.variableFrameRate = true;
  if (!video.frameRate.isValid())
    video.frameRate = measured.isValid() ? measured : FrameRate{25, 1};
  return {};
}

// Where packets tell only when they are decoded (AVI), the first frame is shown later than the stream says.
void Input::readFirstStamp() {
  auto codec = openDecoder(*video_, 1);
  const PacketPtr packet(av_packet_alloc());
  const FramePtr frame(av_frame_alloc());
  if (!codec || !packet || !frame)
    return;
  for (int read = 0; read < kMeasuredFrames && av_read_frame(format_.get(), packet.get()) >= 0; ++read) {
    if (packet->stream_index == video_->index)
      avcodec_send_packet(codec->get(), packet.get());
    av_packet_unref(packet.get());
    if (avcodec_receive_frame(codec->get(), frame.get()) == 0) {
      std::int64_t ticks = 0;
      if (ticksOf(frame->best_effort_timestamp, video_->time_base, ticks))
        zeroTicks_ = ticks;
      return;
    }
  }
}

void Input::describeAudio() {
  const AVCodecParameters& p = *audio_->codecpar;
  AudioInfo audio;
  audio.codec = avcodec_get_name(p.codec_id);
  audio.channels = p.ch_layout.nb_channels;
  audio.sampleRate = p.sample_rate;
  std::int64_t ticks = 0;
  if (ticksOf(audio_->duration, audio_->time_base, ticks) && ticks > 0)
    audio.length = {ticks};
  else if (ticksOf(format_->duration, AVRational{1, AV_TIME_BASE}, ticks) && ticks > 0)
    audio.length = {ticks};
  if (ticksOf(audio_->start_time, audio_->time_base, ticks))
    audio.start = {ticks - zeroTicks_};
  info_.audio = std::move(audio);
}

Result<CodecPtr> Input::openDecoder(const AVStream& stream, int threads) const {
  const AVCodec* codec = avcodec_find_decoder(stream.codecpar->codec_id);
  if (!codec)
    return fail(ErrorCode::Unsupported,
                fmt::format("“{}” is stored as {}, for which this build has no decoder. Convert it with another "
                            "program.",
                            nameOf(path_), avcodec_get_name(stream.codecpar->codec_id)),
                path_.string());
  CodecPtr context(avcodec_alloc_context3(codec));
  if (!context || avcodec_parameters_to_context(context.get(), stream.codecpar) < 0)
    return fail(ErrorCode::OutOfMemory, fmt::format("No memory to decode “{}”.", nameOf(path_)), path_.string());
  context->pkt_timebase = stream.time_base;
  context->max_pixels = kMaxImageArea;
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  context->thread_count = threads > 0 ? std::min(threads, 64) : static_cast<int>(std::min(16U, cores));
  if (still_)
    context->thread_count = 1;
  if (const int code = avcodec_open2(context.get(), codec, nullptr); code < 0)
    return avFail(code, "Starting the decoder for", path_, kNotMedia);
  return context;
}

Result<FramePtr> decodeStill(const Input& input) {
  const fs::path& path = input.path();
  const std::int64_t size = input.bytes().size();
  if (size > kLargestStill)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("“{}” is {} MiB large; pictures of at most {} MiB can be opened.", nameOf(path), size >> 20,
                            kLargestStill >> 20),
                path.string());
  AVFormatContext* f = input.format();
  auto codec = input.openDecoder(*f->streams[0], 1);
  if (!codec)
    return fail(codec);
  // A damaged picture is an error, not a half grey one. TIFF calls unknown tags damage, too.
  const AVCodecID id = (*codec)->codec_id;
  if (id == AV_CODEC_ID_PNG || id == AV_CODEC_ID_MJPEG || id == AV_CODEC_ID_WEBP)
    (*codec)->err_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE;
  const PacketPtr packet(av_packet_alloc());
  FramePtr frame(av_frame_alloc());
  if (!packet || !frame || av_new_packet(packet.get(), static_cast<int>(size)) < 0)
    return fail(ErrorCode::OutOfMemory, fmt::format("No memory to read “{}”.", nameOf(path)), path.string());
  avio_seek(input.bytes().context(), 0, SEEK_SET);
  if (avio_read(input.bytes().context(), packet->data, packet->size) != packet->size)
    return fail(ErrorCode::Io, fmt::format("Reading “{}” failed: it ended early.", nameOf(path)), path.string());
  packet->flags |= AV_PKT_FLAG_KEY;
  int code = avcodec_send_packet(codec->get(), packet.get());
  if (code >= 0)
    code = avcodec_send_packet(codec->get(), nullptr);
  if (code >= 0)
    code = avcodec_receive_frame(codec->get(), frame.get());
  if (code < 0) {
    const Size said{(*codec)->width, (*codec)->height};
    if (said.width > kMaxImageSide || said.height > kMaxImageSide || said.area() > kMaxImageArea)
      return fail(ErrorCode::InvalidArgument,
                  fmt::format("“{}” says that it has {}×{} pixels; at most {} a side and {} million in all can be "
                              "opened. Scale it down with another program, or check whether it is damaged.",
                              nameOf(path), said.width, said.height, kMaxImageSide, kMaxImageArea >> 20),
                  path.string());
    return avFail(code == AVERROR_EOF ? AVERROR_INVALIDDATA : code, "Decoding the picture", path, kNotMedia);
  }
  return frame;
}

} // namespace kinora::media
