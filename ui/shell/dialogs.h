// SPDX-License-Identifier: Apache-2.0
// The small windows of the menus: preferences and about.
#pragma once

#include <QString>

#include "ui/session/ui_context.h"

class QWidget;

namespace kinora::ui {

class MachineCheck;

enum class PreferencesRoom { General, Keys, ThisComputer };

// [gui] Each is shown and owned by the parent; changes act at once.
// command: waits for a new key of it (room Keys), or empty. Preferences are open once at most.
void showPreferences(const UiContext& context, MachineCheck& check, PreferencesRoom room, QWidget* parent,
                     const QString& command = {});
void showAbout(QWidget* parent);

} // namespace kinora::ui
