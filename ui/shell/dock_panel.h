// SPDX-License-Identifier: Apache-2.0
// A dock with the 32 px header of the design: title left, buttons and "more" right.
#pragma once

#include <QDockWidget>

#include "ui/session/ui_context.h"

class QHBoxLayout;
class QToolButton;

namespace kinora::ui {

// [gui] Double-click on the header asks to maximise.
class DockPanel : public QDockWidget {
  Q_OBJECT
 public:
  // name: stable, for saved layouts.
  DockPanel(const UiContext& context, const char* name, const QString& title, QWidget* content, QWidget* parent);

  // A button in the header for an action.
  void addHeaderAction(QAction& action);
  // Left of the buttons; it leaves where the panel is narrower than this.
  void addHeaderNote(QWidget& note, int leastWidth);

 Q_SIGNALS:
  void maximiseAsked();

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  UiContext context_;
  QWidget* header_;
  QHBoxLayout* row_;
  QToolButton* more_;
  QWidget* note_ = nullptr;
  int noteLeast_ = 0;
};

} // namespace kinora::ui
