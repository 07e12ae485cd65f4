// SPDX-License-Identifier: Apache-2.0
#include "ui/session/project_session.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include <QDateTime>
#include <QUndoCommand>
#include <QUuid>

#include "engine/base/file.h"
#include "engine/document/project_file.h"
#include "ui/session/background_p.h"

namespace kinora::ui {
namespace {

constexpr int kAutosaveDelayMs = 60'000;
constexpr const char* kJournalEnding = ".journal.kinora";
constexpr const char* kOriginEnding = ".origin";

} // namespace

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
    : QObject(parent), workers_(workers), recoveryFolder_(std::move(recoveryFolder)),
      document_(std::make_shared<document::Document>()), savedDocument_(document_) {
  if (!recoveryFolder_.empty())
    journal_ = recoveryFolder_ / (QUuid::createUuid().toString(QUuid::WithoutBraces).toStdString() + kJournalEnding);
  autosaveTimer_.setSingleShot(true);
  autosaveTimer_.setInterval(kAutosaveDelayMs);
  connect(&autosaveTimer_, &QTimer::timeout, this, &ProjectSession::autosave);
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
  if (dirty && !recoveryFolder_.empty() && !autosaveTimer_.isActive())
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
  saving_ = true;
  inBackground(
      workers_, this, [document = document_, path] { return document::writeProject(*document, path); },
      [this, document = document_, path](const Result<void>& written) {
        saving_ = false;
        if (!written) {
          Q_EMIT saveFailed(written.error());
          return;
        }
        file_ = path;
        savedDocument_ = document;
        noteDirty();
        if (!dirty_)
          discardRecovery();
        Q_EMIT titleChanged(title());
        Q_EMIT saved(toQString(path));
      });
}

void ProjectSession::open(const std::filesystem::path& path) {
  inBackground(
      workers_, this, [path] { return document::readProject(path); },
      [this, path](const Result<document::DocumentPtr>& read) {
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

void ProjectSession::autosave() {
  if (!dirty_ || journal_.empty())
    return;
  inBackground(
      workers_, this,
      [document = document_, journal = journal_, file = file_]() -> Result<void> {
        std::error_code ignored;
        std::filesystem::create_directories(journal.parent_path(), ignored);
        if (auto written = document::writeProject(*document, journal); !written)
          return written;
        return writeFileAtomically(journal.string() + kOriginEnding, file.string());
      },
      [this](const Result<void>& written) {
        if (!written)
          Q_EMIT autosaveFailed(written.error());
        else if (!dirty_)
          discardRecovery();
      });
}

std::vector<RecoverableProject> ProjectSession::recoverable() const {
  std::vector<RecoverableProject> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(recoveryFolder_, error)) {
    if (entry.path() == journal_ || !entry.path().filename().string().ends_with(kJournalEnding))
      continue;
    RecoverableProject project;
    project.journal = entry.path();
    if (auto origin = readTextFile(entry.path().string() + kOriginEnding, 1 << 16))
      project.project = *origin;
    project.name = project.project.empty() ? tr("Untitled") : toQString(project.project.stem());
    const auto written = std::filesystem::last_write_time(entry.path(), error);
    const auto age = std::filesystem::file_time_type::clock::now() - written;
    project.savedAtMs =
        QDateTime::currentMSecsSinceEpoch() - std::chrono::duration_cast<std::chrono::milliseconds>(age).count();
    found.push_back(std::move(project));
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.savedAtMs > b.savedAtMs; });
  return found;
}

void ProjectSession::restore(const RecoverableProject& project) {
  inBackground(
      workers_, this, [project] { return document::readProject(project.journal); },
      [this, project](const Result<document::DocumentPtr>& read) {
        if (!read) {
          Q_EMIT openFailed(read.error(), toQString(project.journal));
          return;
        }
        replace(*read, project.project, true);
        autosave(); // under this run's name, before the old copy goes
        forget(project);
        Q_EMIT opened(toQString(project.project));
      });
}

void ProjectSession::forget(const RecoverableProject& project) {
  std::error_code ignored;
  std::filesystem::remove(project.journal, ignored);
  std::filesystem::remove(project.journal.string() + kOriginEnding, ignored);
}

void ProjectSession::discardRecovery() {
  autosaveTimer_.stop();
  if (journal_.empty())
    return;
  std::error_code ignored;
  std::filesystem::remove(journal_, ignored);
  std::filesystem::remove(journal_.string() + kOriginEnding, ignored);
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
