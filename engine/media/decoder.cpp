// SPDX-License-Identifier: Apache-2.0
#include "engine/media/decoder.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <utility>

#include <fmt/format.h>

#include "engine/media/image_file.h"
#include "engine/media/input_p.h"
#include "engine/media/sequence_p.h"
#include "kernels/resize.h"
#include "kernels/views.h"

namespace kinora::media {
namespace {

namespace fs = std::filesystem;

// So many damaged packets in a row, and the file is given up.
constexpr std::int64_t kMostDamagedInARow = 2000;
// A seek that lands behind its target tries again from so much earlier, doubling.
constexpr Duration kFirstStepBack{kTicksPerSecond};
// Targets that lie so little ahead are reached by decoding on.
constexpr Duration kDecodeOn{kTicksPerSecond / 2};

Size fittedInto(Size size, Size box) {
  if (box.isEmpty() || (size.width <= box.width && size.height <= box.height))
    return size;
  const double scale =
      std::min(static_cast<double>(box.width) / size.width, static_cast<double>(box.height) / size.height);
  const auto side = [scale](std::int32_t s) { return std::max(1, static_cast<std::int32_t>(std::lround(s * scale))); };
  return {side(size.width), side(size.height)};
}

Result<Image> resized(const Image& image, Size size, const WorkerPool& pool) {
  if (image.size() == size)
    return image;
  auto made = MutableImage::allocate(image.format(), size);
  if (!made)
    return fail(made);
  if (image.format() == PixelFormat::Rgba16F)
    kernels::resize(kernels::view<kernels::Rgba16F>(image), kernels::view<kernels::Rgba16F>(*made), {}, pool);
  else
    kernels::resize(kernels::view<kernels::Rgba8>(image), kernels::view<kernels::Rgba8>(*made), {}, pool);
  return std::move(*made).freeze(image.time(), image.color());
}

// A frame, decoded or converted already, and where it lies on the file's time line. Neither: the end.
struct Timed {
  FramePtr frame;
  Image image;
  Time time;

  [[nodiscard]] bool isEnd() const { return !frame && image.isNull(); }
};

} // namespace

struct Decoder::State {
  fs::path path;
  DecoderOptions options;
  MediaInfo info;
  Size outputSize;
  PoolRef pool;

  // Moving pictures
  std::unique_ptr<Input> input;
  CodecPtr codec;
  PacketPtr packet;
  FrameReader reader;
  std::deque<Timed> ready;    // found by a seek, next() gives these first
  std::optional<Timed> shown; // what next() gave last
  std::optional<Time> last;   // of the frame decoded last
  // After a jump into the stream: packets up to a key frame are passed over, and so are the frames shown before that
  // one, which refer to frames that were not decoded (leading frames of an open GOP).
  bool fromStart = true;
  bool awaitsKey = false;
  std::int64_t keyStamp = AV_NOPTS_VALUE;
  bool atEnd = false;
  bool decodedOne = false;
  std::int64_t damaged = 0;
  std::int64_t damagedInARow = 0;
  int readError = 0;

  // Pictures and numbered sequences
  std::optional<SequencePattern> pattern;
  std::int64_t firstNumber = 0;
  std::int64_t count = 0; // frames of the sequence; 1 for a picture; 0 for moving pictures
  std::int64_t position = 0;
  Image still;

  explicit State(const DecoderOptions& o) : options(o), pool(o.pool), reader(o.depth, o.pool) {}

  [[nodiscard]] FrameRate rate() const { return info.video->frameRate; }

  // Time of a decoded frame: from its stamp, on the grid of a constant rate, and later than the one before.
  Time timeOf(const AVFrame& frame) {
    const Duration step = rate().frameDuration();
    std::int64_t ticks = 0;
    Time time = last ? *last + step : Time{};
    if (!input->isCounted() && ticksOf(frame.best_effort_timestamp, input->video()->time_base, ticks)) {
      time = Time{ticks - input->zeroTicks()};
      if (!info.video->variableFrameRate) {
        const auto n = static_cast<std::int64_t>(std::llround(time.seconds() * rate().hertz()));
        const Time onGrid = rate().timeOf(std::max<std::int64_t>(0, n));
        if (std::abs((onGrid - time).ticks) * 4 < step.ticks || time < Time{})
          time = onGrid;
      }
    }
    if (last && time <= *last)
      time = info.video->variableFrameRate ? *last + Duration{1} : rate().timeOf(rate().frameAt(*last) + 1);
    last = time;
    return time;
  }

  Error nothingDecoded() const {
    return {ErrorCode::Corrupt,
            fmt::format("Not one frame of “{}” could be decoded. It may be damaged or incomplete; make it again.",
                        path.filename().string()),
            path.string()};
  }

