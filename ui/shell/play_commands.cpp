// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/play_commands.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAbstractSlider>
#include <QAbstractSpinBox>
#include <QApplication>
#include <QComboBox>
#include <QFocusEvent>
#include <QKeyEvent>
#include <QKeySequence>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QPlainTextEdit>
#include <QTextEdit>

#include "engine/document/edit.h"
#include "ui/session/action_table.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/preferences.h"
#include "ui/session/project_session.h"

namespace kinora::ui {
namespace {

namespace edit = document::edit;

constexpr qint64 kSpaceClickMs = 250;
constexpr double kFastest = 8;
constexpr QLatin1String kSpace("Space");

} // namespace

bool takesText(const QWidget* widget) {
  return qobject_cast<const QLineEdit*>(widget) != nullptr || qobject_cast<const QPlainTextEdit*>(widget) != nullptr ||
         qobject_cast<const QTextEdit*>(widget) != nullptr || qobject_cast<const QAbstractSpinBox*>(widget) != nullptr;
}

PlayCommands::PlayCommands(const UiContext& context, QWidget& window)
    : QObject(&window), context_(context), window_(window) {
  ActionTable& actions = context_.actions;
  EngineBridge& engine = context_.engine;
  const auto on = [&](const char* id, auto&& run) { connect(&actions[id], &QAction::triggered, this, run); };
  on("play.toggle", [&engine] { engine.togglePlay(); });
  on("play.back", [this] { shuttle(-1); });
  on("play.stop", [&engine] { engine.pause(); });
  on("play.forward", [this] { shuttle(1); });
  on("play.stepBack", [&engine] { engine.step(-1); });
  on("play.stepForward", [&engine] { engine.step(1); });
  on("play.stepBackTen", [&engine] { engine.step(-10); });
  on("play.stepForwardTen", [&engine] { engine.step(10); });
  on("play.start", [&engine] { engine.seek(Time{}); });
  on("play.end", [this] { context_.engine.seek(lastFrame()); });
  on("play.previousEdit", [this] { toEdit(false); });
  on("play.nextEdit", [this] { toEdit(true); });
  on("play.markIn", [this] { mark(true); });
  on("play.markOut", [this] { mark(false); });
  on("play.goIn", [this] { context_.engine.seek(context_.session.document()->markIn); });
  on("play.goOut", [this] {
    const document::Document& document = *context_.session.document();
    context_.engine.seek(document.markOut > document.markIn
                             ? document.frame.rate.timeOf(document.frame.rate.frameAt(document.markOut) - 1)
                             : lastFrame());
  });
  on("play.clearMarks", [this] {
    context_.session.apply(tr("Clear in and out"),
                           [](const document::DocumentPtr& d) { return edit::setMarks(d, Time{}, Time{}); });
  });
  on("play.loop", [this](bool loop) {
    context_.session.apply(loop ? tr("Loop") : tr("Play once"),
                           [loop](const document::DocumentPtr& d) { return edit::setLoop(d, loop); });
  });
  on("play.everyFrame", [this](bool every) {
    context_.preferences.everyFrame = every;
    context_.engine.setEveryFrame(every);
  });
  on("play.resetCounters", [&engine] { engine.resetCounters(); });

  actions["play.everyFrame"].setChecked(engine.everyFrame());
  actions["play.loop"].setChecked(context_.session.document()->loop);
  connect(&engine, &EngineBridge::everyFrameChanged, &actions["play.everyFrame"], &QAction::setChecked);
  connect(&context_.session, &ProjectSession::documentChanged, this,
          [this] { context_.actions["play.loop"].setChecked(context_.session.document()->loop); });
  qApp->installEventFilter(this);
}

PlayCommands::~PlayCommands() = default;

Time PlayCommands::lastFrame() const {
  const document::Document& document = *context_.session.document();
  const std::int64_t frames = document.frame.rate.framesIn(document.length());
  return document.frame.rate.timeOf(std::max<std::int64_t>(0, frames - 1));
}

void PlayCommands::shuttle(double direction) {
  const runtime::PlaybackState& state = context_.engine.playback();
  const bool faster = state.playing && state.speed * direction > 0;
  context_.engine.play(faster ? direction * std::min(kFastest, std::abs(state.speed) * 2) : direction);
}

void PlayCommands::toEdit(bool forward) {
  const document::Document& document = *context_.session.document();
  std::vector<Time> edges{Time{}};
  for (const document::LanePtr& lane : document.lanes)
    for (const document::ClipPtr& clip : lane->clips) {
      edges.push_back(clip->start);
      edges.push_back(clip->range().end());
    }
  std::sort(edges.begin(), edges.end());
  const Time now = context_.engine.playhead();
  if (forward) {
    const auto next = std::upper_bound(edges.begin(), edges.end(), now);
    if (next != edges.end())
      context_.engine.seek(std::min(*next, lastFrame()));
  } else {
    const auto next = std::lower_bound(edges.begin(), edges.end(), now);
    if (next != edges.begin())
      context_.engine.seek(*std::prev(next));
  }
}

void PlayCommands::mark(bool in) {
  const document::Document& document = *context_.session.document();
  const FrameRate rate = document.frame.rate;
  const std::int64_t frame = rate.frameAt(context_.engine.playhead());
  const bool marked = document.markOut > document.markIn;
  const Time end = Time{} + document.length();
  Time from = marked ? document.markIn : Time{};
  Time to = marked ? document.markOut : end;
  if (in) {
    from = rate.timeOf(frame);
    if (to <= from)
      to = end;
  } else {
    to = rate.timeOf(frame + 1); // the marked frame belongs to the range
    if (from >= to)
      from = Time{};
  }
  context_.session.apply(in ? tr("Mark in") : tr("Mark out"),
                         [from, to](const document::DocumentPtr& d) { return edit::setMarks(d, from, to); });
}

bool PlayCommands::plainKey(const QKeyEvent& event) {
  const Qt::KeyboardModifiers modifiers = event.modifiers() & ~Qt::KeypadModifier;
  const QString key = QKeySequence(event.key() | static_cast<int>(modifiers)).toString(QKeySequence::PortableText);
  QAction* action = ActionTable::isPlainKey(key) ? context_.actions.plainKeyAction(key) : nullptr;
  if (action == nullptr || event.key() == Qt::Key_Space)
    return false;
  action->trigger();
  return true;
}

bool PlayCommands::keyPress(QKeyEvent& event) {
  const QWidget* focus = QApplication::focusWidget();
  if (event.key() != Qt::Key_Space || event.modifiers() != Qt::NoModifier || takesText(focus) ||
      context_.actions.plainKeyAction(kSpace) == nullptr)
    return false;
  const bool control = qobject_cast<const QAbstractButton*>(focus) != nullptr ||
                       qobject_cast<const QAbstractItemView*>(focus) != nullptr ||
                       qobject_cast<const QComboBox*>(focus) != nullptr;
  if (control && focusByKeyboard_)
    return false;
  if (!event.isAutoRepeat())
    spaceSince_.start();
  return control; // a control would be pressed; a canvas pans with the space held
}

bool PlayCommands::eventFilter(QObject* watched, QEvent* event) {
  switch (event->type()) {
  case QEvent::FocusIn: {
    const Qt::FocusReason reason = static_cast<QFocusEvent*>(event)->reason();
    if (reason != Qt::ActiveWindowFocusReason && reason != Qt::PopupFocusReason)
      focusByKeyboard_ =
          reason == Qt::TabFocusReason || reason == Qt::BacktabFocusReason || reason == Qt::ShortcutFocusReason;
    return false;
  }
  case QEvent::MouseButtonPress:
    spaceSince_.invalidate(); // a drag with the space held
    return false;
  case QEvent::KeyPress:
  case QEvent::KeyRelease:
    break;
  default:
    return false;
  }
  auto* widget = qobject_cast<QWidget*>(watched);
  if (widget == nullptr || QApplication::activeModalWidget() != nullptr || QApplication::activePopupWidget() != nullptr)
    return false;
  if (widget->window() != &window_ && qobject_cast<QWidget*>(widget->window()->parent()) != &window_)
    return false;
  auto& key = static_cast<QKeyEvent&>(*event);
  if (event->type() == QEvent::KeyPress) {
    // A key arrives first at the focused widget, then at its parents up to the window.
    const QWidget* focus = QApplication::focusWidget();
    if ((widget == focus || (focus == nullptr && widget == &window_)) && keyPress(key))
      return true;
    return widget == &window_ && plainKey(key); // nobody wanted it
  }
  if (key.key() == Qt::Key_Space && !key.isAutoRepeat() && spaceSince_.isValid()) {
    const bool click = !spaceSince_.hasExpired(kSpaceClickMs);
    spaceSince_.invalidate();
    if (QAction* action = context_.actions.plainKeyAction(kSpace); click && action != nullptr)
      action->trigger();
    return true;
  }
  return false;
}

} // namespace kinora::ui
