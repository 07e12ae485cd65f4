// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/status_strip.h"

#include <algorithm>
#include <cmath>

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QStyle>
#include <QToolButton>

#include "engine/runtime/stats.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/number_label.h"
#include "ui/session/paint_settings.h"
#include "ui/session/project_session.h"
#include "ui/session/theme.h"
#include "ui/shell/words.h"

namespace kinora::ui {
namespace {

constexpr int kRefreshMs = 500;
constexpr int kSaidMs = 6000;
// Shares of late or repeated frames from which a counter is amber, and red.
constexpr double kAmber = 0.01;
constexpr double kRed = 0.05;

void setTone(QLabel& label, const char* tone) {
  if (label.property("tone").toString() == QLatin1String(tone))
    return;
  label.setProperty("tone", tone);
  label.style()->unpolish(&label);
  label.style()->polish(&label);
}

} // namespace

StatusStrip::StatusStrip(const UiContext& context, QWidget* parent)
    : QWidget(parent), context_(context), row_(new QHBoxLayout(this)), message_(new QLabel(this)),
      dismiss_(new QToolButton(this)), bar_(new QProgressBar(this)), pointer_(new NumberLabel(this)) {
  setObjectName(QStringLiteral("statusBar"));
  setAttribute(Qt::WA_StyledBackground);
  row_->setContentsMargins(12, 0, 12, 0);
  row_->setSpacing(6);
  row_->addStrut(context.theme.current().px(26));
  message_->setTextFormat(Qt::PlainText);
  row_->addWidget(message_);
  dismiss_->setToolTip(tr("Dismiss the hint"));
  dismiss_->setAccessibleName(tr("Dismiss the hint"));
  dismiss_->hide();
  connect(dismiss_, &QToolButton::clicked, this, [this] { hint({}); });
  const auto look = [this] { dismiss_->setIcon(context_.theme.current().icon("close")); };
  look();
  connect(&context_.theme, &ThemeSource::changed, this, look);
  row_->addWidget(dismiss_);
  bar_->setFixedWidth(120);
  bar_->setTextVisible(false);
  bar_->hide();
  row_->addWidget(bar_);
  pointer_->setProperty("tone", "muted");
  pointer_->setProperty("textSize", "small");
  row_->addWidget(pointer_);
  row_->addStretch(1);

  // In the order of importance; the row shows them from right to left, so that what is dropped first stands left.
  counters_ = {addCounter(tr("late"), tr("Frames shown after their time")),
               addCounter(tr("repeated"), tr("Frames shown again because the next was not there")),
               addCounter(tr("behind cursor"), tr("From the hand to the picture")),
               addCounter(tr("screen"), tr("Pictures a second")),
               addCounter(tr("model"), tr("Pictures that the motion model makes in a second")),
               addCounter(tr("cache"), tr("Finished pictures in memory"))};
  connect(&timer_, &QTimer::timeout, this, &StatusStrip::refresh);
  timer_.start(kRefreshMs);
  connect(&context_.engine, &EngineBridge::takeProgress, this, &StatusStrip::takeProgress);
  connect(&context_.engine, &EngineBridge::exportProgress, this, [this](const runtime::ExportProgress& progress) {
    exporting_ = progress;
    refreshMessage();
  });
  connect(&context_.engine, &EngineBridge::exportFinished, this, [this] {
    exporting_.reset();
    refreshMessage();
  });
  connect(&context_.paint, &PaintSettings::pointerMoved, this, [this](bool inside, const QPointF& at) {
    pointer_->setText(inside ? tr("x %1  y %2").arg(std::lround(at.x())).arg(std::lround(at.y())) : QString());
  });
  refresh();
}

StatusStrip::Counter StatusStrip::addCounter(const QString& name, const QString& help) {
  Counter counter{new QLabel(name, this), new QLabel(this), new NumberLabel(this)};
  counter.name->setProperty("tone", "muted");
  counter.value->setProperty("weight", "semibold");
  for (QLabel* label : {counter.name, static_cast<QLabel*>(counter.value)}) {
    label->setProperty("textSize", "small");
    label->setToolTip(help);
  }
  counter.icon->hide();
  row_->addWidget(counter.icon);
  row_->addWidget(counter.name);
  row_->addWidget(counter.value);
  row_->addSpacing(6);
  return counter;
}

void StatusStrip::setCounter(const Counter& counter, const QString& value, double share) {
  const char* tone = share > kRed ? "error" : share > kAmber ? "warn" : "primary";
  counter.value->setText(value);
  counter.value->setAccessibleName(QStringLiteral("%1 %2").arg(counter.name->text(), value));
  setTone(*counter.value, tone);
  const bool remarkable = share > kAmber;
  if (remarkable) {
    const Theme& theme = context_.theme.current();
    counter.icon->setPixmap(theme.pixmap("warning", theme.color(share > kRed ? "status.error" : "status.warn"),
                                         theme.px(14), devicePixelRatioF()));
  }
  counter.icon->setVisible(remarkable && counter.value->isVisible());
}

void StatusStrip::say(const QString& sentence) {
  said_ = sentence;
  saidSince_.start();
  refreshMessage();
}

void StatusStrip::hint(const QString& sentence) {
  hint_ = sentence;
  refreshMessage();
}

void StatusStrip::takeProgress(const runtime::TakeProgress& progress) {
  std::int64_t ready = 0;
  std::int64_t all = 0;
  bool working = false;
  for (const runtime::TakeProgress::Span& span : progress.spans) {
    all += span.count;
    ready += span.state == runtime::SpanState::Ready ? span.count : 0;
    working = working || span.state == runtime::SpanState::Generating;
  }
  generated_ = working && all > 0 ? static_cast<int>(ready * 100 / all) : -1;
  refreshMessage();
}

void StatusStrip::refreshMessage() {
  QString text;
  int percent = -1;
  bool hinting = false;
  const char* tone = "accent";
  if (exporting_ && exporting_->framesTotal > 0) {
    percent = static_cast<int>(exporting_->framesDone * 100 / exporting_->framesTotal);
    text = exporting_->secondsLeft < 0 ? tr("Exporting")
                                       : tr("Exporting · %1 left").arg(spokenDuration(exporting_->secondsLeft));
  } else if (!said_.isEmpty() && !saidSince_.hasExpired(kSaidMs)) {
    text = said_;
  } else if (!hint_.isEmpty()) {
    text = hint_;
    hinting = true;
  } else if (generated_ >= 0) {
    percent = generated_;
    tone = "generate";
    text = tr("Making pictures");
  } else {
    const runtime::EngineStats stats = context_.engine.stats();
    if (!stats.modelName.empty()) {
      text = QString::fromStdString(stats.modelName);
      if (stats.prepareMs > 0)
        text = tr("%1 · ready in %2 s").arg(text, QString::number(stats.prepareMs / 1000, 'f', 2));
    }
  }
  message_->setText(text);
  setTone(*message_, hinting ? "accent" : "primary");
  dismiss_->setVisible(hinting);
  bar_->setVisible(percent >= 0);
  if (percent >= 0) {
    bar_->setValue(percent);
    if (bar_->property("tone").toString() != QLatin1String(tone)) {
      bar_->setProperty("tone", tone);
      bar_->style()->unpolish(bar_);
      bar_->style()->polish(bar_);
    }
  }
}

void StatusStrip::refresh() {
  const runtime::EngineStats stats = context_.engine.stats();
  const auto shareOf = [&](std::int64_t count) {
    return stats.frames > 0 ? static_cast<double>(count) / static_cast<double>(stats.frames) : 0.;
  };
  setCounter(counters_[0], QString::number(stats.late), shareOf(stats.late));
  setCounter(counters_[1], QString::number(stats.duplicated), shareOf(stats.duplicated));
  setCounter(counters_[2], stats.liveDelayMs > 0 ? milliseconds(stats.liveDelayMs) : dash());
  setCounter(counters_[3], stats.displayFps > 0 ? framesPerSecond(stats.displayFps) : dash());
  setCounter(counters_[4], stats.modelFps > 0 ? framesPerSecond(stats.modelFps) : dash());
  setCounter(counters_[5], byteSize(stats.storeMemoryBytes));
  refreshMessage();
  fit();
}

void StatusStrip::fit() {
  int room = width() - row_->contentsMargins().left() * 2 - message_->sizeHint().width() - 24 -
             (bar_->isVisible() ? bar_->width() : 0) - (dismiss_->isVisible() ? dismiss_->width() : 0) -
             pointer_->sizeHint().width();
  for (const Counter& counter : counters_) {
    room -= counter.name->sizeHint().width() + counter.value->sizeHint().width() + 4 * row_->spacing();
    counter.name->setVisible(room >= 0);
    counter.value->setVisible(room >= 0);
    if (room < 0)
      counter.icon->hide();
  }
}

void StatusStrip::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  fit();
}

} // namespace kinora::ui
