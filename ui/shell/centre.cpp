// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/centre.h"

#include "ui/shell/frame_widget.h"

namespace kinora::ui {

QWidget* makeCentre(const UiContext& context, gpu::Device*, gpu::FrameTransport& transport, QWidget* parent) {
  return new FrameWidget(context, transport, parent);
}

} // namespace kinora::ui
