// SPDX-License-Identifier: Apache-2.0
// What a right click, or the menu key, offers on the canvas.
#include <QContextMenuEvent>
#include <QMenu>

#include "engine/document/edit.h"
#include "ui/canvas/canvas_view.h"
#include "ui/session/action_table.h"
#include "ui/session/paint_settings.h"
#include "ui/session/project_session.h"

namespace kinora::ui {
namespace {

namespace edit = document::edit;

constexpr double kReachPx = 9;

} // namespace

void CanvasView::fillTrackMenu(QMenu& menu) {
  const document::TrackPtr track = focusedTrack();
  ActionTable& actions = context_.actions;
  const TakeId take = take_->id;
  const auto toggle = [&](const QString& text, auto change) {
    menu.addAction(text, this, [this, text, change] { context_.session.apply(text, change); });
  };
  menu.addAction(&actions["edit.rename"]);
  toggle(track->enabled ? tr("Hide") : tr("Show"),
         [take, id = track->id, on = !track->enabled](const document::DocumentPtr& doc) {
           return edit::setTrackEnabled(doc, take, id, on);
         });
  toggle(track->locked ? tr("Unlock") : tr("Lock"),
         [take, id = track->id, on = !track->locked](const document::DocumentPtr& doc) {
           return edit::setTrackLocked(doc, take, id, on);
         });
  if (track->kind == document::TrackKind::Path) {
    menu.addSeparator();
    for (const char* id : {"paint.fitToClip", "paint.reverse", "paint.smooth", "paint.constantSpeed"})
      menu.addAction(&actions[id]);
    menu.addSeparator();
    menu.addAction(&actions["paint.hideSpan"]);
    menu.addAction(&actions["paint.showSpan"]);
  }
  menu.addSeparator();
  menu.addAction(&actions["edit.delete"]);
}

void CanvasView::fillPointMenu(QMenu& menu) {
  const document::TrackPtr track = focusedTrack();
  if (track->points.size() > 1) {
    const std::size_t from = std::min(selectedPoints().back(), track->points.size() - 2);
    const bool visible = track->points[from].visible;
    menu.addAction(visible ? tr("Hide the segment") : tr("Show the segment"), this,
                   [this, visible] { hideSegment(!visible); });
    menu.addAction(tr("One frame earlier"), this, [this] { movePointInTime(-1); });
    menu.addAction(tr("One frame later"), this, [this] { movePointInTime(1); });
    menu.addSeparator();
  }
  menu.addAction(&context_.actions["edit.delete"]);
}

void CanvasView::fillEmptyMenu(QMenu& menu) {
  ActionTable& actions = context_.actions;
  if (context_.session.selection().current().camera)
    menu.addAction(tr("Delete camera key"), this, [this] { deleteCameraKey(); });
  for (const char* id : {"edit.selectAll", "edit.deselect"})
    menu.addAction(&actions[id]);
  menu.addSeparator();
  for (const char* id : {"view.fit", "view.actual"})
    menu.addAction(&actions[id]);
  menu.addSeparator();
  for (const char* id : {"view.result", "view.picture", "view.sideBySide"})
    menu.addAction(&actions[id]);
  menu.addSeparator();
  for (const char* id : {"view.grid", "view.safeAreas", "view.matte", "view.generator"})
    menu.addAction(&actions[id]);
}

void CanvasView::contextMenuEvent(QContextMenuEvent* event) {
  event->accept();
  if (!take_ || pressed_ || penDown_ || tool().isBusy())
    return;
  QPoint place = event->globalPos();
  bool onPoint = false;
  bool onTrack = false;
  if (event->reason() == QContextMenuEvent::Keyboard) {
    onPoint = focusedTrack() && !selectedPoints().empty();
    onTrack = focusedTrack() != nullptr;
    if (onTrack) {
      const document::Track& track = *focusedTrack();
      const std::size_t at = onPoint ? std::min(selectedPoints().back(), track.points.size() - 1) : 0;
      place = mapToGlobal(mapping_.toView(track.points[at].position).toPoint());
    }
  } else if (const auto hit = hitTracks(*take_, mapping_, event->pos(), kReachPx, selectedTracks())) {
    onTrack = true;
    const Selection& selection = context_.session.selection().current();
    onPoint = hit->point && context_.paint.tool() == Tool::EditPoints && selection.focusedTrack() == hit->track;
    if (onPoint) {
      const std::vector<std::size_t> chosen = selectedPoints();
      if (std::find(chosen.begin(), chosen.end(), *hit->point) == chosen.end())
        selectPoints(hit->track, {*hit->point});
    } else if (!selection.has(hit->track)) {
      selectTracks({hit->track});
    } else {
      std::vector<TrackId> tracks = selectedTracks();
      std::erase(tracks, hit->track);
      tracks.push_back(hit->track);
      selectTracks(std::move(tracks));
    }
  }
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  if (onPoint)
    fillPointMenu(*menu);
  else if (onTrack)
    fillTrackMenu(*menu);
  else
    fillEmptyMenu(*menu);
  menu->popup(place);
}

} // namespace kinora::ui
