// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/workspaces.h"

#include <QGuiApplication>
#include <QMainWindow>
#include <QMenu>
#include <QScreen>
#include <QTimer>

#include "ui/session/preferences.h"
#include "ui/session/theme.h"
#include "ui/shell/dock_panel.h"

namespace kinora::ui {
namespace {

// Of saved states; a new set of panels makes older states useless.
constexpr int kLayoutVersion = 1;

QString nameOf(Workspace workspace) {
  switch (workspace) {
  case Workspace::Edit:
    return QStringLiteral("edit");
  case Workspace::Export:
    return QStringLiteral("export");
  case Workspace::Paint:
    break;
  }
  return QStringLiteral("paint");
}

bool isOnScreen(const QRect& rect) {
  for (const QScreen* screen : QGuiApplication::screens())
    if (screen->availableGeometry().intersects(rect))
      return true;
  return false;
}

} // namespace

Workspaces::Workspaces(const UiContext& context, QMainWindow& window)
    : QObject(&window), context_(context), window_(window) {}

void Workspaces::add(DockPanel& panel, std::vector<PanelPlace> places) {
  entries_.push_back({&panel, std::move(places)});
  window_.addDockWidget(Qt::RightDockWidgetArea, &panel);
  panel.hide();
  connect(&panel, &DockPanel::maximiseAsked, this, [this, &panel] { maximise(&panel, !isMaximised()); });
}

const PanelPlace* Workspaces::placeIn(const Entry& entry, Workspace workspace) {
  for (const PanelPlace& place : entry.places)
    if (place.workspace == workspace)
      return &place;
  return nullptr;
}

std::vector<DockPanel*> Workspaces::panels() const {
  std::vector<DockPanel*> all;
  for (const Entry& entry : entries_)
    all.push_back(entry.panel);
  return all;
}

QString Workspaces::key() const {
  QStringList parts{nameOf(workspace_)};
  if (compact_)
    parts << QStringLiteral("compact");
  for (const QScreen* screen : QGuiApplication::screens()) {
    const QRect at = screen->geometry();
    parts << QStringLiteral("%1x%2+%3+%4").arg(at.width()).arg(at.height()).arg(at.x()).arg(at.y());
  }
  return parts.join(QLatin1Char('_'));
}

void Workspaces::remember() {
  if (!shownOnce_ || hidden_)
    return;
  context_.preferences.layouts.insert(key(), isMaximised() ? beforeMaximise_ : window_.saveState(kLayoutVersion));
}

void Workspaces::show(Workspace workspace) {
  remember();
  maximise(nullptr, false);
  workspace_ = workspace;
  shownOnce_ = true;
  restore();
}

void Workspaces::setCompact(bool compact) {
  if (compact == compact_)
    return;
  remember();
  compact_ = compact;
  if (shownOnce_)
    restore();
}

void Workspaces::restore() {
  if (hidden_)
    return;
  layOut();
  const QByteArray state = context_.preferences.layouts.value(key());
  if (state.isEmpty() || !window_.restoreState(state, kLayoutVersion))
    return;
  ++round_; // the sizes are those of the state
  for (const Entry& entry : entries_) {
    const bool lost = entry.panel->isFloating() && !isOnScreen(entry.panel->frameGeometry());
    if (lost || (placeIn(entry, workspace_) == nullptr && !entry.panel->isHidden())) {
      layOut();
      return;
    }
  }
}

void Workspaces::reset() {
  maximise(nullptr, false);
  context_.preferences.layouts.remove(key());
  layOut();
}

void Workspaces::layOut() {
  for (const Entry& entry : entries_) {
    entry.panel->setFloating(false);
    window_.removeDockWidget(entry.panel);
  }
  DockPanel* last = nullptr;
  DockPanel* firstRight = nullptr;
  for (const Entry& entry : entries_) {
    const PanelPlace* place = placeIn(entry, workspace_);
    if (place == nullptr)
      continue;
    const bool right = place->area == Qt::RightDockWidgetArea;
    const bool stacked = compact_ && right && firstRight != nullptr;
    window_.addDockWidget(place->area, entry.panel);
    if ((place->withLast && last != nullptr) || stacked)
      window_.tabifyDockWidget(stacked ? firstRight : last, entry.panel);
    entry.panel->setVisible(place->shown);
    if (place->shown) {
      last = entry.panel;
      if (right && firstRight == nullptr)
        firstRight = entry.panel;
    }
  }
  if (compact_ && firstRight != nullptr)
    firstRight->raise();
  fitSizes();
  // Panels that were away get their room only when the window has laid them out.
  QTimer::singleShot(0, this, [this, round = ++round_] {
    if (round == round_)
      fitSizes();
  });
}

void Workspaces::fitSizes() {
  QList<QDockWidget*> columns, rows;
  QList<int> widths, heights;
  const Theme& theme = context_.theme.current();
  for (const Entry& entry : entries_) {
    const PanelPlace* place = placeIn(entry, workspace_);
    if (place == nullptr || entry.panel->isHidden() || entry.panel->isFloating())
      continue;
    if (place->area != Qt::BottomDockWidgetArea) {
      columns << entry.panel;
      widths << theme.px(compact_ ? place->width - 28 : place->width);
    }
    rows << entry.panel;
    heights << theme.px(place->height);
  }
  window_.resizeDocks(columns, widths, Qt::Horizontal);
  window_.resizeDocks(rows, heights, Qt::Vertical);
}

void Workspaces::setPanelsHidden(bool hidden) {
  if (hidden == hidden_)
    return;
  if (hidden) {
    remember();
    maximise(nullptr, false);
  }
  hidden_ = hidden;
  ++round_;
  if (!hidden) {
    restore();
    return;
  }
  for (const Entry& entry : entries_)
    entry.panel->hide();
}

void Workspaces::maximise(DockPanel* panel, bool on) {
  if (on == isMaximised())
    return;
  if (!on) {
    window_.centralWidget()->show();
    window_.restoreState(beforeMaximise_, kLayoutVersion);
    beforeMaximise_.clear();
    return;
  }
  beforeMaximise_ = window_.saveState(kLayoutVersion);
  for (const Entry& entry : entries_)
    if (entry.panel != panel && !entry.panel->isFloating())
      entry.panel->hide();
  window_.centralWidget()->setVisible(panel == nullptr);
}

void Workspaces::fillPanelMenu(QMenu& menu) const {
  menu.clear();
  for (const Entry& entry : entries_)
    if (placeIn(entry, workspace_) != nullptr)
      menu.addAction(entry.panel->toggleViewAction());
  menu.setEnabled(!menu.isEmpty());
}

} // namespace kinora::ui
