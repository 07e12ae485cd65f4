// SPDX-License-Identifier: Apache-2.0
// How the timeline looks.
#include "ui/timeline/timeline_view.h"

#include <algorithm>
#include <cmath>

#include <QPaintEvent>
#include <QPainter>

#include "ui/session/engine_bridge.h"
#include "ui/session/number_label.h"
#include "ui/session/project_session.h"
#include "ui/session/theme.h"
#include "ui/timeline/cache_legend.h"

namespace kinora::ui {
namespace {

constexpr double kTinyClip = 3;    // narrower clips are drawn as one block
constexpr double kLabelRoom = 110; // pixels between labels of the ruler

QColor alpha(QColor colour, double a) {
  colour.setAlphaF(static_cast<float>(a));
  return colour;
}

QString rulerText(Time t, FrameRate rate) {
  const QString whole = QString::fromStdString(timecode(t, rate));
  return t < Time::fromSeconds(3600) ? whole.mid(3) : whole;
}

} // namespace

void TimelineView::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Theme& theme = context_.theme.current();
  painter.fillRect(rect(), theme.color("time.bg"));
  paintRows(painter);
  paintRuler(painter);
  paintTimes(painter);
  if (drag_ == Drag::Marquee && moved_) {
    painter.setPen(QPen(theme.color("accent.base"), 1, Qt::DashLine));
    painter.setBrush(alpha(theme.color("accent.base"), 0.12));
    painter.drawRect(marquee_);
  }
  if (hasFocus() && content_ == TimelineContent::Lanes)
    if (const document::ClipPtr clip = focusedClip()) {
      const QRectF place = clipRect(clip->id).adjusted(-2, -2, 2, 2);
      painter.setClipRect(QRectF(layout_.headerWidth, layout_.rulerHeight, width(), height()));
      painter.setBrush(Qt::NoBrush);
      painter.setPen(QPen(theme.color("focus.ring"), 2));
      painter.drawRoundedRect(place, 4, 4);
    }
}

void TimelineView::paintRuler(QPainter& painter) {
  const Theme& theme = context_.theme.current();
  const double high = layout_.rulerHeight;
  painter.fillRect(QRectF(0, 0, width(), high), theme.color("time.ruler"));
  painter.setPen(theme.color("line.subtle"));
  painter.drawLine(QPointF(0, high - 0.5), QPointF(width(), high - 0.5));
  painter.setFont(theme.font(Theme::Text::Micro));
  painter.setPen(theme.color("text.muted"));
  painter.drawText(QRectF(12, 0, layout_.headerWidth - 16, high), Qt::AlignVCenter,
                   content_ == TimelineContent::Motion ? tr("Motion lanes")
                   : layout_.rows().size() == 1        ? tr("1 lane")
                                                       : tr("%1 lanes").arg(layout_.rows().size()));
  painter.save();
  painter.setClipRect(QRectF(layout_.headerWidth, 0, width() - layout_.headerWidth, high));
  const FrameRate rate = document_->frame.rate;
  const RulerStep step = rulerStep(rate, layout_.pixelsPerSecond(), kLabelRoom * theme.scale());
  std::int64_t frame = std::max<std::int64_t>(0, rate.frameAt(std::max(Time{}, layout_.timeAt(layout_.headerWidth))));
  frame -= frame % step.majorFrames;
  const double bottom = high - 6;
  for (;; frame += step.minorFrames) {
    const double x = layout_.x(rate.timeOf(frame));
    if (x > width())
      break;
    const bool major = frame % step.majorFrames == 0;
    painter.setPen(theme.color(major ? "line.control" : "line.subtle"));
    painter.drawLine(QPointF(x, bottom - (major ? 7 : 4)), QPointF(x, bottom));
    if (major) {
      painter.setPen(theme.color("text.muted"));
      const QFontMetricsF metrics(painter.font(), this);
      drawFixedDigits(painter, {x + 4, (high - 9 + metrics.ascent() - metrics.descent()) / 2},
                      rulerText(rate.timeOf(frame), rate));
    }
  }
  paintCache(painter);
  if (document_->markOut > document_->markIn) {
    const double from = layout_.x(document_->markIn);
    const double to = layout_.x(document_->markOut);
    painter.fillRect(QRectF(from, 0, to - from, high - 6), alpha(theme.color("accent.base"), 0.16));
    painter.fillRect(QRectF(from, 0, 2, high), theme.color("accent.base"));
    painter.fillRect(QRectF(to - 2, 0, 2, high), theme.color("accent.base"));
  }
  painter.setRenderHint(QPainter::Antialiasing);
  for (const document::Marker& marker : document_->markers) {
    const double x = layout_.x(marker.at);
    painter.setPen(QPen(theme.color("time.ruler"), 1));
    painter.setBrush(theme.trackOnPanel(QString::fromStdString(marker.colour)));
    painter.drawPolygon(QPolygonF{{x - 5, 1}, {x + 5, 1}, {x + 5, 8}, {x, 13}, {x - 5, 8}});
  }
  painter.restore();
}

