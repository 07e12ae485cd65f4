// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/text/utf8_p.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include <utf8proc.h>

namespace kinora::inference {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

std::uint8_t byteAt(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}

utf8proc_category_t categoryOf(char32_t code) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(code));
}

// Letters, or signs that stand on letters: what decides whether a sigma ends a word.
bool isCased(char32_t code) {
  switch (categoryOf(code)) {
  case UTF8PROC_CATEGORY_LU:
  case UTF8PROC_CATEGORY_LL:
  case UTF8PROC_CATEGORY_LT:
    return true;
  default: // ordinals, Roman numerals, letters in circles
    return code == 0xAA || code == 0xBA || (code >= 0x2160 && code <= 0x217F) || (code >= 0x24B6 && code <= 0x24E9);
  }
}

bool isCaseIgnorable(char32_t code) {
  switch (categoryOf(code)) {
  case UTF8PROC_CATEGORY_MN:
  case UTF8PROC_CATEGORY_ME:
  case UTF8PROC_CATEGORY_CF:
  case UTF8PROC_CATEGORY_LM:
  case UTF8PROC_CATEGORY_SK:
    return true;
  default:
    // Signs inside words: apostrophes, dots, colons.
    return code == '\'' || code == '.' || code == ':' || code == 0xB7 || code == 0x2018 || code == 0x2019 ||
           code == 0x2024 || code == 0x2027;
  }
}

bool endsWord(std::u32string_view codes, std::size_t sigma) {
  std::size_t before = sigma;
  while (before > 0 && isCaseIgnorable(codes[before - 1]))
    --before;
  if (before == 0 || !isCased(codes[before - 1]))
    return false;
  std::size_t after = sigma + 1;
  while (after < codes.size() && isCaseIgnorable(codes[after]))
    ++after;
  return after == codes.size() || !isCased(codes[after]);
}

} // namespace

DecodedChar decodeChar(std::string_view text, std::size_t at) {
  const std::uint8_t lead = byteAt(text, at);
  if (lead < 0x80)
    return {lead, 1, true};
  const std::size_t bytes = lead >= 0xF0 && lead <= 0xF4 ? 4 : lead >= 0xE0 && lead < 0xF0 ? 3 : lead >= 0xC2 ? 2 : 0;
  if (bytes == 0 || lead > 0xF4 || at + bytes > text.size())
    return {kReplacement, 1, false};
  char32_t code = lead & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    const std::uint8_t next = byteAt(text, at + i);
    if ((next & 0xC0U) != 0x80)
      return {kReplacement, 1, false};
    code = (code << 6) | (next & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[bytes] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
    return {kReplacement, 1, false};
  return {code, bytes, true};
}

void appendChar(std::string& text, char32_t code) {
  const auto add = [&](char32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xC0 | (code >> 6));
    add(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    add(0xE0 | (code >> 12));
    add(0x80 | ((code >> 6) & 0x3F));
    add(0x80 | (code & 0x3F));
  } else {
    add(0xF0 | (code >> 18));
    add(0x80 | ((code >> 12) & 0x3F));
    add(0x80 | ((code >> 6) & 0x3F));
    add(0x80 | (code & 0x3F));
  }
}

std::u32string toCodes(std::string_view text) {
  std::u32string codes;
  codes.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const DecodedChar next = decodeChar(text, at);
    codes.push_back(next.code);
    at += next.bytes;
  }
  return codes;
}

std::string toUtf8(std::u32string_view codes) {
  std::string text;
  text.reserve(codes.size());
  for (const char32_t code : codes)
    appendChar(text, code);
  return text;
}

std::u32string composed(std::u32string_view codes) {
  bool plain = true;
  for (const char32_t code : codes)
    plain = plain && code < 0x300; // Latin letters below the combining signs are composed already
  if (plain)
    return std::u32string(codes);
  std::vector<utf8proc_int32_t> apart(codes.size() * 4 + 1); // no character falls into more than four
  std::size_t count = 0;
  for (const char32_t code : codes) {
    const utf8proc_ssize_t added =
        utf8proc_decompose_char(static_cast<utf8proc_int32_t>(code), apart.data() + count,
                                static_cast<utf8proc_ssize_t>(apart.size() - count), UTF8PROC_COMPOSE, nullptr);
    if (added < 0 || count + static_cast<std::size_t>(added) > apart.size())
      return std::u32string(codes); // not a code point: it stays
    count += static_cast<std::size_t>(added);
  }
  // Signs that follow a letter come in the order of their classes; equal classes stay as written.
  const auto classOf = [](utf8proc_int32_t code) { return utf8proc_get_property(code)->combining_class; };
  for (std::size_t begin = 0; begin < count;) {
    std::size_t end = begin;
    while (end < count && classOf(apart[end]) != 0)
      ++end;
    std::stable_sort(apart.begin() + static_cast<std::ptrdiff_t>(begin),
                     apart.begin() + static_cast<std::ptrdiff_t>(end),
                     [&](utf8proc_int32_t a, utf8proc_int32_t b) { return classOf(a) < classOf(b); });
    begin = end + 1;
  }
  const utf8proc_ssize_t kept =
      utf8proc_normalize_utf32(apart.data(), static_cast<utf8proc_ssize_t>(count),
                               static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
  return kept < 0 ? std::u32string(codes) : std::u32string(apart.begin(), apart.begin() + kept);
}

bool isSpace(char32_t code) {
  if ((code >= 0x09 && code <= 0x0D) || code == 0x85)
    return true;
  const utf8proc_category_t category = categoryOf(code);
  return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

bool isLetter(char32_t code) {
  const utf8proc_category_t category = categoryOf(code);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool isNumber(char32_t code) {
  const utf8proc_category_t category = categoryOf(code);
  return category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
}

std::u32string lowered(std::u32string_view codes, bool finalSigma) {
  std::u32string lower;
  lower.reserve(codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] == 0x130) { // I with a dot: the only letter whose lower case is two characters
      lower += U"i\u0307";
    } else if (codes[i] == 0x3A3 && finalSigma && endsWord(codes, i)) {
      lower.push_back(0x3C2);
    } else {
      lower.push_back(static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(codes[i]))));
    }
  }
  return lower;
}

} // namespace kinora::inference
