// SPDX-License-Identifier: Apache-2.0
// Finds and runs every command by a few letters of its name.
#pragma once

#include <optional>

#include <QDialog>

#include "ui/session/ui_context.h"

class QLineEdit;
class QListView;

namespace kinora::ui {

class CommandListModel;

// How well letters fit a text: they must occur in order; whole words and word starts count more. None: they do not fit.
[[nodiscard]] std::optional<int> fuzzyScore(const QString& letters, const QString& text);

// [gui] ":" jumps to a timecode, "@" selects a path, take or clip, "#" changes a setting, "?" answers how to do a
// thing; everything else (and ">") is a command. Closes when it loses the focus.
class CommandPalette : public QDialog {
  Q_OBJECT
 public:
  CommandPalette(const UiContext& context, QWidget* parent);

  // Opens at the top centre of the parent.
  void appear(const QString& text = {});

 Q_SIGNALS:
  // Ctrl+Enter on a command.
  void keyAsked(const QString& command);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void run();
  void askForKey();
  void complete();
  [[nodiscard]] QString prefix() const;

  UiContext context_;
  QLineEdit* field_;
  QListView* list_;
  CommandListModel* model_;
};

} // namespace kinora::ui
