// SPDX-License-Identifier: Apache-2.0
#include "ui/timeline/timeline_layout.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace kinora::ui {
namespace {

constexpr double kLeastPixelsPerSecond = 0.02;
constexpr double kMostPixelsPerSecond = 4800;
constexpr double kRoomRight = 0.04; // share of the width left free by fit()

} // namespace

void TimelineLayout::setRows(const document::DocumentPtr& document, TimelineContent content,
                             const document::TakePtr& take, const document::ClipPtr& clip, double scale) {
  rows_.clear();
  takeOffset_ = clip ? clip->start - (Time{} + clip->sourceIn) : Duration{};
  headerWidth = 172 * scale;
  rulerHeight = (content == TimelineContent::Lanes ? 30 : 24) * scale;
  double top = 0;
  const auto add = [&](TimelineRow row, double height) {
    row.top = top;
    row.height = height * scale;
    top += row.height;
    rows_.push_back(std::move(row));
  };
  if (content == TimelineContent::Lanes) {
    for (const document::LanePtr& lane : document->lanes)
      add({TimelineRowKind::Lane, lane, nullptr, 0, 0}, lane->kind == document::LaneKind::Picture ? 46 : 40);
    return;
  }
  if (!take)
    return;
  add({TimelineRowKind::Take, nullptr, nullptr, 0, 0}, 30);
  for (const document::TrackPtr& track : take->tracks)
    if (track->kind == document::TrackKind::Path)
      add({TimelineRowKind::Track, nullptr, track, 0, 0}, 28);
  if (!take->camera.empty())
    add({TimelineRowKind::Camera, nullptr, nullptr, 0, 0}, 34);
}

double TimelineLayout::rowsHeight() const {
  return rows_.empty() ? 0 : rows_.back().top + rows_.back().height;
}

QRectF TimelineLayout::rowRect(std::size_t row, double width) const {
  return {0, rulerHeight + rows_[row].top - scrollY, width, rows_[row].height};
}

std::optional<std::size_t> TimelineLayout::rowAt(double y) const {
  if (y < rulerHeight)
    return std::nullopt;
  const double inRows = y - rulerHeight + scrollY;
  const auto after = std::upper_bound(rows_.begin(), rows_.end(), inRows,
                                      [](double v, const TimelineRow& row) { return v < row.top; });
  if (after == rows_.begin() || inRows >= rowsHeight())
    return std::nullopt;
  return static_cast<std::size_t>(after - rows_.begin()) - 1;
}

Time TimelineLayout::timeAt(double x) const {
  return Time::fromSeconds(left_ + (x - headerWidth) / pixelsPerSecond_);
}

void TimelineLayout::setView(double pixelsPerSecond, double leftSeconds) {
  pixelsPerSecond_ = std::clamp(pixelsPerSecond, kLeastPixelsPerSecond, kMostPixelsPerSecond);
  left_ = std::max(leftSeconds, -8 / pixelsPerSecond_);
}

void TimelineLayout::zoomAt(double x, double factor) {
  const double seconds = left_ + (x - headerWidth) / pixelsPerSecond_;
  const double next = std::clamp(pixelsPerSecond_ * factor, kLeastPixelsPerSecond, kMostPixelsPerSecond);
  setView(next, seconds - (x - headerWidth) / next);
}

void TimelineLayout::fit(Duration length, double width) {
  const double room = std::max(40.0, (width - headerWidth) * (1 - kRoomRight));
  const double pixels = room / std::max(length.seconds(), 0.04);
  setView(pixels, -8 / pixels);
}

RulerStep rulerStep(FrameRate rate, double pixelsPerSecond, double labelPixels) {
  const double hertz = std::max(rate.hertz(), 1.0);
  const auto second = std::max<std::int64_t>(1, std::llround(hertz));
  const double framePixels = pixelsPerSecond / hertz;
  for (const std::int64_t frames : {std::int64_t{1}, std::int64_t{2}, second / 4, second / 2})
    if (frames > 0 && static_cast<double>(frames) * framePixels >= labelPixels)
      return {frames, 1};
  for (const std::int64_t seconds :
       std::array<std::int64_t, 16>{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 18000, 36000})
    if (static_cast<double>(seconds) * pixelsPerSecond >= labelPixels || seconds == 36000) {
      const std::int64_t major = seconds * second;
      for (const std::int64_t parts : {24, 12, 10, 5, 4, 2})
        if (major % parts == 0 && static_cast<double>(major) * framePixels / static_cast<double>(parts) >= 7)
          return {major, major / parts};
      return {major, major};
    }
  return {};
}

std::size_t firstClipAfter(const document::Lane& lane, Time t) {
  const auto found = std::partition_point(lane.clips.begin(), lane.clips.end(),
                                          [t](const document::ClipPtr& clip) { return clip->range().end() <= t; });
  return static_cast<std::size_t>(found - lane.clips.begin());
}

} // namespace kinora::ui
