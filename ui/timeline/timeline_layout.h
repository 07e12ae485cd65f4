// SPDX-License-Identifier: Apache-2.0
// Where rows and moments lie on the timeline.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <QRectF>

#include "engine/base/time.h"
#include "engine/document/document.h"

namespace kinora::ui {

enum class TimelineRowKind : std::uint8_t { Lane, Take, Track, Camera };

struct TimelineRow {
  TimelineRowKind kind = TimelineRowKind::Lane;
  document::LanePtr lane;   // kind Lane
  document::TrackPtr track; // kind Track
  double top = 0;           // from the top of all rows
  double height = 0;
};

// What the rows show: the lanes of the document, or one take with its paths.
enum class TimelineContent : std::uint8_t { Lanes, Motion };

// [gui] Logical pixels of the widget. Rows scroll below the ruler, time scrolls right of the headers.
class TimelineLayout {
 public:
  // scale: of the text (Theme::scale). take and clip are those of Motion; clip null: the take begins at 0.
  void setRows(const document::DocumentPtr& document, TimelineContent content, const document::TakePtr& take,
               const document::ClipPtr& clip, double scale);

  [[nodiscard]] const std::vector<TimelineRow>& rows() const { return rows_; }
  [[nodiscard]] double rowsHeight() const;
  [[nodiscard]] QRectF rowRect(std::size_t row, double width) const; // with its header
  [[nodiscard]] std::optional<std::size_t> rowAt(double y) const;

  [[nodiscard]] double x(Time t) const { return headerWidth + (t.seconds() - left_) * pixelsPerSecond_; }
  [[nodiscard]] Time timeAt(double x) const;
  // Where a moment of the take lies on the timeline.
  [[nodiscard]] Time onTimeline(Time inTake) const { return inTake + takeOffset_; }
  [[nodiscard]] Time inTake(Time onTimeline) const { return onTimeline - takeOffset_; }

  [[nodiscard]] double pixelsPerSecond() const { return pixelsPerSecond_; }
  [[nodiscard]] double leftSeconds() const { return left_; }
  void setView(double pixelsPerSecond, double leftSeconds);
  // Zooms so that the moment at x stays there.
  void zoomAt(double x, double factor);
  void fit(Duration length, double width);

  double headerWidth = 172;
  double rulerHeight = 30;
  double scrollY = 0;

 private:
  std::vector<TimelineRow> rows_;
  Duration takeOffset_;
  double pixelsPerSecond_ = 100;
  double left_ = 0;
};

// Ruler marks: a label every `major`, a line every `minor`; at least the given pixels between labels.
struct RulerStep {
  std::int64_t majorFrames = 1;
  std::int64_t minorFrames = 1;
};
[[nodiscard]] RulerStep rulerStep(FrameRate rate, double pixelsPerSecond, double labelPixels);

// The first clip that ends after t.
[[nodiscard]] std::size_t firstClipAfter(const document::Lane& lane, Time t);

} // namespace kinora::ui
