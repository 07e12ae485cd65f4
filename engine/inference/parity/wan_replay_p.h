// SPDX-License-Identifier: Apache-2.0
// What the replays of Wan networks with and without a cache share.
#pragma once

#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/inference/networks/wan_dit_p.h"
#include "engine/inference/parity/golden_case_p.h"

namespace kinora::inference {

// A whole number of the configuration; throws CaseError when it is smaller.
[[nodiscard]] std::int64_t atLeast(const nlohmann::json& config, const char* name, std::int64_t least);
[[nodiscard]] WanConfig wanConfig(const nlohmann::json& config);
// Throws CaseError unless every tensor of the file was used and fits.
void requireFit(const WeightTable& table);
// In Wan's or diffusers' key names.
[[nodiscard]] WanDit loadWan(const GoldenCase& golden, std::string_view file = "weights.safetensors");
// [B, F, C, h, w] <-> [B, C, F, h, w].
[[nodiscard]] at::Tensor channelsFirst(const at::Tensor& frames);

// The causal rollouts; wanReplayers() includes them.
[[nodiscard]] std::vector<Replayer> streamReplayers();

} // namespace kinora::inference
