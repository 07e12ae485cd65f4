// SPDX-License-Identifier: Apache-2.0
#include "ui/canvas/track_overlay.h"

#include <algorithm>
#include <cmath>

#include <QCoreApplication>
#include <QFontMetricsF>
#include <QPainterPath>

namespace kinora::ui {
namespace {

constexpr double kTickHalf = 5;
constexpr double kLongTickHalf = 9;
constexpr double kTickWidth = 1.6;
constexpr double kPinHalf = 6.5;
constexpr double kClosestPx = 0.7; // nearer points cannot be told apart

QColor withAlpha(QColor colour, double alpha) {
  colour.setAlphaF(static_cast<float>(alpha));
  return colour;
}

struct Piece {
  QPolygonF line;
  bool visible = true;
  Duration from; // recorded
  Duration to;
};

// The path on the canvas, cut where visibility changes, without points that fall together.
std::vector<Piece> pieces(const document::Track& track, const CanvasMapping& mapping) {
  std::vector<Piece> result;
  for (std::size_t i = 0; i < track.points.size(); ++i) {
    const document::TrackPoint& point = track.points[i];
    const QPointF at = mapping.toView(point.position);
    const bool begins = result.empty() || result.back().visible != point.visible;
    const bool last = i + 1 == track.points.size();
    if (!result.empty()) {
      QPolygonF& line = result.back().line;
      const QPointF step = at - line.back();
      if (begins || last || std::hypot(step.x(), step.y()) >= kClosestPx)
        line << at;
      result.back().to = point.at;
    }
    if (begins && !last)
      result.push_back({QPolygonF{at}, point.visible, point.at, point.at});
  }
  return result;
}

void paintDot(QPainter& painter, QPointF at, double radius, const QColor& fill, const OverlayStyle& style) {
  painter.setPen(QPen(style.casing, 1.3));
  painter.setBrush(fill);
  painter.drawEllipse(at, radius, radius);
}

void paintRing(QPainter& painter, QPointF at, double radius, const QColor& colour, double width,
               const OverlayStyle& style) {
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(style.casing, width + 2 * kCasingWidth));
  painter.drawEllipse(at, radius, radius);
  painter.setPen(QPen(colour, width));
  painter.drawEllipse(at, radius, radius);
}

void paintArrow(QPainter& painter, QPointF tip, QPointF from, const QColor& colour, const OverlayStyle& style) {
  const QPointF along = tip - from;
  const double length = std::hypot(along.x(), along.y());
  if (length <= 0)
    return;
  const QPointF u = along / length;
  const QPointF n(-u.y(), u.x());
  const QPolygonF head{tip + u * 4, tip - u * 9 + n * 6, tip - u * 9 - n * 6};
  QPen pen(style.casing, 1.3);
  pen.setJoinStyle(Qt::RoundJoin);
  painter.setPen(pen);
  painter.setBrush(colour);
  painter.drawPolygon(head);
}

void paintPin(QPainter& painter, QPointF at, const document::Track& track, const OverlayStyle& style,
              const TrackLook& look) {
  const QRectF square(at.x() - kPinHalf, at.y() - kPinHalf, 2 * kPinHalf, 2 * kPinHalf);
  const QColor colour = look.isSelected ? style.accent : style.trackColour(track.colour);
  painter.setPen(QPen(style.casing, kTickWidth + 2 * kCasingWidth));
  painter.setBrush(withAlpha(style.casing, 0.55));
  painter.drawRect(square);
  painter.setPen(QPen(colour, look.isHovered || look.isSelected ? 2.2 : kTickWidth));
  painter.setBrush(Qt::NoBrush);
  painter.drawRect(square);
  painter.drawLine(at + QPointF(-3.5, 0), at + QPointF(3.5, 0));
  painter.drawLine(at + QPointF(0, -3.5), at + QPointF(0, 3.5));
  if (look.isFocused) {
    painter.setPen(QPen(style.focus, 2));
    painter.drawRect(square.adjusted(-4, -4, 4, 4));
  }
}

} // namespace

