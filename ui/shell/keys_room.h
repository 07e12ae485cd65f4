// SPDX-License-Identifier: Apache-2.0
// The room of the preferences where every command gets its keys.
#pragma once

#include <QLineEdit>
#include <QWidget>

#include "ui/session/ui_context.h"

class QLabel;
class QPushButton;
class QTableWidget;

namespace kinora::ui {

// [gui] A field that takes the next key pressed, whatever it is; Esc alone leaves it.
class KeyField : public QLineEdit {
  Q_OBJECT
 public:
  explicit KeyField(QWidget* parent = nullptr);

 Q_SIGNALS:
  void caught(const QString& portable);
  void left();

 protected:
  bool event(QEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
};

// [gui] Changes act at once and are kept in the preferences.
class KeysRoom : public QWidget {
  Q_OBJECT
 public:
  explicit KeysRoom(const UiContext& context, QWidget* parent = nullptr);

  // Waits for a new key of this command.
  void catchKeyOf(const QString& command);

 private:
  void fill();
  void refresh();
  void filter(const QString& text);
  void take(const QString& key);
  void assign(const QString& key);
  void endCatching();
  void exportKeys();
  void importKeys();
  [[nodiscard]] QString selected() const;
  void keep();

  UiContext context_;
  QLineEdit* search_;
  QTableWidget* table_;
  KeyField* field_;
  QLabel* message_;
  QPushButton* change_;
  QPushButton* remove_;
  QPushButton* standard_;
  QPushButton* takeOver_;
  QPushButton* all_;
  QString catching_; // command that waits for a key
  QString wanted_;   // its key, which belongs to another command
};

} // namespace kinora::ui
