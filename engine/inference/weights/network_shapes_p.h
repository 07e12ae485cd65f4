// SPDX-License-Identifier: Apache-2.0
// Hides how a network's configuration follows from the shapes of its tensors, and which public model has these sizes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/inference/weights/network_kind.h"
#include "engine/inference/weights/tensor_info.h"

namespace kinora::inference {

struct NetworkShape {
  std::string variant;                                       // of the public models; empty when none fits
  std::vector<std::pair<std::string, std::int64_t>> numbers; // {"layers", 30}
  std::vector<std::string> features;                         // "image branch"
  std::vector<NetworkKind> needs; // networks that work beside it; of several autoencoders one
};

// tensors: with original names (withOriginalKeys).
[[nodiscard]] NetworkShape shapeOf(NetworkKind kind, const std::vector<TensorInfo>& tensors);

// Sentences for every number on which config.json and the shapes disagree.
[[nodiscard]] std::vector<std::string> disagreements(NetworkKind kind, const NetworkShape& shape,
                                                     const nlohmann::json& config);

} // namespace kinora::inference
