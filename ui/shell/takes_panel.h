// SPDX-License-Identifier: Apache-2.0
// The Takes panel of Paint: every version of the picture's motion, newest first.
#pragma once

#include <QWidget>

#include "engine/document/document.h"
#include "ui/session/ui_context.h"

class QListView;
class QStackedWidget;

namespace kinora::ui {

class TakeModel;

// [gui] A click shows a take, a double-click renames it, Enter keeps it on the timeline, Delete removes it.
class TakesPanel : public QWidget {
  Q_OBJECT
 public:
  explicit TakesPanel(const UiContext& context, QWidget* parent = nullptr);

  [[nodiscard]] QListView& view() { return *view_; }
  [[nodiscard]] TakeModel& model() { return *model_; }

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void showTake(TakeId take);
  void keep(TakeId take);
  void remove(TakeId take);
  void clearUnkept();
  void showCurrent();
  void openMenu(const QPoint& at);

  UiContext context_;
  TakeModel* model_;
  QListView* view_;
  QStackedWidget* pages_;
};

} // namespace kinora::ui
