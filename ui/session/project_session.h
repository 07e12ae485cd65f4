// SPDX-License-Identifier: Apache-2.0
// The open project as the window sees it: the document of the moment, its undo history, its file and its selection.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <QDateTime>
#include <QObject>
#include <QString>
#include <QTimer>
#include <QUndoStack>

#include "engine/base/result.h"
#include "engine/base/worker_pool.h"
#include "engine/document/diff.h"
#include "engine/document/document.h"
#include "engine/document/journal.h"
#include "ui/session/selection.h"

namespace kinora::ui {

// A project that was open when the program ended without saving.
struct RecoverableProject {
  document::Recoverable copies;
  QString name;
  QDateTime savedAt; // of the newest copy
};

// [gui] All functions. Files are read and written on the worker pool.
class ProjectSession : public QObject {
  Q_OBJECT
 public:
  using Edit = std::function<Result<document::DocumentPtr>(const document::DocumentPtr&)>;

  // workers must outlive the session. recoveryFolder: where autosaved copies lie; empty: none are written.
  ProjectSession(WorkerPool& workers, std::filesystem::path recoveryFolder, QObject* parent = nullptr);
  ~ProjectSession() override;

  [[nodiscard]] const document::DocumentPtr& document() const { return document_; }
  // Where panels do their slow work; see background.h.
  [[nodiscard]] WorkerPool& workers() { return workers_; }
  [[nodiscard]] QUndoStack& undoStack() { return undo_; }
  [[nodiscard]] SelectionModel& selection() { return selection_; }
  [[nodiscard]] const SelectionModel& selection() const { return selection_; }
  // The take that is painted on, or null.
  [[nodiscard]] document::TakePtr currentTake() const;
  // The first clip that shows the current take, or null: where the take's time line lies on the timeline.
  [[nodiscard]] document::ClipPtr currentTakeClip() const;

  // One undo step named text (shown in Edit and History). An edit that changes nothing makes no step. False and
  // editRefused() when the edit fails; the document then is as before.
  bool apply(const QString& text, const Edit& edit);

  // Between begin and end every change is shown at once and all together are one step; Esc calls cancelGesture().
  // update() applies the edit to the document from before the gesture (a drag by its whole distance), apply() to the
  // document of the moment. A begin within a gesture ends the one before.
  void beginGesture(const QString& text);
  bool update(const Edit& edit);
  void endGesture();
  void cancelGesture();
  [[nodiscard]] bool inGesture() const { return gesture_.has_value(); }

  // A new project in place of the open one: no history, no file, not dirty unless said so.
  void replace(document::DocumentPtr document, std::filesystem::path file = {}, bool dirty = false);

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  [[nodiscard]] bool isDirty() const;
  // The file's name or the document's.
  [[nodiscard]] QString title() const;

  // Answered by saved() or saveFailed(); what is edited meanwhile stays unsaved. A save during another one begins
  // after it, and one answer tells of both.
  void save(const std::filesystem::path& path);
  [[nodiscard]] bool isSaving() const { return saving_; }
  // Answered by opened() or openFailed(), which it is too when the open project was edited meanwhile.
  void open(const std::filesystem::path& path);

  // Looks for unsaved projects of ended runs; answered by recoverableFound(), newest first. restore() opens one as
  // unsaved; forget() deletes its copies.
  void findRecoverable();
  void restore(const RecoverableProject& project);
  void forget(const RecoverableProject& project);
  // Removes this run's copies: after a save or when the person discards the changes.
  void discardRecovery();
  // At most this long after an edit the copy is written (5 s).
  void setAutosaveDelayMs(int ms);

 Q_SIGNALS:
  void documentChanged(const kinora::document::Diff& diff);
  void editRefused(const kinora::Error& error);
  void dirtyChanged(bool dirty);
  void titleChanged(const QString& title);
  // The document was put in place of another project (after documentChanged).
  void replaced();
  void saved(const QString& path);
  void saveFailed(const kinora::Error& error, const QString& path);
  void opened(const QString& path);
  void openFailed(const kinora::Error& error, const QString& path);
  void autosaveFailed(const kinora::Error& error);
  void recoverableFound(const std::vector<kinora::ui::RecoverableProject>& projects);

 private:
  class Step;
  struct Gesture {
    QString text;
    document::DocumentPtr before;
  };

  void show(document::DocumentPtr document);
  void push(const QString& text, document::DocumentPtr before, document::DocumentPtr after);
  void noteDirty();
  void autosave(std::function<void()> written = {});

  WorkerPool& workers_;
  struct Recovery;                     // this run's copies, shared with the jobs that write them
  std::shared_ptr<Recovery> recovery_; // null: none are written
  document::DocumentPtr document_;
  document::DocumentPtr savedDocument_; // what the file holds; null: nothing
  QUndoStack undo_;
  SelectionModel selection_;
  std::optional<Gesture> gesture_;
  std::filesystem::path file_;
  bool dirty_ = false;
  bool saving_ = false;
  std::optional<std::filesystem::path> saveNext_; // asked for while another save runs
  QTimer autosaveTimer_;
};

// Text of an error for people.
[[nodiscard]] QString errorText(const Error& error);
[[nodiscard]] std::filesystem::path toPath(const QString& text);
[[nodiscard]] QString toQString(const std::filesystem::path& path);

} // namespace kinora::ui
