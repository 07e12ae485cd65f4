// SPDX-License-Identifier: Apache-2.0
// Old project files become today's: one function per version, applied in a chain.
#pragma once

#include <functional>
#include <span>

#include <nlohmann/json.hpp>

#include "engine/base/result.h"

namespace kinora::document {

inline constexpr int kProjectVersion = 1;

// Turns a project of version `from` into one of version from + 1. May throw JSON exceptions.
struct Upgrade {
  int from = 0;
  std::function<void(nlohmann::json&)> apply;
};

// Every upgrade that this build knows, ascending, without gaps up to kProjectVersion. Version 1 is the first.
[[nodiscard]] std::span<const Upgrade> projectUpgrades();

// Applies the chain from version `from` to `to`. Errors: unsupported (newer than `to`, or a step is missing), corrupt.
[[nodiscard]] Result<void> upgrade(nlohmann::json& root, int from, int to, std::span<const Upgrade> steps);

} // namespace kinora::document
