// SPDX-License-Identifier: Apache-2.0
// The File menu: opens, imports, saves and asks before unsaved changes would be lost.
#pragma once

#include <functional>
#include <map>

#include <QObject>
#include <QStringList>

#include "engine/document/document.h"
#include "engine/runtime/event.h"
#include "ui/session/project_session.h"
#include "ui/session/ui_context.h"

class QMenu;
class QWidget;

namespace kinora::ui {

class NoticeArea;

// [gui] Files are looked at and read on other threads; what goes wrong is told in the notice area.
class ProjectActions : public QObject {
  Q_OBJECT
 public:
  // window: parent of the file dialogs.
  ProjectActions(const UiContext& context, NoticeArea& notices, QWidget& window);

  // Projects open in place of the present one (after asking). A picture, video or sound begins a project when none is
  // open, and is added to the open one otherwise.
  void openFiles(const QStringList& paths);
  // As a project of its own, in any case.
  void openPicture(const QString& path);
  // A project or a picture to look at, which makes way for whatever is opened as long as nobody has changed it.
  void showSample(const QString& path);
  void showPicture(const QString& path);
  // Adds media to the open project; what lies in folders too.
  void import(const QStringList& paths);
  // Opens what a crash left behind, after asking.
  void restore(const RecoverableProject& project);
  // Save, Discard, Cancel; then calls next unless cancelled. Calls it at once when nothing is unsaved.
  void askToKeep(std::function<void()> next);
  void fillRecent(QMenu& menu);

 Q_SIGNALS:
  // A project that a person chose is there now.
  void projectShown();

 private:
  enum class Purpose { NewProject, Add };
  void connectActions();
  void open();
  void openListed(const QStringList& paths);
  void openProject(const QString& path);
  void tellOpenFailed(const Error& error, const QString& path);
  // Folders become the files in them, looked for on another thread.
  void withFiles(const QStringList& paths, std::function<void(const QStringList&)> use);
  void describe(const QString& path, Purpose purpose);
  void take(const runtime::MediaDescribed& described);
  void begin(const document::MediaItem& item);
  void add(const document::MediaItem& item);
  void save(std::function<void()> next = {});
  void saveAs(std::function<void()> next = {});
  void importPaths();
  void exportPaths();
  [[nodiscard]] bool hasProject() const;
  void remember(const QString& path);

  UiContext context_;
  NoticeArea& notices_;
  QWidget& window_;
  std::multimap<std::filesystem::path, Purpose> waiting_; // for a description
  QStringList then_;                                      // added when the new project is there
  std::function<void()> afterSave_;
  document::DocumentPtr sample_; // what showSample() put in place
  bool looking_ = false;         // the new project is one to look at
  document::DocumentPtr agreed_; // may go for the new project: saved, given up, or empty
};

// Ends with ".kinora".
[[nodiscard]] bool isProjectPath(const QString& path);

} // namespace kinora::ui
