// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/centre.h"

#include <QHBoxLayout>
#include <QVBoxLayout>

#include "ui/canvas/canvas_view.h"
#include "ui/canvas/option_bar.h"
#include "ui/canvas/tool_strip.h"
#include "ui/session/action_table.h"

namespace kinora::ui {

QWidget* makeCentre(const UiContext& context, gpu::Device* device, gpu::FrameTransport& transport, QWidget* parent) {
  auto* centre = new QWidget(parent);
  auto* row = new QHBoxLayout(centre);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(0);
  auto* tools = new ToolStrip(context, centre);
  row->addWidget(tools);
  auto* column = new QVBoxLayout;
  column->setSpacing(0);
  row->addLayout(column, 1);
  auto* options = new OptionBar(context, centre);
  column->addWidget(options);
  auto* canvas = new CanvasView(context, device, transport, centre);
  column->addWidget(canvas, 1);
  // The other workspaces only look.
  const auto showTools = [=](bool painting) {
    tools->setVisible(painting);
    options->setVisible(painting);
    canvas->setPainting(painting);
  };
  QAction& paint = context.actions["view.paint"];
  QObject::connect(&paint, &QAction::toggled, centre, showTools);
  showTools(paint.isChecked());
  return centre;
}

} // namespace kinora::ui