void TimelineView::paintCache(QPainter& painter) {
  const double top = layout_.rulerHeight - 5;
  bool moves = false;
  // Lower lanes first: what covers them is what counts.
  for (auto lane = document_->lanes.rbegin(); lane != document_->lanes.rend(); ++lane) {
    const Time left = layout_.timeAt(layout_.headerWidth);
    for (std::size_t i = firstClipAfter(**lane, left); i < (*lane)->clips.size(); ++i) {
      const document::Clip& clip = *(*lane)->clips[i];
      if (layout_.x(clip.start) > width())
        break;
      const auto known = clip.kind == document::ClipKind::Take ? progress_.find(clip.take) : progress_.end();
      if (known == progress_.end())
        continue;
      const double from = layout_.x(clip.start);
      const double to = layout_.x(clip.range().end());
      const Time origin = clip.start - clip.sourceIn;
      painter.fillRect(QRectF(from, top, to - from, 4), context_.theme.current().color("time.ruler"));
      for (const runtime::TakeProgress::Span& span : known->second.spans) {
        const FrameRate rate = known->second.rate;
        const double a = std::max(from, layout_.x(origin + (rate.timeOf(span.first) - Time{})));
        const double b = std::min(to, layout_.x(origin + (rate.timeOf(span.first + span.count) - Time{})));
        if (b <= a || b < layout_.headerWidth || a > width())
          continue;
        moves = moves || span.state == runtime::SpanState::Generating;
        painter.fillRect(QRectF(a, top, b - a, 4), cacheBrush(context_.theme.current(), span.state, hatchShift_));
      }
    }
  }
  if (moves && context_.theme.motionMs(1) > 0) {
    if (!hatchTimer_.isActive())
      hatchTimer_.start();
  } else {
    hatchTimer_.stop();
  }
}

void TimelineView::paintRows(QPainter& painter) {
  const Theme& theme = context_.theme.current();
  const double right = width() - (down_->isVisible() ? down_->width() : 0);
  const double bottom = height() - (across_->isVisible() ? across_->height() : 0);
  for (std::size_t i = 0; i < layout_.rows().size(); ++i) {
    const TimelineRow& row = layout_.rows()[i];
    const QRectF rect = layout_.rowRect(i, right);
    if (rect.bottom() < layout_.rulerHeight || rect.top() > bottom)
      continue;
    painter.save();
    painter.setClipRect(
        QRectF(layout_.headerWidth, layout_.rulerHeight, right - layout_.headerWidth, bottom - layout_.rulerHeight));
    painter.fillRect(rect, theme.color(i % 2 == 0 ? "time.lane" : "time.laneAlt"));
    switch (row.kind) {
    case TimelineRowKind::Lane:
      paintLane(painter, row, rect);
      break;
    case TimelineRowKind::Take:
      paintTake(painter, rect);
      break;
    case TimelineRowKind::Track:
      paintTrackRow(painter, *row.track, rect);
      break;
    case TimelineRowKind::Camera:
      paintCamera(painter, rect);
      break;
    }
    painter.setPen(theme.color("line.subtle"));
    painter.drawLine(QPointF(0, rect.bottom() - 0.5), QPointF(right, rect.bottom() - 0.5));
    painter.setClipRect(QRectF(0, layout_.rulerHeight, layout_.headerWidth, bottom - layout_.rulerHeight));
    paintHeader(painter, row, QRectF(0, rect.top(), layout_.headerWidth, rect.height()));
    painter.restore();
  }
  painter.setPen(theme.color("line.subtle"));
  painter.drawLine(QPointF(layout_.headerWidth - 0.5, 0), QPointF(layout_.headerWidth - 0.5, bottom));
}

