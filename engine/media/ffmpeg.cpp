// SPDX-License-Identifier: Apache-2.0
#include "engine/media/ffmpeg_p.h"

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <mutex>

#include <fmt/format.h>

#include "engine/base/log.h"

namespace kinora::media {
namespace {

void logLine(void*, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_WARNING || !log::enabled(log::Level::Debug))
    return;
  std::array<char, 512> text{};
  std::vsnprintf(text.data(), text.size(), format, arguments);
  std::string_view line(text.data());
  while (!line.empty() && line.back() == '\n')
    line.remove_suffix(1);
  log::write(log::Level::Debug, "ffmpeg", line);
}

} // namespace

void routeFfmpegLog() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_callback(logLine); });
}

ErrorCode avErrorCode(int code) {
  switch (code) {
  case AVERROR(ENOMEM):
    return ErrorCode::OutOfMemory;
  case AVERROR(ENOENT):
    return ErrorCode::NotFound;
  case AVERROR_EXIT:
    return ErrorCode::Cancelled;
  case AVERROR_DECODER_NOT_FOUND:
  case AVERROR_ENCODER_NOT_FOUND:
  case AVERROR_DEMUXER_NOT_FOUND:
  case AVERROR_MUXER_NOT_FOUND:
  case AVERROR_PATCHWELCOME:
  case AVERROR(ENOSYS):
    return ErrorCode::Unsupported;
  case AVERROR_INVALIDDATA:
  case AVERROR_EOF:
  case AVERROR_STREAM_NOT_FOUND:
  case AVERROR(EINVAL):
  case AVERROR(ERANGE):
    return ErrorCode::Corrupt;
  default:
    return ErrorCode::Io;
  }
}

std::string avErrorText(int code) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(code, text.data(), text.size());
  return text.data();
}

tl::unexpected<Error> avFail(int code, std::string_view doing, const std::filesystem::path& path,
                             std::string_view advice) {
  return fail(avErrorCode(code),
              fmt::format("{} “{}” failed: {}.{}{}", doing, path.filename().string(), avErrorText(code),
                          advice.empty() ? "" : " ", advice),
              path.string());
}

bool ticksOf(std::int64_t timestamp, AVRational base, std::int64_t& ticks) {
  constexpr std::int64_t kFarAway = std::int64_t{1'000'000'000} * kTicksPerSecond;
  if (timestamp == AV_NOPTS_VALUE || base.num <= 0 || base.den <= 0)
    return false;
  const std::int64_t value = av_rescale_q(timestamp, base, {1, static_cast<int>(kTicksPerSecond)});
  if (value < -kFarAway || value > kFarAway)
    return false;
  ticks = value;
  return true;
}

} // namespace kinora::media