OverlayStyle::OverlayStyle(const Theme& source)
    : theme(source), casing(withAlpha(source.color("overlay.casing"), 0.75)),
      chip(withAlpha(source.color("overlay.bg"), 0.88)), text(source.color("overlay.text")),
      now(source.track(QStringLiteral("violet")).colour), focus(source.color("focus.ring")),
      accent(source.track(QStringLiteral("sky")).colour), record(source.color("status.live")),
      font(source.font(Theme::Text::Small, QFont::DemiBold)) {
  // Over a picture the colours of the dark theme hold in both themes.
  if (source.mode() == ThemeMode::Light)
    focus = source.color("select.on");
}

QColor OverlayStyle::trackColour(const std::string& id) const {
  return theme.track(QString::fromStdString(id)).colour;
}

void paintCasedLine(QPainter& painter, const QPolygonF& line, const QColor& colour, const OverlayStyle& style,
                    double width, bool dashed) {
  QPen pen(style.casing, width + 2 * kCasingWidth);
  pen.setCapStyle(dashed ? Qt::FlatCap : Qt::RoundCap);
  pen.setJoinStyle(Qt::RoundJoin);
  painter.setBrush(Qt::NoBrush);
  if (dashed) {
    // One pattern in pixels for both strokes: dashes are counted in pen widths.
    pen.setDashPattern({6 / pen.widthF(), 4 / pen.widthF()});
    painter.setPen(pen);
    painter.drawPolyline(line);
    pen.setColor(colour);
    pen.setWidthF(width);
    pen.setDashPattern({6 / width, 4 / width});
  } else {
    painter.setPen(pen);
    painter.drawPolyline(line);
    pen.setColor(colour);
    pen.setWidthF(width);
  }
  painter.setPen(pen);
  painter.drawPolyline(line);
}

