// SPDX-License-Identifier: Apache-2.0
// Hides the header of a safetensors file: what is refused and why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/inference/weights/tensor_info.h"

namespace kinora::inference {

struct SafetensorsHeader {
  std::vector<TensorInfo> tensors;    // in the order of the header
  std::vector<std::uint64_t> offsets; // first byte of each in the file
  std::map<std::string, std::string> metadata;
};

// bytes: the whole file; name: for messages. Every tensor lies inside the bytes, none overlaps, nothing is unused.
[[nodiscard]] Result<SafetensorsHeader> readSafetensorsHeader(std::span<const std::byte> bytes, std::string_view name);

} // namespace kinora::inference
