// SPDX-License-Identifier: Apache-2.0
#include "ui/inspector/curve_editor.h"

#include <algorithm>
#include <cmath>

#include <QKeyEvent>
#include <QLineF>
#include <QLocale>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>

#include "engine/document/sampling.h"
#include "ui/session/theme.h"

namespace kinora::ui {
namespace {

constexpr int kSamples = 96;
constexpr double kMargin = 10;
constexpr double kHandleSide = 8;
constexpr double kGrabDistance = 14;
constexpr double kKeyStep = 0.02;

} // namespace

CurveEditor::CurveEditor(const ThemeSource& theme, QWidget* parent) : QWidget(parent), theme_(theme) {
  setFocusPolicy(Qt::StrongFocus);
  setAccessibleName(tr("Speed"));
  setToolTip(tr("Drag the squares to change the speed; double-click for the speed as drawn"));
  setMinimumHeight(72);
  connect(&theme, &ThemeSource::changed, this, qOverload<>(&QWidget::update));
}

QSize CurveEditor::sizeHint() const {
  return {240, theme_.current().px(84)};
}

void CurveEditor::setTrack(const document::Track& track) {
  if (track == track_)
    return;
  track_ = track;
  measureSpeed();
  setAccessibleDescription(tr("%1 pixels per second at most").arg(std::lround(topSpeed_)));
  update();
}

void CurveEditor::measureSpeed() {
  speed_.assign(kSamples, 0);
  topSpeed_ = 0;
  const double seconds = track_.duration.seconds();
  if (!(seconds > 0) || track_.points.size() < 2)
    return;
  Point last = document::sampleTrack(track_, track_.start).at;
  for (int i = 0; i < kSamples; ++i) {
    const Point here =
        document::sampleTrack(track_, track_.start + Duration::fromSeconds(seconds * (i + 1) / kSamples)).at;
    speed_[static_cast<std::size_t>(i)] = std::hypot(here.x - last.x, here.y - last.y) * kSamples / seconds;
    last = here;
  }
  // Recorded points come in bursts; a short mean shows the speed that is seen.
  std::vector<double> smooth(speed_.size());
  for (int i = 0; i < kSamples; ++i) {
    const int from = std::max(0, i - 3);
    const int to = std::min(kSamples - 1, i + 3);
    double sum = 0;
    for (int k = from; k <= to; ++k)
      sum += speed_[static_cast<std::size_t>(k)];
    smooth[static_cast<std::size_t>(i)] = sum / (to - from + 1);
  }
  speed_ = std::move(smooth);
  topSpeed_ = *std::max_element(speed_.begin(), speed_.end());
}

QRectF CurveEditor::plot() const {
  return QRectF(rect()).adjusted(kMargin, kMargin, -kMargin, -kMargin);
}

QPointF CurveEditor::toWidget(double x, double y) const {
  const QRectF area = plot();
  return {area.left() + x * area.width(), area.bottom() - y * area.height()};
}

QPointF CurveEditor::handlePosition(int handle) const {
  const auto& at = handle == 0 ? track_.easing.first : track_.easing.second;
  return toWidget(at[0], at[1]);
}

void CurveEditor::paintEvent(QPaintEvent*) {
  const Theme& theme = theme_.current();
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const QRectF frame = QRectF(rect()).adjusted(.5, .5, -.5, -.5);
  painter.setPen(QPen(hasFocus() ? theme.color("focus.ring") : theme.color("line.control"), hasFocus() ? 2 : 1));
  painter.setBrush(theme.color("bg.field"));
  painter.drawRoundedRect(frame, 4, 4);

  const QRectF area = plot();
  painter.setPen(QPen(theme.color("line.subtle"), 1));
  for (int i = 1; i < 4; ++i) {
    const double x = area.left() + area.width() * i / 4;
    painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
  }

  const QColor colour = theme.trackOnPanel(QString::fromStdString(track_.colour));
  if (topSpeed_ > 0) {
    QPainterPath speed(area.bottomLeft());
    for (int i = 0; i < kSamples; ++i)
      speed.lineTo(toWidget((i + .5) / kSamples, speed_[static_cast<std::size_t>(i)] / topSpeed_ * .92));
    speed.lineTo(area.bottomRight());
    QColor fill = colour;
    fill.setAlphaF(.25F);
    painter.setPen(Qt::NoPen);
    painter.setBrush(fill);
    painter.drawPath(speed);
  }

  const QPointF start = toWidget(0, 0);
  const QPointF end = toWidget(1, 1);
  QPainterPath easing(start);
  easing.cubicTo(handlePosition(0), handlePosition(1), end);
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(isEnabled() ? colour : theme.color("text.disabled"), 2));
  painter.drawPath(easing);
  painter.setPen(QPen(theme.color("line.strong"), 1));
  painter.drawLine(start, handlePosition(0));
  painter.drawLine(end, handlePosition(1));
  painter.setBrush(colour);
  painter.setPen(Qt::NoPen);
  painter.drawEllipse(start, 4, 4);
  painter.drawEllipse(end, 4, 4);
  for (int i = 0; i < 2; ++i) {
    QRectF square(0, 0, kHandleSide, kHandleSide);
    square.moveCenter(handlePosition(i));
    const bool focused = hasFocus() && i == handle_;
    painter.setPen(QPen(focused ? theme.color("focus.ring") : theme.color("line.strong"), focused ? 2 : 1.5));
    painter.setBrush(theme.color("bg.field"));
    painter.drawRect(square);
  }

