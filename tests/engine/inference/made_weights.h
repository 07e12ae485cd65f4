// SPDX-License-Identifier: Apache-2.0
// Small weight files for tests, without the tensor library.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace kinora::test {

// A name and its shape.
using Made = std::pair<std::string, std::vector<std::int64_t>>;

// The bytes of a safetensors file of float32 zeros.
[[nodiscard]] std::string safetensorsOf(const std::vector<Made>& tensors);

} // namespace kinora::test
