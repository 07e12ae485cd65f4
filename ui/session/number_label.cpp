// SPDX-License-Identifier: Apache-2.0
#include "ui/session/number_label.h"

#include <algorithm>
#include <cmath>

#include <QPainter>

namespace kinora::ui {
namespace {

double cellOf(const QFontMetricsF& metrics) {
  double widest = 0;
  for (char digit = '0'; digit <= '9'; ++digit)
    widest = std::max(widest, metrics.horizontalAdvance(QLatin1Char(digit)));
  return widest;
}

} // namespace

double fixedDigitWidth(const QFontMetricsF& metrics, const QString& text) {
  const double cell = cellOf(metrics);
  double width = 0;
  for (const QChar c : text)
    width += c.isDigit() ? cell : metrics.horizontalAdvance(c);
  return width;
}

void drawFixedDigits(QPainter& painter, QPointF baseline, const QString& text) {
  const QFontMetricsF metrics(painter.font(), painter.device());
  const double cell = cellOf(metrics);
  for (const QChar c : text) {
    const double own = metrics.horizontalAdvance(c);
    painter.drawText(c.isDigit() ? baseline + QPointF((cell - own) / 2, 0) : baseline, QString(c));
    baseline.rx() += c.isDigit() ? cell : own;
  }
}

NumberLabel::NumberLabel(QWidget* parent) : QLabel(parent) {
  setTextFormat(Qt::PlainText);
  setLayoutDirection(Qt::LeftToRight);
}

QSize NumberLabel::sizeHint() const {
  ensurePolished();
  const QFontMetricsF metrics(font(), this);
  return {static_cast<int>(std::ceil(fixedDigitWidth(metrics, text()))) + 2 * margin(),
          static_cast<int>(std::ceil(metrics.height())) + 2 * margin()};
}

void NumberLabel::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setFont(font());
  painter.setPen(palette().color(isEnabled() ? QPalette::Normal : QPalette::Disabled, foregroundRole()));
  const QFontMetricsF metrics(font(), this);
  const QRectF inside = QRectF(contentsRect()).adjusted(margin(), 0, -margin(), 0);
  drawFixedDigits(painter, {inside.left(), inside.center().y() + (metrics.ascent() - metrics.descent()) / 2}, text());
}

} // namespace kinora::ui