  painter.setFont(theme.font(Theme::Text::Micro));
  painter.setPen(theme.color("text.muted"));
  const QChar space(0x202F);
  painter.drawText(area.adjusted(-2, -6, 0, 0), Qt::AlignTop | Qt::AlignLeft,
                   tr("%1 px/s").arg(QLocale().toString(std::lround(topSpeed_))).replace(QLatin1Char(' '), space));
  painter.drawText(
      area.adjusted(8, 0, -8, 6), Qt::AlignBottom | Qt::AlignRight,
      tr("%1 s").arg(QLocale().toString(track_.duration.seconds(), 'f', 1)).replace(QLatin1Char(' '), space));
}

void CurveEditor::mousePressEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton)
    return;
  const QPointF p = event->position();
  const double first = QLineF(p, handlePosition(0)).length();
  const double second = QLineF(p, handlePosition(1)).length();
  if (std::min(first, second) > kGrabDistance)
    return;
  handle_ = second < first ? 1 : 0;
  dragging_ = true;
  Q_EMIT gestureBegan();
  update();
}

void CurveEditor::mouseMoveEvent(QMouseEvent* event) {
  if (!dragging_)
    return;
  const QRectF area = plot();
  moveHandle(handle_, (event->position().x() - area.left()) / area.width(),
             (area.bottom() - event->position().y()) / area.height());
}

void CurveEditor::mouseReleaseEvent(QMouseEvent*) {
  if (!dragging_)
    return;
  dragging_ = false;
  Q_EMIT gestureEnded();
}

void CurveEditor::mouseDoubleClickEvent(QMouseEvent*) {
  track_.easing = {};
  measureSpeed();
  update();
  Q_EMIT easingEdited(track_.easing);
}

void CurveEditor::keyPressEvent(QKeyEvent* event) {
  const double step = kKeyStep * (event->modifiers().testFlag(Qt::ShiftModifier) ? 5 : 1);
  const auto& at = handle_ == 0 ? track_.easing.first : track_.easing.second;
  switch (event->key()) {
  case Qt::Key_Left:
    moveHandle(handle_, at[0] - step, at[1]);
    return;
  case Qt::Key_Right:
    moveHandle(handle_, at[0] + step, at[1]);
    return;
  case Qt::Key_Up:
    moveHandle(handle_, at[0], at[1] + step);
    return;
  case Qt::Key_Down:
    moveHandle(handle_, at[0], at[1] - step);
    return;
  default:
    QWidget::keyPressEvent(event);
  }
}

bool CurveEditor::focusNextPrevChild(bool next) {
  const int wanted = handle_ + (next ? 1 : -1);
  if (wanted >= 0 && wanted <= 1) {
    handle_ = wanted;
    update();
    return true;
  }
  handle_ = next ? 0 : 1;
  return QWidget::focusNextPrevChild(next);
}

void CurveEditor::moveHandle(int handle, double x, double y) {
  auto& at = handle == 0 ? track_.easing.first : track_.easing.second;
  // Within the unit square the way never runs backwards.
  at = {static_cast<float>(std::clamp(x, 0.0, 1.0)), static_cast<float>(std::clamp(y, 0.0, 1.0))};
  measureSpeed();
  update();
  Q_EMIT easingEdited(track_.easing);
}

} // namespace kinora::ui
