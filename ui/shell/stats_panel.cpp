// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/stats_panel.h"

#include <utility>

#include <QFormLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/session/action_table.h"
#include "ui/session/engine_bridge.h"
#include "ui/shell/words.h"

namespace kinora::ui {
namespace {

constexpr int kRefreshMs = 500;

QString measured(double value, QString (*say)(double)) {
  return value > 0 ? say(value) : dash();
}

} // namespace

StatsPanel::StatsPanel(const UiContext& context, QWidget* parent) : QWidget(parent), context_(context) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(12, 8, 12, 8);
  auto* form = new QFormLayout;
  form->setVerticalSpacing(4);
  form->setHorizontalSpacing(16);
  using Stats = runtime::EngineStats;
  add(*form, tr("Model"),
      [](const Stats& s) { return s.modelName.empty() ? dash() : QString::fromStdString(s.modelName); });
  add(*form, tr("Model speed"), [](const Stats& s) { return measured(s.modelFps, framesPerSecond); });
  add(*form, tr("Preparing"), [](const Stats& s) { return measured(s.prepareMs, milliseconds); });
  add(*form, tr("Behind the cursor"), [](const Stats& s) { return measured(s.liveDelayMs, milliseconds); });
  add(*form, tr("On the screen"), [](const Stats& s) { return measured(s.displayFps, framesPerSecond); });
  add(*form, tr("One frame, half of them"), [](const Stats& s) { return measured(s.frameMsP50, milliseconds); });
  add(*form, tr("One frame, 95 of 100"), [](const Stats& s) { return measured(s.frameMsP95, milliseconds); });
  add(*form, tr("One frame, the longest"), [](const Stats& s) { return measured(s.frameMsMax, milliseconds); });
  add(*form, tr("Frames"), [](const Stats& s) { return QString::number(s.frames); });
  add(*form, tr("Late"), [](const Stats& s) { return QString::number(s.late); });
  add(*form, tr("Repeated"), [](const Stats& s) { return QString::number(s.duplicated); });
  add(*form, tr("Skipped"), [](const Stats& s) { return QString::number(s.skipped); });
  add(*form, tr("Dropped"), [](const Stats& s) { return QString::number(s.dropped); });
  add(*form, tr("Finished pictures"), [](const Stats& s) { return QString::number(s.storeFrames); });
  add(*form, tr("In memory"), [](const Stats& s) { return byteSize(s.storeMemoryBytes); });
  add(*form, tr("On disk"), [](const Stats& s) { return byteSize(s.storeDiskBytes); });
  column->addLayout(form);
  auto* reset = new QPushButton(tr("Reset the counters"), this);
  connect(reset, &QPushButton::clicked, &context_.actions["play.resetCounters"], &QAction::trigger);
  column->addWidget(reset, 0, Qt::AlignLeft);
  column->addStretch(1);
  timer_.setInterval(kRefreshMs);
  connect(&timer_, &QTimer::timeout, this, &StatsPanel::refresh);
}

void StatsPanel::add(QFormLayout& form, const QString& name, Say say) {
  auto* label = new QLabel(name, this);
  label->setProperty("tone", "secondary");
  auto* value = new QLabel(this);
  value->setProperty("weight", "semibold");
  value->setAccessibleName(name);
  form.addRow(label, value);
  rows_.emplace_back(value, std::move(say));
}

void StatsPanel::refresh() {
  const runtime::EngineStats stats = context_.engine.stats();
  for (const auto& [label, say] : rows_)
    label->setText(say(stats));
}

void StatsPanel::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  refresh();
  timer_.start();
}

void StatsPanel::hideEvent(QHideEvent* event) {
  QWidget::hideEvent(event);
  timer_.stop();
}

} // namespace kinora::ui
