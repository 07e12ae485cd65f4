// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/project_actions.h"

#include <algorithm>
#include <utility>

#include <QDir>
#include <QDirIterator>
#include <QFileDialog>
#include <QFileInfo>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>

#include "engine/document/edit.h"
#include "engine/document/project_file.h"
#include "engine/document/starter.h"
#include "engine/document/tracks_file.h"
#include "ui/session/action_table.h"
#include "ui/session/background.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/preferences.h"
#include "ui/session/project_session.h"
#include "ui/shell/notice_area.h"

namespace kinora::ui {
namespace {

namespace edit = document::edit;

constexpr const char* kProjectEnding = ".kinora";
// Length of a picture's first take, and the rate of a project that begins with a picture.
constexpr double kPictureSeconds = 4;
constexpr FrameRate kPictureRate{24, 1};
constexpr int kMostFiles = 500; // taken from a folder at once

QString pictureFilter() {
  return QStringLiteral("*.png *.jpg *.jpeg *.webp *.bmp *.tif *.tiff *.exr *.gif *.avif *.heic");
}

QString mediaFilter() {
  return pictureFilter() + QStringLiteral(" *.mp4 *.mov *.mkv *.webm *.avi *.m4v *.mxf *.wav *.flac *.mp3 *.m4a "
                                          "*.ogg *.opus");
}

} // namespace

bool isProjectPath(const QString& path) {
  return path.endsWith(QLatin1String(kProjectEnding), Qt::CaseInsensitive);
}

ProjectActions::ProjectActions(const UiContext& context, NoticeArea& notices, QWidget& window)
    : QObject(&window), context_(context), notices_(notices), window_(window) {
  connectActions();
  ProjectSession& session = context_.session;
  connect(&context_.engine, &EngineBridge::mediaDescribed, this, &ProjectActions::take);
  connect(&session, &ProjectSession::openFailed, this, &ProjectActions::tellOpenFailed);
  connect(&session, &ProjectSession::saveFailed, this, [this](const Error& error, const QString& path) {
    afterSave_ = nullptr;
    notices_.show({NoticeKind::Error,
                   tr("“%1” was not saved").arg(QFileInfo(path).fileName()),
                   QString::fromStdString(error.message),
                   {{tr("Try again"), [this] { save(); }}, {tr("Save as…"), [this] { saveAs(); }}},
                   errorText(error)});
  });
  connect(&session, &ProjectSession::saved, this, [this](const QString& path) {
    remember(path);
    if (const auto next = std::exchange(afterSave_, nullptr))
      next();
  });
  connect(&session, &ProjectSession::opened, this, [this](const QString& path) {
    if (!path.isEmpty())
      remember(path);
    Q_EMIT projectShown();
  });
  connect(&session, &ProjectSession::autosaveFailed, this,
          [this](const Error& error) { notices_.showError(tr("The recovery copy could not be written"), error); });
}

void ProjectActions::connectActions() {
  ActionTable& actions = context_.actions;
  connect(&actions["file.open"], &QAction::triggered, this, &ProjectActions::open);
  connect(&actions["file.openPicture"], &QAction::triggered, this, [this] {
    const QString path = QFileDialog::getOpenFileName(&window_, tr("Open a picture"), context_.preferences.lastFolder,
                                                      tr("Pictures (%1);;All files (*)").arg(pictureFilter()));
    if (!path.isEmpty())
      openPicture(path);
  });
  connect(&actions["file.save"], &QAction::triggered, this, [this] { save(); });
  connect(&actions["file.saveAs"], &QAction::triggered, this, [this] { saveAs(); });
  connect(&actions["file.import"], &QAction::triggered, this, [this] {
    import(QFileDialog::getOpenFileNames(&window_, tr("Import media"), context_.preferences.lastFolder,
                                         tr("Pictures, videos and sounds (%1);;All files (*)").arg(mediaFilter())));
  });
  connect(&actions["file.importPaths"], &QAction::triggered, this, &ProjectActions::importPaths);
  connect(&actions["file.exportPaths"], &QAction::triggered, this, &ProjectActions::exportPaths);
}

bool ProjectActions::hasProject() const {
  const document::Document& document = *context_.session.document();
  if (context_.session.document() == sample_)
    return false; // shown by us, unchanged
  return !document.takes.empty() || !document.media.empty();
}

void ProjectActions::remember(const QString& path) {
  const QFileInfo file(path);
  context_.preferences.addRecentFile(file.absoluteFilePath());
  context_.preferences.lastFolder = file.absolutePath();
}

void ProjectActions::open() {
  const QString all = QStringLiteral("*%1 %2").arg(QLatin1String(kProjectEnding), mediaFilter());
  const QStringList paths =
      QFileDialog::getOpenFileNames(&window_, tr("Open"), context_.preferences.lastFolder,
                                    tr("Projects, pictures, videos and sounds (%1);;All files (*)").arg(all));
  openFiles(paths);
}

void ProjectActions::tellOpenFailed(const Error& error, const QString& path) {
  Notice notice{NoticeKind::Error,
                tr("“%1” could not be opened").arg(QFileInfo(path).fileName()),
                QString::fromStdString(error.message),
                {{tr("Open another…"), [this] { context_.actions["file.open"].trigger(); }}},
                errorText(error)};
  if (context_.preferences.recentFiles.contains(path))
    notice.buttons.push_back(
        {tr("Take it off the list"), [this, path] { context_.preferences.recentFiles.removeAll(path); }});
  notices_.show(notice);
}

void ProjectActions::withFiles(const QStringList& paths, std::function<void(const QStringList&)> use) {
  if (std::none_of(paths.begin(), paths.end(), [](const QString& path) { return QFileInfo(path).isDir(); })) {
    use(paths);
    return;
  }
  struct Listed {
    QStringList files;
    bool more = false;
  };
  inBackground(
      context_.session.workers(), this,
      [paths,
       endings = (mediaFilter() + QStringLiteral(" *") + QLatin1String(kProjectEnding)).split(QLatin1Char(' '))] {
        Listed listed;
        for (const QString& path : paths) {
          if (!QFileInfo(path).isDir()) {
            listed.files << path;
            continue;
          }
          QStringList inside;
          QDirIterator entries(path, endings, QDir::Files | QDir::Readable, QDirIterator::Subdirectories);
          while (entries.hasNext() && inside.size() < kMostFiles)
            inside << entries.next();
          listed.more = listed.more || entries.hasNext();
          inside.sort();
          listed.files << inside;
        }
        return listed;
      },
      [this, paths, use = std::move(use)](const Listed& listed) {
        if (listed.more)
          notices_.show({NoticeKind::Warning,
                         tr("The folder holds many files"),
                         tr("The first %n files were taken.", nullptr, kMostFiles),
                         {},
                         {}});
        if (listed.files.isEmpty())
          notices_.show({NoticeKind::Info,
                         tr("Nothing to open in “%1”").arg(QFileInfo(paths.first()).fileName()),
                         tr("The folder holds no picture, video, sound or project that Kinora reads."),
                         {},
                         {}});
        else
          use(listed.files);
      });
}

void ProjectActions::openFiles(const QStringList& paths) {
  if (!paths.isEmpty())
    withFiles(paths, [this](const QStringList& files) { openListed(files); });
}

void ProjectActions::openListed(const QStringList& paths) {
  const auto project = std::find_if(paths.begin(), paths.end(), isProjectPath);
  if (project != paths.end()) {
    openProject(*project);
    return;
  }
  if (hasProject()) {
    import(paths);
    return;
  }
  then_ = paths.mid(1);
  describe(paths.first(), Purpose::NewProject);
}

void ProjectActions::openProject(const QString& path) {
  askToKeep([this, path] { context_.session.open(toPath(QFileInfo(path).absoluteFilePath())); });
}

void ProjectActions::openPicture(const QString& path) {
  askToKeep([this, path] { describe(path, Purpose::NewProject); });
}

void ProjectActions::showPicture(const QString& path) {
  askToKeep([this, path] {
    describe(path, Purpose::NewProject);
    looking_ = true;
  });
}

void ProjectActions::showSample(const QString& path) {
  inBackground(
      context_.session.workers(), this, [file = toPath(path)] { return document::readProject(file); },
      [this](const Result<document::DocumentPtr>& read) {
        // A person may have opened something meanwhile; a sample that cannot be read is not worth a word here.
        if (!read || hasProject() || context_.session.isDirty())
          return;
        sample_ = *read;
        context_.session.replace(sample_);
        context_.engine.play();
      });
}

void ProjectActions::import(const QStringList& paths) {
  if (!paths.isEmpty())
    withFiles(paths, [this](const QStringList& files) {
      for (const QString& path : files)
        if (!isProjectPath(path))
          describe(path, Purpose::Add);
    });
}

void ProjectActions::restore(const RecoverableProject& project) {
  askToKeep([this, project] { context_.session.restore(project); });
}

void ProjectActions::describe(const QString& path, Purpose purpose) {
  const std::filesystem::path file = toPath(QFileInfo(path).absoluteFilePath());
  waiting_.emplace(file, purpose);
  if (purpose == Purpose::NewProject) {
    agreed_ = context_.session.document();
    looking_ = false;
  }
  context_.engine.describeMedia(file);
}

void ProjectActions::take(const runtime::MediaDescribed& described) {
  const auto found = waiting_.find(described.path);
  if (found == waiting_.end())
    return;
  const Purpose purpose = found->second;
  waiting_.erase(found);
  const QStringList then = purpose == Purpose::NewProject ? std::exchange(then_, {}) : QStringList();
  if (!described.item) {
    Notice notice{NoticeKind::Error,
                  tr("“%1” could not be opened").arg(toQString(described.path.filename())),
                  QString::fromStdString(described.item.error().message),
                  {{tr("Open another…"), [this] { context_.actions["file.open"].trigger(); }}},
                  errorText(described.item.error())};
    notices_.show(notice);
    import(then);
    return;
  }
  context_.preferences.lastFolder = toQString(described.path.parent_path());
  if (purpose == Purpose::Add && hasProject()) {
    add(*described.item);
    return;
  }
  const auto start = [this, item = *described.item, then] {
    begin(item);
    import(then);
  };
  // Something may have been drawn while the file was looked at.
  if (context_.session.document() == agreed_)
    start();
  else
    askToKeep(start);
}

void ProjectActions::begin(const document::MediaItem& item) {
  Result<document::DocumentPtr> made = document::DocumentPtr();
  if (item.kind == document::MediaKind::Picture) {
    const auto project = document::projectForPicture(item, Duration::fromSeconds(kPictureSeconds), kPictureRate);
    made = project ? Result<document::DocumentPtr>(project->document) : fail(project);
  } else {
    auto empty = std::make_shared<document::Document>();
    if (!item.size.isEmpty())
      empty->frame.size = {item.size.width & ~1, item.size.height & ~1};
    empty->name = item.path.stem().string();
    const auto project = document::addMediaClip(empty, item);
    made = project ? Result<document::DocumentPtr>(project->document) : fail(project);
  }
  if (!made) {
    notices_.showError(tr("“%1” could not be opened").arg(QString::fromStdString(item.name)), made.error());
    return;
  }
  if (std::exchange(looking_, false)) {
    sample_ = *made;
    context_.session.replace(sample_);
    context_.engine.play();
    return;
  }
  context_.session.replace(*made, {}, true);
  Q_EMIT projectShown();
}

void ProjectActions::add(const document::MediaItem& item) {
  context_.session.apply(tr("Import %1").arg(QString::fromStdString(item.name)),
                         [&item](const document::DocumentPtr& document) -> Result<document::DocumentPtr> {
                           if (item.kind == document::MediaKind::Picture) {
                             const auto made =
                                 document::addPictureTake(document, item, Duration::fromSeconds(kPictureSeconds));
                             return made ? Result<document::DocumentPtr>(made->document) : fail(made);
                           }
                           const auto made = document::addMediaClip(document, item);
                           return made ? Result<document::DocumentPtr>(made->document) : fail(made);
                         });
}

void ProjectActions::save(std::function<void()> next) {
  if (context_.session.file().empty()) {
    saveAs(std::move(next));
    return;
  }
  afterSave_ = std::move(next);
  context_.session.save(context_.session.file());
}

void ProjectActions::saveAs(std::function<void()> next) {
  const QString suggested =
      context_.preferences.lastFolder + QLatin1Char('/') + context_.session.title() + QLatin1String(kProjectEnding);
  QString path = QFileDialog::getSaveFileName(&window_, tr("Save the project"), suggested,
                                              tr("Kinora projects (*%1)").arg(QLatin1String(kProjectEnding)));
  if (path.isEmpty())
    return;
  if (!isProjectPath(path))
    path += QLatin1String(kProjectEnding);
  afterSave_ = std::move(next);
  context_.session.save(toPath(path));
}

void ProjectActions::askToKeep(std::function<void()> next) {
  context_.session.endGesture();
  if (!context_.session.isDirty()) {
    next();
    return;
  }
  QMessageBox question(QMessageBox::NoIcon, tr("Kinora"), tr("Save changes to “%1”?").arg(context_.session.title()),
                       QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, &window_);
  question.setDefaultButton(QMessageBox::Save);
  switch (question.exec()) {
  case QMessageBox::Save:
    save(std::move(next));
    break;
  case QMessageBox::Discard:
    next();
    break;
  default:
    break;
  }
}

void ProjectActions::fillRecent(QMenu& menu) {
  menu.clear();
  for (const QString& path : context_.preferences.recentFiles) {
    QAction* entry = menu.addAction(QFileInfo(path).fileName());
    entry->setToolTip(path);
    connect(entry, &QAction::triggered, this, [this, path] { openFiles({path}); });
  }
  menu.setEnabled(!menu.isEmpty());
  menu.setToolTipsVisible(true);
}

void ProjectActions::importPaths() {
  const document::TakePtr take = context_.session.currentTake();
  if (!take)
    return;
  const QString path = QFileDialog::getOpenFileName(&window_, tr("Import paths"), context_.preferences.lastFolder,
                                                    tr("Paths (*.tracks.json *.json *.npy *.npz);;All files (*)"));
  if (path.isEmpty())
    return;
  context_.preferences.lastFolder = QFileInfo(path).absolutePath();
  const document::MediaItem* picture = context_.session.document()->findMedia(take->picture);
  const Size size = picture ? picture->size : context_.session.document()->frame.size;
  inBackground(
      context_.session.workers(), this,
      [file = toPath(path), size, rate = context_.session.document()->frame.rate] {
        return document::readTracks(file, size, rate).map([size](document::TrackSet&& set) {
          return scaledTo(std::move(set), size);
        });
      },
      [this, path, take = take->id](const Result<document::TrackSet>& set) {
        if (!set) {
          notices_.showError(tr("The paths of “%1” could not be read").arg(QFileInfo(path).fileName()), set.error());
          return;
        }
        context_.session.apply(tr("Import paths"),
                               [&](const document::DocumentPtr& document) -> Result<document::DocumentPtr> {
                                 const auto made = edit::addTracks(document, take, set->tracks);
                                 return made ? Result<document::DocumentPtr>(made->document) : fail(made);
                               });
      });
}

void ProjectActions::exportPaths() {
  const document::TakePtr take = context_.session.currentTake();
  if (!take)
    return;
  QString path = QFileDialog::getSaveFileName(&window_, tr("Save paths"),
                                              context_.preferences.lastFolder + QLatin1Char('/') +
                                                  context_.session.title() + QStringLiteral(".tracks.json"),
                                              tr("Paths (*.tracks.json)"));
  if (path.isEmpty())
    return;
  if (!path.endsWith(QLatin1String(".json")))
    path += QStringLiteral(".tracks.json");
  document::TrackSet set;
  const document::MediaItem* picture = context_.session.document()->findMedia(take->picture);
  set.size = picture ? picture->size : context_.session.document()->frame.size;
  set.rate = context_.session.document()->frame.rate;
  set.frames = set.rate.framesIn(take->length);
  for (const document::TrackPtr& track : take->tracks)
    set.tracks.push_back(*track);
  inBackground(
      context_.session.workers(), this,
      [set = std::move(set), file = toPath(path)] { return document::writeTracks(set, file); },
      [this, path](const Result<void>& written) {
        if (!written)
          notices_.showError(tr("The paths were not saved to “%1”").arg(QFileInfo(path).fileName()), written.error());
      });
}

} // namespace kinora::ui
