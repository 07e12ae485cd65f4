// SPDX-License-Identifier: Apache-2.0
// What a right click, or the menu key, offers on the timeline.
#include <cmath>

#include <QContextMenuEvent>
#include <QMenu>

#include "engine/document/edit.h"
#include "ui/session/action_table.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/project_session.h"
#include "ui/timeline/timeline_view.h"

namespace kinora::ui {
namespace {

namespace edit = document::edit;

constexpr double kMarkerPx = 8;

} // namespace

void TimelineView::fillClipMenu(QMenu& menu) {
  ActionTable& actions = context_.actions;
  for (const char* id : {"clip.split", "clip.trimStart", "clip.trimEnd"})
    menu.addAction(&actions[id]);
  menu.addSeparator();
  menu.addAction(&actions["clip.openInPaint"]);
  menu.addSeparator();
  menu.addAction(tr("Delete"), this, [this] { deleteSelection(); });
}

void TimelineView::fillLaneMenu(QMenu& menu, const document::LanePtr& lane) {
  ActionTable& actions = context_.actions;
  const auto add = [&](const QString& text, auto change) {
    return menu.addAction(text, this, [this, text, change] { context_.session.apply(text, change); });
  };
  add(lane->enabled ? tr("Hide lane") : tr("Show lane"),
      [id = lane->id, on = !lane->enabled](const document::DocumentPtr& d) { return edit::setLaneEnabled(d, id, on); });
  add(lane->locked ? tr("Unlock lane") : tr("Lock lane"),
      [id = lane->id, on = !lane->locked](const document::DocumentPtr& d) { return edit::setLaneLocked(d, id, on); });
  menu.addSeparator();
  menu.addAction(&actions["clip.addPictureLane"]);
  menu.addAction(&actions["clip.addSoundLane"]);
  add(tr("Delete lane"), [id = lane->id](const document::DocumentPtr& d) {
    return edit::removeLane(d, id);
  })->setEnabled(!lane->locked);
}

void TimelineView::fillTrackMenu(QMenu& menu, const document::TrackPtr& track) {
  ActionTable& actions = context_.actions;
  const TakeId take = take_->id;
  const auto add = [&](const QString& text, auto change) {
    menu.addAction(text, this, [this, text, change] { context_.session.apply(text, change); });
  };
  menu.addAction(&actions["edit.rename"]);
  add(track->enabled ? tr("Hide path") : tr("Show path"),
      [take, id = track->id, on = !track->enabled](const document::DocumentPtr& d) {
        return edit::setTrackEnabled(d, take, id, on);
      });
  add(track->locked ? tr("Unlock path") : tr("Lock path"),
      [take, id = track->id, on = !track->locked](const document::DocumentPtr& d) {
        return edit::setTrackLocked(d, take, id, on);
      });
  menu.addSeparator();
  for (const char* id : {"paint.fitToClip", "paint.reverse", "paint.smooth", "paint.constantSpeed"})
    menu.addAction(&actions[id]);
  menu.addSeparator();
  menu.addAction(tr("Delete"), this, [this] { deleteSelection(); });
}

void TimelineView::fillTimeMenu(QMenu& menu, Time at) {
  ActionTable& actions = context_.actions;
  for (const document::Marker& marker : document_->markers)
    if (std::abs(layout_.x(marker.at) - layout_.x(at)) <= kMarkerPx)
      menu.addAction(
          tr("Delete the marker %1").arg(QString::fromStdString(marker.name)), this, [this, where = marker.at] {
            context_.session.apply(tr("Delete marker"),
                                   [where](const document::DocumentPtr& d) { return edit::removeMarker(d, where); });
          });
  menu.addAction(tr("Playhead here"), this, [this, to = toFrame(at)] { context_.engine.seek(to); });
  menu.addSeparator();
  for (const char* id : {"clip.marker", "play.markIn", "play.markOut", "play.clearMarks"})
    menu.addAction(&actions[id]);
  menu.addSeparator();
  for (const char* id : {"clip.timelineFit", "clip.timelineZoomIn", "clip.timelineZoomOut"})
    menu.addAction(&actions[id]);
}

void TimelineView::contextMenuEvent(QContextMenuEvent* event) {
  event->accept();
  if (drag_ != Drag::None)
    return;
  SelectionModel& selection = context_.session.selection();
  QPoint place = event->globalPos();
  Hit under = hit(event->pos());
  if (event->reason() == QContextMenuEvent::Keyboard) {
    under = {};
    under.clip = content_ == TimelineContent::Lanes ? focusedClip() : nullptr;
    if (take_ && content_ == TimelineContent::Motion)
      for (const document::TrackPtr& track : take_->tracks)
        if (track->id == selection.current().focusedTrack())
          under.track = track;
    const QRectF at = under.clip ? clipRect(under.clip->id) : under.track ? trackRect(under.track->id) : QRectF();
    place = mapToGlobal(at.intersected(QRectF(rect())).center().toPoint());
  }
  const document::TrackPtr track = under.track ? under.track
                                   : under.row ? layout_.rows()[*under.row].track
                                               : document::TrackPtr();
  const document::LanePtr lane = under.row ? layout_.rows()[*under.row].lane : document::LanePtr();
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  if (under.clip) {
    if (!selection.current().has(under.clip->id))
      selection.selectClip(under.clip->id);
    fillClipMenu(*menu);
  } else if (track) {
    if (!selection.current().has(track->id))
      selection.selectTrack(track->id);
    fillTrackMenu(*menu, track);
  } else if (lane) {
    fillLaneMenu(*menu, lane);
  } else {
    fillTimeMenu(*menu, layout_.timeAt(event->pos().x()));
  }
  menu->popup(place);
}

} // namespace kinora::ui
