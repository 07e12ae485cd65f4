// SPDX-License-Identifier: Apache-2.0
// Frames of a video, a picture or a numbered sequence as RGBA images, one after another or from any exact time. Hides
// demuxing, B-frames, missing time stamps, rotation, pixel aspect and every pixel format.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>

#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/base/time.h"
#include "engine/base/worker_pool.h"
#include "engine/media/probe.h"

namespace kinora::media {

enum class OutputDepth : std::uint8_t {
  Eight,   // always Rgba8; linear light (EXR) is put through the sRGB curve and clamped
  AsSource // Rgba8 for sources of 8 bit, Rgba16F for deeper ones
};

struct DecoderOptions {
  OutputDepth depth = OutputDepth::Eight;
  // Pictures are scaled down, shape kept, to fit into this size; empty = full size. For thumbnails and proxies.
  Size fitWithin;
  // Frame rate of a numbered sequence of pictures; other files know theirs.
  FrameRate sequenceRate{24, 1};
  int threads = 0;                  // of the codec; 0 = one per core, at most 16
  const WorkerPool* pool = nullptr; // for colour conversion; not owned, outlives the decoder; none = calling thread
};

// Used by one thread at a time ([decode], or [any] in tools); different decoders are independent.
//
// Images are straight-alpha RGBA, matrix Rgb, range Full; the values keep the primaries and the transfer of the file,
// which stand in Image::color(). Image::time() is exact: counted from the first frame, on the grid of the frame rate
// when that is constant, so that FrameRate::frameAt(image.time()) is the frame's number.
class Decoder {
 public:
  // path: a file, or a pattern with one %d or %05d in its name for a numbered sequence without gaps.
  // Errors: as probe(), and corrupt when the file has sound but no picture.
  [[nodiscard]] static Result<Decoder> open(const std::filesystem::path& path, const DecoderOptions& options = {});
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  [[nodiscard]] const MediaInfo& info() const;
  // Size of the images that next() gives.
  [[nodiscard]] Size outputSize() const;

  // The next frame in order of presentation; nothing after the last one. Times grow strictly, whatever the file says;
  // packets that cannot be decoded are passed over and counted. Errors: cancelled (stop asked; the call may be
  // repeated), corrupt (not one frame could be decoded), io, outOfMemory.
  [[nodiscard]] Result<std::optional<Image>> next(std::stop_token stop = {});
  // The next call of next() returns the frame that is shown at time: the last one whose time is not after it; the first
  // frame before the start, the last frame behind the end. Exact for B-frames, open GOPs and variable rates. Errors:
  // io, cancelled, corrupt.
  [[nodiscard]] Result<void> seek(Time time, std::stop_token stop = {});

  // Packets passed over so far because they were damaged.
  [[nodiscard]] std::int64_t damagedPackets() const;

 private:
  struct State;
  explicit Decoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

} // namespace kinora::media