void TimelineView::paintHeader(QPainter& painter, const TimelineRow& row, const QRectF& rect) const {
  const Theme& theme = context_.theme.current();
  const Selection& selection = context_.session.selection().current();
  const bool selected =
      (row.track && selection.has(row.track->id)) || (row.kind == TimelineRowKind::Camera && selection.camera);
  painter.fillRect(rect, theme.color(selected ? "select.bg" : "bg.panel"));
  const QColor text = theme.color(selected ? "select.on" : "text.primary");
  const QColor tint = theme.color(selected ? "select.on" : "text.secondary");
  const int side = theme.px(16);
  const double ratio = devicePixelRatioF();
  const double middle = rect.center().y();
  double x = rect.left() + 12;
  QString name;
  bool enabled = true;
  bool locked = false;
  bool hasToggles = true;
  const char* on = "eye";
  const char* off = "eye-off";
  if (row.kind == TimelineRowKind::Track) {
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.trackOnPanel(QString::fromStdString(row.track->colour)));
    painter.drawRoundedRect(QRectF(x + 1, middle - 5, 14, 10), 3, 3);
    painter.setRenderHint(QPainter::Antialiasing, false);
    name = QString::fromStdString(row.track->name);
    enabled = row.track->enabled;
    locked = row.track->locked;
  } else if (row.kind == TimelineRowKind::Lane) {
    const bool sound = row.lane->kind == document::LaneKind::Sound;
    painter.drawPixmap(QPointF(x, middle - side / 2.0), theme.pixmap(sound ? "waveform" : "film", tint, side, ratio));
    name = QString::fromStdString(row.lane->name);
    enabled = row.lane->enabled;
    locked = row.lane->locked;
    if (sound) {
      on = "speaker";
      off = "mute";
    }
  } else {
    painter.drawPixmap(QPointF(x, middle - side / 2.0),
                       theme.pixmap(row.kind == TimelineRowKind::Take ? "picture" : "camera-rig", tint, side, ratio));
    name = row.kind == TimelineRowKind::Take ? tr("Picture") : tr("Camera");
    hasToggles = false;
  }
  x += side + 8;
  painter.setFont(theme.font(Theme::Text::Small, QFont::DemiBold));
  painter.setPen(enabled ? text : theme.color(selected ? "select.on" : "text.muted"));
  const double room = rect.right() - x - (hasToggles ? 2 * 26 : 8);
  painter.drawText(QRectF(x, rect.top(), room, rect.height()), Qt::AlignVCenter,
                   QFontMetricsF(painter.font()).elidedText(name, Qt::ElideRight, room));
  if (!hasToggles)
    return;
  const QColor faint = theme.color(selected ? "select.on" : "text.disabled");
  painter.drawPixmap(QPointF(rect.right() - 52 + (26 - side) / 2.0, middle - side / 2.0),
                     theme.pixmap(enabled ? on : off, enabled ? tint : faint, side, ratio));
  painter.drawPixmap(QPointF(rect.right() - 28 + (26 - side) / 2.0, middle - side / 2.0),
                     theme.pixmap(locked ? "lock" : "unlock", locked ? text : faint, side, ratio));
}

void TimelineView::paintLane(QPainter& painter, const TimelineRow& row, const QRectF& rect) {
  const Selection& selection = context_.session.selection().current();
  const Theme& theme = context_.theme.current();
  const Time left = layout_.timeAt(layout_.headerWidth);
  if (!row.lane->enabled)
    painter.setOpacity(0.45);
  QRectF block; // neighbouring clips too small to tell apart
  const auto flush = [&] {
    if (!block.isNull())
      painter.fillRect(block, theme.color(row.lane->kind == document::LaneKind::Sound ? "clip.audio" : "clip.video"));
    block = {};
  };
  for (std::size_t i = firstClipAfter(*row.lane, left); i < row.lane->clips.size(); ++i) {
    const document::Clip& clip = *row.lane->clips[i];
    const double from = layout_.x(clip.start);
    if (from > width())
      break;
    const double to = layout_.x(clip.range().end());
    const QRectF place(from, rect.top() + 2, std::max(to - from, 1.0), rect.height() - 5);
    if (place.width() < kTinyClip && !selection.has(clip.id)) {
      if (!block.isNull() && place.left() - block.right() < 1)
        block.setRight(place.right());
      else {
        flush();
        block = place;
      }
      continue;
    }
    flush();
    paintClip(painter, clip, place, selection.has(clip.id));
  }
  flush();
  painter.setOpacity(1);
}

} // namespace kinora::ui
