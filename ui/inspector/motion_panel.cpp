// SPDX-License-Identifier: Apache-2.0
#include "ui/inspector/motion_panel.h"

#include <algorithm>

#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include "engine/document/edit.h"
#include "ui/inspector/curve_editor.h"
#include "ui/inspector/parameter_form.h"
#include "ui/inspector/parameter_tables.h"
#include "ui/session/paint_settings.h"
#include "ui/session/project_session.h"
#include "ui/session/theme.h"

namespace kinora::ui {
namespace {

namespace edit = document::edit;

struct EasingPreset {
  const char* name;
  document::Easing easing;
};

// The curves of CSS: linear, ease-in, ease-out, ease-in-out.
constexpr EasingPreset kEasings[] = {
    {QT_TRANSLATE_NOOP("MotionPanel", "Speed as drawn"), {{1.F / 3, 1.F / 3}, {2.F / 3, 2.F / 3}}},
    {QT_TRANSLATE_NOOP("MotionPanel", "Start slowly"), {{.42F, 0}, {1, 1}}},
    {QT_TRANSLATE_NOOP("MotionPanel", "End slowly"), {{0, 0}, {.58F, 1}}},
    {QT_TRANSLATE_NOOP("MotionPanel", "Start and end slowly"), {{.42F, 0}, {.58F, 1}}},
};

document::TrackPtr focusedTrack(const ProjectSession& session) {
  const document::TakePtr take = session.currentTake();
  const TrackId id = session.selection().current().focusedTrack();
  if (!take)
    return nullptr;
  const auto found =
      std::find_if(take->tracks.begin(), take->tracks.end(), [id](const auto& t) { return t->id == id; });
  return found == take->tracks.end() ? nullptr : *found;
}

} // namespace

MotionPanel::MotionPanel(const UiContext& context, QWidget* parent)
    : QWidget(parent), context_(context), pages_(new QStackedWidget(this)), empty_(new QLabel(this)),
      locked_(new QLabel(tr("This path is locked. Unlock it in the list to change it."), this)),
      form_(new ParameterForm(context, trackParameters(), this)),
      camera_(new ParameterForm(context, cameraParameters(), this)), speed_(new QWidget(this)),
      curve_(new CurveEditor(context.theme, this)), asDrawn_(new QToolButton(this)), more_(new QToolButton(this)) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(pages_);

  empty_->setWordWrap(true);
  empty_->setAlignment(Qt::AlignTop | Qt::AlignLeft);
  empty_->setMargin(12);
  empty_->setProperty("tone", "muted");
  pages_->addWidget(empty_);

  auto* page = new QWidget(this);
  auto* column = new QVBoxLayout(page);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  locked_->setWordWrap(true);
  locked_->setMargin(12);
  locked_->setProperty("tone", "warn");
  column->addWidget(locked_);
  column->addWidget(form_);
  column->addWidget(camera_);
  buildSpeed();
  column->addWidget(speed_);
  column->addStretch(1);
  pages_->addWidget(page);

  connect(&context_.session, &ProjectSession::documentChanged, this, &MotionPanel::refresh);
  connect(&context_.session.selection(), &SelectionModel::changed, this, &MotionPanel::refresh);
  refresh();
}

