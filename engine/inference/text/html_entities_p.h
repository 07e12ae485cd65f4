// SPDX-License-Identifier: Apache-2.0
// Hides the table of HTML's named characters.
#pragma once

#include <string_view>

namespace kinora::inference {

struct HtmlEntity {
  std::string_view name; // without the ampersand: "amp;", "amp"
  char32_t first = 0;
  char32_t second = 0; // 0: one character
};

// None when HTML 5 has no such name; upper and lower case differ.
[[nodiscard]] const HtmlEntity* findHtmlEntity(std::string_view name);

} // namespace kinora::inference
