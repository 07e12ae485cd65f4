// SPDX-License-Identifier: Apache-2.0
#include <QDesktopServices>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QStyle>
#include <QUrl>
#include <QVBoxLayout>

#include "ui/session/engine_bridge.h"
#include "ui/session/project_session.h"
#include "ui/shell/export_job_p.h"
#include "ui/shell/words.h"

namespace kinora::ui {

ExportJob::ExportJob(const UiContext& context, JobId job, const QString& name, const QString& preset, QWidget* parent)
    : QFrame(parent), context_(context), job_(job), state_(new QLabel(tr("Waiting"), this)),
      bar_(new QProgressBar(this)), button_(new QPushButton(tr("Cancel"), this)),
      folder_(new QPushButton(tr("Show in folder"), this)) {
  setProperty("card", "plain");
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(12, 10, 12, 10);
  auto* words = new QVBoxLayout;
  auto* title = new QLabel(name, this);
  title->setProperty("weight", "semibold");
  words->addWidget(title);
  auto* kind = new QLabel(preset, this);
  kind->setProperty("tone", "muted");
  kind->setProperty("textSize", "small");
  words->addWidget(kind);
  row->addLayout(words, 1);
  auto* progress = new QVBoxLayout;
  state_->setWordWrap(true);
  progress->addWidget(state_);
  bar_->setTextVisible(false);
  progress->addWidget(bar_);
  row->addLayout(progress, 2);
  folder_->hide();
  row->addWidget(folder_);
  row->addWidget(button_);
  connect(button_, &QPushButton::clicked, this, [this] {
    if (ended_) {
      Q_EMIT dismissed();
      return;
    }
    button_->setEnabled(false);
    state_->setText(tr("Stopping"));
    context_.engine.cancelExport(job_);
  });
  connect(folder_, &QPushButton::clicked, this,
          [this] { QDesktopServices::openUrl(QUrl::fromLocalFile(QFileInfo(file_).absolutePath())); });
}

void ExportJob::setLook(const char* card, const char* tone) {
  setProperty("card", card);
  bar_->setProperty("tone", tone);
  state_->setProperty("tone", tone);
  for (QWidget* widget : {static_cast<QWidget*>(this), static_cast<QWidget*>(bar_), static_cast<QWidget*>(state_)}) {
    style()->unpolish(widget);
    style()->polish(widget);
  }
}

void ExportJob::show(const runtime::ExportProgress& progress) {
  if (ended_ || !button_->isEnabled() || progress.framesTotal <= 0)
    return;
  bar_->setMaximum(static_cast<int>(progress.framesTotal));
  bar_->setValue(static_cast<int>(progress.framesDone));
  const QString percent = tr("%1 %").arg(progress.framesDone * 100 / progress.framesTotal);
  state_->setText(progress.secondsLeft < 0 ? percent
                                           : tr("%1 · %2 left").arg(percent, spokenDuration(progress.secondsLeft)));
}

void ExportJob::show(const runtime::ExportFinished& finished) {
  ended_ = true;
  button_->setEnabled(true);
  button_->setText(tr("Remove from list"));
  if (finished.file) {
    file_ = toQString(*finished.file);
    bar_->setValue(bar_->maximum());
    state_->setText(tr("Done"));
    setLook("ok", "ok");
    folder_->show();
  } else if (finished.file.error().code == ErrorCode::Cancelled) {
    state_->setText(tr("Cancelled. Nothing was left behind."));
  } else {
    state_->setText(QString::fromStdString(finished.file.error().message));
    setLook("error", "error");
  }
}

} // namespace kinora::ui
