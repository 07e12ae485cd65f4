// SPDX-License-Identifier: Apache-2.0
// Menus, the switch between workspaces and the way to the commands, in one row at the top.
#pragma once

#include <QWidget>

#include "ui/session/ui_context.h"

class QMenu;
class QMenuBar;
class QToolButton;

namespace kinora::ui {

// [gui]
class TopBar : public QWidget {
  Q_OBJECT
 public:
  explicit TopBar(const UiContext& context, QWidget* parent = nullptr);

  // "File", "Edit" … as in the action table.
  [[nodiscard]] QMenu& menu(const QString& name) const;
  [[nodiscard]] QMenu& recentMenu() const { return *recent_; }
  // The find field becomes a button where the window is narrow.
  void setCompact(bool compact);

 Q_SIGNALS:
  void recentAboutToShow();

 private:
  void buildMenus();
  void buildSwitch();
  void showKeys();
  void showFind();

  UiContext context_;
  QMenuBar* bar_;
  QMenu* recent_;
  QWidget* switch_;
  QToolButton* find_;
};

} // namespace kinora::ui
