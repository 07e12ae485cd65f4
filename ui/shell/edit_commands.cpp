// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/edit_commands.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <QActionGroup>

#include "engine/document/edit.h"
#include "ui/session/action_table.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/preferences.h"
#include "ui/session/project_session.h"

namespace kinora::ui {
namespace {

namespace edit = document::edit;

constexpr std::pair<const char*, Tool> kTools[] = {
    {"paint.tool.select", Tool::Select},     {"paint.tool.editPoints", Tool::EditPoints},
    {"paint.tool.drawPath", Tool::DrawPath}, {"paint.tool.clickPath", Tool::ClickPath},
    {"paint.tool.pin", Tool::Pin},           {"paint.tool.camera", Tool::Camera},
    {"paint.tool.mask", Tool::MaskBrush},    {"paint.tool.eraser", Tool::MaskEraser},
    {"paint.tool.hand", Tool::Hand},         {"paint.tool.zoom", Tool::Zoom},
};

constexpr std::pair<const char*, PictureView> kViews[] = {
    {"view.result", PictureView::Result},
    {"view.picture", PictureView::Picture},
    {"view.sideBySide", PictureView::SideBySide},
};

} // namespace

EditCommands::EditCommands(const UiContext& context, QObject* parent) : QObject(parent), context_(context) {
  connectEdit();
  connectPaint();
  connectView();
  connectClip();
  connect(&context_.session, &ProjectSession::documentChanged, this, &EditCommands::refreshAvailable);
  connect(&context_.session.selection(), &SelectionModel::changed, this, &EditCommands::refreshAvailable);
  refreshAvailable();
}

void EditCommands::connectEdit() {
  QUndoStack& undo = context_.session.undoStack();
  QAction& undoAction = context_.actions["edit.undo"];
  QAction& redoAction = context_.actions["edit.redo"];
  // A gesture under way ends first: undo takes it back as one step.
  connect(&undoAction, &QAction::triggered, this, [this, &undo] {
    context_.session.endGesture();
    undo.undo();
  });
  connect(&redoAction, &QAction::triggered, this, [this, &undo] {
    context_.session.endGesture();
    undo.redo();
  });
  connect(&undo, &QUndoStack::undoTextChanged, this, [&undoAction](const QString& text) {
    undoAction.setText(text.isEmpty() ? tr("Undo") : tr("Undo: %1").arg(text));
  });
  connect(&undo, &QUndoStack::redoTextChanged, this, [&redoAction](const QString& text) {
    redoAction.setText(text.isEmpty() ? tr("Redo") : tr("Redo: %1").arg(text));
  });
  const auto refresh = [this, &undo] {
    context_.actions.setAvailable("edit.undo", undo.canUndo(), tr("nothing to undo"));
    context_.actions.setAvailable("edit.redo", undo.canRedo(), tr("nothing to redo"));
  };
  connect(&undo, &QUndoStack::canUndoChanged, this, refresh);
  connect(&undo, &QUndoStack::canRedoChanged, this, refresh);
  refresh();
}

void EditCommands::connectPaint() {
  auto* tools = new QActionGroup(this);
  for (const auto& [id, tool] : kTools) {
    QAction& action = context_.actions[id];
    tools->addAction(&action);
    action.setChecked(context_.paint.tool() == tool);
    connect(&action, &QAction::triggered, this, [this, tool = tool] { context_.paint.setTool(tool); });
  }
  connect(&context_.paint, &PaintSettings::toolChanged, this, [this](Tool now) {
    for (const auto& [id, tool] : kTools)
      if (tool == now)
        context_.actions[id].setChecked(true);
  });
  ActionTable& actions = context_.actions;
  connect(&actions["paint.fitToClip"], &QAction::triggered, this, [this] {
    forTracks(tr("Fit to clip"), [](const auto& d, TakeId take, const document::Track& t) {
      return edit::setTrackTiming(d, take, t.id, Time{}, d->findTake(take)->length);
    });
  });
  connect(&actions["paint.reverse"], &QAction::triggered, this, [this] {
    forTracks(tr("Reverse"),
              [](const auto& d, TakeId take, const document::Track& t) { return edit::reverseTrack(d, take, t.id); });
  });
  connect(&actions["paint.smooth"], &QAction::triggered, this, [this] {
    forTracks(tr("Smooth"), [this](const auto& d, TakeId take, const document::Track& t) {
      return edit::smoothTrack(d, take, t.id, context_.paint.options().smooth);
    });
  });
  connect(&actions["paint.constantSpeed"], &QAction::triggered, this, [this] {
    forTracks(tr("Constant speed"),
              [](const auto& d, TakeId take, const document::Track& t) { return edit::constantSpeed(d, take, t.id); });
  });
  connect(&actions["paint.newTake"], &QAction::triggered, this, &EditCommands::newTake);
}

void EditCommands::connectView() {
  auto* views = new QActionGroup(this);
  for (const auto& [id, view] : kViews) {
    QAction& action = context_.actions[id];
    views->addAction(&action);
    connect(&action, &QAction::triggered, this, [this, view = view] {
      PaintOptions options = context_.paint.options();
      options.view = view;
      context_.paint.setOptions(options);
    });
  }
  const auto connectSwitch = [this](const char* id, bool PaintOptions::*member) {
    connect(&context_.actions[id], &QAction::triggered, this, [this, member](bool on) {
      PaintOptions options = context_.paint.options();
      options.*member = on;
      context_.paint.setOptions(options);
    });
  };
  connectSwitch("view.grid", &PaintOptions::grid);
  connectSwitch("view.safeAreas", &PaintOptions::safeAreas);
  connectSwitch("view.matte", &PaintOptions::showMatte);
  connectSwitch("view.generator", &PaintOptions::generatorPosition);
  connect(&context_.paint, &PaintSettings::optionsChanged, this, &EditCommands::showOptions);
  showOptions(context_.paint.options());
}

void EditCommands::showOptions(const PaintOptions& options) {
  for (const auto& [id, view] : kViews)
    if (options.view == view)
      context_.actions[id].setChecked(true);
  context_.actions["view.grid"].setChecked(options.grid);
  context_.actions["view.safeAreas"].setChecked(options.safeAreas);
  context_.actions["view.matte"].setChecked(options.showMatte);
  context_.actions["view.generator"].setChecked(options.generatorPosition);
}

void EditCommands::connectClip() {
  ActionTable& actions = context_.actions;
  connect(&actions["clip.split"], &QAction::triggered, this, &EditCommands::split);
  connect(&actions["clip.trimStart"], &QAction::triggered, this, [this] { trim(true); });
  connect(&actions["clip.trimEnd"], &QAction::triggered, this, [this] { trim(false); });
  connect(&actions["clip.addPictureLane"], &QAction::triggered, this, [this] { addLane(document::LaneKind::Picture); });
  connect(&actions["clip.addSoundLane"], &QAction::triggered, this, [this] { addLane(document::LaneKind::Sound); });
  connect(&actions["clip.openInPaint"], &QAction::triggered, this, [this] {
    const document::ClipPtr clip =
        context_.session.document()->findClip(context_.session.selection().current().focusedClip());
    if (!clip || clip->kind != document::ClipKind::Take)
      return;
    context_.session.selection().setTake(clip->take);
    Q_EMIT paintAsked();
  });
  connect(&actions["clip.marker"], &QAction::triggered, this, [this] {
    const Time at = context_.engine.playhead();
    context_.session.apply(tr("Add a marker"), [at](const document::DocumentPtr& d) {
      return edit::addMarker(d, {at, tr("Marker %1").arg(d->markers.size() + 1).toStdString()});
    });
  });
  QAction& snap = actions["clip.snap"];
  snap.setChecked(context_.preferences.snapping);
  connect(&snap, &QAction::toggled, this, [this](bool on) { context_.preferences.snapping = on; });
}

void EditCommands::forTracks(const QString& text,
                             const std::function<Result<document::DocumentPtr>(const document::DocumentPtr&, TakeId,
                                                                               const document::Track&)>& change) {
  const document::TakePtr take = context_.session.currentTake();
  if (!take)
    return;
  context_.session.apply(text, [&](document::DocumentPtr document) -> Result<document::DocumentPtr> {
    for (const document::TrackPtr& track : take->tracks) {
      if (!context_.session.selection().current().has(track->id) || track->kind == document::TrackKind::Pin)
        continue;
      auto next = change(document, take->id, *track);
      if (!next)
        return next;
      document = *next;
    }
    return document;
  });
}

void EditCommands::deleteTracks() {
  const Selection selection = context_.session.selection().current();
  if (selection.tracks.empty())
    return;
  context_.session.apply(
      tr("Delete %n path(s)", nullptr, static_cast<int>(selection.tracks.size())),
      [&](const document::DocumentPtr& d) { return edit::removeTracks(d, selection.take, selection.tracks); });
}

void EditCommands::newTake() {
  const document::TakePtr take = context_.session.currentTake();
  if (!take)
    return;
  TakeId made;
  const bool done =
      context_.session.apply(tr("New take"), [&](const document::DocumentPtr& d) -> Result<document::DocumentPtr> {
        document::Take next;
        next.name = tr("Take %1").arg(d->takes.size() + 1).toStdString();
        next.picture = take->picture;
        next.model = take->model;
        next.length = take->length;
        auto added = edit::addTake(d, std::move(next));
        if (!added)
          return fail(added);
        made = added->id;
        document::Clip clip;
        clip.name = added->document->findTake(added->id)->name;
        clip.kind = document::ClipKind::Take;
        clip.take = added->id;
        clip.length = take->length;
        clip.start = Time{} + d->length(); // after everything, on the top picture lane
        for (const document::LanePtr& lane : d->lanes)
          if (lane->kind == document::LaneKind::Picture && !lane->locked) {
            auto placed = edit::addClip(added->document, lane->id, clip);
            return placed ? Result<document::DocumentPtr>(placed->document) : fail(placed);
          }
        return added->document;
      });
  if (!done)
    return;
  context_.session.selection().setTake(made);
  if (const document::ClipPtr clip = context_.session.currentTakeClip())
    context_.engine.seek(clip->start);
}

document::ClipPtr EditCommands::clipAtPlayhead() const {
  const document::Document& document = *context_.session.document();
  const Time at = context_.engine.playhead();
  const document::ClipPtr chosen = document.findClip(context_.session.selection().current().focusedClip());
  if (chosen && chosen->range().contains(at))
    return chosen;
  for (const document::LanePtr& lane : document.lanes)
    for (const document::ClipPtr& clip : lane->clips)
      if (!lane->locked && clip->range().contains(at))
        return clip;
  return nullptr;
}

void EditCommands::split() {
  const document::ClipPtr clip = clipAtPlayhead();
  const Time at = context_.engine.playhead();
  if (!clip || clip->start == at)
    return;
  context_.session.apply(tr("Split"), [&](const document::DocumentPtr& d) -> Result<document::DocumentPtr> {
    const auto made = edit::splitClip(d, clip->id, at);
    return made ? Result<document::DocumentPtr>(made->document) : fail(made);
  });
}

void EditCommands::trim(bool start) {
  const document::ClipPtr clip = clipAtPlayhead();
  const Time at = context_.engine.playhead();
  if (!clip)
    return;
  const FrameRate rate = context_.session.document()->frame.rate;
  context_.session.apply(start ? tr("Trim start") : tr("Trim end"), [&](const document::DocumentPtr& d) {
    return start ? edit::trimClipStart(d, clip->id, at)
                 : edit::trimClipEnd(d, clip->id, rate.timeOf(rate.frameAt(at) + 1));
  });
}

void EditCommands::addLane(document::LaneKind kind) {
  const bool picture = kind == document::LaneKind::Picture;
  context_.session.apply(picture ? tr("Add a picture lane") : tr("Add a sound lane"),
                         [&](const document::DocumentPtr& d) -> Result<document::DocumentPtr> {
                           const auto same = std::count_if(d->lanes.begin(), d->lanes.end(),
                                                           [kind](const auto& lane) { return lane->kind == kind; });
                           const QString name = (picture ? tr("Picture %1") : tr("Sound %1")).arg(same + 1);
                           const auto made = edit::addLane(d, kind, name.toStdString(), picture ? 0 : d->lanes.size());
                           return made ? Result<document::DocumentPtr>(made->document) : fail(made);
                         });
}

void EditCommands::refreshAvailable() {
  ActionTable& actions = context_.actions;
  const document::Document& document = *context_.session.document();
  const Selection& selection = context_.session.selection().current();
  const bool take = context_.session.currentTake() != nullptr;
  const bool track = take && selection.focusedTrack().isValid();
  for (const char* id : {"paint.hideSpan", "paint.showSpan", "paint.fitToClip", "paint.reverse", "paint.smooth",
                         "paint.constantSpeed", "edit.rename"})
    actions.setAvailable(id, track, tr("select a path first"));
  for (const char* id : {"paint.newTake", "file.importPaths", "file.exportPaths"})
    actions.setAvailable(id, take, tr("open a picture first"));
  const bool clips = document.length() > Duration::zero();
  for (const char* id : {"file.save", "file.saveAs", "file.export", "clip.marker", "play.toggle", "play.back",
                         "play.forward", "play.markIn", "play.markOut"})
    actions.setAvailable(id, clips, tr("nothing is open"));
  for (const char* id : {"clip.split", "clip.trimStart", "clip.trimEnd"})
    actions.setAvailable(id, clips, tr("there is no clip"));
  const document::ClipPtr clip = document.findClip(selection.focusedClip());
  actions.setAvailable("clip.openInPaint", clip && clip->kind == document::ClipKind::Take, tr("select a take first"));
  const bool marked = document.markOut > document.markIn;
  for (const char* id : {"play.goIn", "play.goOut", "play.clearMarks"})
    actions.setAvailable(id, marked, tr("nothing is marked"));
}

} // namespace kinora::ui
