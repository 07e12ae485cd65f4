// SPDX-License-Identifier: Apache-2.0
// Hides how a prompt is made plain before it becomes tokens: marks of HTML resolved, wide and curly characters made
// ordinary, text that was decoded wrongly repaired, blanks merged.
//
// The steps and their order are those that Wan and CLIP use (ftfy.fix_text, html.unescape twice, whitespace); the
// judgement of what was decoded wrongly is our own, see mojibake_p.h.
#pragma once

#include <string>
#include <string_view>

namespace kinora::inference {

// [any] The whole cleaning. Any bytes may come in; the result is UTF-8.
[[nodiscard]] std::string cleanedPrompt(std::string_view text);

// [any] One blank for every run of white space, none at the ends.
[[nodiscard]] std::u32string mergedBlanks(std::u32string_view text);
// [any] HTML's character references as browsers resolve them: named ones with and without semicolon, numbers, and what
// the standard puts in the place of impossible numbers.
[[nodiscard]] std::u32string unescapedHtml(std::u32string_view text);

} // namespace kinora::inference
