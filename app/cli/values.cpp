// SPDX-License-Identifier: Apache-2.0
#include "app/cli/values.h"

#include <array>
#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>
#include <string>

#include <fmt/format.h>

namespace kinora::cli {
namespace {

constexpr std::int32_t kLargestSide = 16'384;

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty())
    return std::nullopt;
  if constexpr (std::is_floating_point_v<Number>)
    if (!std::isfinite(value))
      return std::nullopt;
  return value;
}

tl::unexpected<Error> refused(std::string_view text, std::string_view wanted) {
  return fail(ErrorCode::InvalidArgument, fmt::format("“{}” cannot be understood: write {}.", text, wanted));
}

// First tick of what a range's end names, and the first tick after it.
struct Named {
  Time begin;
  Time end;
};

std::optional<Named> namedTime(std::string_view text, FrameRate rate) {
  if (text.find(':') != std::string_view::npos) {
    std::array<std::int64_t, 4> part{};
    for (std::size_t i = 0; i < part.size(); ++i) {
      const auto colon = text.find(':');
      const auto value = number<std::int64_t>(text.substr(0, colon));
      if (!value || *value < 0 || *value > 1'000'000 || (colon == std::string_view::npos) != (i == 3))
        return std::nullopt;
      part[i] = *value;
      text.remove_prefix(colon == std::string_view::npos ? text.size() : colon + 1);
    }
    const auto perSecond = static_cast<std::int64_t>(std::lround(rate.hertz()));
    const Time t = rate.timeOf(((part[0] * 60 + part[1]) * 60 + part[2]) * perSecond + part[3]);
    return Named{t, t};
  }
  if (text.ends_with('s')) {
    const auto seconds = number<double>(text.substr(0, text.size() - 1));
    if (!seconds || *seconds < 0)
      return std::nullopt;
    const Time t = Time::fromSeconds(*seconds);
    return Named{t, t};
  }
  const auto frame = number<std::int64_t>(text);
  if (!frame || *frame < 0 || *frame > 1'000'000'000)
    return std::nullopt;
  return Named{rate.timeOf(*frame), rate.timeOf(*frame + 1)};
}

} // namespace

Result<Size> parseSize(std::string_view text) {
  const auto x = text.find('x');
  const auto width = number<std::int32_t>(text.substr(0, x));
  const auto height = x == std::string_view::npos ? std::nullopt : number<std::int32_t>(text.substr(x + 1));
  if (!width || !height || *width < 2 || *height < 2 || *width > kLargestSide || *height > kLargestSide)
    return refused(text, "a size as WIDTHxHEIGHT with sides from 2 to 16384, such as 512x512");
  return Size{*width, *height};
}

Result<FrameRate> parseFrameRate(std::string_view text) {
  FrameRate rate;
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    const auto num = number<std::int32_t>(text.substr(0, slash));
    const auto den = number<std::int32_t>(text.substr(slash + 1));
    if (!num || !den)
      return refused(text, "a frame rate such as 24, 23.976 or 30000/1001");
    rate = {*num, *den};
  } else {
    const auto value = number<double>(text);
    if (!value || !(*value > 0) || *value > 1000)
      return refused(text, "a frame rate such as 24, 23.976 or 30000/1001");
    // 23.976, 29.97 and 59.94 mean the broadcast rates n·1000/1001.
    const double rounded = std::round(*value);
    if (std::abs(*value - rounded) < 1e-9)
      rate = {static_cast<std::int32_t>(rounded), 1};
    else if (std::abs(*value - std::ceil(*value) * 1000 / 1001) < 5e-3)
      rate = {static_cast<std::int32_t>(std::ceil(*value)) * 1000, 1001};
    else {
      const auto thousandths = static_cast<std::int32_t>(std::lround(*value * 1000));
      const std::int32_t common = std::gcd(thousandths, 1000);
      rate = {thousandths / common, 1000 / common};
    }
  }
  if (!rate.isValid())
    return refused(text, "a frame rate from 0.01 to 1000");
  return rate;
}

Result<runtime::Framing> parseFraming(std::string_view text) {
  if (text == "fit")
    return runtime::Framing::Fit;
  if (text == "fill")
    return runtime::Framing::Fill;
  return refused(text, "fit (all of the picture, black bars) or fill (no bars, cut at the edges)");
}

Result<TimeRange> parseRange(std::string_view text, FrameRate rate) {
  const auto dash = text.find('-');
  const auto begin = namedTime(text.substr(0, dash), rate);
  const auto end = dash == std::string_view::npos ? std::nullopt : namedTime(text.substr(dash + 1), rate);
  if (!begin || !end || end->end <= begin->begin)
    return refused(text, "a range as A-B with frames (0-47), seconds (1.5s-3s) or timecodes (00:00:01:00-00:00:02:00)");
  return TimeRange{begin->begin, end->end - begin->begin};
}

Result<std::vector<Point>> parsePoints(std::string_view text) {
  std::vector<Point> points;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto semicolon = rest.find(';');
    const std::string_view pair = rest.substr(0, semicolon);
    const auto comma = pair.find(',');
    const auto x = number<float>(pair.substr(0, comma));
    const auto y = comma == std::string_view::npos ? std::nullopt : number<float>(pair.substr(comma + 1));
    if (!x || !y)
      return refused(text, "points as \"x,y;x,y\"");
    points.push_back({*x, *y});
    rest.remove_prefix(semicolon == std::string_view::npos ? rest.size() : semicolon + 1);
  }
  if (points.empty())
    return refused(text, "points as \"x,y;x,y\"");
  return points;
}

} // namespace kinora::cli
