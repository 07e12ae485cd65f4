// SPDX-License-Identifier: Apache-2.0
// The strip of tools at the left of the canvas, with the colour of the next path at its foot.
#pragma once

#include <optional>
#include <vector>

#include <QElapsedTimer>
#include <QWidget>

#include "ui/session/paint_settings.h"
#include "ui/session/ui_context.h"

class QToolButton;

namespace kinora::ui {

// The tools that this build has, with their commands, in the order of the strip.
struct ToolEntry {
  const char* action;
  Tool tool;
  bool beginsGroup;
};
[[nodiscard]] const std::vector<ToolEntry>& canvasTools();

// [gui] Holding a tool's letter while painting lends the tool: with the key it goes back to the one before.
class ToolStrip : public QWidget {
  Q_OBJECT
 public:
  explicit ToolStrip(const UiContext& context, QWidget* parent = nullptr);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void showColour();

  UiContext context_;
  QToolButton* colour_;
  Tool now_;
  Tool previous_;
  QElapsedTimer changed_;      // since now_ is the tool
  std::optional<Tool> before_; // of the key that is down
  int heldKey_ = 0;
  QElapsedTimer heldFor_;
};

} // namespace kinora::ui
