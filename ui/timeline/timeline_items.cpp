// SPDX-License-Identifier: Apache-2.0
// How clips, paths and the playhead look.
#include <algorithm>
#include <cmath>

#include <QPainter>

#include "engine/document/sampling.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/project_session.h"
#include "ui/session/theme.h"
#include "ui/session/track_times.h"
#include "ui/timeline/timeline_view.h"

namespace kinora::ui {
namespace {

constexpr double kTitle = 15;    // strip of a clip, at scale 1
constexpr double kTextFrom = 34; // narrower clips have no text

QColor alpha(QColor colour, double a) {
  colour.setAlphaF(static_cast<float>(a));
  return colour;
}

} // namespace

void TimelineView::paintClip(QPainter& painter, const document::Clip& clip, const QRectF& rect, bool selected) {
  const Theme& theme = context_.theme.current();
  const document::MediaItem* media = document_->findMedia(clip.media);
  const char* token = "clip.generated";
  if (clip.kind == document::ClipKind::Media)
    token = media == nullptr                              ? "clip.video"
            : media->kind == document::MediaKind::Sound   ? "clip.audio"
            : media->kind == document::MediaKind::Picture ? "clip.image"
                                                          : "clip.video";
  const QColor body = theme.color(token);
  painter.fillRect(rect, body);
  if (clip.kind == document::ClipKind::Take)
    if (const document::TakePtr take = document_->findTake(clip.take))
      media = document_->findMedia(take->picture);
  const double strip = kTitle * theme.scale();
  if (media != nullptr && media->kind != document::MediaKind::Sound && rect.width() > kTextFrom &&
      rect.height() > strip + 8) {
    askForThumbnail(*media);
    const auto found = thumbnails_.find(media->id);
    if (found != thumbnails_.end() && !found->second.isNull()) {
      const QImage& image = found->second;
      const QRectF room(rect.left(), rect.top() + strip, rect.width(), rect.height() - strip - 1);
      const double wide = room.height() * image.width() / image.height();
      painter.save();
      painter.setClipRect(room, Qt::IntersectClip);
      painter.setRenderHint(QPainter::SmoothPixmapTransform);
      const double first = rect.left() + std::max(0.0, std::floor((layout_.headerWidth - rect.left()) / wide)) * wide;
      for (double x = first; x < std::min(rect.right(), static_cast<double>(width())); x += wide)
        painter.drawImage(QRectF(x, room.top(), wide, room.height()), image);
      painter.restore();
    }
  }
  if (rect.width() > kTextFrom) {
    painter.setFont(theme.font(Theme::Text::Micro, QFont::Medium));
    painter.setPen(theme.color("clip.text"));
    const double left = std::max(rect.left(), layout_.headerWidth) + 5;
    const QRectF room(left, rect.top(), rect.right() - left - 5, strip);
    if (room.width() > 12)
      painter.drawText(
          room, Qt::AlignVCenter,
          QFontMetricsF(painter.font()).elidedText(QString::fromStdString(clip.name), Qt::ElideRight, room.width()));
  }
  painter.setBrush(Qt::NoBrush);
  painter.setPen(selected ? QPen(theme.color("time.playhead"), 2) : QPen(theme.color("clip.line"), 1));
  const double inset = selected ? 1 : 0.5;
  painter.drawRect(rect.adjusted(inset, inset, -inset, -inset));
}

void TimelineView::paintTake(QPainter& painter, const QRectF& rect) {
  const Theme& theme = context_.theme.current();
  const double from = layout_.x(layout_.onTimeline({}));
  const double to = layout_.x(layout_.onTimeline(Time{} + take_->length));
  const QRectF bar(from, rect.top() + 3, to - from, rect.height() - 7);
  painter.fillRect(bar, theme.color("clip.image"));
  double x = std::max(from, layout_.headerWidth);
  const document::MediaItem* media = document_->findMedia(take_->picture);
  if (media != nullptr) {
    askForThumbnail(*media);
    const auto found = thumbnails_.find(media->id);
    if (found != thumbnails_.end() && !found->second.isNull()) {
      const QImage& image = found->second;
      const double wide = bar.height() * image.width() / image.height();
      painter.setRenderHint(QPainter::SmoothPixmapTransform);
      painter.save();
      painter.setClipRect(bar, Qt::IntersectClip);
      for (int i = 0; i < 3; ++i, x += wide)
        painter.drawImage(QRectF(x, bar.top(), wide, bar.height()), image);
      painter.restore();
    }
  }
  painter.setFont(theme.font(Theme::Text::Small, QFont::Medium));
  painter.setPen(theme.color("clip.text"));
  const QString text = tr("%1 · %2 s")
                           .arg(QString::fromStdString(media != nullptr ? media->name : take_->name),
                                QString::number(take_->length.seconds(), 'g', 3));
  painter.drawText(QRectF(x + 8, bar.top(), bar.right() - x - 12, bar.height()), Qt::AlignVCenter, text);
  painter.setBrush(Qt::NoBrush);
  painter.setPen(theme.color("clip.line"));
  painter.drawRect(bar.adjusted(0.5, 0.5, -0.5, -0.5));
}

void TimelineView::paintTrackRow(QPainter& painter, const document::Track& track, const QRectF& rect) const {
  const Theme& theme = context_.theme.current();
  const QColor colour = theme.trackOnPanel(QString::fromStdString(track.colour));
  const bool selected = context_.session.selection().current().has(track.id);
  if (!track.enabled)
    painter.setOpacity(0.4);
  const double from = layout_.x(layout_.onTimeline(track.start));
  const double to = std::max(layout_.x(layout_.onTimeline(track.start + track.duration)), from + 2);
  const QRectF bar(from, rect.top() + 4, to - from, rect.height() - 9);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setBrush(alpha(colour, selected ? 0.36 : 0.24));
  painter.setPen(QPen(colour, selected ? 2 : 1.2));
  painter.drawRoundedRect(bar.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3);
  painter.setRenderHint(QPainter::Antialiasing, false);
  // Hidden spans: hatched, with the word.
  const auto paintHidden = [&](double a, double b) {
    const QRectF span(a, bar.top() + 1, b - a, bar.height() - 2);
    painter.fillRect(span, theme.color("time.lane"));
    painter.fillRect(span, QBrush(colour, Qt::BDiagPattern));
    const QString word = tr("behind");
    painter.setFont(theme.font(Theme::Text::Micro, QFont::DemiBold));
    const double wide = QFontMetricsF(painter.font()).horizontalAdvance(word) + 12;
    if (wide < span.width()) {
      const QRectF chip(span.center().x() - wide / 2, span.top() + 1, wide, span.height() - 2);
      painter.fillRect(chip, theme.color("overlay.bg"));
      painter.setPen(theme.color("overlay.text"));
      painter.drawText(chip, Qt::AlignCenter, word);
    }
  };
  for (const TimeRange& span : hiddenSpans(track))
    paintHidden(layout_.x(layout_.onTimeline(span.start)), layout_.x(layout_.onTimeline(span.end())));
  // Speed: a mark every few frames, taller where it moves faster.
  if (track.points.size() > 1 && track.duration.ticks > 0 && bar.width() > 12) {
    const FrameRate rate = document_->frame.rate;
    const double framePixels = layout_.pixelsPerSecond() / rate.hertz();
    const auto every = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(14 / framePixels)));
    const Time left = std::max(track.start, layout_.inTake(layout_.timeAt(layout_.headerWidth)));
    const Time right = std::min(track.start + track.duration, layout_.inTake(layout_.timeAt(width())));
    std::vector<std::pair<double, double>> marks;
    double fastest = 1e-6;
    Time before = left;
    for (std::int64_t frame = rate.frameAt(left) + 1; rate.timeOf(frame) < right; frame += every) {
      const Time at = rate.timeOf(frame);
      const Point way = document::sampleTrack(track, at).at - document::sampleTrack(track, before).at;
      const double speed =
          std::hypot(static_cast<double>(way.x), static_cast<double>(way.y)) / std::max((at - before).seconds(), 1e-6);
      if (document::sampleTrack(track, at).visible)
        marks.emplace_back(layout_.x(layout_.onTimeline(at)), speed);
      fastest = std::max(fastest, speed);
      before = at;
    }
    painter.setPen(QPen(colour, 1.4));
    for (const auto& [x, speed] : marks)
      painter.drawLine(QPointF(x, bar.bottom() - 2),
                       QPointF(x, bar.bottom() - 3 - speed / fastest * (bar.height() - 8)));
  }
  painter.setOpacity(1);
}

