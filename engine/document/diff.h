// SPDX-License-Identifier: Apache-2.0
// What changed between two versions of a document, found by comparing pointers of shared parts.
#pragma once

#include <vector>

#include "engine/document/document.h"

namespace kinora::document {

// Ids of things added, removed or changed. Shared parts cost one comparison each.
struct Diff {
  bool frame = false;     // size or rate
  bool structure = false; // lanes added, removed, reordered, enabled; loop, marks, markers, name
  std::vector<MediaId> media;
  std::vector<TakeId> takes;
  std::vector<LaneId> lanes;
  std::vector<ClipId> clips;

  [[nodiscard]] bool isEmpty() const {
    return !frame && !structure && media.empty() && takes.empty() && lanes.empty() && clips.empty();
  }
};

// [any] before may be null: everything is new then.
[[nodiscard]] Diff diff(const DocumentPtr& before, const DocumentPtr& after);

} // namespace kinora::document
