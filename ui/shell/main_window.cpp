// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/main_window.h"

#include <algorithm>
#include <array>
#include <utility>

#include <QActionGroup>
#include <QApplication>
#include <QCloseEvent>
#include <QDir>
#include <QDragEnterEvent>
#include <QHBoxLayout>
#include <QMenu>
#include <QMimeData>
#include <QScreen>
#include <QStackedWidget>
#include <QStandardPaths>
#include <QStyleFactory>
#include <QToolBar>
#include <QUndoView>
#include <QVBoxLayout>

#include "ui/inspector/clip_panel.h"
#include "ui/inspector/motion_panel.h"
#include "ui/library/media_panel.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/preferences.h"
#include "ui/session/project_session.h"
#include "ui/session/theme.h"
#include "ui/shell/centre.h"
#include "ui/shell/command_palette.h"
#include "ui/shell/dialogs.h"
#include "ui/shell/dock_panel.h"
#include "ui/shell/edit_commands.h"
#include "ui/shell/export_page.h"
#include "ui/shell/first_hints.h"
#include "ui/shell/machine_check.h"
#include "ui/shell/notice_area.h"
#include "ui/shell/play_commands.h"
#include "ui/shell/project_actions.h"
#include "ui/shell/samples.h"
#include "ui/shell/start_page.h"
#include "ui/shell/stats_panel.h"
#include "ui/shell/status_strip.h"
#include "ui/shell/takes_panel.h"
#include "ui/shell/timeline_dock.h"
#include "ui/shell/top_bar.h"
#include "ui/shell/tracks_panel.h"
#include "ui/shell/transport_bar.h"
#include "ui/shell/workspaces.h"
#include "ui/timeline/cache_legend.h"