  // The next frame of the stream; a null frame at the end.
  Result<Timed> decode(const std::stop_token& stop) {
    FramePtr frame(av_frame_alloc());
    if (!frame)
      return fail(ErrorCode::OutOfMemory, fmt::format("No memory to decode “{}”.", path.filename().string()),
                  path.string());
    for (;;) {
      if (stop.stop_requested())
        return fail(ErrorCode::Cancelled, fmt::format("Decoding “{}” was cancelled.", path.filename().string()));
      const int code = avcodec_receive_frame(codec.get(), frame.get());
      if (code == 0) {
        decodedOne = true;
        damagedInARow = 0;
        if (keyStamp != AV_NOPTS_VALUE) {
          if (frame->best_effort_timestamp == AV_NOPTS_VALUE || frame->best_effort_timestamp < keyStamp) {
            av_frame_unref(frame.get());
            continue;
          }
          keyStamp = AV_NOPTS_VALUE;
        }
        const Time time = timeOf(*frame);
        return Timed{std::move(frame), {}, time};
      }
      if (code == AVERROR_EOF) {
        atEnd = true;
        if (readError != 0)
          return avFail(readError, "Reading", path, "Check the disk or the network share that it lies on.");
        if (!decodedOne && fromStart)
          return tl::unexpected<Error>(nothingDecoded());
        return Timed{};
      }
      if (code != AVERROR(EAGAIN)) {
        if (auto lost = noteDamage(); !lost)
          return fail(lost);
        if (!atEnd)
          continue;
        return decodedOne ? Result<Timed>(Timed{}) : Result<Timed>(tl::unexpected<Error>(nothingDecoded()));
      }
      if (auto fed = feed(); !fed)
        return fail(fed);
    }
  }

  Result<void> noteDamage() {
    ++damaged;
    if (++damagedInARow > kMostDamagedInARow) {
      atEnd = true;
      if (!decodedOne)
        return tl::unexpected<Error>(nothingDecoded());
    }
    return {};
  }

  // Sends one packet of the stream (or the end of it) to the decoder.
  Result<void> feed() {
    for (;;) {
      const int code = av_read_frame(input->format(), packet.get());
      if (code < 0) {
        if (code != AVERROR_EOF && input->bytes().systemError() != 0)
          readError = AVERROR(input->bytes().systemError());
        avcodec_send_packet(codec.get(), nullptr);
        return {};
      }
      bool ours = packet->stream_index == input->video()->index;
      if (ours && awaitsKey) {
        const std::int64_t stamp = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
        ours = (packet->flags & AV_PKT_FLAG_KEY) != 0 && stamp != AV_NOPTS_VALUE;
        if (ours) {
          awaitsKey = false;
          keyStamp = stamp;
        }
      }
      const int sent = ours ? avcodec_send_packet(codec.get(), packet.get()) : 0;
      av_packet_unref(packet.get());
      if (!ours)
        continue;
      if (sent == AVERROR(ENOMEM))
        return fail(ErrorCode::OutOfMemory, fmt::format("No memory to decode “{}”.", path.filename().string()),
                    path.string());
      if (sent < 0)
        if (auto lost = noteDamage(); !lost || atEnd)
          return lost;
      return {};
    }
  }

  // Places the stream so that frames from about `time` on are decoded next; its start for 0.
  Result<void> jumpTo(Time time) {
    bool jumped = false;
    if (time > Time{} && !input->isCounted()) {
      const std::int64_t stamp = av_rescale_q(time.ticks + input->zeroTicks(), {1, static_cast<int>(kTicksPerSecond)},
                                              input->video()->time_base);
      jumped = av_seek_frame(input->format(), input->video()->index, stamp, AVSEEK_FLAG_BACKWARD) >= 0;
    }
    if (!jumped)
      if (auto back = input->rewind(); !back)
        return back;
    avcodec_flush_buffers(codec.get());
    fromStart = !jumped;
    awaitsKey = jumped;
    keyStamp = AV_NOPTS_VALUE;
    ready.clear();
    shown.reset();
    last.reset();
    atEnd = false;
    damagedInARow = 0;
    return {};
  }

  // Decodes on until the frame shown at target is known; held: the best one so far. False when the first frame that
  // came is already behind the target.
  Result<bool> advanceTo(Time target, Timed held, const std::stop_token& stop) {
    while (!atEnd) {
      auto next = decode(stop);
      if (!next)
        return fail(next);
      if (next->isEnd())
        break;
      if (next->time > target) {
        const bool found = !held.isEnd();
        if (found)
          ready.push_back(std::move(held));
        ready.push_back(std::move(*next));
        return found;
      }
      held = std::move(*next);
    }
    if (held.isEnd())
      return false;
    ready.push_back(std::move(held)); // the last frame of the file
    return true;
  }

  Result<void> seekMoving(Time target, const std::stop_token& stop) {
    auto done = trySeek(target, stop);
    if (!done) { // what was decoded on the way is lost
      ready.clear();
      shown.reset();
    }
    return done;
  }

