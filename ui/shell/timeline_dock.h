// SPDX-License-Identifier: Apache-2.0
// Hides which widget shows time lines.
#pragma once

#include "ui/session/ui_context.h"

class QWidget;

namespace kinora::ui {

// [gui] Shows the paths of the take in Paint and the lanes elsewhere.
[[nodiscard]] QWidget* makeTimeline(const UiContext& context, QWidget* parent);

} // namespace kinora::ui
