// SPDX-License-Identifier: Apache-2.0
// Every number that the engine measures, in words.
#pragma once

#include <functional>
#include <vector>

#include <QTimer>
#include <QWidget>

#include "engine/runtime/stats.h"
#include "ui/session/ui_context.h"

class QFormLayout;
class QLabel;

namespace kinora::ui {

// [gui] Reads the engine twice a second while it is visible.
class StatsPanel : public QWidget {
  Q_OBJECT
 public:
  explicit StatsPanel(const UiContext& context, QWidget* parent = nullptr);

 protected:
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override;

 private:
  using Say = std::function<QString(const runtime::EngineStats&)>;
  void add(QFormLayout& form, const QString& name, Say say);
  void refresh();

  UiContext context_;
  std::vector<std::pair<QLabel*, Say>> rows_;
  QTimer timer_;
};

} // namespace kinora::ui
