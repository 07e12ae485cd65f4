// SPDX-License-Identifier: Apache-2.0
// A number as slider and field: drag, wheel, type; double-click = default, Shift = fine.
#pragma once

#include <QWidget>

class QDoubleSpinBox;
class QSlider;

namespace kinora::ui {

struct NumberRange {
  double minimum = 0;
  double maximum = 1;
  double step = 0.01;      // of the wheel and the arrow keys; Shift: a tenth of it
  double defaultValue = 0; // of a double-click
  int decimals = 2;
  QString unit;       // shown behind the number
  bool slider = true; // false: the field alone
};

// [gui] A gesture (slider drag, a run of wheel steps) is enclosed by gestureBegan and gestureEnded; typing gives one
// valueEdited without a gesture. setValue() emits nothing.
class NumberRow : public QWidget {
  Q_OBJECT
 public:
  explicit NumberRow(NumberRange range, QWidget* parent = nullptr);

  [[nodiscard]] double value() const { return value_; }
  void setValue(double value);
  [[nodiscard]] const NumberRange& range() const { return range_; }
  void setAccessibleLabel(const QString& name);

 Q_SIGNALS:
  void gestureBegan();
  void valueEdited(double value);
  void gestureEnded();

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void edit(double value);
  void showValue();
  [[nodiscard]] double valueAt(double x) const;

  NumberRange range_;
  double value_ = 0;
  QSlider* slider_ = nullptr;
  QDoubleSpinBox* field_;
  bool dragging_ = false;
  double dragX_ = 0; // pointer place that belongs to dragValue_
  double dragValue_ = 0;
};

} // namespace kinora::ui
