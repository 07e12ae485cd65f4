// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/timeline_dock.h"

#include "ui/session/action_table.h"
#include "ui/timeline/timeline_view.h"

namespace kinora::ui {

QWidget* makeTimeline(const UiContext& context, QWidget* parent) {
  auto* timeline = new TimelineView(context, parent);
  const auto show = [timeline](bool painting) {
    timeline->setContent(painting ? TimelineContent::Motion : TimelineContent::Lanes);
  };
  QAction& paint = context.actions["view.paint"];
  QObject::connect(&paint, &QAction::toggled, timeline, show);
  show(paint.isChecked());
  return timeline;
}

} // namespace kinora::ui
