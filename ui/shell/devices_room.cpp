// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/devices_room.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/session/project_session.h"
#include "ui/session/theme.h"
#include "ui/shell/machine_check.h"

namespace kinora::ui {
namespace {

QString nameOf(const QString& fact) {
  if (fact == QLatin1String("models"))
    return DevicesRoom::tr("Models");
  if (fact == QLatin1String("tensors"))
    return DevicesRoom::tr("Processor");
  if (fact == QLatin1String("vulkan"))
    return DevicesRoom::tr("Preview");
  if (fact == QLatin1String("transport"))
    return DevicesRoom::tr("Way to the preview");
  return DevicesRoom::tr("Video encoders");
}

} // namespace

DevicesRoom::DevicesRoom(const UiContext& context, MachineCheck& check, QWidget* parent)
    : QWidget(parent), context_(context), check_(check), column_(new QVBoxLayout(this)) {
  column_->setContentsMargins(0, 0, 0, 0);
  connect(&check_, &MachineCheck::finished, this, &DevicesRoom::build);
  build();
}

void DevicesRoom::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  check_.request();
}

void DevicesRoom::build() {
  while (QLayoutItem* item = column_->takeAt(0)) {
    if (item->widget() != nullptr)
      item->widget()->deleteLater();
    delete item;
  }
  auto* page = new QWidget(this);
  column_->addWidget(page);
  auto* rows = new QVBoxLayout(page);
  rows->setContentsMargins(0, 0, 0, 0);
  rows->setSpacing(12);
  const auto add = [&](const QString& text, const char* tone) {
    auto* label = new QLabel(text, page);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    label->setProperty("tone", tone);
    rows->addWidget(label);
    return label;
  };
  if (!check_.result()) {
    add(tr("Checking this computer"), "secondary");
    rows->addStretch(1);
    return;
  }
  if (!*check_.result()) {
    add(QString::fromStdString(check_.result()->error().message), "secondary");
    rows->addStretch(1);
    return;
  }
  const Theme& theme = context_.theme.current();
  QString all;
  for (const MachineFact& fact : (**check_.result()).facts) {
    auto* row = new QHBoxLayout;
    row->setSpacing(12);
    auto* mark = new QLabel(page);
    mark->setPixmap(theme.pixmap(fact.ok ? "check" : "error", theme.color(fact.ok ? "status.ok" : "status.error"),
                                 theme.px(16), devicePixelRatioF()));
    mark->setAccessibleName(fact.ok ? tr("works") : tr("does not work"));
    row->addWidget(mark, 0, Qt::AlignTop);
    auto* words = new QVBoxLayout;
    words->setSpacing(2);
    auto* name = new QLabel(nameOf(fact.id), page);
    name->setProperty("weight", "semibold");
    words->addWidget(name);
    auto* text = new QLabel(fact.text, page);
    text->setWordWrap(true);
    text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    text->setProperty("tone", "secondary");
    words->addWidget(text);
    row->addLayout(words, 1);
    rows->addLayout(row);
    all += nameOf(fact.id) + QStringLiteral(": ") + fact.text + QLatin1Char('\n');
  }
  auto* copy = new QPushButton(theme.icon("copy"), tr("Copy details"), page);
  connect(copy, &QPushButton::clicked, page, [all] { QGuiApplication::clipboard()->setText(all); });
  rows->addWidget(copy, 0, Qt::AlignLeft);
  rows->addStretch(1);
}

} // namespace kinora::ui
