// SPDX-License-Identifier: Apache-2.0
// The Clip panel of the Edit workspace: everything about the selected clip.
#pragma once

#include <QWidget>

#include "engine/base/id.h"
#include "ui/session/ui_context.h"

class QLabel;
class QPushButton;
class QStackedWidget;

namespace kinora::ui {

class ParameterForm;

// [gui]
class ClipPanel : public QWidget {
  Q_OBJECT
 public:
  explicit ClipPanel(const UiContext& context, QWidget* parent = nullptr);

  [[nodiscard]] ParameterForm& form() { return *form_; }

 Q_SIGNALS:
  void openInPaint(kinora::TakeId take);

 private:
  void refresh();

  UiContext context_;
  QStackedWidget* pages_;
  QLabel* title_;
  QLabel* generated_;
  ParameterForm* form_;
  QPushButton* open_;
};

} // namespace kinora::ui