  Result<void> trySeek(Time target, const std::stop_token& stop) {
    if (shown && shown->time <= target) {
      Timed held{nullptr, shown->image, shown->time};
      while (!ready.empty() && ready.front().time <= target) {
        held = std::move(ready.front());
        ready.pop_front();
      }
      if (!ready.empty()) {
        ready.push_front(std::move(held));
        return {};
      }
      if (atEnd || target - *last < kDecodeOn) {
        auto found = advanceTo(target, std::move(held), stop);
        return found ? Result<void>() : fail(found);
      }
    }
    Duration back{};
    for (Duration step = kFirstStepBack;; step = step * 2) {
      const Time from = std::max(Time{}, target - back);
      if (auto jumped = jumpTo(from); !jumped)
        return jumped;
      auto found = advanceTo(target, {}, stop);
      if (!found)
        return fail(found);
      if (*found || fromStart)
        return {};
      back = back + step;
    }
  }

  Result<std::optional<Image>> nextMoving(const std::stop_token& stop) {
    Timed timed;
    if (!ready.empty()) {
      timed = std::move(ready.front());
      ready.pop_front();
    } else if (!atEnd) {
      auto next = decode(stop);
      if (!next)
        return fail(next);
      timed = std::move(*next);
    }
    if (timed.isEnd())
      return std::optional<Image>();
    if (timed.image.isNull()) {
      auto image = reader.read(*timed.frame, input->orientation(), outputSize, timed.time);
      if (!image)
        return fail(image);
      timed.image = std::move(*image);
    }
    shown = Timed{nullptr, timed.image, timed.time};
    return std::optional(std::move(timed.image));
  }

  Result<std::optional<Image>> nextPicture() {
    if (position >= count)
      return std::optional<Image>();
    const Time time = pattern ? rate().timeOf(position) : Time{};
    if (!pattern && !still.isNull()) {
      ++position;
      return std::optional(still);
    }
    auto image = readImage(pattern ? pattern->file(firstNumber + position) : path, options.depth);
    if (image)
      image = resized(*image, outputSize, pool.get());
    if (!image)
      return fail(image);
    ++position;
    if (!pattern)
      still = *image;
    return std::optional(image->at(time));
  }
};

Decoder::Decoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

Result<Decoder> Decoder::open(const fs::path& path, const DecoderOptions& options) {
  auto state = std::make_unique<State>(options);
  state->path = path;
  state->pattern = parseSequencePattern(path);
  if (state->pattern) {
    auto info = probe(path);
    if (!info)
      return fail(info);
    const auto span = state->pattern->existing();
    state->info = std::move(*info);
    state->firstNumber = span->first;
    state->count = span->count;
    if (options.sequenceRate.isValid()) {
      state->info.video->frameRate = options.sequenceRate;
      state->info.duration = options.sequenceRate.timeOf(span->count) - Time{};
    }
  } else {
    auto input = Input::open(path);
    if (!input)
      return fail(input);
    state->info = (*input)->info();
    if (!state->info.video)
      return fail(ErrorCode::Corrupt,
                  fmt::format("“{}” has sound but no picture. Choose a video or a picture.", path.filename().string()),
                  path.string());
    if ((*input)->isStill()) {
      state->count = 1;
    } else {
      auto codec = (*input)->openDecoder(*(*input)->video(), options.threads);
      if (!codec)
        return fail(codec);
      state->codec = std::move(*codec);
      state->packet.reset(av_packet_alloc());
      if (!state->packet)
        return fail(ErrorCode::OutOfMemory, fmt::format("No memory to open “{}”.", path.filename().string()),
                    path.string());
      state->input = std::move(*input);
    }
  }
  state->outputSize = fittedInto(state->info.video->size, options.fitWithin);
  return Decoder(std::move(state));
}

const MediaInfo& Decoder::info() const {
  return state_->info;
}
Size Decoder::outputSize() const {
  return state_->outputSize;
}
std::int64_t Decoder::damagedPackets() const {
  return state_->damaged;
}

Result<std::optional<Image>> Decoder::next(std::stop_token stop) {
  if (state_->count > 0) {
    if (stop.stop_requested())
      return fail(ErrorCode::Cancelled, fmt::format("Decoding “{}” was cancelled.", state_->path.filename().string()));
    return state_->nextPicture();
  }
  return state_->nextMoving(stop);
}

Result<void> Decoder::seek(Time time, std::stop_token stop) {
  if (state_->count > 0) {
    const std::int64_t frame = state_->pattern ? state_->rate().frameAt(time) : 0;
    state_->position = std::clamp<std::int64_t>(frame, 0, state_->count - 1);
    return {};
  }
  return state_->seekMoving(std::max(time, Time{}), stop);
}

} // namespace kinora::media
