// SPDX-License-Identifier: Apache-2.0
#include "ui/canvas/canvas_view.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include <QApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QTabletEvent>
#include <QWheelEvent>

#include "engine/document/edit.h"
#include "engine/document/sampling.h"
#include "ui/canvas/canvas_accessible.h"
#include "ui/canvas/draw_path_tool.h"
#include "ui/session/action_table.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/paint_settings.h"
#include "ui/session/project_session.h"

namespace kinora::ui {
namespace {

constexpr std::int32_t kLargestStill = 4096;
constexpr float kBrushStep = 1.2F; // of its size

} // namespace

CanvasView::CanvasView(const UiContext& context, gpu::Device* device, gpu::FrameTransport& transport, QWidget* parent)
    : PictureSurface(device, transport, context.theme, parent), context_(context), style_(context.theme.current()) {
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
  setAttribute(Qt::WA_TabletTracking);
  setAcceptDrops(false); // the window takes files wherever they are dropped
  toolTimer_.setSingleShot(true);
  connect(&toolTimer_, &QTimer::timeout, this, [this] { tool().timeout(); });
  connect(&context_.theme, &ThemeSource::changed, this, [this] {
    style_ = OverlayStyle(context_.theme.current());
    layerDirty_ = true;
    update();
  });
  connect(&context_.session, &ProjectSession::documentChanged, this, [this] { takeDocument(); });
  connect(&context_.session, &ProjectSession::replaced, this, [this] { fit(); });
  connect(&context_.session.selection(), &SelectionModel::changed, this, [this] {
    takeDocument();
    askForMatte();
    layerDirty_ = true;
    update();
  });
  connect(&context_.engine, &EngineBridge::playheadChanged, this, [this] {
    updateMapping();
    update();
  });
  connect(&context_.engine, &EngineBridge::liveState, this, [this](const runtime::LiveState& state) {
    live_ = state;
    update();
  });
  connect(&context_.engine, &EngineBridge::thumbnailReady, this,
          [this](std::uint64_t tag, const QImage& image, const QString&) {
            if (tag != pictureTag_)
              return;
            picture_ = image;
            showViews();
          });
  connect(&context_.engine, &EngineBridge::matteReady, this, [this](const runtime::MatteReady& ready) {
    if (!take_ || ready.take != take_->id)
      return;
    if (ready.matte)
      mattes_[ready.group] = toQImage(*ready.matte);
    else {
      mattes_.erase(ready.group);
      matteAsked_.reset();
    }
    update();
  });
  connect(&context_.paint, &PaintSettings::toolChanged, this, [this](Tool next) { useTool(next); });
  connect(&context_.paint, &PaintSettings::optionsChanged, this, [this] { takeOptions(); });
  connect(&context_.paint, &PaintSettings::zoomRequested, this, [this](double factor) {
    if (factor > 0)
      setZoom(factor);
    else
      fit();
  });
  connect(this, &PictureSurface::drawn, this, &CanvasView::noteEcho);
  connect(this, &PictureSurface::viewChanged, this, [this] {
    updateMapping();
    context_.paint.reportZoom(zoom());
  });
  connectActions();
  installCanvasAccessibility();
  useTool(context_.paint.tool());
  takeDocument();
}

CanvasView::~CanvasView() = default;

void CanvasView::connectActions() {
  ActionTable& actions = context_.actions;
  connect(&actions["view.fit"], &QAction::triggered, this, [this] { fit(); });
  connect(&actions["view.actual"], &QAction::triggered, this, [this] { setZoom(1); });
  connect(&actions["edit.delete"], &QAction::triggered, this, [this] {
    if (hasFocus())
      deleteSelection();
  });
  connect(&actions["edit.deselect"], &QAction::triggered, this, [this] {
    if (hasFocus())
      context_.session.selection().clearTracks();
  });
  connect(&actions["edit.selectAll"], &QAction::triggered, this, [this] {
    if (!hasFocus() || !take_)
      return;
    std::vector<TrackId> all;
    for (const document::TrackPtr& track : take_->tracks)
      if (track->enabled)
        all.push_back(track->id);
    selectTracks(std::move(all));
  });
  const auto scaleBrush = [this](float factor) {
    PaintOptions next = options();
    const float size = std::round(next.brushSize * factor);
    next.brushSize = size != next.brushSize ? size : next.brushSize + (factor > 1 ? 1.F : -1.F);
    context_.paint.setOptions(next);
  };
  connect(&actions["paint.brushSmaller"], &QAction::triggered, this, [scaleBrush] { scaleBrush(1 / kBrushStep); });
  connect(&actions["paint.brushLarger"], &QAction::triggered, this, [scaleBrush] { scaleBrush(kBrushStep); });
  for (const bool visible : {false, true}) {
    QAction& action = actions[visible ? "paint.showSpan" : "paint.hideSpan"];
    action.setAutoRepeat(false);
    connect(&action, &QAction::triggered, this, [this, visible] { lendSpanTool(visible); });
  }
  connect(&actions["paint.tool.drawPath"], &QAction::triggered, this, [this] {
    if (keyboard_ && hasFocus())
      startWalk();
  });
  // The picture instead of the result while the key is held.
  actions["view.flip"].setAutoRepeat(false);
  connect(&actions["view.flip"], &QAction::triggered, this, [this] {
    flipped_ = !flipped_;
    if (flipped_)
      qApp->installEventFilter(this);
    askForPicture();
    showViews();
  });
}

bool CanvasView::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::KeyRelease) {
    const auto* key = static_cast<QKeyEvent*>(event);
    if (flipped_ && key->key() == Qt::Key_Q && !key->isAutoRepeat()) {
      flipped_ = false;
      showViews();
    }
    if (spanKeyDown_ && key->key() == Qt::Key_X && !key->isAutoRepeat()) {
      spanKeyDown_ = false;
      if (!pressed_ && spanUsed_) // a tap keeps the tool for one drag
        returnSpanTool();
    }
  } else if (event->type() == QEvent::TabletLeaveProximity && penDown_) {
    endPointer();
  }
  if (!flipped_ && !spanKeyDown_ && !penDown_)
    qApp->removeEventFilter(this);
  return PictureSurface::eventFilter(watched, event);
}

