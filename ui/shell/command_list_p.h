// SPDX-License-Identifier: Apache-2.0
// What the command palette offers for a text.
#pragma once

#include <functional>
#include <vector>

#include <QAbstractListModel>
#include <QIcon>

#include "ui/session/ui_context.h"

namespace kinora::ui {

struct PaletteEntry {
  QString name;
  QString path; // menu, or why it cannot run now
  QString keys;
  QIcon icon;
  bool enabled = true;
  std::function<void()> run;
  QString command; // id, where a key can be bound
};

// [gui]
class CommandListModel : public QAbstractListModel {
  Q_OBJECT
 public:
  enum Role { PathRole = Qt::UserRole, KeysRole, RunnableRole };
  CommandListModel(const UiContext& context, QObject* parent);

  void find(const QString& text);
  [[nodiscard]] const PaletteEntry& entry(int row) const { return entries_[static_cast<std::size_t>(row)]; }

  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;

 private:
  void findCommands(const QString& text);
  void findThings(const QString& text);
  void findTime(const QString& text);
  void findSettings(const QString& text);
  void findHelp(const QString& text);

  UiContext context_;
  std::vector<PaletteEntry> entries_;
};

} // namespace kinora::ui
