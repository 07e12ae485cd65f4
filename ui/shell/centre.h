// SPDX-License-Identifier: Apache-2.0
// The picture with the tools around it.
#pragma once

#include <QWidget>

#include "ui/session/ui_context.h"

namespace kinora::gpu {
class Device;
class FrameTransport;
} // namespace kinora::gpu

namespace kinora::ui {

// [gui] device may be null: the picture is then drawn by the processor. Both must outlive the widget.
class Centre : public QWidget {
  Q_OBJECT
 public:
  Centre(const UiContext& context, gpu::Device* device, gpu::FrameTransport& transport, QWidget* parent = nullptr);

  // Strip, option bar and tools belong to painting; elsewhere the pointer selects.
  void setToolsShown(bool shown);

 Q_SIGNALS:
  // A sentence for the status bar.
  void told(const QString& sentence);

 private:
  PaintSettings& paint_;
  QWidget* strip_;
  QWidget* options_;
};

} // namespace kinora::ui
