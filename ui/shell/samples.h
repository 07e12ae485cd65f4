// SPDX-License-Identifier: Apache-2.0
// Where the pictures and the project that come with Kinora lie.
#pragma once

#include <vector>

#include <QString>

namespace kinora::ui {

struct Sample {
  QString name; // "Rocket"
  QString path;
};

// [gui] Beside the program or, in a build, in the source tree above it; empty when they are not there.
[[nodiscard]] QString samplesFolder();
// The pictures that are there.
[[nodiscard]] std::vector<Sample> samplePictures();
// The sample project, or empty.
[[nodiscard]] QString sampleProject();

} // namespace kinora::ui
