// SPDX-License-Identifier: Apache-2.0
// The libav* headers, owners for their objects and their errors as ours.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/channel_layout.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
}

#include "engine/base/result.h"
#include "engine/base/time.h"

namespace kinora::media {

struct AvDelete {
  void operator()(AVFrame* p) const { av_frame_free(&p); }
  void operator()(AVPacket* p) const { av_packet_free(&p); }
  void operator()(AVCodecContext* p) const { avcodec_free_context(&p); }
  void operator()(SwsContext* p) const { sws_freeContext(p); }
  void operator()(SwrContext* p) const { swr_free(&p); }
};
using FramePtr = std::unique_ptr<AVFrame, AvDelete>;
using PacketPtr = std::unique_ptr<AVPacket, AvDelete>;
using CodecPtr = std::unique_ptr<AVCodecContext, AvDelete>;
using SwsPtr = std::unique_ptr<SwsContext, AvDelete>;
using SwrPtr = std::unique_ptr<SwrContext, AvDelete>;

class Dictionary {
 public:
  Dictionary() = default;
  ~Dictionary() { av_dict_free(&dictionary_); }
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;
  void set(const char* key, const std::string& value) { av_dict_set(&dictionary_, key, value.c_str(), 0); }
  void set(const char* key, std::int64_t value) { av_dict_set_int(&dictionary_, key, value, 0); }
  [[nodiscard]] AVDictionary** get() { return &dictionary_; }
  // Key that the receiver did not know, or null.
  [[nodiscard]] const char* leftOver() const {
    const AVDictionaryEntry* entry = av_dict_get(dictionary_, "", nullptr, AV_DICT_IGNORE_SUFFIX);
    return entry ? entry->key : nullptr;
  }

 private:
  AVDictionary* dictionary_ = nullptr;
};

// Sends libav's own lines to our log (category "ffmpeg", level debug) instead of to stderr.
void routeFfmpegLog();

[[nodiscard]] ErrorCode avErrorCode(int code);
[[nodiscard]] std::string avErrorText(int code);
// "{doing} “{name}” failed: {FFmpeg's reason}. {advice}"
[[nodiscard]] tl::unexpected<Error> avFail(int code, std::string_view doing, const std::filesystem::path& path,
                                           std::string_view advice = {});

// A point on a stream's clock as ticks; false when there is none or it is absurd (more than 30 years away).
[[nodiscard]] bool ticksOf(std::int64_t timestamp, AVRational base, std::int64_t& ticks);

} // namespace kinora::media
