// SPDX-License-Identifier: Apache-2.0
// The small windows of the menus: preferences, keys, about.
#pragma once

#include "ui/session/ui_context.h"

class QWidget;

namespace kinora::ui {

// [gui] Each is shown and owned by the parent; changes act at once.
void showPreferences(const UiContext& context, QWidget* parent);
void showKeys(const UiContext& context, QWidget* parent);
void showAbout(QWidget* parent);

} // namespace kinora::ui
