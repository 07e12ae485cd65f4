// SPDX-License-Identifier: Apache-2.0
// What the camera shows as a frame that lies on the picture: a place, a size and a turn.
#pragma once

#include <QPolygonF>

#include <vector>

#include "engine/document/document.h"

namespace kinora::ui {

// [gui] Pixels of the picture; the frame has the picture's shape.
struct CameraFrame {
  QPointF centre;
  double scale = 1; // of the picture's size: 1 / zoom
  double turn = 0;  // radians, clockwise
};

// The zooms that a camera can have, as in the Motion panel.
inline constexpr double kLeastZoom = 0.25;
inline constexpr double kMostZoom = 4;

[[nodiscard]] CameraFrame frameOf(const CameraPose& pose, Size picture);
// The pose that shows the frame, its zoom within what a camera can have.
[[nodiscard]] CameraPose poseOf(const CameraFrame& frame, Size picture);
// Corners from the top left, clockwise.
[[nodiscard]] QPolygonF outlineOf(const CameraFrame& frame, Size picture);

// The keys with one more, or another pose, at a time.
[[nodiscard]] std::vector<document::CameraKey> withKey(std::vector<document::CameraKey> keys, Time at,
                                                       const CameraPose& pose);
// "Camera end · zoom 1.16×": which of the keys the time stands on, or beyond which.
[[nodiscard]] QString cameraText(const std::vector<document::CameraKey>& keys, Time at);

} // namespace kinora::ui