void paintTrack(QPainter& painter, const document::Track& track, FrameRate rate, const CanvasMapping& mapping,
                const OverlayStyle& style, const TrackLook& look) {
  if (track.points.empty())
    return;
  const QPointF first = mapping.toView(track.points.front().position);
  if (track.kind == document::TrackKind::Pin) {
    paintPin(painter, first, track, style, look);
    return;
  }
  const QColor colour = style.trackColour(track.colour);
  const std::vector<Piece> parts = pieces(track, mapping);
  if (look.isPlain) {
    painter.setPen(QPen(colour, 0));
    painter.setBrush(Qt::NoBrush);
    for (const Piece& piece : parts)
      painter.drawPolyline(piece.line);
    return;
  }
  const double width = look.isHovered && !look.isSelected ? kCoreWidth + 1 : kCoreWidth;
  for (const Piece& piece : parts)
    paintCasedLine(painter, piece.line, colour, style, width, !piece.visible);

  const std::vector<TimingTick> ticks = timingTicks(track, rate);
  QVector<QLineF> marks;
  marks.reserve(static_cast<qsizetype>(ticks.size()));
  QPointF drawn;
  const QRectF clip = painter.hasClipping() ? painter.clipBoundingRect() : QRectF();
  for (const TimingTick& tick : ticks) {
    const QPointF at = mapping.toView(tick.at);
    if (!clip.isNull() && !clip.adjusted(-20, -20, 20, 20).contains(at))
      continue;
    // Where every frame lies closer than a mark is wide, only the long marks stay readable.
    if (!marks.isEmpty() && !tick.isLong && std::hypot(at.x() - drawn.x(), at.y() - drawn.y()) < 2.5)
      continue;
    const QPointF n = (mapping.toView(tick.at + tick.normal) - at) / mapping.scale();
    const double half = tick.isLong ? kLongTickHalf : kTickHalf;
    marks.append(QLineF(at - n * half, at + n * half));
    drawn = at;
  }
  painter.setPen(QPen(style.casing, kTickWidth + 2 * 0.9, Qt::SolidLine, Qt::FlatCap));
  painter.drawLines(marks);
  painter.setPen(QPen(colour, kTickWidth, Qt::SolidLine, Qt::FlatCap));
  painter.drawLines(marks);

  const QPointF last = mapping.toView(track.points.back().position);
  if (look.isSelected || look.isRecording) {
    paintDot(painter, first, 5, style.casing, style);
    paintRing(painter, first, 4.5, colour, 2.6, style);
  } else {
    paintDot(painter, first, 5, colour, style);
  }
  if (look.isRecording) {
    paintRing(painter, last, 17, colour, 2, style);
    paintDot(painter, last, 6, style.text, style);
  } else if (look.isSelected && track.points.size() > 1) {
    paintRing(painter, last, 9, colour, 2, style);
    paintDot(painter, last, 4.5, style.text, style);
  } else if (!parts.empty() && parts.back().line.size() > 1) {
    const QPolygonF& line = parts.back().line;
    QPointF from = line.front();
    for (qsizetype i = line.size() - 1; i-- > 0;) // far enough back for a steady direction
      if (std::hypot(line[i].x() - last.x(), line[i].y() - last.y()) > 8) {
        from = line[i];
        break;
      }
    paintArrow(painter, last, from, colour, style);
  }
  if (look.showPoints)
    for (std::size_t i = 0; i < track.points.size(); ++i) {
      const QPointF at = mapping.toView(track.points[i].position);
      const bool isChosen =
          std::find(look.selectedPoints.begin(), look.selectedPoints.end(), i) != look.selectedPoints.end();
      const double half = isChosen ? 4.5 : 3.5;
      painter.setPen(QPen(style.casing, 1.3));
      painter.setBrush(isChosen ? style.accent : style.text);
      painter.drawRect(QRectF(at.x() - half, at.y() - half, 2 * half, 2 * half));
      if (look.focusedPoint == i) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(style.focus, 2));
        painter.drawRect(QRectF(at.x() - 8, at.y() - 8, 16, 16));
      }
    }
  if (look.isFocused && !look.focusedPoint) {
    QRectF around = mapping.toView(trackBounds(track)).boundingRect().adjusted(-12, -12, 12, 12);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(style.focus, 2));
    painter.drawRoundedRect(around, 4, 4);
  }
  for (const Piece& piece : parts) {
    if (piece.visible || piece.line.size() < 2)
      continue;
    const QPointF middle = piece.line[piece.line.size() / 2];
    const QString text = behindText(shownTime(track, piece.from), shownTime(track, piece.to));
    const double wide = QFontMetricsF(style.font).horizontalAdvance(text) + 16;
    paintChip(painter, middle + QPointF(-wide / 2, 24), style, text, QColor());
  }
}

QRectF chipRect(QPointF left, const OverlayStyle& style, const QString& text, bool hasDot, const QRectF& within) {
  const QFontMetricsF metrics(style.font);
  const double wide = metrics.horizontalAdvance(text) + 16 + (hasDot ? 14 : 0);
  const double high = metrics.height() + 6;
  QRectF rect(left.x(), left.y() - high / 2, wide, high);
  if (!within.isEmpty()) {
    rect.moveLeft(std::clamp(rect.left(), within.left(), std::max(within.left(), within.right() - wide)));
    rect.moveTop(std::clamp(rect.top(), within.top(), std::max(within.top(), within.bottom() - high)));
  }
  return rect;
}