void MotionPanel::buildSpeed() {
  auto* column = new QVBoxLayout(speed_);
  column->setContentsMargins(12, 0, 12, 8);
  column->setSpacing(8);
  auto* header = new QHBoxLayout;
  auto* label = new QLabel(tr("Speed"), speed_);
  label->setProperty("tone", "secondary");
  label->setBuddy(curve_);
  header->addWidget(label);
  header->addStretch(1);
  asDrawn_->setToolTip(tr("Speed as drawn"));
  asDrawn_->setAccessibleName(tr("Speed as drawn"));
  more_->setToolTip(tr("More about the speed"));
  more_->setAccessibleName(tr("More about the speed"));
  more_->setPopupMode(QToolButton::InstantPopup);
  header->addWidget(asDrawn_);
  header->addWidget(more_);
  column->addLayout(header);
  column->addWidget(curve_);

  const auto icons = [this] {
    asDrawn_->setIcon(context_.theme.current().icon("refresh"));
    more_->setIcon(context_.theme.current().icon("more"));
  };
  icons();
  connect(&context_.theme, &ThemeSource::changed, this, icons);

  const auto setEasing = [this](const document::Easing& easing) {
    return [this, easing](const document::DocumentPtr& document) {
      const Selection& selection = context_.session.selection().current();
      return edit::setTrackEasing(document, selection.take, selection.focusedTrack(), easing);
    };
  };
  connect(curve_, &CurveEditor::gestureBegan, this, [this] { context_.session.beginGesture(tr("Change speed")); });
  connect(curve_, &CurveEditor::gestureEnded, this, [this] { context_.session.endGesture(); });
  connect(curve_, &CurveEditor::easingEdited, this, [this, setEasing](const document::Easing& easing) {
    if (context_.session.inGesture())
      context_.session.update(setEasing(easing));
    else
      context_.session.apply(tr("Change speed"), setEasing(easing));
  });
  connect(asDrawn_, &QToolButton::clicked, this,
          [this, setEasing] { context_.session.apply(tr("Change speed"), setEasing(document::Easing{})); });
  buildMenu();
}

void MotionPanel::buildMenu() {
  auto* menu = new QMenu(more_);
  more_->setMenu(menu);
  using TrackEdit =
      std::function<Result<document::DocumentPtr>(const document::DocumentPtr&, TakeId, const document::Track&)>;
  const auto add = [this, menu](const QString& text, TrackEdit change) {
    connect(menu->addAction(text), &QAction::triggered, this, [this, text, change] {
      context_.session.apply(
          text, [this, &change](const document::DocumentPtr& document) -> Result<document::DocumentPtr> {
            const document::TrackPtr track = focusedTrack(context_.session);
            return track ? change(document, context_.session.selection().current().take, *track) : document;
          });
    });
  };
  for (const EasingPreset& preset : kEasings)
    add(tr(preset.name), [&preset](const auto& d, TakeId take, const document::Track& t) {
      return edit::setTrackEasing(d, take, t.id, preset.easing);
    });
  menu->addSeparator();
  add(tr("Fit to clip"), [](const auto& d, TakeId take, const document::Track& t) {
    return edit::setTrackTiming(d, take, t.id, Time{}, d->findTake(take)->length);
  });
  add(tr("Reverse"),
      [](const auto& d, TakeId take, const document::Track& t) { return edit::reverseTrack(d, take, t.id); });
  add(tr("Smooth"), [this](const auto& d, TakeId take, const document::Track& t) {
    return edit::smoothTrack(d, take, t.id, context_.paint.options().smooth);
  });
  add(tr("Constant speed"),
      [](const auto& d, TakeId take, const document::Track& t) { return edit::constantSpeed(d, take, t.id); });
}

void MotionPanel::refresh() {
  const document::TrackPtr track = focusedTrack(context_.session);
  const document::TakePtr take = context_.session.currentTake();
  const bool camera = take && context_.session.selection().current().camera;
  if (!track && !camera) {
    empty_->setText(!take || take->tracks.empty() ? tr("No paths yet. Draw on the picture to make one.")
                                                  : tr("Select a path to change how it moves."));
    pages_->setCurrentIndex(0);
    return;
  }
  pages_->setCurrentIndex(1);
  locked_->setVisible(track && track->locked);
  form_->setVisible(track != nullptr);
  form_->setEnabled(track && !track->locked);
  camera_->setVisible(camera);
  const bool hasSpeed = track && track->kind == document::TrackKind::Path && track->points.size() > 1;
  speed_->setVisible(hasSpeed);
  speed_->setEnabled(hasSpeed && !track->locked);
  if (hasSpeed)
    curve_->setTrack(*track);
}

} // namespace kinora::ui
