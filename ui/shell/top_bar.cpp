// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/top_bar.h"

#include <QButtonGroup>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QMenuBar>
#include <QPushButton>
#include <QToolButton>

#include "engine/base/check.h"
#include "ui/session/action_table.h"
#include "ui/session/theme.h"

namespace kinora::ui {

TopBar::TopBar(const UiContext& context, QWidget* parent)
    : QWidget(parent), context_(context), bar_(new QMenuBar(this)), recent_(new QMenu(tr("Open recent"), this)),
      switch_(new QWidget(this)), find_(new QToolButton(this)) {
  setObjectName(QStringLiteral("topBar"));
  setProperty("surface", "window");
  setAttribute(Qt::WA_StyledBackground);
  // Three columns of equal weight keep the switch in the middle.
  auto* row = new QGridLayout(this);
  row->setContentsMargins(12, 0, 8, 0);
  row->setHorizontalSpacing(8);
  row->setRowMinimumHeight(0, context.theme.current().px(40));
  auto* left = new QHBoxLayout;
  auto* logo = new QLabel(this);
  logo->setAccessibleName(tr("Kinora"));
  left->addWidget(logo);
  left->addWidget(bar_, 0, Qt::AlignVCenter);
  bar_->setSizePolicy(QSizePolicy::Minimum, QSizePolicy::Fixed);
  left->addStretch(1);
  row->addLayout(left, 0, 0);
  row->addWidget(switch_, 0, 1, Qt::AlignCenter);
  auto* right = new QHBoxLayout;
  right->addStretch(1);
  right->addWidget(find_);
  row->addLayout(right, 0, 2);
  row->setColumnStretch(0, 1);
  row->setColumnStretch(2, 1);

  buildMenus();
  buildSwitch();
  find_->setDefaultAction(&context_.actions["help.palette"]);
  find_->setProperty("find", true);
  showKeys();
  // The button takes the action's plain text whenever the action changes.
  connect(&context_.actions["help.palette"], &QAction::changed, this, &TopBar::showFind);
  setCompact(false);
  const auto look = [this, logo] {
    const Theme& theme = context_.theme.current();
    logo->setPixmap(theme.pixmap("kinora", theme.color("accent.base"), theme.px(20), devicePixelRatioF()));
  };
  look();
  connect(&context_.theme, &ThemeSource::changed, this, look);
}

void TopBar::buildMenus() {
  struct Title {
    const char* name;
    QString text;
  };
  const Title titles[] = {{"File", tr("&File")}, {"Edit", tr("&Edit")}, {"View", tr("&View")},
                          {"Clip", tr("&Clip")}, {"Play", tr("&Play")}, {"Help", tr("&Help")}};
  for (const Title& title : titles) {
    QMenu* menu = bar_->addMenu(title.text);
    menu->setObjectName(QLatin1String(title.name));
  }
  for (const ActionSpec& spec : ActionTable::specs()) {
    QString name = QLatin1String(spec.menu);
    if (name.isEmpty())
      continue;
    const bool line = name.endsWith(QLatin1Char('|'));
    if (line)
      name.chop(1);
    if (line)
      menu(name).addSeparator();
    QAction& action = context_.actions[spec.id];
    menu(name).addAction(&action);
    if (qstrcmp(spec.id, "file.openSample") == 0)
      menu(name).insertMenu(&action, recent_);
  }
  connect(&context_.actions, &ActionTable::keysChanged, this, &TopBar::showKeys);
  connect(recent_, &QMenu::aboutToShow, this, &TopBar::recentAboutToShow);
  connect(&menu(QStringLiteral("File")), &QMenu::aboutToShow, this, &TopBar::recentAboutToShow);
}

// Plain keys are no shortcuts of Qt but stand in the menu all the same.
void TopBar::showKeys() {
  for (const ActionSpec& spec : ActionTable::specs()) {
    QAction& action = context_.actions[spec.id];
    const QString name = action.text().section(QLatin1Char('\t'), 0, 0);
    const bool plain = ActionTable::isPlainKey(context_.actions.keyList(action).value(0));
    const QString text = plain ? name + QLatin1Char('\t') + context_.actions.keys(action) : name;
    if (text != action.text())
      action.setText(text);
  }
  showFind();
}

void TopBar::showFind() {
  find_->setText(tr("Find command   %1").arg(context_.actions.keys(context_.actions["help.palette"])));
}

QMenu& TopBar::menu(const QString& name) const {
  auto* found = bar_->findChild<QMenu*>(name);
  KINORA_CHECK(found != nullptr);
  return *found;
}

void TopBar::buildSwitch() {
  switch_->setObjectName(QStringLiteral("workspaceSwitch"));
  switch_->setAttribute(Qt::WA_StyledBackground);
  auto* row = new QHBoxLayout(switch_);
  row->setContentsMargins(2, 2, 2, 2);
  row->setSpacing(0);
  auto* group = new QButtonGroup(switch_);
  for (const char* id : {"view.paint", "view.edit", "view.export"}) {
    QAction& action = context_.actions[id];
    auto* button = new QPushButton(action.text(), switch_);
    button->setCheckable(true);
    button->setChecked(action.isChecked());
    button->setToolTip(action.toolTip());
    button->setFocusPolicy(Qt::TabFocus);
    group->addButton(button);
    row->addWidget(button);
    connect(button, &QPushButton::clicked, &action, &QAction::trigger);
    connect(&action, &QAction::toggled, button, &QPushButton::setChecked);
  }
}

void TopBar::setCompact(bool compact) {
  find_->setToolButtonStyle(compact ? Qt::ToolButtonIconOnly : Qt::ToolButtonTextBesideIcon);
}

} // namespace kinora::ui
