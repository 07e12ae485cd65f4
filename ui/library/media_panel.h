// SPDX-License-Identifier: Apache-2.0
// The media bin: what the project uses, to find, to put on the timeline and to find again when files have moved.
#pragma once

#include <QWidget>

#include "engine/base/result.h"
#include "engine/document/document.h"
#include "ui/session/ui_context.h"

class QFrame;
class QLabel;
class QLineEdit;
class QListView;
class QSortFilterProxyModel;

namespace kinora::ui {

class MediaModel;

// [gui] Dropped files are passed on; the window describes and imports them.
class MediaPanel : public QWidget {
  Q_OBJECT
 public:
  explicit MediaPanel(const UiContext& context, QWidget* parent = nullptr);

  // A clip of the item after the last one of its kind, in one step; a picture gets a new take.
  void addToTimeline(MediaId media);
  // The item's file is now here. Other missing files that lie in the same folder are found with it, in one step.
  void relocate(MediaId media, const QString& path);

 Q_SIGNALS:
  void filesDropped(const QStringList& paths);
  void relocateFailed(const kinora::Error& error);

 protected:
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  void refresh();
  void locate();

  UiContext context_;
  MediaModel* model_;
  QSortFilterProxyModel* found_;
  QLineEdit* search_;
  QFrame* missing_;
  QLabel* missingText_;
  QListView* list_;
  QWidget* empty_;
};

} // namespace kinora::ui
