// SPDX-License-Identifier: Apache-2.0
// What the canvas paints over the picture.
#include "ui/canvas/canvas_view.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <QPaintEvent>
#include <QPainter>

#include "engine/document/sampling.h"
#include "ui/canvas/camera_frame.h"
#include "ui/canvas/draw_path_tool.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/paint_settings.h"
#include "ui/session/project_session.h"

namespace kinora::ui {
namespace {

constexpr std::size_t kCrowd = 300; // with more tracks only the selected ones get ticks
constexpr int kMatteSide = 1024;

QString elapsedText(Duration elapsed) {
  const int tenths = static_cast<int>(elapsed.seconds() * 10);
  return QStringLiteral("%1:%2.%3").arg(tenths / 600).arg(tenths / 10 % 60, 2, 10, QLatin1Char('0')).arg(tenths % 10);
}

} // namespace

void CanvasView::paintEvent(QPaintEvent* event) {
  isEchoDue_ = sinceEvent_.isValid();
  PictureSurface::paintEvent(event);
}

void CanvasView::noteEcho() {
  if (!std::exchange(isEchoDue_, false))
    return;
  lastEchoMs_ = static_cast<double>(sinceEvent_.nsecsElapsed()) / 1e6;
  sinceEvent_.invalidate();
}

void CanvasView::paintTracks(QPainter& painter) {
  const double ratio = devicePixelRatioF();
  const QSize size = (QSizeF(this->size()) * ratio).toSize();
  if (layer_.size() != size) {
    layer_ = QImage(size, QImage::Format_ARGB32_Premultiplied);
    layerDirty_ = true;
  }
  layer_.setDevicePixelRatio(ratio);
  if (layerDirty_) {
    layer_.fill(Qt::transparent);
    QPainter layer(&layer_);
    layer.setRenderHint(QPainter::Antialiasing);
    layer.setClipRect(rect());
    const Selection& selection = context_.session.selection().current();
    const FrameRate rate = context_.session.document()->frame.rate;
    const bool crowd = take_->tracks.size() > kCrowd;
    const auto paint = [&](const document::Track& track) {
      TrackLook look;
      look.isSelected = selection.has(track.id);
      look.isHovered = track.id == hovered_;
      const bool byKeys = keyboard_ && track.id == selection.focusedTrack();
      look.isFocused = byKeys && selection.points.empty();
      look.isPlain = crowd && !look.isSelected;
      const bool isFocused = track.id == selection.focusedTrack();
      look.showPoints =
          isFocused && (context_.paint.tool() == Tool::EditPoints || (byKeys && !selection.points.empty()));
      if (isFocused)
        look.selectedPoints = selection.points;
      if (byKeys && !selection.points.empty())
        look.focusedPoint = selection.points.back();
      paintTrack(layer, track, rate, mapping_, style_, look);
    };
    // The list is front to back; what is selected lies on top of everything.
    for (auto at = take_->tracks.rbegin(); at != take_->tracks.rend(); ++at)
      if ((*at)->enabled && !selection.has((*at)->id))
        paint(**at);
    for (auto at = take_->tracks.rbegin(); at != take_->tracks.rend(); ++at)
      if ((*at)->enabled && selection.has((*at)->id))
        paint(**at);
    layerDirty_ = false;
  }
  painter.drawImage(0, 0, layer_);
}

void CanvasView::paintChips(QPainter& painter) {
  const QRectF within = QRectF(rect()).adjusted(6, 6, -6, -6);
  const auto* drawing = dynamic_cast<const DrawPathTool*>(tool_.get());
  const std::optional<DrawPathTool::Recording> recording = drawing ? drawing->recording() : std::nullopt;
  if (!recording) {
    const TrackId focused = context_.session.selection().current().focusedTrack();
    const TrackId named = hovered_.isValid() ? hovered_ : focused;
    for (const document::TrackPtr& track : take_->tracks) {
      if (track->id != named || !track->enabled || track->points.empty())
        continue;
      const bool isPath = track->kind == document::TrackKind::Path && track->points.size() > 1;
      const QPointF at = mapping_.toView(track->points.back().position);
      paintChip(painter, at + QPointF(isPath ? 20 : 14, 0), style_,
                isPath ? speedText(track->name, trackSpeed(*track, playhead())) : QString::fromStdString(track->name),
                style_.trackColour(track->colour), within);
    }
    // Where the thing is at the moment of the playhead.
    for (const document::TrackPtr& track : take_->tracks)
      if (track->id == focused && track->enabled && track->kind == document::TrackKind::Path &&
          track->points.size() > 1) {
        const QPointF at = mapping_.toView(drawnPosition(*track, playhead()));
        painter.setBrush(style_.text);
        painter.setPen(QPen(style_.casing, 1.5));
        painter.drawEllipse(at, 4, 4);
      }
    return;
  }
  if (live_ && options().generatorPosition && live_->track == recording->track) {
    const FrameRate rate = context_.session.document()->frame.rate;
    const Duration there = std::clamp(rate.timeOf(live_->frame) - recording->start, Duration{}, recording->elapsed);
    const std::vector<document::TrackPoint>& points = *recording->points;
    auto next = std::find_if(points.begin(), points.end(), [&](const auto& point) { return point.at >= there; });
    if (next == points.end())
      --next;
    const QPointF at = mapping_.toView(next->position);
    paintGeneratorRing(painter, at, style_);
    const QString text = tr("now −%1\u202fs").arg(live_->delayMs / 1000, 0, 'f', 2);
    paintChip(painter, at - QPointF(chipRect({}, style_, text, true, {}).width() + 24, 0), style_, text, style_.now,
              within);
  }
  const QString text = tr("Recording %1  ·  %2  ·  Esc discards")
                           .arg(QString::fromStdString(drawing->name()), elapsedText(recording->elapsed));
  paintChip(painter, QPointF(within.left() + 6, within.bottom() - 16), style_, text, style_.record, within);
}

// The camera's frame lies on the picture only while that is shown without the camera.
void CanvasView::paintCamera(QPainter& painter) const {
  const bool isTool = context_.paint.tool() == Tool::Camera;
  const bool isChosen = isTool || context_.session.selection().current().camera;
  if (!showsPicture() || pictureSize_.isEmpty() || (!isTool && take_->camera.empty()))
    return;
  const auto outline = [&](const CameraPose& pose) {
    return mapping_.transform().map(outlineOf(frameOf(pose, pictureSize_), pictureSize_));
  };
  const Time at = playhead();
  if (isChosen && take_->camera.size() > 1 && at > take_->camera.front().at)
    paintCameraFrame(painter, outline(take_->camera.front().pose), style_, false);
  const QPolygonF frame = outline(document::sampleCamera(take_->camera, at));
  paintCameraFrame(painter, frame, style_, isChosen);
  paintChip(painter, frame.front() + QPointF(14, 20), style_, cameraText(take_->camera, at), QColor(),
            QRectF(rect()).adjusted(6, 6, -6, -6));
}

void CanvasView::paintGuides(QPainter& painter) const {
  if (!options().grid && !options().safeAreas)
    return;
  const QRectF frame = frameToView().mapRect(QRectF(0, 0, frameSize().width, frameSize().height));
  const auto line = [&](QPointF a, QPointF b) {
    painter.setPen(QPen(QColor(0, 0, 0, 110), 2));
    painter.drawLine(a, b);
    painter.setPen(QPen(QColor(255, 255, 255, 150), 1));
    painter.drawLine(a, b);
  };
  if (options().grid)
    for (int i = 1; i < 6; ++i) {
      const double x = frame.left() + frame.width() * i / 6;
      const double y = frame.top() + frame.height() * i / 6;
      line({x, frame.top()}, {x, frame.bottom()});
      line({frame.left(), y}, {frame.right(), y});
    }
  if (options().safeAreas)
    for (const double inset : {0.05, 0.1}) { // action and title safe
      const QRectF safe = frame.adjusted(frame.width() * inset, frame.height() * inset, -frame.width() * inset,
                                         -frame.height() * inset);
      line(safe.topLeft(), safe.topRight());
      line(safe.topRight(), safe.bottomRight());
      line(safe.bottomRight(), safe.bottomLeft());
      line(safe.bottomLeft(), safe.topLeft());
    }
}

void CanvasView::paintEmpty(QPainter& painter) const {
  const Theme& theme = context_.theme.current();
  const QString text = tr("There is no picture to paint on yet. Open one or drop it here.");
  painter.setFont(theme.font(Theme::Text::Body));
  painter.setPen(theme.color("text.primary"));
  const int side = theme.px(24);
  const QPixmap icon = theme.pixmap("picture", theme.color("text.primary"), side, devicePixelRatioF());
  painter.drawPixmap(QPointF((width() - side) / 2.0, height() / 2.0 - side - 8), icon);
  painter.drawText(QRectF(20, height() / 2.0, width() - 40, height() / 2.0), Qt::AlignHCenter | Qt::TextWordWrap, text);
}

void CanvasView::paintOverlay(QPainter& painter) {
  if (!take_) {
    const auto& lanes = context_.session.document()->lanes;
    const bool empty =
        std::all_of(lanes.begin(), lanes.end(), [](const document::LanePtr& lane) { return lane->clips.empty(); });
    if (empty)
      paintEmpty(painter);
    return;
  }
  paintGuides(painter);
  if (showsMatte())
    for (const auto& [group, matte] : mattes_) {
      const QImage shown = mattePicture(matte, style_.accent, kMatteSide);
      if (shown.isNull())
        continue;
      painter.save();
      painter.setTransform(mapping_.transform(), true);
      painter.drawImage(QRectF(0, 0, pictureSize_.width, pictureSize_.height), shown);
      painter.restore();
    }
  paintTracks(painter);
  paintCamera(painter);
  tool().paint(painter, style_);
  paintChips(painter);
  paintKeyboard(painter);
  if (hand_ && !panFrom_ && !spaceDown_ && tool().ringRadius() > 0) {
    painter.setBrush(Qt::NoBrush);
    const double radius = std::max(tool().ringRadius(), 3.0);
    painter.setPen(QPen(style_.casing, 3));
    painter.drawEllipse(*hand_, radius, radius);
    painter.setPen(QPen(style_.text, 1.3));
    painter.drawEllipse(*hand_, radius, radius);
    painter.setPen(Qt::NoPen);
    painter.setBrush(style_.text);
    painter.drawEllipse(*hand_, 1.6, 1.6);
  }
}

} // namespace kinora::ui
