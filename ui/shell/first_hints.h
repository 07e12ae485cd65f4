// SPDX-License-Identifier: Apache-2.0
// Three hints for a first project, each once in a lifetime: what can be done with what was just made.
#pragma once

#include <QObject>

#include "engine/document/diff.h"
#include "ui/session/ui_context.h"

namespace kinora::ui {

class StatusStrip;

// [gui] Shows them in the status bar and notes in the preferences that they were seen.
class FirstHints : public QObject {
  Q_OBJECT
 public:
  FirstHints(const UiContext& context, StatusStrip& status, QObject* parent);

 private:
  void look();
  void show(const QString& id, const QString& sentence);

  UiContext context_;
  StatusStrip& status_;
  std::size_t paths_ = 0; // in the project before the last step
};

} // namespace kinora::ui
