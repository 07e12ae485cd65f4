// SPDX-License-Identifier: Apache-2.0
// Hides how text becomes code points and back. What is no UTF-8 becomes U+FFFD, one for each byte that starts nothing.
#pragma once

#include <string>
#include <string_view>

namespace kinora::inference {

struct DecodedChar {
  char32_t code = 0;
  std::size_t bytes = 1; // so many were read; 1 for a byte that starts no character
  bool valid = true;     // false: code is U+FFFD
};

// The character that begins at text[at]; at < text.size(). Overlong forms, surrogates and codes above U+10FFFF are not
// valid.
[[nodiscard]] DecodedChar decodeChar(std::string_view text, std::size_t at);
void appendChar(std::string& text, char32_t code);

[[nodiscard]] std::u32string toCodes(std::string_view text);
[[nodiscard]] std::string toUtf8(std::u32string_view codes);

// Unicode's composed form (NFC).
[[nodiscard]] std::u32string composed(std::u32string_view codes);

// Properties of Unicode.
[[nodiscard]] bool isSpace(char32_t code);  // White_Space
[[nodiscard]] bool isLetter(char32_t code); // \p{L}
[[nodiscard]] bool isNumber(char32_t code); // \p{N}

// Lower case, letter by letter with Unicode's special cases. finalSigma: a capital sigma at a word's end becomes the
// final one, as str.lower does.
[[nodiscard]] std::u32string lowered(std::u32string_view codes, bool finalSigma);

} // namespace kinora::inference
