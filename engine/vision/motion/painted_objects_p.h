// SPDX-License-Identifier: Apache-2.0
// From tracks and pins to the objects that they move: who belongs together, what is clicked, what is not the object.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/session/motion_session.h"

namespace kinora::vision {

// One painted object. Indices are into the list of tracks.
struct PaintedObject {
  std::int32_t group = 0;
  std::vector<std::size_t> moves; // tracks that pull it
  std::vector<std::size_t> holds; // pins of the same group: they hold a part of it
  bool wholeObject = true;
  float grip = 0; // largest of its tracks
};

struct PaintedObjects {
  std::vector<PaintedObject> objects; // front to back
  std::vector<std::size_t> lonePins;  // pins that belong to no object by their group
};

[[nodiscard]] PaintedObjects paintedObjects(const std::vector<session::ControlTrack>& tracks);

// Places of the untouched picture that decide an object's matte, in pixels of the picture.
struct ObjectClicks {
  std::vector<Point> positives;
  std::vector<Point> others; // starts of the other objects: negatives
};
[[nodiscard]] ObjectClicks clicksOf(const PaintedObjects& all, std::size_t object,
                                    const std::vector<session::ControlTrack>& tracks);

} // namespace kinora::vision
