// SPDX-License-Identifier: Apache-2.0
// Pointer and keys of the timeline.
#include <algorithm>
#include <cmath>

#include <QKeyEvent>
#include <QMouseEvent>
#include <QWheelEvent>

#include "engine/document/edit.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/preferences.h"
#include "ui/session/project_session.h"
#include "ui/session/track_times.h"
#include "ui/timeline/timeline_view.h"

namespace kinora::ui {
namespace {

namespace edit = document::edit;

constexpr double kEdgePx = 7;
constexpr double kSpanEdgePx = 5;
constexpr double kSnapPx = 8;
constexpr double kDragPx = 3;
constexpr double kWheelZoom = 1.2;

QString signedTime(Duration by, FrameRate rate) {
  const Duration length = by.ticks < 0 ? -by : by;
  const std::int64_t frames = rate.frameAt(Time{} + length + Duration{rate.frameDuration().ticks / 2});
  const auto second = std::max<std::int64_t>(1, std::llround(rate.hertz()));
  return QStringLiteral("%1%2:%3")
      .arg(by.ticks < 0 ? QStringLiteral("−") : QStringLiteral("+"))
      .arg(frames / second, 2, 10, QLatin1Char('0'))
      .arg(frames % second, 2, 10, QLatin1Char('0'));
}

} // namespace

TimelineView::Hit TimelineView::hit(QPointF at) const {
  Hit result;
  if (at.y() < layout_.rulerHeight) {
    result.part = at.x() >= layout_.headerWidth ? Part::Ruler : Part::None;
    return result;
  }
  result.row = layout_.rowAt(at.y());
  if (!result.row)
    return result;
  const TimelineRow& row = layout_.rows()[*result.row];
  if (at.x() < layout_.headerWidth) {
    const bool toggles = row.kind == TimelineRowKind::Lane || row.kind == TimelineRowKind::Track;
    result.part = !toggles || at.x() < layout_.headerWidth - 52 ? Part::Header
                  : at.x() < layout_.headerWidth - 28           ? Part::Eye
                                                                : Part::Lock;
    return result;
  }
  const auto partOf = [&](double from, double to) {
    const double edge = std::min(kEdgePx, (to - from) / 4);
    return at.x() < from + edge ? Part::Start : at.x() > to - edge ? Part::End : Part::Body;
  };
  if (row.lane) {
    const Time t = layout_.timeAt(at.x());
    const std::size_t i = firstClipAfter(*row.lane, t);
    if (i < row.lane->clips.size() && row.lane->clips[i]->start <= t) {
      result.clip = row.lane->clips[i];
      result.part = partOf(layout_.x(result.clip->start), layout_.x(result.clip->range().end()));
    }
  } else if (row.track) {
    const QRectF bar = trackRect(row.track->id);
    if (at.x() >= bar.left() - 2 && at.x() <= bar.right() + 2) {
      result.track = row.track;
      result.part = partOf(bar.left(), bar.right());
      const auto isNear = [&](Time edge) {
        const double x = layout_.x(layout_.onTimeline(edge));
        return std::abs(at.x() - x) <= kSpanEdgePx && x > bar.left() + kEdgePx && x < bar.right() - kEdgePx;
      };
      for (const TimeRange& span : hiddenSpans(*row.track))
        if (const bool start = isNear(span.start); start || isNear(span.end())) {
          result.part = start ? Part::SpanStart : Part::SpanEnd;
          result.span = span;
        }
    }
  }
  return result;
}

Time TimelineView::toFrame(Time t) const {
  const FrameRate rate = document_->frame.rate;
  return std::max(Time{}, rate.timeOf(rate.frameAt(t + Duration{rate.frameDuration().ticks / 2})));
}

Time TimelineView::snapped(Time t, bool inverted, const std::vector<ClipId>& except) {
  snapLine_.reset();
  if (context_.preferences.snapping == inverted)
    return toFrame(t);
  const double x = layout_.x(t);
  double best = kSnapPx;
  const auto offer = [&](Time target) {
    const double away = std::abs(layout_.x(target) - x);
    if (away < best) {
      best = away;
      snapLine_ = target;
    }
  };
  offer({});
  if (drag_ != Drag::Scrub)
    offer(context_.engine.playhead());
  for (const document::Marker& marker : document_->markers)
    offer(marker.at);
  if (document_->markOut > document_->markIn) {
    offer(document_->markIn);
    offer(document_->markOut);
  }
  const Time near = layout_.timeAt(x - kSnapPx);
  for (const document::LanePtr& lane : document_->lanes)
    for (std::size_t i = firstClipAfter(*lane, near); i < lane->clips.size(); ++i) {
      const document::Clip& clip = *lane->clips[i];
      if (layout_.x(clip.start) > x + kSnapPx)
        break;
      if (std::find(except.begin(), except.end(), clip.id) != except.end())
        continue;
      offer(clip.start);
      offer(clip.range().end());
    }
  if (content_ == TimelineContent::Motion && take_)
    for (const document::TrackPtr& track : take_->tracks)
      if (track != pressed_.track && track->id != (pressed_.track ? pressed_.track->id : TrackId{})) {
        offer(layout_.onTimeline(track->start));
        offer(layout_.onTimeline(track->start + track->duration));
      }
  return snapLine_ ? *snapLine_ : toFrame(t);
}

void TimelineView::mousePressEvent(QMouseEvent* event) {
  setFocus(Qt::MouseFocusReason);
  pointer_ = pressedAt_ = event->position();
  pressedTime_ = layout_.timeAt(pressedAt_.x());
  moved_ = false;
  if (event->button() == Qt::MiddleButton) {
    drag_ = Drag::Pan;
    return;
  }
  if (event->button() != Qt::LeftButton || drag_ != Drag::None)
    return;
  pressed_ = hit(pressedAt_);
  switch (pressed_.part) {
  case Part::Ruler:
    drag_ = Drag::Scrub;
    context_.engine.seek(toFrame(pressedTime_));
    return;
  case Part::Header:
  case Part::Eye:
  case Part::Lock:
    pressRow(pressed_, event->modifiers());
    return;
  default:
    break;
  }
  SelectionModel& selection = context_.session.selection();
  if (pressed_.clip) {
    if (blade_) {
      splitAt(pressed_.clip, toFrame(pressedTime_));
      return;
    }
    if (event->modifiers() & Qt::ControlModifier)
      selection.toggleClip(pressed_.clip->id);
    else if (!selection.current().has(pressed_.clip->id))
      selection.selectClip(pressed_.clip->id);
    drag_ = pressed_.part == Part::Start ? Drag::ClipStart : pressed_.part == Part::End ? Drag::ClipEnd : Drag::Clips;
  } else if (pressed_.track) {
    if (event->modifiers() & Qt::ControlModifier)
      selection.toggleTrack(pressed_.track->id);
    else
      selection.selectTrack(pressed_.track->id);
    drag_ = pressed_.part == Part::Start       ? Drag::TrackStart
            : pressed_.part == Part::End       ? Drag::TrackEnd
            : pressed_.part == Part::SpanStart ? Drag::SpanStart
            : pressed_.part == Part::SpanEnd   ? Drag::SpanEnd
                                               : Drag::Track;
  } else if (content_ == TimelineContent::Lanes && pressedAt_.x() >= layout_.headerWidth) {
    drag_ = Drag::Marquee;
    marquee_ = QRectF(pressedAt_, QSizeF());
    if (!(event->modifiers() & Qt::ControlModifier))
      selection.clearClips();
  }
}

void TimelineView::pressRow(const Hit& hit, Qt::KeyboardModifiers modifiers) {
  const TimelineRow row = layout_.rows()[*hit.row];
  ProjectSession& session = context_.session;
  if (row.track) {
    const TakeId take = take_->id;
    if (hit.part == Part::Eye)
      session.apply(row.track->enabled ? tr("Hide path") : tr("Show path"), [&](const document::DocumentPtr& d) {
        return edit::setTrackEnabled(d, take, row.track->id, !row.track->enabled);
      });
    else if (hit.part == Part::Lock)
      session.apply(row.track->locked ? tr("Unlock path") : tr("Lock path"), [&](const document::DocumentPtr& d) {
        return edit::setTrackLocked(d, take, row.track->id, !row.track->locked);
      });
    else if (modifiers & Qt::ControlModifier)
      session.selection().toggleTrack(row.track->id);
    else
      session.selection().selectTrack(row.track->id);
  } else if (row.lane) {
    if (hit.part == Part::Eye)
      session.apply(row.lane->enabled ? tr("Hide lane") : tr("Show lane"), [&](const document::DocumentPtr& d) {
        return edit::setLaneEnabled(d, row.lane->id, !row.lane->enabled);
      });
    else if (hit.part == Part::Lock)
      session.apply(row.lane->locked ? tr("Unlock lane") : tr("Lock lane"), [&](const document::DocumentPtr& d) {
        return edit::setLaneLocked(d, row.lane->id, !row.lane->locked);
      });
  } else if (row.kind == TimelineRowKind::Camera) {
    session.selection().selectCamera();
  }
}

void TimelineView::mouseMoveEvent(QMouseEvent* event) {
  const QPointF at = event->position();
  if (drag_ == Drag::None) {
    const Hit under = hit(at);
    const bool edge = under.part == Part::Start || under.part == Part::End || under.part == Part::SpanStart ||
                      under.part == Part::SpanEnd;
    setCursor(edge ? Qt::SizeHorCursor : blade_ && under.clip ? Qt::SplitHCursor : Qt::ArrowCursor);
    return;
  }
  if (drag_ == Drag::Pan) {
    fitted_ = false;
    layout_.setView(layout_.pixelsPerSecond(),
                    layout_.leftSeconds() - (at.x() - pointer_.x()) / layout_.pixelsPerSecond());
    down_->setValue(down_->value() - static_cast<int>(at.y() - pointer_.y()));
    pointer_ = at;
    updateScrollBars();
    update();
    return;
  }
  pointer_ = at;
  if (!moved_ && std::hypot(at.x() - pressedAt_.x(), at.y() - pressedAt_.y()) < kDragPx)
    return;
  moved_ = true;
  dragTo(at, event->modifiers());
  update();
}

void TimelineView::dragTo(QPointF at, Qt::KeyboardModifiers modifiers) {
  const Time now = layout_.timeAt(at.x());
  const bool inverted = modifiers & Qt::ShiftModifier;
  ProjectSession& session = context_.session;
  switch (drag_) {
  case Drag::Scrub:
    context_.engine.seek(snapped(now, inverted, {}));
    break;
  case Drag::Marquee: {
    marquee_ = QRectF(pressedAt_, at).normalized();
    Selection next = session.selection().current();
    if (!(modifiers & Qt::ControlModifier))
      next.clips.clear();
    for (const TimelineRow& row : layout_.rows())
      for (std::size_t i = firstClipAfter(*row.lane, layout_.timeAt(marquee_.left())); i < row.lane->clips.size();
           ++i) {
        const document::Clip& clip = *row.lane->clips[i];
        if (layout_.x(clip.start) > marquee_.right())
          break;
        if (clipRect(clip.id).intersects(marquee_) && !next.has(clip.id))
          next.clips.push_back(clip.id);
      }
    session.selection().set(std::move(next));
    break;
  }
  case Drag::Clips:
    dragClips(now, at, modifiers);
    break;
  case Drag::ClipStart:
  case Drag::ClipEnd: {
    const bool start = drag_ == Drag::ClipStart;
    if (!session.inGesture())
      session.beginGesture(start ? tr("Trim start") : tr("Trim end"));
    const Time edge = start ? pressed_.clip->start : pressed_.clip->range().end();
    const Time to = snapped(edge + (now - pressedTime_), inverted, {pressed_.clip->id});
    session.update([&](const document::DocumentPtr& d) {
      return start ? edit::trimClipStart(d, pressed_.clip->id, to) : edit::trimClipEnd(d, pressed_.clip->id, to);
    });
    dragText_ = signedTime(to - edge, document_->frame.rate);
    break;
  }
  case Drag::Track:
  case Drag::TrackStart:
  case Drag::TrackEnd:
    dragTrack(now, modifiers);
    break;
  case Drag::SpanStart:
  case Drag::SpanEnd:
    dragSpan(now, modifiers);
    break;
  default:
    break;
  }
  if (snapLine_ && !dragText_.isEmpty())
    dragText_ = tr("%1 · snapped").arg(dragText_);
}

void TimelineView::dragClips(Time pointer, QPointF at, Qt::KeyboardModifiers modifiers) {
  ProjectSession& session = context_.session;
  const bool copies = modifiers & Qt::AltModifier;
  if (!session.inGesture())
    session.beginGesture(copies ? tr("Duplicate clip") : tr("Move clip"));
  const std::vector<ClipId> chosen = session.selection().current().clips;
  const document::Clip& grabbed = *pressed_.clip;
  const Time wanted = grabbed.start + (pointer - pressedTime_);
  // The nearer of the two edges sticks.
  const std::vector<ClipId> none;
  const Time byStart = snapped(wanted, modifiers & Qt::ShiftModifier, copies ? none : chosen);
  const std::optional<Time> startLine = snapLine_;
  Time to = byStart;
  if (!startLine) {
    const Time byEnd = snapped(wanted + grabbed.length, modifiers & Qt::ShiftModifier, copies ? none : chosen);
    if (snapLine_)
      to = byEnd - grabbed.length;
  }
  const Duration by = std::max(to, Time{}) - grabbed.start;
  LaneId target;
  if (const std::optional<std::size_t> row = layout_.rowAt(at.y()); row && layout_.rows()[*row].lane)
    target = layout_.rows()[*row].lane->id;
  session.update([&](const document::DocumentPtr& d) -> Result<document::DocumentPtr> {
    if (copies) {
      auto made = edit::addClip(d, target, [&] {
        document::Clip copy = grabbed;
        copy.start = grabbed.start + by;
        return copy;
      }());
      return made ? Result<document::DocumentPtr>(made->document) : fail(made);
    }
    if (chosen.size() < 2)
      return edit::moveClip(d, grabbed.id, target, grabbed.start + by);
    // Each within its lane, the leading ones first, so that they never meet on the way.
    std::vector<std::pair<document::ClipPtr, LaneId>> all;
    for (const document::LanePtr& lane : d->lanes)
      for (const document::ClipPtr& clip : lane->clips)
        if (std::find(chosen.begin(), chosen.end(), clip->id) != chosen.end())
          all.emplace_back(clip, lane->id);
    std::sort(all.begin(), all.end(), [&](const auto& a, const auto& b) {
      return by.ticks > 0 ? a.first->start > b.first->start : a.first->start < b.first->start;
    });
    document::DocumentPtr next = d;
    for (const auto& [clip, lane] : all) {
      Result<document::DocumentPtr> moved = edit::moveClip(next, clip->id, lane, clip->start + by);
      if (!moved)
        return moved;
      next = *moved;
    }
    return next;
  });
  dragText_ = signedTime(by, document_->frame.rate);
}

void TimelineView::dragTrack(Time pointer, Qt::KeyboardModifiers modifiers) {
  ProjectSession& session = context_.session;
  if (!session.inGesture())
    session.beginGesture(drag_ == Drag::Track ? tr("Move path in time") : tr("Change the path's time"));
  const document::Track& track = *pressed_.track;
  const bool inverted = modifiers & Qt::ShiftModifier;
  const Duration by = pointer - pressedTime_;
  const Time end = track.start + track.duration;
  Time start = track.start;
  Duration length = track.duration;
  const Duration frame = document_->frame.rate.frameDuration();
  if (drag_ == Drag::TrackEnd) {
    length = std::max(frame, layout_.inTake(snapped(layout_.onTimeline(end + by), inverted, {})) - track.start);
  } else {
    start = std::max(Time{}, layout_.inTake(snapped(layout_.onTimeline(track.start + by), inverted, {})));
    if (drag_ == Drag::TrackStart) {
      start = std::min(start, end - frame);
      length = end - start;
    } else {
      start = std::min(start, std::max(Time{}, Time{} + take_->length - length));
    }
  }
  session.update(
      [&](const document::DocumentPtr& d) { return edit::setTrackTiming(d, take_->id, track.id, start, length); });
  dragText_ = drag_ == Drag::Track ? signedTime(start - track.start, document_->frame.rate)
                                   : tr("%1 s").arg(length.seconds(), 0, 'f', 2);
}

// The edge of a hidden span; dragged onto the other edge the span is visible again.
void TimelineView::dragSpan(Time pointer, Qt::KeyboardModifiers modifiers) {
  ProjectSession& session = context_.session;
  if (!session.inGesture())
    session.beginGesture(tr("Change the hidden span"));
  const document::Track& track = *pressed_.track;
  const TimeRange old = pressed_.span;
  const bool start = drag_ == Drag::SpanStart;
  const Time edge = start ? old.start : old.end();
  Time to =
      layout_.inTake(snapped(layout_.onTimeline(edge + (pointer - pressedTime_)), modifiers & Qt::ShiftModifier, {}));
  to = start ? std::clamp(to, track.start, old.end()) : std::clamp(to, old.start, track.start + track.duration);
  const TimeRange next = start ? TimeRange{to, old.end() - to} : TimeRange{old.start, to - old.start};
  session.update([&](const document::DocumentPtr& d) {
    auto shown = edit::setTrackVisibility(d, take_->id, track.id, old, true);
    return shown && next.length.ticks > 0 ? edit::setTrackVisibility(*shown, take_->id, track.id, next, false) : shown;
  });
  dragText_ = tr("behind %1–%2 s").arg(next.start.seconds(), 0, 'f', 2).arg(next.end().seconds(), 0, 'f', 2);
}

void TimelineView::mouseReleaseEvent(QMouseEvent* event) {
  if (drag_ == Drag::Clips && !moved_ && !(event->modifiers() & Qt::ControlModifier))
    context_.session.selection().selectClip(pressed_.clip->id);
  if (drag_ == Drag::Track && !moved_) // a click: the playhead stays, the path is selected
    context_.session.selection().selectTrack(pressed_.track->id);
  endDrag(true);
}

void TimelineView::endDrag(bool keep) {
  const Drag ended = std::exchange(drag_, Drag::None);
  snapLine_.reset();
  dragText_.clear();
  pressed_ = {};
  if (ended != Drag::None && ended != Drag::Scrub && ended != Drag::Pan && context_.session.inGesture()) {
    if (keep)
      context_.session.endGesture();
    else
      context_.session.cancelGesture();
  }
  layOut();
}

void TimelineView::wheelEvent(QWheelEvent* event) {
  const QPoint turned = event->angleDelta();
  if (event->modifiers() & Qt::ControlModifier) {
    fitted_ = false;
    layout_.zoomAt(event->position().x(), std::pow(kWheelZoom, turned.y() / 120.0));
    updateScrollBars();
    update();
  } else if ((event->modifiers() & Qt::ShiftModifier) || turned.x() != 0) {
    fitted_ = false;
    const int along = turned.x() != 0 ? turned.x() : turned.y();
    layout_.setView(layout_.pixelsPerSecond(), layout_.leftSeconds() - along / layout_.pixelsPerSecond());
    updateScrollBars();
    update();
  } else {
    down_->setValue(down_->value() - turned.y() / 2);
  }
  event->accept();
}

void TimelineView::leaveEvent(QEvent*) {
  pointer_ = {-1, -1};
}

void TimelineView::splitAt(const document::ClipPtr& clip, Time at) {
  if (at <= clip->start || at >= clip->range().end())
    return;
  context_.session.apply(tr("Split"), [&](const document::DocumentPtr& d) -> Result<document::DocumentPtr> {
    const auto made = edit::splitClip(d, clip->id, at);
    return made ? Result<document::DocumentPtr>(made->document) : fail(made);
  });
}

void TimelineView::deleteSelection() {
  const Selection selection = context_.session.selection().current();
  if (content_ == TimelineContent::Motion) {
    if (!selection.tracks.empty())
      context_.session.apply(tr("Delete paths"), [&](const document::DocumentPtr& d) {
        return edit::removeTracks(d, selection.take, selection.tracks);
      });
    return;
  }
  if (selection.clips.empty())
    return;
  context_.session.apply(tr("Delete clips"), [&](const document::DocumentPtr& d) -> Result<document::DocumentPtr> {
    document::DocumentPtr next = d;
    for (const ClipId id : selection.clips) {
      Result<document::DocumentPtr> without = edit::removeClip(next, id);
      if (!without)
        return without;
      next = *without;
    }
    return next;
  });
}

void TimelineView::selectNeighbour(int direction) {
  const document::ClipPtr now = focusedClip();
  for (const document::LanePtr& lane : document_->lanes)
    for (std::size_t i = 0; i < lane->clips.size(); ++i)
      if (lane->clips[i] == now) {
        const std::size_t next = i + static_cast<std::size_t>(direction); // wraps below zero: out of range
        if (next < lane->clips.size())
          context_.session.selection().selectClip(lane->clips[next]->id);
        return;
      }
}

void TimelineView::nudge(int frames) {
  const document::ClipPtr clip = focusedClip();
  if (!clip)
    return;
  const FrameRate rate = document_->frame.rate;
  const Time to = rate.timeOf(rate.frameAt(clip->start) + frames);
  for (const document::LanePtr& lane : document_->lanes)
    if (std::find(lane->clips.begin(), lane->clips.end(), clip) != lane->clips.end()) {
      const LaneId id = lane->id;
      context_.session.apply(tr("Move clip"),
                             [&](const document::DocumentPtr& d) { return edit::moveClip(d, clip->id, id, to); });
      return;
    }
}

void TimelineView::keyPressEvent(QKeyEvent* event) {
  const bool hasClip = content_ == TimelineContent::Lanes && focusedClip();
  const int step = event->modifiers() & Qt::ShiftModifier ? 10 : 1;
  switch (event->key()) {
  case Qt::Key_Escape:
    if (drag_ != Drag::None)
      endDrag(false);
    else if (hasClip)
      context_.session.selection().clearClips();
    return;
  case Qt::Key_Left:
  case Qt::Key_Right: {
    const int direction = event->key() == Qt::Key_Left ? -1 : 1;
    if (!hasClip || (event->modifiers() & Qt::ControlModifier))
      break;
    if (event->modifiers() & Qt::AltModifier)
      nudge(direction * step);
    else
      selectNeighbour(direction);
    return;
  }
  case Qt::Key_BracketLeft:
  case Qt::Key_BracketRight: {
    if (!hasClip)
      break;
    const bool start = event->key() == Qt::Key_BracketLeft;
    const ClipId id = focusedClip()->id;
    const Time at = context_.engine.playhead();
    context_.session.apply(start ? tr("Trim start") : tr("Trim end"), [&](const document::DocumentPtr& d) {
      return start ? edit::trimClipStart(d, id, at) : edit::trimClipEnd(d, id, at);
    });
    return;
  }
  default:
    break;
  }
  QWidget::keyPressEvent(event);
}

} // namespace kinora::ui
