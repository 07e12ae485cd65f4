// SPDX-License-Identifier: Apache-2.0
#include "ui/timeline/timeline_view.h"

#include <algorithm>
#include <cmath>

#include <QActionGroup>
#include <QHelpEvent>
#include <QSignalBlocker>
#include <QToolTip>

#include "engine/document/edit.h"
#include "ui/session/action_table.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/project_session.h"
#include "ui/session/theme.h"

namespace kinora::ui {
namespace {

constexpr double kZoomStep = 1.5;
constexpr int kHatchMs = 83; // one pixel each: 12 pixels per second
constexpr double kHatchPixels = 1;
constexpr kinora::Size kThumbnail{160, 90};

} // namespace

TimelineView::TimelineView(const UiContext& context, QWidget* parent)
    : QWidget(parent), context_(context), document_(context.session.document()),
      across_(new QScrollBar(Qt::Horizontal, this)), down_(new QScrollBar(Qt::Vertical, this)) {
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
  setAttribute(Qt::WA_OpaquePaintEvent);
  setLayoutDirection(Qt::LeftToRight); // time runs so in every language
  setAccessibleName(tr("Timeline"));
  hatchTimer_.setInterval(kHatchMs);
  connect(&hatchTimer_, &QTimer::timeout, this, [this] {
    hatchShift_ = std::fmod(hatchShift_ + kHatchPixels, 4.0);
    update(0, 0, width(), static_cast<int>(layout_.rulerHeight));
  });
  connect(across_, &QScrollBar::valueChanged, this, [this](int value) {
    layout_.setView(layout_.pixelsPerSecond(), value / layout_.pixelsPerSecond());
    update();
  });
  connect(down_, &QScrollBar::valueChanged, this, [this](int value) {
    layout_.scrollY = value;
    update();
  });
  connect(&context_.session, &ProjectSession::documentChanged, this, &TimelineView::takeDocument);
  connect(&context_.session, &ProjectSession::replaced, this, [this] {
    fitted_ = true;
    progress_.clear();
    thumbnails_.clear();
    asked_.clear();
    takeDocument();
  });
  connect(&context_.session.selection(), &SelectionModel::changed, this, &TimelineView::takeDocument);
  connect(&context_.engine, &EngineBridge::playheadChanged, this, &TimelineView::showPlayhead);
  connect(&context_.engine, &EngineBridge::takeProgress, this, [this](const runtime::TakeProgress& progress) {
    progress_[progress.take] = progress;
    update(0, 0, width(), static_cast<int>(layout_.rulerHeight));
  });
  connect(&context_.engine, &EngineBridge::thumbnailReady, this,
          [this](std::uint64_t tag, const QImage& image, const QString&) {
            const auto asked = asked_.find(tag);
            if (asked == asked_.end())
              return;
            thumbnails_[asked->second] = image;
            asked_.erase(asked);
            update();
          });
  connect(&context_.theme, &ThemeSource::changed, this, &TimelineView::layOut);
  connectActions();
  takeDocument();
}

void TimelineView::connectActions() {
  ActionTable& actions = context_.actions;
  connect(&actions["clip.timelineFit"], &QAction::triggered, this, &TimelineView::fit);
  connect(&actions["clip.timelineZoomIn"], &QAction::triggered, this, [this] { zoom(kZoomStep); });
  connect(&actions["clip.timelineZoomOut"], &QAction::triggered, this, [this] { zoom(1 / kZoomStep); });
  connect(&actions["edit.delete"], &QAction::triggered, this, [this] {
    if (hasFocus())
      deleteSelection();
  });
  connect(&actions["edit.selectAll"], &QAction::triggered, this, [this] {
    if (!hasFocus() || content_ != TimelineContent::Lanes)
      return;
    Selection next = context_.session.selection().current();
    next.clips.clear();
    for (const document::LanePtr& lane : document_->lanes)
      for (const document::ClipPtr& clip : lane->clips)
        next.clips.push_back(clip->id);
    context_.session.selection().set(std::move(next));
  });
  connect(&actions["edit.deselect"], &QAction::triggered, this, [this] {
    if (hasFocus())
      context_.session.selection().clearClips();
  });
  auto* tools = new QActionGroup(this);
  tools->addAction(&actions["edit.tool.select"]);
  tools->addAction(&actions["edit.tool.blade"]);
  actions["edit.tool.select"].setChecked(true);
  connect(&actions["edit.tool.blade"], &QAction::toggled, this, [this](bool on) { blade_ = on; });
}

void TimelineView::setContent(TimelineContent content) {
  if (content == content_)
    return;
  endDrag(false);
  content_ = content;
  fitted_ = true;
  layout_.scrollY = 0;
  layOut();
}

void TimelineView::takeDocument() {
  document_ = context_.session.document();
  take_ = context_.session.currentTake();
  layOut();
}

void TimelineView::layOut() {
  layout_.setRows(document_, content_, take_, context_.session.currentTakeClip(), context_.theme.current().scale());
  if (fitted_ && drag_ == Drag::None) {
    const document::ClipPtr clip = context_.session.currentTakeClip();
    layout_.fit(content_ == TimelineContent::Motion && take_ && !clip ? take_->length : document_->length(), width());
  }
  updateScrollBars();
  update();
}

void TimelineView::updateScrollBars() {
  const double bar = across_->sizeHint().height();
  const double roomDown = height() - layout_.rulerHeight;
  const bool tall = layout_.rowsHeight() > roomDown + 1;
  const double side = tall ? down_->sizeHint().width() : 0;
  const double view = std::max(1.0, width() - layout_.headerWidth - side);
  const double whole = (document_->length().seconds() + 1) * layout_.pixelsPerSecond();
  const bool wide = !fitted_ && (whole > view || layout_.leftSeconds() > 0);
  {
    const QSignalBlocker quiet(across_);
    across_->setRange(0, static_cast<int>(std::clamp(
                             std::max(whole - view, layout_.leftSeconds() * layout_.pixelsPerSecond()), 0.0, 1e9)));
    across_->setPageStep(static_cast<int>(view));
    across_->setSingleStep(40);
    across_->setValue(static_cast<int>(std::clamp(layout_.leftSeconds() * layout_.pixelsPerSecond(), 0.0, 1e9)));
  }
  across_->setVisible(wide);
  across_->setGeometry(static_cast<int>(layout_.headerWidth), height() - static_cast<int>(bar), static_cast<int>(view),
                       static_cast<int>(bar));
  const double page = std::max(1.0, roomDown - (wide ? bar : 0));
  down_->setRange(0, static_cast<int>(std::max(0.0, layout_.rowsHeight() - page)));
  down_->setPageStep(static_cast<int>(page));
  down_->setSingleStep(30);
  down_->setVisible(tall);
  down_->setGeometry(width() - static_cast<int>(side), static_cast<int>(layout_.rulerHeight), static_cast<int>(side),
                     static_cast<int>(page));
  layout_.scrollY = down_->value();
}

void TimelineView::resizeEvent(QResizeEvent*) {
  layOut();
}

void TimelineView::zoom(double factor) {
  fitted_ = false;
  const double playhead = layout_.x(context_.engine.playhead());
  const bool inSight = playhead >= layout_.headerWidth && playhead <= width();
  layout_.zoomAt(inSight ? playhead : (layout_.headerWidth + width()) / 2, factor);
  updateScrollBars();
  update();
}

void TimelineView::fit() {
  fitted_ = true;
  layOut();
}

void TimelineView::showPlayhead() {
  // While it plays the playhead stays in sight.
  if (context_.engine.isPlaying() && !fitted_ && drag_ == Drag::None) {
    const double x = layout_.x(context_.engine.playhead());
    if (x < layout_.headerWidth || x > width() - 20) {
      layout_.setView(layout_.pixelsPerSecond(), context_.engine.playhead().seconds() - 20 / layout_.pixelsPerSecond());
      updateScrollBars();
    }
  }
  update();
}

QRectF TimelineView::clipRect(ClipId id) const {
  for (std::size_t i = 0; i < layout_.rows().size(); ++i)
    if (layout_.rows()[i].lane)
      for (const document::ClipPtr& clip : layout_.rows()[i].lane->clips)
        if (clip->id == id) {
          const QRectF row = layout_.rowRect(i, width());
          const double from = layout_.x(clip->start);
          return {from, row.top() + 2, layout_.x(clip->range().end()) - from, row.height() - 5};
        }
  return {};
}

QRectF TimelineView::trackRect(TrackId id) const {
  for (std::size_t i = 0; i < layout_.rows().size(); ++i) {
    const document::TrackPtr& track = layout_.rows()[i].track;
    if (!track || track->id != id)
      continue;
    const QRectF row = layout_.rowRect(i, width());
    const double from = layout_.x(layout_.onTimeline(track->start));
    return {from, row.top() + 4, layout_.x(layout_.onTimeline(track->start + track->duration)) - from,
            row.height() - 9};
  }
  return {};
}

document::ClipPtr TimelineView::focusedClip() const {
  return document_->findClip(context_.session.selection().current().focusedClip());
}

void TimelineView::askForThumbnail(const document::MediaItem& media) {
  if (thumbnails_.contains(media.id))
    return;
  thumbnails_[media.id] = {}; // asked once
  asked_[context_.engine.requestThumbnail(media.path, {}, kThumbnail)] = media.id;
}

bool TimelineView::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip) { // why a span failed
    const auto* help = static_cast<QHelpEvent*>(event);
    QString text;
    if (help->pos().y() > layout_.rulerHeight - 8 && help->pos().y() < layout_.rulerHeight) {
      const Time at = layout_.timeAt(help->pos().x());
      for (const document::LanePtr& lane : document_->lanes)
        for (const document::ClipPtr& clip : lane->clips) {
          const auto known = progress_.find(clip->take);
          if (known == progress_.end() || !clip->range().contains(at))
            continue;
          const std::int64_t frame = known->second.rate.frameAt(Time{} + clip->sourceIn + (at - clip->start));
          for (const runtime::TakeProgress::Span& span : known->second.spans)
            if (frame >= span.first && frame < span.first + span.count)
              text = span.state == runtime::SpanState::Ready        ? tr("ready")
                     : span.state == runtime::SpanState::Generating ? tr("generating")
                     : span.state == runtime::SpanState::NeedsWork
                         ? tr("needs work")
                         : tr("failed: %1").arg(QString::fromStdString(known->second.failure));
        }
    }
    QToolTip::showText(help->globalPos(), text, this);
    return true;
  }
  return QWidget::event(event);
}

} // namespace kinora::ui
