// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/timeline_dock.h"

namespace kinora::ui {

QWidget* makeTimeline(const UiContext&, QWidget*) {
  return nullptr;
}

} // namespace kinora::ui
