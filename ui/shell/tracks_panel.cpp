// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/tracks_panel.h"

#include <QItemSelectionModel>
#include <QLabel>
#include <QStackedWidget>
#include <QTreeView>
#include <QVBoxLayout>

#include "ui/session/project_session.h"
#include "ui/session/theme.h"
#include "ui/session/track_model.h"
#include "ui/shell/track_delegate_p.h"

namespace kinora::ui {

TracksPanel::TracksPanel(const UiContext& context, QWidget* parent)
    : QWidget(parent), context_(context), model_(new TrackModel(context.session, this)), view_(new QTreeView(this)),
      pages_(new QStackedWidget(this)) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(pages_);

  auto* empty = new QLabel(tr("No paths yet. Draw on the picture to make one."), this);
  empty->setWordWrap(true);
  empty->setAlignment(Qt::AlignTop | Qt::AlignLeft);
  empty->setMargin(12);
  empty->setProperty("tone", "muted");
  pages_->addWidget(empty);

  view_->setAccessibleName(tr("Tracks"));
  view_->setHeaderHidden(true);
  view_->setModel(model_);
  view_->setItemDelegate(new TrackDelegate(context.theme, view_));
  view_->setSelectionMode(QAbstractItemView::ExtendedSelection);
  view_->setEditTriggers(QAbstractItemView::DoubleClicked | QAbstractItemView::EditKeyPressed);
  view_->setDragDropMode(QAbstractItemView::InternalMove);
  view_->setIndentation(20);
  view_->setMouseTracking(true);
  view_->setUniformRowHeights(true);
  view_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  view_->expandAll();
  pages_->addWidget(view_);

  connect(model_, &QAbstractItemModel::modelReset, this, [this] {
    view_->expandAll();
    showSelection(context_.session.selection().current());
    showEmpty();
  });
  connect(model_, &QAbstractItemModel::dataChanged, this, &TracksPanel::showEmpty);
  connect(view_->selectionModel(), &QItemSelectionModel::selectionChanged, this, &TracksPanel::takeSelection);
  connect(&context_.session.selection(), &SelectionModel::changed, this, &TracksPanel::showSelection);
  connect(&context_.theme, &ThemeSource::changed, view_, [this] { view_->viewport()->update(); });
  showEmpty();
}

void TracksPanel::showEmpty() {
  const document::TakePtr take = context_.session.currentTake();
  pages_->setCurrentIndex(take && (!take->tracks.empty() || !take->camera.empty()) ? 1 : 0);
}

void TracksPanel::renameSelected() {
  const QModelIndex index = model_->indexOf(context_.session.selection().current().focusedTrack());
  if (index.isValid())
    view_->edit(index);
}

void TracksPanel::showSelection(const Selection& selection) {
  following_ = true;
  QItemSelection rows;
  for (const TrackId track : selection.tracks)
    if (const QModelIndex index = model_->indexOf(track); index.isValid())
      rows.select(index, index);
  if (selection.camera)
    rows.select(model_->cameraIndex(), model_->cameraIndex());
  view_->selectionModel()->select(rows, QItemSelectionModel::ClearAndSelect);
  const QModelIndex focused = selection.camera ? model_->cameraIndex() : model_->indexOf(selection.focusedTrack());
  if (focused.isValid()) {
    view_->selectionModel()->setCurrentIndex(focused, QItemSelectionModel::NoUpdate);
    view_->scrollTo(focused);
  }
  following_ = false;
}

void TracksPanel::takeSelection() {
  if (following_)
    return;
  Selection next = context_.session.selection().current();
  next.tracks.clear();
  next.points.clear();
  next.camera = false;
  TrackId focused;
  for (const QModelIndex& index : view_->selectionModel()->selectedIndexes()) {
    const TrackId track = model_->trackAt(index);
    if (index == model_->cameraIndex())
      next.camera = true;
    else if (index == view_->currentIndex())
      focused = track;
    else if (track.isValid())
      next.tracks.push_back(track);
  }
  if (focused.isValid())
    next.tracks.push_back(focused); // the last one is the focused one
  if (next.camera)
    next.tracks.clear();
  context_.session.selection().set(next);
}

} // namespace kinora::ui
