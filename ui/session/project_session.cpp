// SPDX-License-Identifier: Apache-2.0
#include "ui/session/project_session.h"

#include <chrono>
#include <mutex>
#include <utility>

#include <QUndoCommand>

#include "engine/base/log.h"
#include "engine/document/project_file.h"
#include "ui/session/background.h"

namespace kinora::ui {
namespace {

constexpr int kAutosaveDelayMs = 5'000;

} // namespace

struct ProjectSession::Recovery {
  std::filesystem::path folder;
  std::mutex mutex; // of what follows
  std::optional<document::Journal> journal;
  std::filesystem::path original;
  bool closed = false; // a copy asked for before the discard is not written after it
};

// Keeps the two documents; undo and redo are one pointer each.
class ProjectSession::Step : public QUndoCommand {
 public:
  Step(ProjectSession& session, const QString& text, document::DocumentPtr before, document::DocumentPtr after)
      : QUndoCommand(text), session_(session), before_(std::move(before)), after_(std::move(after)) {}
  void undo() override { session_.show(before_); }
  void redo() override { session_.show(after_); }

 private:
  ProjectSession& session_;
  document::DocumentPtr before_;
  document::DocumentPtr after_;
};

ProjectSession::ProjectSession(WorkerPool& workers, std::filesystem::path recoveryFolder, QObject* parent)
    : QObject(parent), workers_(workers), document_(std::make_shared<document::Document>()), savedDocument_(document_) {
  if (!recoveryFolder.empty()) {
    recovery_ = std::make_shared<Recovery>();
    recovery_->folder = std::move(recoveryFolder);
  }
  autosaveTimer_.setSingleShot(true);
  autosaveTimer_.setInterval(kAutosaveDelayMs);
  connect(&autosaveTimer_, &QTimer::timeout, this, [this] { autosave(); });
}

ProjectSession::~ProjectSession() {
  undo_.clear();
}

document::TakePtr ProjectSession::currentTake() const {
  const TakeId id = selection_.current().take;
  for (const document::TakePtr& take : document_->takes)
    if (take->id == id)
      return take;
  return nullptr;
}

document::ClipPtr ProjectSession::currentTakeClip() const {
  const TakeId id = selection_.current().take;
  for (const document::LanePtr& lane : document_->lanes)
    for (const document::ClipPtr& clip : lane->clips)
      if (clip->kind == document::ClipKind::Take && clip->take == id)
        return clip;
  return nullptr;
}

void ProjectSession::show(document::DocumentPtr document) {
  if (document == document_)
    return;
  const document::DocumentPtr before = std::exchange(document_, std::move(document));
  selection_.prune(*document_);
  const document::Diff changes = document::diff(before, document_);
  Q_EMIT documentChanged(changes);
  if (before->name != document_->name)
    Q_EMIT titleChanged(title());
  noteDirty();
}

void ProjectSession::push(const QString& text, document::DocumentPtr before, document::DocumentPtr after) {
  undo_.push(new Step(*this, text, std::move(before), std::move(after)));
}

bool ProjectSession::apply(const QString& text, const Edit& edit) {
  Result<document::DocumentPtr> next = edit(document_);
  if (!next) {
    Q_EMIT editRefused(next.error());
    return false;
  }
  if (*next == document_ || **next == *document_)
    return true;
  if (gesture_)
    show(*next);
  else
    push(text, document_, *next);
  return true;
}

void ProjectSession::beginGesture(const QString& text) {
  endGesture();
  gesture_ = Gesture{text, document_};
}

bool ProjectSession::update(const Edit& edit) {
  if (!gesture_)
    return false;
  Result<document::DocumentPtr> next = edit(gesture_->before);
  if (!next)
    return false; // a drag past a border: the last possible state stays, nothing to tell
  show(*next);
  return true;
}

void ProjectSession::endGesture() {
  if (!gesture_)
    return;
  const Gesture gesture = *std::exchange(gesture_, std::nullopt);
  if (gesture.before == document_ || *gesture.before == *document_)
    return;
  push(gesture.text, gesture.before, document_);
}

void ProjectSession::cancelGesture() {
  if (!gesture_)
    return;
  const Gesture gesture = *std::exchange(gesture_, std::nullopt);
  show(gesture.before);
}

void ProjectSession::replace(document::DocumentPtr document, std::filesystem::path file, bool dirty) {
  gesture_.reset();
  undo_.clear();
  discardRecovery(); // of the project that goes: it was saved or given up
  file_ = std::move(file);
  savedDocument_ = dirty ? nullptr : document;
  document_ = std::move(document);
  Selection none;
  selection_.set(none);
  selection_.prune(*document_);
  Q_EMIT documentChanged(document::diff(nullptr, document_));
  Q_EMIT replaced();
  dirty_ = !dirty; // so that listeners hear of the new state in any case
  noteDirty();
  Q_EMIT titleChanged(title());
}

bool ProjectSession::isDirty() const {
  return dirty_;
}

void ProjectSession::noteDirty() {
  const bool dirty = document_ != savedDocument_ && !(savedDocument_ && *savedDocument_ == *document_);
  if (dirty && recovery_ && !autosaveTimer_.isActive())
    autosaveTimer_.start();
  if (dirty == dirty_)
    return;
  dirty_ = dirty;
  Q_EMIT dirtyChanged(dirty);
}

QString ProjectSession::title() const {
  if (!file_.empty())
    return toQString(file_.stem());
  return document_->name.empty() ? tr("Untitled") : QString::fromStdString(document_->name);
}

void ProjectSession::save(const std::filesystem::path& path) {
  if (saving_) { // one after the other, so that the newest is what stays
    saveNext_ = path;
    return;
  }
  saving_ = true;
  inBackground(
      workers_, this, [document = document_, path] { return document::writeProject(*document, path); },
      [this, document = document_, path](const Result<void>& written) {
        saving_ = false;
        const auto next = std::exchange(saveNext_, std::nullopt);
        if (written) {
          file_ = path;
          savedDocument_ = document;
          noteDirty();
          if (!dirty_)
            discardRecovery();
          Q_EMIT titleChanged(title());
        }
        if (next)
          save(*next); // answers for both
        else if (written)
          Q_EMIT saved(toQString(path));
        else
          Q_EMIT saveFailed(written.error(), toQString(path));
      });
}

void ProjectSession::open(const std::filesystem::path& path) {
  inBackground(
      workers_, this, [path] { return document::readProject(path); },
      [this, path, before = document_](const Result<document::DocumentPtr>& read) {
        if (read && dirty_ && document_ != before) {
          Q_EMIT openFailed(Error{ErrorCode::Cancelled,
                                  "The open project was changed while the other one was read. Open it again.",
                                  {}},
                            toQString(path));
          return;
        }
        if (!read) {
          Q_EMIT openFailed(read.error(), toQString(path));
          return;
        }
        replace(*read, path);
        Q_EMIT opened(toQString(path));
      });
}

void ProjectSession::setAutosaveDelayMs(int ms) {
  autosaveTimer_.setInterval(ms);
}

void ProjectSession::autosave(std::function<void()> written) {
  if (!dirty_ || !recovery_)
    return;
  inBackground(
      workers_, this,
      [recovery = recovery_, document = document_, file = file_]() -> Result<void> {
        const std::lock_guard lock(recovery->mutex);
        if (recovery->closed)
          return {};
        if (!recovery->journal) {
          auto opened = document::Journal::open(recovery->folder, file);
          if (!opened)
            return fail(opened);
          recovery->journal = std::move(*opened);
        } else if (recovery->original != file) {
          if (auto renamed = recovery->journal->setOriginal(file); !renamed)
            return renamed;
        }
        recovery->original = file;
        return recovery->journal->save(document);
      },
      [this, written = std::move(written)](const Result<void>& result) {
        if (!result)
          Q_EMIT autosaveFailed(result.error());
        else if (written)
          written();
      });
}

void ProjectSession::findRecoverable() {
  if (!recovery_)
    return;
  inBackground(
      workers_, this, [folder = recovery_->folder] { return document::listRecoverable(folder); },
      [this](const Result<std::vector<document::Recoverable>>& listed) {
        if (!listed) {
          Q_EMIT autosaveFailed(listed.error());
          return;
        }
        std::vector<RecoverableProject> found;
        for (const document::Recoverable& copies : *listed) {
          const QString name =
              copies.original.empty() ? QString::fromStdString(copies.name) : toQString(copies.original.stem());
          const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(copies.savedAt.time_since_epoch());
          found.push_back(
              {copies, name.isEmpty() ? tr("Untitled") : name, QDateTime::fromMSecsSinceEpoch(since.count())});
        }
        Q_EMIT recoverableFound(found);
      });
}

void ProjectSession::restore(const RecoverableProject& project) {
  inBackground(
      workers_, this, [copies = project.copies] { return document::recover(copies); },
      [this, project](const Result<document::DocumentPtr>& read) {
        if (!read) {
          Q_EMIT openFailed(read.error(), project.name);
          return;
        }
        replace(*read, project.copies.original, true);
        // The old copies go when this run has its own.
        autosave([this, project] { forget(project); });
        Q_EMIT opened(toQString(project.copies.original));
      });
}

void ProjectSession::forget(const RecoverableProject& project) {
  inBackground(
      workers_, this, [copies = project.copies] { return document::discard(copies); },
      [this](const Result<void>& discarded) {
        if (!discarded)
          Q_EMIT autosaveFailed(discarded.error());
      });
}

void ProjectSession::discardRecovery() {
  autosaveTimer_.stop();
  if (!recovery_)
    return;
  const auto old = std::exchange(recovery_, std::make_shared<Recovery>());
  recovery_->folder = old->folder;
  workers_.post([old] {
    const std::lock_guard lock(old->mutex);
    old->closed = true;
    if (!old->journal)
      return;
    if (const auto closed = old->journal->close(); !closed)
      log::warning("session", "{}", closed.error().text());
    old->journal.reset();
  });
}

QString errorText(const Error& error) {
  return QString::fromStdString(error.text());
}

std::filesystem::path toPath(const QString& text) {
  return std::filesystem::path(text.toStdU16String());
}

QString toQString(const std::filesystem::path& path) {
  return QString::fromStdU16String(path.u16string());
}

} // namespace kinora::ui
