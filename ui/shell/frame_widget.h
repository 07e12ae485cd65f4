// SPDX-License-Identifier: Apache-2.0
// Shows the newest frame without a graphics device, fitted into the widget.
#pragma once

#include <atomic>
#include <memory>

#include <QWidget>

#include "ui/session/ui_context.h"

namespace kinora::gpu {
class FrameTransport;
}

namespace kinora::ui {

// [gui]
class FrameWidget : public QWidget {
  Q_OBJECT
 public:
  FrameWidget(const UiContext& context, gpu::FrameTransport& transport, QWidget* parent = nullptr);
  ~FrameWidget() override;

  [[nodiscard]] QSize minimumSizeHint() const override { return {160, 90}; }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  struct Ring;

  UiContext context_;
  gpu::FrameTransport& transport_;
  std::shared_ptr<Ring> ring_; // also held by the transport's listener
};

} // namespace kinora::ui
