// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/time_display.h"

#include <QCoreApplication>
#include <QKeyEvent>
#include <QPainter>

#include "ui/inspector/timecode_edit.h"
#include "ui/session/number_label.h"

namespace kinora::ui {

TimeDisplay::TimeDisplay(QWidget* parent)
    : QStackedWidget(parent), label_(new NumberLabel(this)), field_(new TimecodeEdit(this)) {
  setFocusPolicy(Qt::StrongFocus);
  setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
  setAccessibleName(tr("Playhead"));
  setToolTip(tr("Playhead: type a timecode, frames, seconds or an offset"));
  label_->setProperty("textSize", "title");
  label_->setMargin(2);
  label_->setAttribute(Qt::WA_TransparentForMouseEvents);
  field_->setAccessibleName(tr("Playhead"));
  field_->installEventFilter(this);
  addWidget(label_);
  addWidget(field_);
  connect(field_, &TimecodeEdit::valueEdited, this, [this](Time value) {
    value_ = value;
    Q_EMIT valueEdited(value);
  });
  connect(field_, &QAbstractSpinBox::editingFinished, this, [this] {
    setCurrentWidget(label_);
    showValue();
  });
  showValue();
}

void TimeDisplay::setRate(FrameRate rate) {
  rate_ = rate;
  field_->setRate(rate);
  showValue();
}

void TimeDisplay::setValue(Time value) {
  if (isTyping())
    return;
  value_ = value;
  showValue();
}

bool TimeDisplay::isTyping() const {
  return currentWidget() == field_;
}

void TimeDisplay::showValue() {
  const QString text = QString::fromStdString(timecode(value_, rate_));
  if (text == label_->text())
    return;
  label_->setText(text);
  setAccessibleDescription(text);
  label_->updateGeometry();
}

void TimeDisplay::type() {
  field_->setValue(value_);
  setCurrentWidget(field_);
  field_->setFocus(Qt::OtherFocusReason);
  field_->selectAll();
}

void TimeDisplay::mousePressEvent(QMouseEvent*) {
  if (!isTyping())
    type();
}

void TimeDisplay::keyPressEvent(QKeyEvent* event) {
  const QString typed = event->text();
  const bool begins = !typed.isEmpty() && (typed.front().isDigit() || typed.front() == QLatin1Char('+') ||
                                           typed.front() == QLatin1Char('-'));
  if (isTyping() ||
      (!begins && event->key() != Qt::Key_Return && event->key() != Qt::Key_Enter && event->key() != Qt::Key_F2)) {
    QStackedWidget::keyPressEvent(event);
    return;
  }
  type();
  if (begins)
    QCoreApplication::sendEvent(field_, event);
}

// Enter ends the typing and is used up by that; the field takes the value when it loses the focus.
bool TimeDisplay::eventFilter(QObject* watched, QEvent* event) {
  if (watched != field_ || event->type() != QEvent::KeyPress)
    return QStackedWidget::eventFilter(watched, event);
  const int key = static_cast<QKeyEvent*>(event)->key();
  if (key != Qt::Key_Return && key != Qt::Key_Enter)
    return false;
  setFocus(Qt::OtherFocusReason);
  return true;
}

void TimeDisplay::focusInEvent(QFocusEvent* event) {
  QStackedWidget::focusInEvent(event);
  update();
}

void TimeDisplay::focusOutEvent(QFocusEvent* event) {
  QStackedWidget::focusOutEvent(event);
  update();
}

void TimeDisplay::paintEvent(QPaintEvent* event) {
  QStackedWidget::paintEvent(event);
  if (!hasFocus() || isTyping())
    return;
  QPainter painter(this);
  painter.setPen(QPen(palette().color(QPalette::Link), 2));
  painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 4, 4);
}

} // namespace kinora::ui
