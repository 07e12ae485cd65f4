// SPDX-License-Identifier: Apache-2.0
// Hides which widget shows the picture.
#pragma once

#include "ui/session/ui_context.h"

class QWidget;

namespace kinora::gpu {
class Device;
class FrameTransport;
} // namespace kinora::gpu

namespace kinora::ui {

// [gui] device may be null: the picture is then drawn by the processor. Both must outlive the widget.
[[nodiscard]] QWidget* makeCentre(const UiContext& context, gpu::Device* device, gpu::FrameTransport& transport,
                                  QWidget* parent);

} // namespace kinora::ui
