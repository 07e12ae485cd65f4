// SPDX-License-Identifier: Apache-2.0
// The Motion panel: everything about the selected path or the camera, and its speed curve.
#pragma once

#include <QWidget>

#include "ui/session/ui_context.h"

class QLabel;
class QStackedWidget;
class QToolButton;

namespace kinora::ui {

class CurveEditor;
class ParameterForm;

// [gui]
class MotionPanel : public QWidget {
  Q_OBJECT
 public:
  explicit MotionPanel(const UiContext& context, QWidget* parent = nullptr);

  [[nodiscard]] ParameterForm& form() { return *form_; }
  [[nodiscard]] CurveEditor& curve() { return *curve_; }

 private:
  void refresh();
  void buildSpeed();
  void buildMenu();

  UiContext context_;
  QStackedWidget* pages_;
  QLabel* empty_;
  QLabel* locked_;
  ParameterForm* form_;
  ParameterForm* camera_;
  QWidget* speed_;
  CurveEditor* curve_;
  QToolButton* asDrawn_;
  QToolButton* more_;
};

} // namespace kinora::ui
