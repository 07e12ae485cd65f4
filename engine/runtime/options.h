// SPDX-License-Identifier: Apache-2.0
// How an engine is set up; decided once, in the composition root.
#pragma once

#include <cstdint>
#include <filesystem>

namespace kinora::runtime {

struct EngineOptions {
  std::filesystem::path storeFolder; // finished frames on disk; empty: memory only
  std::int64_t storeMemoryBytes = std::int64_t{1} << 30;
  std::int64_t storeDiskBytes = std::int64_t{4} << 30;
};

} // namespace kinora::runtime
