// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/inference/made_weights.h"

#include <cstring>

#include <nlohmann/json.hpp>

namespace kinora::test {

std::string safetensorsOf(const std::vector<Made>& tensors) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  std::uint64_t at = 0;
  for (const auto& [name, shape] : tensors) {
    std::uint64_t bytes = 4;
    for (const std::int64_t extent : shape)
      bytes *= static_cast<std::uint64_t>(extent);
    header[name] = {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {at, at + bytes}}};
    at += bytes;
  }
  const std::string text = header.dump();
  const std::uint64_t length = text.size();
  std::string file(sizeof length, '\0');
  std::memcpy(file.data(), &length, sizeof length);
  return file + text + std::string(at, '\0');
}

} // namespace kinora::test
