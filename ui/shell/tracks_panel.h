// SPDX-License-Identifier: Apache-2.0
// The Tracks panel of Paint: paths, pins and camera with eye, lock and solo; shares its selection with the canvas.
#pragma once

#include <QWidget>

#include "ui/session/ui_context.h"

class QLabel;
class QStackedWidget;
class QTreeView;

namespace kinora::ui {

class TrackModel;
struct Selection;

// [gui] Drag = order = depth. Double-click or F2 renames; a click on the swatch changes the colour.
class TracksPanel : public QWidget {
  Q_OBJECT
 public:
  explicit TracksPanel(const UiContext& context, QWidget* parent = nullptr);

  [[nodiscard]] QTreeView& view() { return *view_; }
  void renameSelected();

 private:
  void showSelection(const Selection& selection);
  void takeSelection();
  void showEmpty();

  UiContext context_;
  TrackModel* model_;
  QTreeView* view_;
  QStackedWidget* pages_;
  bool following_ = false; // the selection of the project is being shown
};

} // namespace kinora::ui