QRectF paintChip(QPainter& painter, QPointF left, const OverlayStyle& style, const QString& text, const QColor& dot,
                 const QRectF& within) {
  const QRectF rect = chipRect(left, style, text, dot.isValid(), within);
  painter.setPen(Qt::NoPen);
  painter.setBrush(style.chip);
  painter.drawRoundedRect(rect, 4, 4);
  double x = rect.left() + 8;
  if (dot.isValid()) {
    painter.setBrush(dot);
    painter.drawEllipse(QPointF(x + 4, rect.center().y()), 4, 4);
    x += 14;
  }
  painter.setFont(style.font);
  painter.setPen(style.text);
  painter.drawText(QRectF(x, rect.top(), rect.right() - x, rect.height()), Qt::AlignVCenter | Qt::AlignLeft, text);
  return rect;
}

void paintGeneratorRing(QPainter& painter, QPointF at, const OverlayStyle& style) {
  paintRing(painter, at, 15, style.now, 2, style);
  paintRing(painter, at, 9, style.now, 1.6, style);
}

void paintCameraFrame(QPainter& painter, const QPolygonF& frame, const OverlayStyle& style, bool handles) {
  QPolygonF closed = frame;
  if (!closed.isClosed())
    closed << closed.front();
  paintCasedLine(painter, closed, style.text, style, 1.5, true);
  if (!handles)
    return;
  for (int i = 0; i < 4; ++i) {
    const QPointF at = closed[i];
    painter.setPen(QPen(style.casing, 1.3));
    painter.setBrush(style.text);
    painter.drawRect(QRectF(at.x() - 4, at.y() - 4, 8, 8));
  }
}

void paintMarquee(QPainter& painter, const QRectF& rect, const OverlayStyle& style) {
  painter.fillRect(rect, withAlpha(style.accent, 0.12));
  QPolygonF outline(rect);
  paintCasedLine(painter, outline, style.accent, style, 1.2, true);
}

QString speedText(const std::string& name, double pixelsPerSecond) {
  //: Name of a path and its speed in pixels per second
  return QCoreApplication::translate("Canvas", "%1  %2\u202fpx/s")
      .arg(QString::fromStdString(name), QString::number(std::llround(pixelsPerSecond)));
}

QString behindText(Time from, Time to) {
  return QCoreApplication::translate("Canvas", "behind · %1–%2\u202fs")
      .arg(QString::number(from.seconds(), 'f', 1), QString::number(to.seconds(), 'f', 1));
}

QImage mattePicture(const QImage& matte, const QColor& colour, int largestSide) {
  if (matte.isNull() || matte.format() != QImage::Format_Grayscale8)
    return {};
  const double shrink = std::min(1.0, static_cast<double>(largestSide) / std::max(matte.width(), matte.height()));
  const QImage source = shrink < 1 ? matte.scaled(std::max(1, static_cast<int>(matte.width() * shrink)),
                                                  std::max(1, static_cast<int>(matte.height() * shrink)),
                                                  Qt::IgnoreAspectRatio, Qt::SmoothTransformation)
                                   : matte;
  QImage result(source.size(), QImage::Format_ARGB32_Premultiplied);
  result.fill(Qt::transparent);
  const auto inside = [&](int x, int y) {
    return x >= 0 && y >= 0 && x < source.width() && y < source.height() && source.constScanLine(y)[x] >= 128;
  };
  const QRgb tint = qPremultiply(qRgba(colour.red(), colour.green(), colour.blue(), 46));
  const QRgb hatch = qPremultiply(qRgba(colour.red(), colour.green(), colour.blue(), 120));
  const QRgb outline = qPremultiply(qRgba(colour.red(), colour.green(), colour.blue(), 240));
  bool any = false;
  for (int y = 0; y < source.height(); ++y) {
    QRgb* line = reinterpret_cast<QRgb*>(result.scanLine(y));
    for (int x = 0; x < source.width(); ++x) {
      if (!inside(x, y))
        continue;
      any = true;
      const bool edge = !inside(x - 1, y) || !inside(x + 1, y) || !inside(x, y - 1) || !inside(x, y + 1);
      line[x] = edge ? outline : (x + y) % 8 < 2 ? hatch : tint;
    }
  }
  return any ? result : QImage();
}

} // namespace kinora::ui
