// SPDX-License-Identifier: Apache-2.0
// One export in the list: name, progress, time left, and what came of it.
#pragma once

#include <QFrame>

#include "engine/runtime/event.h"
#include "ui/session/ui_context.h"

class QLabel;
class QProgressBar;
class QPushButton;

namespace kinora::ui {

// [gui]
class ExportJob : public QFrame {
  Q_OBJECT
 public:
  ExportJob(const UiContext& context, JobId job, const QString& name, const QString& preset, QWidget* parent);

  void show(const runtime::ExportProgress& progress);
  void show(const runtime::ExportFinished& finished);

 Q_SIGNALS:
  void dismissed();

 private:
  void setLook(const char* card, const char* tone);

  UiContext context_;
  JobId job_;
  QLabel* state_;
  QProgressBar* bar_;
  QPushButton* button_;
  QPushButton* folder_;
  QString file_;
  bool ended_ = false;
};

} // namespace kinora::ui