// ---- What is shown ------------------------------------------------------------------------------------------------

void CanvasView::takeDocument() {
  const document::DocumentPtr& document = context_.session.document();
  const document::TakePtr take = context_.session.currentTake();
  // Undone, or another project: what the hand holds is not there any more.
  const bool isOther = (take ? take->id : TakeId{}) != (take_ ? take_->id : TakeId{});
  const bool isTakenAway = previewing_ && !context_.session.inGesture();
  if (isTakenAway)
    previewing_ = false;
  if (tool_ && (isOther || isTakenAway) && tool().cancel())
    pressed_ = penDown_ = false;
  if (isOther) {
    stopWalk();
    matteAsked_.reset();
    mattes_.clear();
    live_.reset();
    hovered_ = {};
  }
  const bool isNew = take_ != take;
  if (isNew) {
    take_ = take;
    layerDirty_ = true;
  }
  setFrameSize(document->frame.size);
  const document::MediaItem* media = take_ ? document->findMedia(take_->picture) : nullptr;
  pictureSize_ = media != nullptr ? media->size : Size{};
  if ((media != nullptr ? media->id : MediaId{}) != pictureOf_) {
    pictureOf_ = media != nullptr ? media->id : MediaId{};
    pictureTag_ = 0;
    picture_ = {};
  }
  setAccessibleName(spokenName());
  updateMapping();
  askForPicture();
  if (isNew) // after everybody has heard of the change: the answer is about what the engine knows
    QMetaObject::invokeMethod(this, &CanvasView::askForMatte, Qt::QueuedConnection);
  showViews();
  update();
}

