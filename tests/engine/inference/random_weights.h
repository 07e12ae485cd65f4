// SPDX-License-Identifier: Apache-2.0
// Weights for networks without a file: random, but of a size that keeps activations near one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/inference/weights/weight_table_p.h"

namespace kinora::test {

// Loads a network once to hear which tensors it asks for, and makes them: matrices and kernels normal with variance
// 1 / fan-in, vectors that scale (gamma, norm weights) near 1, others small. The same seed gives the same numbers.
[[nodiscard]] std::shared_ptr<inference::TensorSource>
randomWeights(const std::function<void(inference::WeightTable&)>& load, std::uint64_t seed);

// A source that has names and shapes but no numbers.
[[nodiscard]] std::shared_ptr<inference::TensorSource> namesOnly(std::vector<inference::TensorInfo> tensors);

} // namespace kinora::test
