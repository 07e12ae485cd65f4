// SPDX-License-Identifier: Apache-2.0
#include "ui/inspector/clip_panel.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "ui/inspector/parameter_form.h"
#include "ui/inspector/parameter_tables.h"
#include "ui/session/project_session.h"
#include "ui/session/theme.h"

namespace kinora::ui {

ClipPanel::ClipPanel(const UiContext& context, QWidget* parent)
    : QWidget(parent), context_(context), pages_(new QStackedWidget(this)), title_(new QLabel(this)),
      generated_(new QLabel(tr("generated"), this)), form_(new ParameterForm(context, clipParameters(), this)),
      open_(new QPushButton(tr("Open in Paint"), this)) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(pages_);

  auto* empty = new QLabel(tr("Select a clip to change it."), this);
  empty->setWordWrap(true);
  empty->setAlignment(Qt::AlignTop | Qt::AlignLeft);
  empty->setMargin(12);
  empty->setProperty("tone", "muted");
  pages_->addWidget(empty);

  auto* page = new QWidget(this);
  auto* column = new QVBoxLayout(page);
  column->setContentsMargins(0, 8, 0, 8);
  auto* header = new QHBoxLayout;
  header->setContentsMargins(12, 0, 12, 0);
  title_->setProperty("weight", "semibold");
  title_->setMinimumWidth(0);
  generated_->setProperty("pill", "generate");
  header->addWidget(title_, 1);
  header->addWidget(generated_);
  column->addLayout(header);
  column->addWidget(form_);
  auto* buttons = new QHBoxLayout;
  buttons->setContentsMargins(12, 0, 12, 0);
  buttons->addWidget(open_);
  buttons->addStretch(1);
  column->addLayout(buttons);
  column->addStretch(1);
  pages_->addWidget(page);

  const auto icons = [this] { open_->setIcon(context_.theme.current().icon("path-draw")); };
  icons();
  connect(&context_.theme, &ThemeSource::changed, this, icons);
  connect(open_, &QPushButton::clicked, this, [this] {
    const auto clip = context_.session.document()->findClip(context_.session.selection().current().focusedClip());
    if (clip && clip->kind == document::ClipKind::Take)
      Q_EMIT openInPaint(clip->take);
  });
  connect(&context_.session, &ProjectSession::documentChanged, this, &ClipPanel::refresh);
  connect(&context_.session.selection(), &SelectionModel::changed, this, &ClipPanel::refresh);
  refresh();
}

void ClipPanel::refresh() {
  const document::DocumentPtr& document = context_.session.document();
  const auto clip = document ? document->findClip(context_.session.selection().current().focusedClip()) : nullptr;
  pages_->setCurrentIndex(clip ? 1 : 0);
  if (!clip)
    return;
  const bool isTake = clip->kind == document::ClipKind::Take;
  const document::TakePtr take = isTake ? document->findTake(clip->take) : nullptr;
  const QString name = QString::fromStdString(clip->name);
  title_->setText(take ? QStringLiteral("%1 · %2").arg(QString::fromStdString(take->name), name) : name);
  title_->setToolTip(title_->text());
  generated_->setVisible(isTake);
  open_->setVisible(isTake);
}

} // namespace kinora::ui
