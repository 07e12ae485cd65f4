// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/transport_bar.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QToolButton>

#include "ui/session/action_table.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/number_label.h"
#include "ui/session/project_session.h"
#include "ui/session/theme.h"
#include "ui/shell/time_display.h"

namespace kinora::ui {

TransportBar::TransportBar(const UiContext& context, QWidget* parent)
    : QWidget(parent), context_(context), time_(new TimeDisplay(this)), length_(new NumberLabel(this)),
      rate_(new QLabel(this)), rule_(new QPushButton(this)), late_(new QPushButton(this)) {
  setObjectName(QStringLiteral("transport"));
  setProperty("surface", "panel");
  setAttribute(Qt::WA_StyledBackground);
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(12, 0, 8, 0);
  row->setSpacing(4);
  row->addStrut(context.theme.current().px(40));

  setLayoutDirection(Qt::LeftToRight); // time runs so in every language
  row->addWidget(time_);
  length_->setProperty("tone", "secondary");
  row->addWidget(length_);
  rate_->setProperty("tone", "muted");
  row->addWidget(rate_);
  row->addStretch(1);
  for (const char* id : {"play.markIn", "play.markOut", "play.start", "play.stepBack"})
    row->addWidget(button(id));
  play_ = button("play.toggle");
  row->addWidget(play_);
  for (const char* id : {"play.stepForward", "play.end", "play.loop"})
    row->addWidget(button(id));
  row->addStretch(1);
  for (QPushButton* quiet : {rule_, late_}) {
    quiet->setProperty("role", "quiet");
    quiet->setProperty("dense", true);
    quiet->setFocusPolicy(Qt::TabFocus);
    row->addWidget(quiet);
  }
  rule_->setToolTip(tr("What counts when the computer is too slow. Press to change."));
  late_->setToolTip(tr("Frames shown after their time. Press to count anew."));

  connect(time_, &TimeDisplay::valueEdited, &context_.engine, &EngineBridge::seek);
  connect(rule_, &QPushButton::clicked, this, [this] { context_.actions["play.everyFrame"].trigger(); });
  connect(late_, &QPushButton::clicked, this, [this] { context_.actions["play.resetCounters"].trigger(); });
  connect(&context_.engine, &EngineBridge::playheadChanged, this, [this](Time at) { time_->setValue(at); });
  connect(&context_.engine, &EngineBridge::playbackChanged, this, &TransportBar::refreshLate);
  connect(&context_.engine, &EngineBridge::everyFrameChanged, this, &TransportBar::refreshRule);
  const auto playIcon = [this] {
    const bool playing = context_.engine.isPlaying();
    context_.actions["play.toggle"].setIcon(context_.theme.current().icon(playing ? "pause" : "play"));
  };
  connect(&context_.engine, &EngineBridge::playingChanged, this, playIcon);
  connect(&context_.theme, &ThemeSource::changed, this, playIcon);
  connect(&context_.session, &ProjectSession::documentChanged, this, &TransportBar::refreshDocument);
  refreshDocument();
  refreshRule();
  refreshLate();
}

QToolButton* TransportBar::button(const char* action) {
  auto* made = new QToolButton(this);
  made->setDefaultAction(&context_.actions[action]);
  made->setToolButtonStyle(Qt::ToolButtonIconOnly);
  made->setIconSize({18, 18});
  made->setProperty("tool", true);
  made->setFocusPolicy(Qt::TabFocus);
  made->setAccessibleName(made->toolTip());
  return made;
}

void TransportBar::refreshDocument() {
  const document::Document& document = *context_.session.document();
  const FrameRate rate = document.frame.rate;
  time_->setRate(rate);
  length_->setText(QStringLiteral("/  ") + QString::fromStdString(timecode(Time{} + document.length(), rate)));
  rate_->setText(tr("%1 fps").arg(QString::number(rate.hertz(), 'g', 5)));
}

void TransportBar::refreshRule() {
  rule_->setText(context_.engine.everyFrame() ? tr("Shows every frame") : tr("Keeps time"));
}

void TransportBar::refreshLate() {
  late_->setText(tr("%n late", nullptr, static_cast<int>(context_.engine.playback().lateFrames)));
}

} // namespace kinora::ui
