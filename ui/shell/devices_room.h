// SPDX-License-Identifier: Apache-2.0
// The room of the preferences that says what was found and measured on this computer.
#pragma once

#include <QWidget>

#include "ui/session/ui_context.h"

class QVBoxLayout;

namespace kinora::ui {

class MachineCheck;

// [gui]
class DevicesRoom : public QWidget {
  Q_OBJECT
 public:
  DevicesRoom(const UiContext& context, MachineCheck& check, QWidget* parent = nullptr);

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  void build();

  UiContext context_;
  MachineCheck& check_;
  QVBoxLayout* column_;
};

} // namespace kinora::ui
