// SPDX-License-Identifier: Apache-2.0
// The tables of what can be changed about a path, the camera and a clip.
#pragma once

#include "ui/inspector/parameter.h"

namespace kinora::ui {

[[nodiscard]] ParameterTable trackParameters();  // of the selected tracks; name and times of the focused one
[[nodiscard]] ParameterTable cameraParameters(); // at the playhead; shown when the camera is selected
[[nodiscard]] ParameterTable clipParameters();   // of the focused clip

} // namespace kinora::ui
