// SPDX-License-Identifier: Apache-2.0
// Hides the repair of text whose UTF-8 bytes were read as characters of an 8-bit code page ("schÃ¶n" for "schön").
//
// A run of characters is taken for such bytes when they form correct UTF-8 whose characters people write: letters of
// living scripts, punctuation, currencies, pictographs. Text that is right as it stands hardly ever passes that test,
// because letters next to letters are no UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace kinora::inference {

// [any] The repaired text; the same text when nothing looks wrong. Repairs what was read wrongly twice or more, too.
[[nodiscard]] std::u32string repairedEncoding(std::u32string_view text);

} // namespace kinora::inference
