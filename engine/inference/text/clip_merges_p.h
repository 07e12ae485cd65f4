// SPDX-License-Identifier: Apache-2.0
// Hides that the merges of CLIP's vocabulary travel inside the program.
#pragma once

#include <string>

namespace kinora::inference {

// [any] "left right" a line, in order of rank.
[[nodiscard]] std::string bundledClipMerges();

} // namespace kinora::inference
