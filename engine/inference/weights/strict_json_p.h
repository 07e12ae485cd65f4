// SPDX-License-Identifier: Apache-2.0
// Hides what is refused in the small JSON files beside weights: a key that stands twice, deep nesting, zero bytes.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

namespace kinora::inference {

// The value, or why it is none ("byte 12: …").
[[nodiscard]] tl::expected<nlohmann::json, std::string> parseStrictJson(std::string_view text);

} // namespace kinora::inference