void TimelineView::paintCamera(QPainter& painter, const QRectF& rect) const {
  const Theme& theme = context_.theme.current();
  const double y = rect.top() + rect.height() * 0.66;
  const auto xOf = [&](const document::CameraKey& key) { return layout_.x(layout_.onTimeline(key.at)); };
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(theme.color("line.strong"), 1.2));
  painter.drawLine(QPointF(xOf(take_->camera.front()), y), QPointF(xOf(take_->camera.back()), y));
  painter.setFont(theme.font(Theme::Text::Micro));
  for (const document::CameraKey& key : take_->camera) {
    const double x = xOf(key);
    painter.setPen(QPen(theme.color("time.lane"), 1));
    painter.setBrush(theme.color("text.primary"));
    painter.drawPolygon(QPolygonF{{x, y - 5}, {x + 5, y}, {x, y + 5}, {x - 5, y}});
    painter.setPen(theme.color("text.muted"));
    painter.drawText(QPointF(x + 8, rect.top() + 12),
                     tr("zoom %1×").arg(static_cast<double>(key.pose.zoom), 0, 'f', 2));
  }
}

void TimelineView::paintTimes(QPainter& painter) {
  const Theme& theme = context_.theme.current();
  painter.save();
  painter.setClipRect(QRectF(layout_.headerWidth, 0, width() - layout_.headerWidth, height()));
  painter.setRenderHint(QPainter::Antialiasing);
  if (snapLine_) {
    const double x = layout_.x(*snapLine_);
    painter.setPen(QPen(theme.color("accent.base"), 1, Qt::DashLine));
    painter.drawLine(QPointF(x, layout_.rulerHeight), QPointF(x, height()));
  }
  const double x = std::round(layout_.x(context_.engine.playhead())) + 0.5;
  painter.setPen(QPen(theme.color("time.bg"), 3));
  painter.drawLine(QPointF(x, layout_.rulerHeight), QPointF(x, height()));
  painter.setPen(QPen(theme.color("time.playhead"), 1.4));
  painter.drawLine(QPointF(x, 8), QPointF(x, height()));
  painter.setPen(QPen(theme.color("time.bg"), 1));
  painter.setBrush(theme.color("time.playhead"));
  painter.drawPolygon(QPolygonF{{x - 6, 1}, {x + 6, 1}, {x + 6, 9}, {x, 15}, {x - 6, 9}});
  if (!dragText_.isEmpty() && drag_ != Drag::None) {
    painter.setFont(theme.font(Theme::Text::Small, QFont::DemiBold));
    const QFontMetricsF metrics(painter.font());
    QRectF chip(pointer_.x() + 14, pointer_.y() - metrics.height() - 14, metrics.horizontalAdvance(dragText_) + 16,
                metrics.height() + 6);
    chip.moveRight(std::min(chip.right(), width() - 4.0));
    chip.moveTop(std::max(chip.top(), layout_.rulerHeight + 2));
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.color("overlay.bg"));
    painter.drawRoundedRect(chip, 4, 4);
    painter.setPen(theme.color("overlay.text"));
    painter.drawText(chip, Qt::AlignCenter, dragText_);
  }
  painter.restore();
}

} // namespace kinora::ui
