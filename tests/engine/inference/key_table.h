// SPDX-License-Identifier: Apache-2.0
// The published names and shapes of a network's tensors, from tests/golden/keys/<name>.tsv: a line for each tensor,
// "name<TAB>1536x256"; "blocks.{0..29}.norm3.bias" stands for thirty tensors.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/inference/weights/tensor_info.h"

namespace kinora::test {

// Name -> shape; empty when the file is not there or a line is wrong.
[[nodiscard]] std::map<std::string, std::vector<std::int64_t>> keyTable(std::string_view name);

// The first difference between what a network asked for and a table, in words; empty when they agree.
[[nodiscard]] std::string firstDifference(const std::vector<inference::TensorInfo>& asked,
                                          const std::map<std::string, std::vector<std::int64_t>>& table);

// Numbers in all tensors together.
[[nodiscard]] std::uint64_t parameters(const std::vector<inference::TensorInfo>& asked);

} // namespace kinora::test
