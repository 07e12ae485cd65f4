// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/dock_panel.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QToolButton>

#include "ui/session/action_table.h"
#include "ui/session/theme.h"

namespace kinora::ui {

DockPanel::DockPanel(const UiContext& context, const char* name, const QString& title, QWidget* content,
                     QWidget* parent)
    : QDockWidget(title, parent), context_(context), header_(new QWidget(this)), row_(new QHBoxLayout(header_)),
      more_(new QToolButton(header_)) {
  setObjectName(QLatin1String(name));
  setAccessibleName(title);
  content->setProperty("surface", "panel");
  content->setAttribute(Qt::WA_StyledBackground);
  setWidget(content);

  header_->setProperty("surface", "header");
  header_->setAttribute(Qt::WA_StyledBackground);
  row_->setContentsMargins(12, 0, 6, 0);
  row_->setSpacing(2);
  row_->addStrut(31); // a dock takes the header's size hint
  auto* label = new QLabel(title, header_);
  label->setProperty("weight", "semibold");
  row_->addWidget(label);
  row_->addStretch(1);
  row_->addWidget(more_);
  header_->installEventFilter(this);
  setTitleBarWidget(header_);

  auto* menu = new QMenu(more_);
  connect(menu->addAction(tr("Float")), &QAction::triggered, this, [this] { setFloating(!isFloating()); });
  connect(menu->addAction(tr("Maximise")), &QAction::triggered, this, &DockPanel::maximiseAsked);
  connect(menu->addAction(tr("Close")), &QAction::triggered, this, &QWidget::hide);
  menu->addAction(&context_.actions["view.resetLayout"]);
  more_->setMenu(menu);
  more_->setPopupMode(QToolButton::InstantPopup);
  more_->setToolTip(tr("More about this panel"));
  more_->setAccessibleName(tr("More about the panel %1").arg(title));
  const auto icons = [this] { more_->setIcon(context_.theme.current().icon("more")); };
  icons();
  connect(&context_.theme, &ThemeSource::changed, this, icons);
  // Keys work in a floating panel's window too.
  connect(this, &QDockWidget::topLevelChanged, this, [this](bool floating) {
    if (floating)
      context_.actions.addTo(*this);
  });
}

void DockPanel::addHeaderAction(QAction& action) {
  auto* button = new QToolButton(header_);
  button->setDefaultAction(&action);
  button->setToolButtonStyle(Qt::ToolButtonIconOnly);
  row_->insertWidget(row_->count() - 1, button);
}

void DockPanel::addHeaderNote(QWidget& note, int leastWidth) {
  note_ = &note;
  noteLeast_ = leastWidth;
  row_->insertWidget(2, note_); // behind the title and the stretch
}

void DockPanel::resizeEvent(QResizeEvent* event) {
  QDockWidget::resizeEvent(event);
  if (note_ != nullptr)
    note_->setVisible(width() >= noteLeast_);
}

bool DockPanel::eventFilter(QObject* watched, QEvent* event) {
  if (watched == header_ && event->type() == QEvent::MouseButtonDblClick) {
    Q_EMIT maximiseAsked();
    return true;
  }
  return QDockWidget::eventFilter(watched, event);
}

} // namespace kinora::ui