namespace kinora::ui {
namespace {

constexpr QSize kDesignSize{1440, 900};
constexpr QSize kSmallest{1280, 720};
// Below this the compact rules hold.
constexpr QSize kRoomy{1400, 800};
constexpr double kTextStep = 1.1;

constexpr std::array<std::pair<const char*, Workspace>, 3> kWorkspaces{{
    {"view.paint", Workspace::Paint},
    {"view.edit", Workspace::Edit},
    {"view.export", Workspace::Export},
}};

QStringList localFiles(const QMimeData& data) {
  QStringList paths;
  for (const QUrl& url : data.urls())
    if (url.isLocalFile())
      paths << url.toLocalFile();
  return paths;
}

} // namespace

MainWindow::MainWindow(const UiContext& context, gpu::Device* device, gpu::FrameTransport& transport)
    : context_(context), top_(new TopBar(context, this)), status_(new StatusStrip(context, this)),
      notices_(new NoticeArea(context.theme, this)), pages_(new QStackedWidget(this)),
      transport_(new TransportBar(context, this)), workspaces_(new Workspaces(context, *this)),
      project_(new ProjectActions(context, *notices_, *this)), play_(new PlayCommands(context, *this)),
      edit_(new EditCommands(context, this)), palette_(new CommandPalette(context, this)),
      check_(new MachineCheck({}, this)), hints_(new FirstHints(context, *status_, this)) {
  setObjectName(QStringLiteral("mainWindow"));
  setAcceptDrops(true);
  setDockNestingEnabled(true);
  setCorner(Qt::BottomLeftCorner, Qt::BottomDockWidgetArea);
  setCorner(Qt::BottomRightCorner, Qt::BottomDockWidgetArea);
  setMenuWidget(top_);
  context_.actions.setOwnKeys(context_.preferences.keys);
  applyTheme();
  buildCentre(device, transport);
  buildPanels();
  connectSession();
  connectActions();
  context_.actions.addTo(*this);

  setMinimumSize(kSmallest);
  resize(kDesignSize.boundedTo(screen()->availableSize()));
  restoreGeometry(context_.preferences.windowGeometry);
  Workspace wanted = Workspace::Paint;
  for (const auto& [id, workspace] : kWorkspaces)
    if (context_.preferences.workspace == QLatin1String(id).mid(5))
      wanted = workspace;
  setWorkspace(wanted);
  refreshTitle();
  context_.engine.publish(context_.session.document());
}

MainWindow::~MainWindow() = default;

void MainWindow::buildCentre(gpu::Device* device, gpu::FrameTransport& transport) {
  auto* centre = new QWidget(this);
  auto* column = new QVBoxLayout(centre);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(notices_);
  picture_ = new Centre(context_, device, transport, pages_);
  connect(picture_, &Centre::told, status_, &StatusStrip::say);
  pages_->addWidget(picture_);
  export_ = new ExportPage(context_, runtime::exportPresets(), *notices_, pages_);
  pages_->addWidget(export_);
  start_ = new StartPage(context_, *check_, centre);
  start_->hide();
  auto* row = new QHBoxLayout;
  row->setSpacing(0);
  row->addWidget(start_);
  row->addWidget(pages_, 1);
  column->addLayout(row, 1);
  column->addWidget(transport_);
  setCentralWidget(centre);

  // The status bar spans the window: a plain tool bar area would not.
  auto* bar = new QToolBar(this);
  bar->setObjectName(QStringLiteral("statusArea"));
  bar->setMovable(false);
  bar->setFloatable(false);
  bar->toggleViewAction()->setVisible(false);
  bar->setContentsMargins(0, 0, 0, 0);
  status_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  bar->addWidget(status_);
  addToolBar(Qt::BottomToolBarArea, bar);
}

void MainWindow::buildPanels() {
  const auto panel = [this](const char* name, const QString& title, QWidget* content) {
    return new DockPanel(context_, name, title, content, this);
  };
  tracks_ = new TracksPanel(context_);
  DockPanel* tracks = panel("tracks", tr("Tracks"), tracks_);
  workspaces_->add(*tracks, {{Workspace::Paint, Qt::RightDockWidgetArea, 292, 190}});
  workspaces_->add(*panel("motion", tr("Motion"), new MotionPanel(context_)),
                   {{Workspace::Paint, Qt::RightDockWidgetArea, 292, 300}});
  DockPanel* takes = panel("takes", tr("Takes"), new TakesPanel(context_));
  takes->addHeaderAction(context_.actions["paint.newTake"]);
  workspaces_->add(*takes, {{Workspace::Paint, Qt::RightDockWidgetArea, 292, 130}});
  auto* media = new MediaPanel(context_);
  connect(media, &MediaPanel::filesDropped, this, [this](const QStringList& paths) { project_->import(paths); });
  connect(media, &MediaPanel::relocateFailed, this,
          [this](const Error& error) { notices_->showError(tr("The file could not be used"), error); });
  workspaces_->add(*panel("media", tr("Media"), media), {{Workspace::Edit, Qt::LeftDockWidgetArea, 304, 300}});
  auto* clip = new ClipPanel(context_);
  connect(clip, &ClipPanel::openInPaint, this, [this](TakeId take) {
    context_.session.selection().setTake(take);
    setWorkspace(Workspace::Paint);
  });
  workspaces_->add(*panel("clip", tr("Clip"), clip), {{Workspace::Edit, Qt::RightDockWidgetArea, 300, 300}});
  auto* history = new QUndoView(&context_.session.undoStack());
  history->setEmptyLabel(tr("As opened"));
  history->setAccessibleName(tr("History"));
  workspaces_->add(*panel("history", tr("History"), history),
                   {{Workspace::Edit, Qt::RightDockWidgetArea, 300, 200},
                    {Workspace::Paint, Qt::RightDockWidgetArea, 292, 160, false}});
  DockPanel* stats = panel("stats", tr("Statistics"), new StatsPanel(context_));
  workspaces_->add(*stats, {{Workspace::Paint, Qt::RightDockWidgetArea, 292, 380, false},
                            {Workspace::Edit, Qt::RightDockWidgetArea, 300, 380, false}});
  QAction& showStats = context_.actions["view.stats"];
  connect(&showStats, &QAction::triggered, stats, &QWidget::setVisible);
  connect(stats->toggleViewAction(), &QAction::toggled, &showStats, &QAction::setChecked);
  DockPanel* timeline = panel("timeline", tr("Timeline"), makeTimeline(context_, this));
  for (const char* id : {"clip.snap", "clip.marker", "clip.timelineZoomOut", "clip.timelineZoomIn", "clip.timelineFit"})
    timeline->addHeaderAction(context_.actions[id]);
  timeline->addHeaderNote(*new CacheLegend(context_.theme), kRoomy.width());
  workspaces_->add(*timeline, {{Workspace::Paint, Qt::BottomDockWidgetArea, 0, 212},
                               {Workspace::Edit, Qt::BottomDockWidgetArea, 0, 332}});
}

void MainWindow::connectSession() {
  ProjectSession& session = context_.session;
  connect(&session, &ProjectSession::documentChanged, this,
          [this] { context_.engine.publish(context_.session.document()); });
  connect(&session, &ProjectSession::replaced, this, [this] { context_.engine.seek(Time{}); });
  connect(&session, &ProjectSession::dirtyChanged, this, &MainWindow::setWindowModified);
  connect(&session, &ProjectSession::titleChanged, this, &MainWindow::refreshTitle);
  connect(&session, &ProjectSession::saved, this, [this] { status_->say(tr("Saved")); });
  connect(&session, &ProjectSession::editRefused, this,
          [this](const Error& error) { status_->say(QString::fromStdString(error.message)); });
  connect(&context_.engine, &EngineBridge::failed, this,
          [this](const Error& error) { notices_->showError(tr("Something went wrong"), error); });
  connect(&context_.engine, &EngineBridge::takeProgress, this, [this](const runtime::TakeProgress& progress) {
    if (progress.failure.empty())
      return;
    notices_->show({NoticeKind::Error,
                    tr("A take could not be made"),
                    QString::fromStdString(progress.failure),
                    {},
                    QString::fromStdString(progress.failure)});
  });
  connect(project_, &ProjectActions::projectShown, this, [this] {
    showStart(false);
    context_.engine.play();
  });
  connect(start_, &StartPage::pictureAsked, project_, &ProjectActions::openPicture);
  connect(start_, &StartPage::sampleAsked, project_, &ProjectActions::showPicture);
  connect(start_, &StartPage::fileAsked, this, [this](const QString& path) { project_->openFiles({path}); });
  connect(start_, &StartPage::restoreAsked, project_, &ProjectActions::restore);
  connect(start_, &StartPage::left, this, [this] { showStart(false); });
  connect(&session, &ProjectSession::recoverableFound, this, [this](const std::vector<RecoverableProject>& projects) {
    start_->offerRecovery(projects);
    if (!projects.empty() && !context_.session.isDirty())
      showStart(true);
  });
}

void MainWindow::showStart(bool shown) {
  if (shown)
    setWorkspace(Workspace::Paint);
  start_->setVisible(shown);
  picture_->setToolsShown(!shown && workspace() == Workspace::Paint);
  workspaces_->setPanelsHidden(shown);
}

void MainWindow::openSample() {
  if (const QString path = sampleProject(); !path.isEmpty())
    project_->openFiles({path});
}

void MainWindow::connectActions() {
  ActionTable& actions = context_.actions;
  auto* group = new QActionGroup(this);
  for (const auto& [id, workspace] : kWorkspaces) {
    QAction& action = actions[id];
    group->addAction(&action);
    connect(&action, &QAction::triggered, this, [this, workspace = workspace] { setWorkspace(workspace); });
  }
  connect(edit_, &EditCommands::paintAsked, this, [this] { setWorkspace(Workspace::Paint); });
  connect(&actions["file.start"], &QAction::triggered, this, [this] { showStart(true); });
  connect(&actions["file.openSample"], &QAction::triggered, this, &MainWindow::openSample);
  actions.setAvailable("file.openSample", !sampleProject().isEmpty(), tr("the samples are not installed"));
  connect(&actions["file.quit"], &QAction::triggered, this, &QWidget::close);
  connect(&actions["file.export"], &QAction::triggered, this, [this] { setWorkspace(Workspace::Export); });
  connect(&actions["edit.rename"], &QAction::triggered, this, [this] { tracks_->renameSelected(); });
  connect(&actions["edit.delete"], &QAction::triggered, this, [this] {
    const QWidget* focus = QApplication::focusWidget();
    if (focus != nullptr && (focus == tracks_ || tracks_->isAncestorOf(focus)))
      edit_->deleteTracks();
  });
  connect(&actions["view.maximise"], &QAction::triggered, this, [this](bool on) {
    DockPanel* focused = nullptr;
    for (QWidget* at = QApplication::focusWidget(); at != nullptr && focused == nullptr; at = at->parentWidget())
      focused = qobject_cast<DockPanel*>(at);
    workspaces_->maximise(focused, on);
  });
  connect(&actions["view.resetLayout"], &QAction::triggered, this, [this] {
    context_.actions["view.maximise"].setChecked(false);
    workspaces_->reset();
  });
  const auto chooseTheme = [this](const char* id, ThemeMode mode) {
    connect(&context_.actions[id], &QAction::triggered, this, [this, mode](bool on) {
      context_.preferences.theme = on ? mode : ThemeMode::Dark;
      context_.theme.set(context_.preferences.theme, context_.preferences.textScale);
    });
  };
  chooseTheme("view.light", ThemeMode::Light);
  chooseTheme("view.highContrast", ThemeMode::HighContrast);
  connect(&actions["view.textLarger"], &QAction::triggered, this,
          [this] { setTextScale(context_.preferences.textScale * kTextStep); });
  connect(&actions["view.textSmaller"], &QAction::triggered, this,
          [this] { setTextScale(context_.preferences.textScale / kTextStep); });
  connect(&actions["view.textNormal"], &QAction::triggered, this, [this] { setTextScale(1); });
  connect(&actions["view.nextRegion"], &QAction::triggered, this, [this] { moveFocus(true); });
  connect(&actions["view.previousRegion"], &QAction::triggered, this, [this] { moveFocus(false); });
  connect(&actions["help.palette"], &QAction::triggered, this, [this] { palette_->appear(); });
  const auto room = [this](const char* id, PreferencesRoom which) {
    connect(&context_.actions[id], &QAction::triggered, this,
            [this, which] { showPreferences(context_, *check_, which, this); });
  };
  room("edit.preferences", PreferencesRoom::General);
  room("help.keys", PreferencesRoom::Keys);
  room("help.devices", PreferencesRoom::ThisComputer);
  connect(palette_, &CommandPalette::keyAsked, this,
          [this](const QString& command) { showPreferences(context_, *check_, PreferencesRoom::Keys, this, command); });
  connect(&actions["help.about"], &QAction::triggered, this, [this] { showAbout(this); });
  connect(&context_.theme, &ThemeSource::changed, this, &MainWindow::applyTheme);
  connect(top_, &TopBar::recentAboutToShow, this, [this] { project_->fillRecent(top_->recentMenu()); });

  auto* panels = new QMenu(tr("Panels"), this);
  connect(&top_->menu(QStringLiteral("View")), &QMenu::aboutToShow, this,
          [this, panels] { workspaces_->fillPanelMenu(*panels); });
  top_->menu(QStringLiteral("View")).insertMenu(&actions["view.maximise"], panels);
}

void MainWindow::applyTheme() {
  const Theme& theme = context_.theme.current();
  context_.actions["view.light"].setChecked(theme.mode() == ThemeMode::Light);
  context_.actions["view.highContrast"].setChecked(theme.mode() == ThemeMode::HighContrast);
  // A style object of its own: a style sheet keeps the one that was set before it.
  QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
  QApplication::setPalette(theme.palette());
  QApplication::setFont(theme.font(Theme::Text::Body));
  const QString cache =
      QDir(QStandardPaths::writableLocation(QStandardPaths::CacheLocation)).filePath(QStringLiteral("theme"));
  qApp->setStyleSheet(theme.styleSheet(cache));
}

void MainWindow::setTextScale(double scale) {
  context_.preferences.textScale = std::clamp(scale, 0.8, 2.);
  context_.theme.set(context_.preferences.theme, context_.preferences.textScale);
}

void MainWindow::refreshTitle() {
  setWindowTitle(tr("%1[*] – Kinora").arg(context_.session.title()));
  setWindowModified(context_.session.isDirty());
}

Workspace MainWindow::workspace() const {
  return context_.actions.workspace();
}

void MainWindow::setWorkspace(Workspace workspace) {
  if (start_->isVisible() && workspace != Workspace::Paint)
    showStart(false);
  context_.actions["view.maximise"].setChecked(false);
  context_.actions.setWorkspace(workspace);
  for (const auto& [id, named] : kWorkspaces)
    if (named == workspace) {
      context_.actions[id].setChecked(true);
      context_.preferences.workspace = QLatin1String(id).mid(5);
    }
  const bool exporting = workspace == Workspace::Export;
  // A page that is not seen takes no room.
  QWidget* const shown = exporting ? static_cast<QWidget*>(export_) : picture_;
  for (QWidget* page : {static_cast<QWidget*>(export_), static_cast<QWidget*>(picture_)}) {
    const auto policy = page == shown ? QSizePolicy::Preferred : QSizePolicy::Ignored;
    page->setSizePolicy(policy, policy);
  }
  pages_->setCurrentWidget(shown);
  transport_->setVisible(!exporting);
  picture_->setToolsShown(workspace == Workspace::Paint && !start_->isVisible());
  workspaces_->show(workspace);
}

void MainWindow::openFiles(const QStringList& paths) {
  if (!paths.isEmpty())
    project_->openFiles(paths);
  else if (context_.preferences.showStart)
    showStart(true);
  if (paths.isEmpty() && context_.preferences.showStart && !sampleProject().isEmpty())
    project_->showSample(sampleProject());
  context_.session.findRecoverable();
}

void MainWindow::moveFocus(bool forward) {
  std::vector<QWidget*> regions{top_};
  for (DockPanel* panel : workspaces_->panels())
    if (panel->isVisible() && !panel->visibleRegion().isEmpty())
      regions.push_back(panel);
  regions.insert(regions.begin() + 1, centralWidget());
  const QWidget* focus = QApplication::focusWidget();
  const auto inside = [focus](const QWidget* region) { return focus == region || region->isAncestorOf(focus); };
  const auto now = focus == nullptr ? regions.end() : std::find_if(regions.begin(), regions.end(), inside);
  const auto count = static_cast<std::ptrdiff_t>(regions.size());
  std::ptrdiff_t at = now == regions.end() ? 0 : now - regions.begin();
  for (std::ptrdiff_t step = 0; step < count; ++step) {
    at = (at + (forward ? 1 : count - 1)) % count;
    QWidget* region = regions[static_cast<std::size_t>(at)];
    for (QWidget* child : region->findChildren<QWidget*>())
      if (child->isVisible() && child->isEnabled() && (child->focusPolicy() & Qt::TabFocus) != 0) {
        child->setFocus(Qt::ShortcutFocusReason);
        return;
      }
  }
}

void MainWindow::closeEvent(QCloseEvent* event) {
  if (!closing_ && context_.session.isDirty()) {
    event->ignore();
    project_->askToKeep([this] {
      closing_ = true;
      close();
    });
    return;
  }
  workspaces_->remember();
  context_.preferences.windowGeometry = saveGeometry();
  context_.session.discardRecovery();
  event->accept();
}

void MainWindow::resizeEvent(QResizeEvent* event) {
  QMainWindow::resizeEvent(event);
  const bool compact = width() < kRoomy.width() || height() < kRoomy.height();
  top_->setCompact(compact);
  workspaces_->setCompact(compact);
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  if (!localFiles(*event->mimeData()).isEmpty())
    event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
  const QStringList paths = localFiles(*event->mimeData());
  if (paths.isEmpty())
    return;
  event->acceptProposedAction();
  project_->openFiles(paths);
}

} // namespace kinora::ui