void CanvasView::updateMapping() {
  const document::DocumentPtr& document = context_.session.document();
  const document::ClipPtr clip = context_.session.currentTakeClip();
  QTransform toView = placementInFrame(pictureSize_, document->frame.size, clip.get()) * frameToView();
  if (take_ && !showsPicture() && !take_->camera.empty() && !pictureSize_.isEmpty())
    toView = cameraTransform(document::sampleCamera(take_->camera, playhead()), pictureSize_) * toView;
  const CanvasMapping next(toView);
  if (next == mapping_)
    return;
  mapping_ = next;
  layerDirty_ = true;
}

void CanvasView::askForPicture() {
  if ((options().view == PictureView::Result && !showsPicture()) || pictureTag_ != 0)
    return;
  const document::MediaItem* media = context_.session.document()->findMedia(pictureOf_);
  if (media == nullptr)
    return;
  pictureTag_ = context_.engine.requestThumbnail(
      media->path, {}, {std::min(media->size.width, kLargestStill), std::min(media->size.height, kLargestStill)});
}

bool CanvasView::showsPicture() const {
  return options().view == PictureView::Picture || flipped_ || context_.paint.tool() == Tool::Camera;
}

bool CanvasView::showsMatte() const {
  const Tool tool = context_.paint.tool();
  return options().showMatte || tool == Tool::MaskBrush || tool == Tool::MaskEraser;
}

// Of the object that the focused path moves; what is shown of it stays until the answer.
void CanvasView::askForMatte() {
  if (!showsMatte() || !take_)
    return;
  const TrackId focused = context_.session.selection().current().focusedTrack();
  const auto path = std::find_if(take_->tracks.begin(), take_->tracks.end(),
                                 [&](const document::TrackPtr& track) { return track->id == focused; });
  std::erase_if(mattes_,
                [&](const auto& matte) { return path == take_->tracks.end() || matte.first != (*path)->group; });
  if (path == take_->tracks.end() || (*path)->kind != document::TrackKind::Path) {
    matteAsked_.reset();
    return;
  }
  MatteInputs inputs{take_->id, take_->picture, (*path)->group, {}, {}};
  for (const document::TrackPtr& track : take_->tracks)
    if (track->enabled)
      inputs.grips.emplace_back(track->group, track->points.front().position, track->grip);
  for (const document::MatteEdit& edit : take_->matteEdits)
    if (edit.group == inputs.group)
      inputs.edits.push_back(edit);
  if (inputs == matteAsked_)
    return;
  matteAsked_ = std::move(inputs);
  context_.engine.requestMatte(take_->id, (*path)->group);
}

void CanvasView::showViews() {
  QImage placed; // the picture as it lies in the frame
  if (!picture_.isNull() && (options().view != PictureView::Result || showsPicture())) {
    const Size frame = frameSize();
    placed = QImage(frame.width, frame.height, QImage::Format_RGB32);
    placed.fill(Qt::black);
    QPainter painter(&placed);
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    painter.setTransform(placementInFrame(pictureSize_, frame, context_.session.currentTakeClip().get()));
    painter.drawImage(QRectF(0, 0, pictureSize_.width, pictureSize_.height), picture_);
  }
  setStill(showsPicture() ? placed : QImage());
  setBeside(options().view == PictureView::SideBySide && !showsPicture() ? placed : QImage());
  updateMapping();
}

void CanvasView::takeOptions() {
  askForPicture();
  askForMatte();
  showViews();
  layerDirty_ = true;
  update();
}

QString CanvasView::spokenName() const {
  const document::MediaItem* media = context_.session.document()->findMedia(pictureOf_);
  if (media == nullptr || !take_)
    return tr("Canvas, no picture");
  return tr("Canvas, %1, %n track(s)", nullptr, static_cast<int>(take_->tracks.size()))
      .arg(QString::fromStdString(media->name));
}

// ---- Context of the tools -----------------------------------------------------------------------------------------

document::DocumentPtr CanvasView::document() const {
  return context_.session.document();
}
document::TakePtr CanvasView::take() const {
  return take_;
}
Size CanvasView::pictureSize() const {
  return pictureSize_;
}
bool CanvasView::isPlaying() const {
  return context_.engine.isPlaying();
}
const PaintOptions& CanvasView::options() const {
  return context_.paint.options();
}

