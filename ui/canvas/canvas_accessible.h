// SPDX-License-Identifier: Apache-2.0
// The canvas for screen readers: a list of paths, pins and the camera; the points of the focused path below it.
#pragma once

#include <QString>

#include "engine/document/document.h"

namespace kinora::ui {

class CanvasView;

// [gui] "Rocket, path, 25 points, 0 to 2.1 seconds, hidden 1.0 to 1.7".
[[nodiscard]] QString spokenTrack(const document::Track& track);
// "x 640, y 560, 0.4 s".
[[nodiscard]] QString spokenPoint(const document::Track& track, std::size_t point);
// "Camera, 2 keys".
[[nodiscard]] QString spokenCamera(const document::Take& take);

// Makes the toolkit find the interface of a canvas. May be called again.
void installCanvasAccessibility();
// Says that another item of the canvas has the focus.
void announceCanvasFocus(CanvasView& view);

} // namespace kinora::ui
