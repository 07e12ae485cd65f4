// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/centre.h"

#include <algorithm>
#include <optional>

#include <QGridLayout>

#include "ui/canvas/canvas_view.h"
#include "ui/canvas/option_bar.h"
#include "ui/canvas/tool_strip.h"
#include "ui/session/action_table.h"
#include "ui/session/paint_settings.h"

namespace kinora::ui {

Centre::Centre(const UiContext& context, gpu::Device* device, gpu::FrameTransport& transport, QWidget* parent)
    : QWidget(parent), paint_(context.paint), strip_(new ToolStrip(context, this)),
      options_(new OptionBar(context, this)) {
  auto* canvas = new CanvasView(context, device, transport, this);
  connect(canvas, &CanvasView::told, this, &Centre::told);
  canvas->setLayoutDirection(Qt::LeftToRight); // a picture has no reading direction
  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->setSpacing(0);
  grid->addWidget(strip_, 0, 0, 2, 1);
  grid->addWidget(options_, 0, 1);
  grid->addWidget(canvas, 1, 1);
  grid->setColumnStretch(1, 1);
  grid->setRowStretch(1, 1);
  // Commands for tools that this build lacks are not offered.
  for (const ActionSpec& spec : ActionTable::specs()) {
    const std::string_view id = spec.id;
    if (id.starts_with("paint.tool."))
      context.actions[id].setVisible(std::any_of(canvasTools().begin(), canvasTools().end(),
                                                 [id](const ToolEntry& tool) { return id == tool.action; }));
  }
}

void Centre::setToolsShown(bool shown) {
  strip_->setVisible(shown);
  options_->setVisible(shown);
  paint_.setTemporaryTool(shown ? std::nullopt : std::optional(Tool::Select));
}

} // namespace kinora::ui
