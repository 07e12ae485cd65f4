// SPDX-License-Identifier: Apache-2.0
// The one table of commands: menus, palette, tooltips and the key sheet are made from it.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include <QAction>
#include <QMap>
#include <QObject>
#include <QStringList>

#include "ui/session/theme.h"

namespace kinora::ui {

enum class Workspace { Paint, Edit, Export };

enum class ActionScope { Global, Paint, Edit, Export };

struct ActionSpec {
  const char* id;    // stable: "paint.tool.pin"
  const char* text;  // source string, translated in context "Actions"
  const char* menu;  // "Edit", "Edit|" with a line above, or "" when in no menu
  const char* icon;  // file name without ending, or ""
  const char* keys;  // portable text, separated by spaces; or ""
  ActionScope scope; // letter keys work only there
  bool checkable;
  const char* synonyms; // further words for the palette, or ""
};

// [gui] Owns the QActions.
class ActionTable : public QObject {
  Q_OBJECT
 public:
  explicit ActionTable(const ThemeSource& theme, QObject* parent = nullptr);

  [[nodiscard]] static const std::vector<ActionSpec>& specs();
  // Aborts on an unknown id (a bug of ours).
  [[nodiscard]] QAction& action(std::string_view id) const;
  [[nodiscard]] QAction& operator[](std::string_view id) const { return action(id); }
  [[nodiscard]] const ActionSpec& spec(const QAction& action) const;
  // The first key as people read it, or empty.
  [[nodiscard]] QString keys(const QAction& action) const;
  // Space, arrows, Home and End (portable text): the window handles them itself, because what they do depends on focus.
  [[nodiscard]] static bool isPlainKey(const QString& key);
  // The command that a plain key belongs to at the moment, or null.
  [[nodiscard]] QAction* plainKeyAction(const QString& key) const;

  // Keys as portable texts ("Ctrl+B"), the first one is shown; those of the table until a person changes them.
  [[nodiscard]] QStringList keyList(const QAction& action) const;
  [[nodiscard]] static QStringList tableKeys(const ActionSpec& spec);
  // Texts that are no key of one stroke and repetitions are left out; an empty list leaves the command without a key.
  void setKeys(const QAction& action, const QStringList& keys);
  // Other commands that have this key in a workspace where this command works too.
  [[nodiscard]] std::vector<QAction*> rivals(const QAction& action, const QString& key) const;
  // What differs from the table: id to keys, separated by spaces. Setting puts everything else back to the table;
  // unknown ids are ignored.
  [[nodiscard]] QMap<QString, QString> ownKeys() const;
  void setOwnKeys(const QMap<QString, QString>& keys);

  // Actions of other workspaces are disabled: a letter key belongs to its workspace.
  void setWorkspace(Workspace workspace);
  [[nodiscard]] Workspace workspace() const { return workspace_; }
  // Whether the action makes sense now; combined with the workspace. reason is shown in the palette when not.
  void setAvailable(std::string_view id, bool available, const QString& reason = {});
  [[nodiscard]] QString reason(const QAction& action) const;

  // Adds every action to a top-level window, so that keys work there too.
  void addTo(QWidget& window) const;

 Q_SIGNALS:
  void keysChanged();

 private:
  struct Entry {
    const ActionSpec* spec = nullptr;
    QAction* action = nullptr;
    QStringList keys;
    bool available = true;
    QString reason;
  };
  [[nodiscard]] const Entry& entry(const QAction& action) const;
  static void bind(Entry& entry);
  void refresh(Entry& entry);
  void refreshIcons();

  const ThemeSource& theme_;
  std::vector<Entry> entries_; // in the order of specs()
  std::map<std::string_view, std::size_t> index_;
  Workspace workspace_ = Workspace::Paint;
};

} // namespace kinora::ui
