// SPDX-License-Identifier: Apache-2.0
#include "ui/inspector/number_row.h"

#include <algorithm>
#include <cmath>

#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMouseEvent>
#include <QSignalBlocker>
#include <QSlider>
#include <QStyle>
#include <QWheelEvent>

namespace kinora::ui {
namespace {

constexpr int kSliderSteps = 10'000;
constexpr double kFine = 0.1;
constexpr int kHandleWidth = 12; // as in the style sheet

} // namespace

NumberRow::NumberRow(NumberRange range, QWidget* parent)
    : QWidget(parent), range_(std::move(range)), value_(range_.defaultValue), field_(new QDoubleSpinBox(this)) {
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(8);
  if (range_.slider) {
    slider_ = new QSlider(Qt::Horizontal, this);
    slider_->setRange(0, kSliderSteps);
    slider_->setSingleStep(
        std::max(1, static_cast<int>(kSliderSteps * range_.step / (range_.maximum - range_.minimum))));
    slider_->setPageStep(slider_->singleStep() * 10);
    slider_->setMinimumHeight(24);
    slider_->installEventFilter(this);
    layout->addWidget(slider_, 1);
    // Keys move the slider itself; the pointer is handled here.
    connect(slider_, &QSlider::valueChanged, this, [this](int position) {
      edit(range_.minimum + (range_.maximum - range_.minimum) * position / kSliderSteps);
    });
  }
  field_->setRange(range_.minimum, range_.maximum);
  field_->setDecimals(range_.decimals);
  field_->setSingleStep(range_.step);
  field_->setKeyboardTracking(false);
  field_->setAlignment(Qt::AlignRight);
  if (!range_.unit.isEmpty())
    field_->setSuffix(QChar(0x202F) + range_.unit); // thin no-break space
  field_->installEventFilter(this);
  if (range_.slider)
    field_->setFixedWidth(72);
  layout->addWidget(field_, range_.slider ? 0 : 1);
  connect(field_, qOverload<double>(&QDoubleSpinBox::valueChanged), this, &NumberRow::edit);
  setFocusProxy(range_.slider ? static_cast<QWidget*>(slider_) : field_);
  showValue();
}

void NumberRow::setValue(double value) {
  value_ = std::clamp(value, range_.minimum, range_.maximum);
  showValue();
}

void NumberRow::setAccessibleLabel(const QString& name) {
  field_->setAccessibleName(name);
  if (slider_)
    slider_->setAccessibleName(name);
}

void NumberRow::edit(double value) {
  value = std::clamp(value, range_.minimum, range_.maximum);
  if (value == value_)
    return;
  value_ = value;
  showValue();
  Q_EMIT valueEdited(value_);
}

void NumberRow::showValue() {
  const QSignalBlocker quietField(field_);
  field_->setValue(value_);
  if (slider_) {
    const QSignalBlocker quietSlider(slider_);
    slider_->setValue(
        static_cast<int>(std::lround((value_ - range_.minimum) / (range_.maximum - range_.minimum) * kSliderSteps)));
  }
}

double NumberRow::valueAt(double x) const {
  const double span = std::max(1, slider_->width() - kHandleWidth);
  const double share = std::clamp((x - kHandleWidth / 2.0) / span, 0.0, 1.0);
  return range_.minimum + share * (range_.maximum - range_.minimum);
}

bool NumberRow::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::Wheel) {
    auto* wheel = static_cast<QWheelEvent*>(event);
    // Shift turns the wheel sideways on some systems.
    const int delta = wheel->angleDelta().y() != 0 ? wheel->angleDelta().y() : wheel->angleDelta().x();
    const double step = range_.step * (wheel->modifiers().testFlag(Qt::ShiftModifier) ? kFine : 1);
    edit(value_ + step * delta / 120.0);
    return true;
  }
  if (watched != slider_ || !isEnabled())
    return QWidget::eventFilter(watched, event);
  switch (event->type()) {
  case QEvent::MouseButtonDblClick:
    edit(range_.defaultValue);
    return true;
  case QEvent::MouseButtonPress: {
    const auto* mouse = static_cast<QMouseEvent*>(event);
    if (mouse->button() != Qt::LeftButton)
      return false;
    slider_->setFocus(Qt::MouseFocusReason);
    dragging_ = true;
    Q_EMIT gestureBegan();
    dragX_ = mouse->position().x();
    if (!mouse->modifiers().testFlag(Qt::ShiftModifier))
      edit(valueAt(dragX_));
    dragValue_ = value_;
    return true;
  }
  case QEvent::MouseMove: {
    if (!dragging_)
      return false;
    const auto* mouse = static_cast<QMouseEvent*>(event);
    const double x = mouse->position().x();
    if (mouse->modifiers().testFlag(Qt::ShiftModifier)) {
      const double perPixel = (range_.maximum - range_.minimum) / std::max(1, slider_->width() - kHandleWidth);
      dragValue_ = std::clamp(dragValue_ + (x - dragX_) * perPixel * kFine, range_.minimum, range_.maximum);
    } else {
      dragValue_ = valueAt(x);
    }
    dragX_ = x;
    edit(dragValue_);
    return true;
  }
  case QEvent::MouseButtonRelease:
    if (!dragging_)
      return false;
    dragging_ = false;
    Q_EMIT gestureEnded();
    return true;
  default:
    return QWidget::eventFilter(watched, event);
  }
}

} // namespace kinora::ui
