// SPDX-License-Identifier: Apache-2.0
#include "engine/vision/motion/deformation_p.h"

#include <utility>

namespace kinora::vision {
namespace {

// Handles that run into each other would blow the object up or shrink it to nothing.
constexpr double kLeastScale = 0.2;
constexpr double kLargestScale = 5;

} // namespace

Deformation::Deformation(std::vector<PointPair> pairs, bool rigid) : pairs_(std::move(pairs)), rigid_(rigid) {}

Point Deformation::map(Point v) const {
  if (pairs_.empty())
    return v;
  if (pairs_.size() == 1)
    return v + (pairs_[0].to - pairs_[0].from);
  double sum = 0;
  double px = 0;
  double py = 0;
  double qx = 0;
  double qy = 0;
  const auto weight = [&](const PointPair& p) {
    const double dx = static_cast<double>(p.from.x) - v.x;
    const double dy = static_cast<double>(p.from.y) - v.y;
    return 1 / (dx * dx + dy * dy + 1e-3);
  };
  for (const PointPair& p : pairs_) {
    const double w = weight(p);
    sum += w;
    px += w * p.from.x;
    py += w * p.from.y;
    qx += w * p.to.x;
    qy += w * p.to.y;
  }
  px /= sum;
  py /= sum;
  qx /= sum;
  qy /= sum;
  double re = 0;
  double im = 0;
  double norm = 0;
  for (const PointPair& p : pairs_) {
    const double w = weight(p);
    const double ax = p.from.x - px;
    const double ay = p.from.y - py;
    const double bx = p.to.x - qx;
    const double by = p.to.y - qy;
    re += w * (bx * ax + by * ay);
    im += w * (by * ax - bx * ay);
    norm += w * (ax * ax + ay * ay);
  }
  const double length = std::hypot(re, im);
  if (norm < 1e-9 || length < 1e-12 * norm) {
    re = 1;
    im = 0;
  } else {
    const double scale = rigid_ ? 1 : std::clamp(length / norm, kLeastScale, kLargestScale);
    re = re / length * scale;
    im = im / length * scale;
  }
  const double x = v.x - px;
  const double y = v.y - py;
  return {static_cast<float>(re * x - im * y + qx), static_cast<float>(im * x + re * y + qy)};
}

CameraView::CameraView(const CameraPose& pose, Size frame)
    : zoom_(pose.zoom), cos_(std::cos(pose.rotation)),
      sin_(std::sin(pose.rotation)), centre_{static_cast<float>(frame.width) / 2, static_cast<float>(frame.height) / 2},
      pan_{pose.panX * static_cast<float>(frame.width), pose.panY * static_cast<float>(frame.width)} {}

Point CameraView::toFrame(Point p) const {
  const Point d = p - centre_;
  return Point{(d.x * cos_ - d.y * sin_) * zoom_, (d.x * sin_ + d.y * cos_) * zoom_} + centre_ + pan_;
}

Point CameraView::toPicture(Point p) const {
  const Point d = p - centre_ - pan_;
  return Point{(d.x * cos_ + d.y * sin_) / zoom_, (d.y * cos_ - d.x * sin_) / zoom_} + centre_;
}

} // namespace kinora::vision
