// SPDX-License-Identifier: Apache-2.0
// A time that can be typed as timecode, frames, seconds or an offset.
#pragma once

#include <optional>

#include <QAbstractSpinBox>

#include "engine/base/time.h"

namespace kinora::ui {

// "00:00:01:12" or shorter timecodes ("1:12"), "36" (frames), "1.5s", and offsets from `from`: "+12", "-0.5s", "+1:00".
// Nothing when it cannot be understood.
[[nodiscard]] std::optional<Time> parseTimecode(const QString& text, Time from, FrameRate rate);

// [gui] Up and down step one frame (Page keys ten).
class TimecodeEdit : public QAbstractSpinBox {
  Q_OBJECT
 public:
  explicit TimecodeEdit(QWidget* parent = nullptr);

  void setRate(FrameRate rate);
  void setMinimum(Time minimum) { minimum_ = minimum; }
  [[nodiscard]] Time value() const { return value_; }
  void setValue(Time value);

  void stepBy(int steps) override;
  QValidator::State validate(QString& input, int& position) const override;

 Q_SIGNALS:
  void valueEdited(kinora::Time value);

 protected:
  StepEnabled stepEnabled() const override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  void take(Time value);
  void commit();
  void showValue();

  FrameRate rate_;
  Time value_;
  Time minimum_;
};

} // namespace kinora::ui
