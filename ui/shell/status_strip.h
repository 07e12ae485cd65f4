// SPDX-License-Identifier: Apache-2.0
// The bar at the bottom: what is happening now on the left, measured numbers on the right.
#pragma once

#include <optional>
#include <vector>

#include <QElapsedTimer>
#include <QTimer>
#include <QWidget>

#include "engine/runtime/event.h"
#include "ui/session/ui_context.h"

class QHBoxLayout;
class QLabel;
class QProgressBar;
class QToolButton;

namespace kinora::ui {

class NumberLabel;

// [gui] Counters are read twice a second and leave from the low-priority end where the bar is narrow.
class StatusStrip : public QWidget {
  Q_OBJECT
 public:
  explicit StatusStrip(const UiContext& context, QWidget* parent = nullptr);

  // A sentence for a few seconds, in place of the model's name.
  void say(const QString& sentence);
  // A hint that stays until a person dismisses it or another one comes. Work in progress is told in front of it.
  void hint(const QString& sentence);
  [[nodiscard]] const QString& shownHint() const { return hint_; }

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  struct Counter {
    QLabel* name = nullptr;
    QLabel* icon = nullptr;
    NumberLabel* value = nullptr;
  };
  Counter addCounter(const QString& name, const QString& help);
  void setCounter(const Counter& counter, const QString& value, double share = 0);
  void refresh();
  void refreshMessage();
  void fit();
  void takeProgress(const runtime::TakeProgress& progress);

  UiContext context_;
  QHBoxLayout* row_;
  QLabel* message_;
  QToolButton* dismiss_;
  QProgressBar* bar_;
  NumberLabel* pointer_;
  std::vector<Counter> counters_; // the most important first
  QTimer timer_;
  QString said_;
  QString hint_;
  QElapsedTimer saidSince_;
  std::optional<runtime::ExportProgress> exporting_;
  int generated_ = -1; // per cent of the take that is being generated; negative: none is
};

} // namespace kinora::ui
