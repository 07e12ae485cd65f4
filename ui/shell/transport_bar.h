// SPDX-License-Identifier: Apache-2.0
// Time, length and the playback buttons, below the picture.
#pragma once

#include <QWidget>

#include "ui/session/ui_context.h"

class QLabel;
class QPushButton;
class QToolButton;

namespace kinora::ui {

class NumberLabel;
class TimeDisplay;

// [gui]
class TransportBar : public QWidget {
  Q_OBJECT
 public:
  explicit TransportBar(const UiContext& context, QWidget* parent = nullptr);

 private:
  void refreshDocument();
  void refreshRule();
  void refreshLate();
  QToolButton* button(const char* action);

  UiContext context_;
  TimeDisplay* time_;
  NumberLabel* length_;
  QLabel* rate_;
  QToolButton* play_;
  QPushButton* rule_;
  QPushButton* late_;
};

} // namespace kinora::ui