Time CanvasView::playhead() const {
  const document::ClipPtr clip = context_.session.currentTakeClip();
  const Time at = context_.engine.playhead();
  if (!clip || !take_)
    return {};
  const Time inTake = Time{} + clip->sourceIn + (at - clip->start);
  return std::clamp(inTake, Time{}, Time{} + take_->length);
}

Time CanvasView::timelineTime(Time take) const {
  const document::ClipPtr clip = context_.session.currentTakeClip();
  return clip ? clip->start + (take - (Time{} + clip->sourceIn)) : take;
}

bool CanvasView::isOnObject(std::int32_t group, Point picture) const {
  const auto found = mattes_.find(group);
  if (found == mattes_.end() || pictureSize_.isEmpty())
    return false;
  const QImage& matte = found->second;
  const QPoint at(
      static_cast<int>(picture.x * static_cast<float>(matte.width()) / static_cast<float>(pictureSize_.width)),
      static_cast<int>(picture.y * static_cast<float>(matte.height()) / static_cast<float>(pictureSize_.height)));
  return matte.valid(at) && matte.constScanLine(at.y())[at.x()] >= 128;
}

std::vector<TrackId> CanvasView::selectedTracks() const {
  return context_.session.selection().current().tracks;
}

void CanvasView::selectTracks(std::vector<TrackId> tracks) {
  Selection next = context_.session.selection().current();
  next.tracks = std::move(tracks);
  next.points.clear();
  next.camera = false;
  context_.session.selection().set(std::move(next));
}

std::vector<std::size_t> CanvasView::selectedPoints() const {
  return context_.session.selection().current().points;
}
void CanvasView::selectPoints(TrackId track, std::vector<std::size_t> points) {
  context_.session.selection().selectPoints(track, std::move(points));
}

void CanvasView::selectCamera() {
  context_.session.selection().selectCamera();
}

void CanvasView::preview(const Result<document::DocumentPtr>& next, const QString& text) {
  if (!previewing_) {
    context_.session.beginGesture(text);
    previewing_ = true;
  }
  context_.session.update([&](const document::DocumentPtr&) { return next; });
}

void CanvasView::dropPreview() {
  if (std::exchange(previewing_, false))
    context_.session.cancelGesture();
}

bool CanvasView::commit(const Result<document::DocumentPtr>& next, const QString& text) {
  if (!previewing_)
    return context_.session.apply(text, [&](const document::DocumentPtr&) { return next; });
  if (!next) { // tells why
    dropPreview();
    return context_.session.apply(text, [&](const document::DocumentPtr&) { return next; });
  }
  previewing_ = false;
  const bool shown = context_.session.update([&](const document::DocumentPtr&) { return next; });
  context_.session.endGesture();
  return shown;
}

void CanvasView::drag(const session::ControlSample& sample) {
  if (!take_)
    return;
  const TakeId id = take_->id;
  if (sample.phase == session::ControlPhase::Begin) {
    // The picture follows: it plays from where the path begins.
    dragging_ = true;
    live_.reset();
    wasPlaying_ = isPlaying();
    const Time from = timelineTime(context_.session.document()->frame.rate.timeOf(sample.frame));
    if (context_.engine.playhead() != from)
      context_.engine.seek(from);
    if (!wasPlaying_)
      context_.engine.play();
    dragFrom_ = from;
  }
  context_.engine.drag(id, sample);
  if (sample.phase == session::ControlPhase::End || sample.phase == session::ControlPhase::Cancel) {
    dragging_ = false;
    live_.reset();
    if (!wasPlaying_) {
      context_.engine.pause();
      context_.engine.seek(dragFrom_);
    }
  }
}

void CanvasView::wakeIn(int ms) {
  if (ms < 0)
    toolTimer_.stop();
  else
    toolTimer_.start(ms);
}

} // namespace kinora::ui
