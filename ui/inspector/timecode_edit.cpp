// SPDX-License-Identifier: Apache-2.0
#include "ui/inspector/timecode_edit.h"

#include <algorithm>
#include <cmath>

#include <QKeyEvent>
#include <QLineEdit>
#include <QStringList>

namespace kinora::ui {
namespace {

constexpr std::int64_t kMostFrames = 1'000'000'000;

// Length that the text names, without a sign.
std::optional<Duration> parseLength(const QString& text, FrameRate rate) {
  bool ok = false;
  if (text.endsWith(QLatin1Char('s'))) {
    const double seconds = text.chopped(1).toDouble(&ok);
    return ok && std::isfinite(seconds) && seconds >= 0 && seconds < 1e7 ? std::optional(Duration::fromSeconds(seconds))
                                                                         : std::nullopt;
  }
  const QStringList parts = text.split(QLatin1Char(':'));
  if (parts.size() > 4)
    return std::nullopt;
  // Right to left: frames, seconds, minutes, hours.
  const std::int64_t perSecond = std::max<std::int64_t>(1, std::llround(rate.hertz()));
  const std::int64_t unit[] = {1, perSecond, 60 * perSecond, 3600 * perSecond};
  std::int64_t frames = 0;
  for (qsizetype i = 0; i < parts.size(); ++i) {
    const qlonglong value = parts[parts.size() - 1 - i].toLongLong(&ok);
    if (!ok || value < 0 || value > 10'000'000)
      return std::nullopt;
    frames += value * unit[i];
  }
  return frames <= kMostFrames ? std::optional(rate.timeOf(frames) - Time{}) : std::nullopt;
}

} // namespace

std::optional<Time> parseTimecode(const QString& text, Time from, FrameRate rate) {
  const QString trimmed = text.trimmed();
  if (trimmed.isEmpty())
    return std::nullopt;
  const QChar sign = trimmed.front();
  if (sign != QLatin1Char('+') && sign != QLatin1Char('-')) {
    const auto length = parseLength(trimmed, rate);
    return length ? std::optional(Time{} + *length) : std::nullopt;
  }
  const auto length = parseLength(trimmed.mid(1), rate);
  if (!length)
    return std::nullopt;
  return sign == QLatin1Char('+') ? from + *length : from - *length;
}

TimecodeEdit::TimecodeEdit(QWidget* parent) : QAbstractSpinBox(parent) {
  connect(this, &QAbstractSpinBox::editingFinished, this, &TimecodeEdit::commit);
  setToolTip(tr("Timecode, frames (36), seconds (1.5s) or an offset (+12)"));
  showValue();
}

void TimecodeEdit::setRate(FrameRate rate) {
  if (rate == rate_)
    return;
  rate_ = rate;
  showValue();
}

void TimecodeEdit::setValue(Time value) {
  value_ = value;
  showValue();
}

void TimecodeEdit::stepBy(int steps) {
  take(rate_.timeOf(rate_.frameAt(value_) + steps));
}

QValidator::State TimecodeEdit::validate(QString& input, int&) const {
  for (const QChar c : input)
    if (!c.isDigit() && !QStringLiteral(":+-.s ").contains(c))
      return QValidator::Invalid;
  return parseTimecode(input, value_, rate_) ? QValidator::Acceptable : QValidator::Intermediate;
}

QAbstractSpinBox::StepEnabled TimecodeEdit::stepEnabled() const {
  return value_ > minimum_ ? StepUpEnabled | StepDownEnabled : StepEnabled(StepUpEnabled);
}

void TimecodeEdit::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Escape && lineEdit()->text() != QString::fromStdString(timecode(value_, rate_))) {
    showValue(); // what was typed is dropped; a second Esc leaves the field
    return;
  }
  QAbstractSpinBox::keyPressEvent(event);
}

void TimecodeEdit::take(Time value) {
  value = std::max(value, minimum_);
  const bool changed = value != value_;
  value_ = value;
  showValue();
  if (changed)
    Q_EMIT valueEdited(value_);
}

void TimecodeEdit::commit() {
  if (const auto typed = parseTimecode(lineEdit()->text(), value_, rate_);
      typed && lineEdit()->text() != QString::fromStdString(timecode(value_, rate_)))
    take(*typed);
  else
    showValue();
}

void TimecodeEdit::showValue() {
  lineEdit()->setText(QString::fromStdString(timecode(value_, rate_)));
}

} // namespace kinora::ui
