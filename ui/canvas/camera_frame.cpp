// SPDX-License-Identifier: Apache-2.0
#include "ui/canvas/camera_frame.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

#include "engine/document/sampling.h"

namespace kinora::ui {
namespace {

QPointF turned(QPointF way, double by) {
  return {way.x() * std::cos(by) - way.y() * std::sin(by), way.x() * std::sin(by) + way.y() * std::cos(by)};
}

QPointF middleOf(Size picture) {
  return {picture.width / 2.0, picture.height / 2.0};
}

} // namespace

// The pose takes a place p to middle + pan·width + zoom · R(rotation) · (p - middle); the frame's centre is what comes
// to lie in the middle.
CameraFrame frameOf(const CameraPose& pose, Size picture) {
  const double zoom = static_cast<double>(pose.zoom);
  const double rotation = static_cast<double>(pose.rotation);
  const QPointF pan(static_cast<double>(pose.panX) * picture.width, static_cast<double>(pose.panY) * picture.width);
  return {middleOf(picture) - turned(pan, -rotation) / zoom, 1 / zoom, -rotation};
}

CameraPose poseOf(const CameraFrame& frame, Size picture) {
  const double zoom = std::clamp(1 / frame.scale, kLeastZoom, kMostZoom);
  const QPointF pan = -turned(frame.centre - middleOf(picture), -frame.turn) * zoom / picture.width;
  return {static_cast<float>(zoom), static_cast<float>(pan.x()), static_cast<float>(pan.y()),
          static_cast<float>(-frame.turn)};
}

QPolygonF outlineOf(const CameraFrame& frame, Size picture) {
  const QPointF half = middleOf(picture) * frame.scale;
  QPolygonF corners;
  for (const QPointF& corner :
       {QPointF(-half.x(), -half.y()), QPointF(half.x(), -half.y()), half, QPointF(-half.x(), half.y())})
    corners << frame.centre + turned(corner, frame.turn);
  return corners;
}

std::vector<document::CameraKey> withKey(std::vector<document::CameraKey> keys, Time at, const CameraPose& pose) {
  const auto place =
      std::lower_bound(keys.begin(), keys.end(), at, [](const document::CameraKey& key, Time t) { return key.at < t; });
  if (place != keys.end() && place->at == at)
    place->pose = pose;
  else
    keys.insert(place, {at, pose, {}});
  return keys;
}

QString cameraText(const std::vector<document::CameraKey>& keys, Time at) {
  const QString zoom =
      QString::number(static_cast<double>(document::sampleCamera(keys, at).zoom), 'f', 2) + QChar(0x00d7);
  if (keys.size() > 1 && at >= keys.back().at)
    return QCoreApplication::translate("Canvas", "Camera end · zoom %1").arg(zoom);
  if (keys.size() > 1 && at <= keys.front().at)
    return QCoreApplication::translate("Canvas", "Camera start · zoom %1").arg(zoom);
  return QCoreApplication::translate("Canvas", "Camera · zoom %1").arg(zoom);
}

} // namespace kinora::ui
