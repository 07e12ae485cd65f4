// SPDX-License-Identifier: Apache-2.0
// The playhead's timecode, which stands still while it runs; a click turns it into a field to type in.
#pragma once

#include <QStackedWidget>

#include "engine/base/time.h"

namespace kinora::ui {

class NumberLabel;
class TimecodeEdit;

// [gui] Enter, F2 or a digit begin typing too; Enter and leaving the field end it.
class TimeDisplay : public QStackedWidget {
  Q_OBJECT
 public:
  explicit TimeDisplay(QWidget* parent = nullptr);

  void setRate(FrameRate rate);
  // Shown unless somebody is typing.
  void setValue(Time value);
  [[nodiscard]] bool isTyping() const;

 Q_SIGNALS:
  void valueEdited(kinora::Time value);

 protected:
  void mousePressEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  void paintEvent(QPaintEvent* event) override;

 private:
  void type();
  void showValue();

  NumberLabel* label_;
  TimecodeEdit* field_;
  FrameRate rate_;
  Time value_;
};

} // namespace kinora::ui
