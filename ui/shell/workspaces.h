// SPDX-License-Identifier: Apache-2.0
// Which panels stand where in Paint, Edit and Export, as a person left them.
#pragma once

#include <vector>

#include <QObject>

#include "ui/session/action_table.h"
#include "ui/session/ui_context.h"

class QMainWindow;
class QMenu;

namespace kinora::ui {

class DockPanel;

// Where a panel stands in a workspace when nobody has moved it.
struct PanelPlace {
  Workspace workspace = Workspace::Paint;
  Qt::DockWidgetArea area = Qt::RightDockWidgetArea;
  int width = 292;       // of its column (areas left and right)
  int height = 200;      // wish, within its column or of the bottom area
  bool shown = true;     // false: offered in the menu only
  bool withLast = false; // a tab of the panel placed before it
};

// [gui] Keeps a layout per workspace and per set of screens in the preferences.
class Workspaces : public QObject {
  Q_OBJECT
 public:
  Workspaces(const UiContext& context, QMainWindow& window);

  // In the order in which they are laid out. A panel without a place in a workspace is not offered there.
  void add(DockPanel& panel, std::vector<PanelPlace> places);
  void show(Workspace workspace);
  void reset();
  // Writes the present layout into the preferences.
  void remember();
  // All panels away, and back.
  void setPanelsHidden(bool hidden);
  // Only this panel (null: only the centre), or everything again.
  void maximise(DockPanel* panel, bool on);
  [[nodiscard]] bool isMaximised() const { return !beforeMaximise_.isEmpty(); }
  void fillPanelMenu(QMenu& menu) const;
  [[nodiscard]] std::vector<DockPanel*> panels() const;
  // Narrow windows: the right panels become one stack of tabs. The layout of wide windows is kept apart.
  void setCompact(bool compact);

 private:
  struct Entry {
    DockPanel* panel = nullptr;
    std::vector<PanelPlace> places;
  };
  [[nodiscard]] QString key() const;
  [[nodiscard]] static const PanelPlace* placeIn(const Entry& entry, Workspace workspace);
  void layOut();
  void fitSizes();
  void restore();

  UiContext context_;
  QMainWindow& window_;
  std::vector<Entry> entries_;
  Workspace workspace_ = Workspace::Paint;
  bool shownOnce_ = false;
  bool compact_ = false;
  bool hidden_ = false;
  QByteArray beforeMaximise_;
  int round_ = 0; // of laying out
};

} // namespace kinora::ui
