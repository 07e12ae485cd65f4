// SPDX-License-Identifier: Apache-2.0
#include "engine/document/upgrade_p.h"

#include <algorithm>

#include <fmt/format.h>

namespace kinora::document {

std::span<const Upgrade> projectUpgrades() {
  return {};
}

Result<void> upgrade(nlohmann::json& root, int from, int to, std::span<const Upgrade> steps) {
  if (from > to)
    return fail(ErrorCode::Unsupported,
                fmt::format("It was written by a newer Kinora (format {}; this one knows up to {}). Update Kinora to "
                            "open it.",
                            from, to),
                "schema");
  for (int version = from; version < to; ++version) {
    const auto step = std::find_if(steps.begin(), steps.end(), [&](const Upgrade& u) { return u.from == version; });
    if (step == steps.end())
      return fail(
          ErrorCode::Unsupported,
          fmt::format("Its format {} is too old for this Kinora. Open and save it with an earlier release.", version),
          "schema");
    try {
      step->apply(root);
    } catch (const nlohmann::json::exception&) {
      return fail(ErrorCode::Corrupt, fmt::format("It does not follow its format {}.", version), "schema");
    }
  }
  return {};
}

} // namespace kinora::document
