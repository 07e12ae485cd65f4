// SPDX-License-Identifier: Apache-2.0
// An opened container: its streams, its clock and what MediaInfo says about it. Shared by probe, decoder and sound
// reader.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "engine/media/color_p.h"
#include "engine/media/ffmpeg_p.h"
#include "engine/media/pixels_p.h"
#include "engine/media/probe.h"

namespace kinora::media {

// Bytes of one local file for libav. Nothing else can be opened through it: playlists that name other files or servers
// stay unread.
class FileBytes {
 public:
  static Result<std::unique_ptr<FileBytes>> open(const std::filesystem::path& path);
  ~FileBytes();
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  [[nodiscard]] AVIOContext* context() const { return io_; }
  [[nodiscard]] std::int64_t size() const { return size_; }
  // errno of the last read that the system refused; 0 when none.
  [[nodiscard]] int systemError() const { return systemError_; }

 private:
  FileBytes() = default;
  static int read(void* self, std::uint8_t* to, int count);
  static std::int64_t seek(void* self, std::int64_t offset, int whence);

  int fd_ = -1;
  std::int64_t position_ = 0;
  std::int64_t size_ = 0;
  int systemError_ = 0;
  AVIOContext* io_ = nullptr;
};

struct FormatDelete {
  void operator()(AVFormatContext* p) const { avformat_close_input(&p); }
};

class Input {
 public:
  // Opens, finds the streams and fills info(). Errors: as probe().
  static Result<std::unique_ptr<Input>> open(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const MediaInfo& info() const { return info_; }
  [[nodiscard]] AVFormatContext* format() const { return format_.get(); }
  [[nodiscard]] FileBytes& bytes() const { return *bytes_; }
  // Null when there is none.
  [[nodiscard]] AVStream* video() const { return video_; }
  [[nodiscard]] AVStream* audio() const { return audio_; }
  [[nodiscard]] Orientation orientation() const { return orientation_; }
  // Ticks on the containers' clock that are 0 on the time line of MediaInfo.
  [[nodiscard]] std::int64_t zeroTicks() const { return zeroTicks_; }
  // A still picture: decode the whole file as one packet.
  [[nodiscard]] bool isStill() const { return still_; }
  // The container has no clock (raw streams): frames are counted, and only the start can be found again.
  [[nodiscard]] bool isCounted() const { return (format_->iformat->flags & AVFMT_NOTIMESTAMPS) != 0; }
  // Back to the first packet. The streams may be other objects afterwards. Errors: as probe().
  [[nodiscard]] Result<void> rewind();
  // Makes a decoder for a stream. threads as in DecoderOptions. Errors: unsupported, outOfMemory, corrupt.
  [[nodiscard]] Result<CodecPtr> openDecoder(const AVStream& stream, int threads) const;

 private:
  Input() = default;
  Result<void> openContainer();
  Result<void> chooseStreams();
  void readFirstStamp();
  Result<void> describe();
  Result<void> describeVideo();
  void describeAudio();
  Result<void> measureFrames(VideoInfo& video);

  std::filesystem::path path_;
  std::unique_ptr<FileBytes> bytes_; // outlives format_
  std::unique_ptr<AVFormatContext, FormatDelete> format_;
  AVStream* video_ = nullptr;
  AVStream* audio_ = nullptr;
  Orientation orientation_;
  std::int64_t zeroTicks_ = 0;
  bool still_ = false;
  MediaInfo info_;
};

// Reads all of a still picture and decodes it. Errors as readImage.
[[nodiscard]] Result<FramePtr> decodeStill(const Input& input);

} // namespace kinora::media
