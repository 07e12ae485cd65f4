// SPDX-License-Identifier: Apache-2.0
#include "ui/session/paint_settings.h"

#include <algorithm>

namespace kinora::ui {

void PaintSettings::setTool(Tool tool) {
  const Tool before = this->tool();
  temporary_.reset();
  tool_ = tool;
  if (tool != before)
    Q_EMIT toolChanged(tool);
}

void PaintSettings::setTemporaryTool(std::optional<Tool> tool) {
  const Tool before = this->tool();
  temporary_ = tool;
  if (this->tool() != before)
    Q_EMIT toolChanged(this->tool());
}

void PaintSettings::setOptions(const PaintOptions& options) {
  PaintOptions next = options;
  next.grip = std::clamp(next.grip, 1.F, 2000.F);
  next.smooth = std::clamp(next.smooth, 0.F, 1.F);
  next.brushSize = std::clamp(next.brushSize, 1.F, 4000.F);
  next.onionGhosts = std::clamp(next.onionGhosts, 0, 8);
  if (next == options_)
    return;
  options_ = next;
  Q_EMIT optionsChanged(options_);
}

void PaintSettings::reportZoom(double factor) {
  if (factor == shownZoom_)
    return;
  shownZoom_ = factor;
  Q_EMIT zoomShown(factor);
}

} // namespace kinora::ui
