// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/text/text_cleaning_p.h"

#include <algorithm>
#include <array>
#include <optional>

#include <utf8proc.h>

#include "engine/inference/text/html_entities_p.h"
#include "engine/inference/text/mojibake_p.h"
#include "engine/inference/text/utf8_p.h"

namespace kinora::inference {
namespace {

bool isDigit(char32_t c) {
  return c >= '0' && c <= '9';
}
bool isHexDigit(char32_t c) {
  return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool isAsciiAlphanumeric(char32_t c) {
  return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Numbers that older pages used for characters of the Windows code page, 0x80 … 0x9F; 0: the number itself.
constexpr std::array<char32_t, 32> kWindows = {0x20AC, 0x81,   0x201A, 0x192,  0x201E, 0x2026, 0x2020, 0x2021,
                                               0x2C6,  0x2030, 0x160,  0x2039, 0x152,  0x8D,   0x17D,  0x8F,
                                               0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                               0x2DC,  0x2122, 0x161,  0x203A, 0x153,  0x9D,   0x17E,  0x178};

// What "&#number;" stands for; none: nothing at all.
std::optional<char32_t> numbered(char32_t number) {
  if (number == 0 || (number >= 0xD800 && number < 0xE000) || number > 0x10FFFF)
    return 0xFFFD;
  if (number >= 0x80 && number < 0xA0)
    return kWindows[number - 0x80];
  const bool control =
      (number < 0x20 && number != '\t' && number != '\n' && number != '\f' && number != '\r') || number == 0x7F;
  const bool noCharacter = (number >= 0xFDD0 && number <= 0xFDEF) || (number & 0xFFFE) == 0xFFFE;
  if (control || noCharacter)
    return std::nullopt;
  return number;
}

std::string asciiName(std::u32string_view name) { // "?" where HTML has no letter: no name holds one
  std::string ascii;
  for (const char32_t c : name)
    ascii.push_back(c < 0x80 ? static_cast<char>(c) : '?');
  return ascii;
}

void append(std::u32string& text, const HtmlEntity& entity) {
  text.push_back(entity.first);
  if (entity.second != 0)
    text.push_back(entity.second);
}

// The number after "&#" at text[at]; moves at past it and its semicolon. Too large numbers stay too large.
std::optional<char32_t> readNumber(std::u32string_view text, std::size_t& at) {
  std::size_t next = at;
  const bool hex = next < text.size() && (text[next] == 'x' || text[next] == 'X');
  next += hex ? 1 : 0;
  const std::size_t begin = next;
  char32_t number = 0;
  for (; next < text.size() && (hex ? isHexDigit(text[next]) : isDigit(text[next])); ++next) {
    const char32_t c = text[next];
    const char32_t digit = isDigit(c) ? c - '0' : (c | 0x20U) - 'a' + 10;
    number = std::min<char32_t>(number * (hex ? 16 : 10) + digit, 0x110000);
  }
  if (next == begin)
    return std::nullopt;
  if (next < text.size() && text[next] == ';')
    ++next;
  at = next;
  return number;
}

// Only references that end in a semicolon, and Latin letters' names written in capitals: "&EACUTE;". A text with a "<"
// is taken for HTML that is meant, and left alone by the caller.
std::u32string unescapedCarefully(std::u32string_view text) {
  constexpr std::size_t kLongestName = 24;
  std::u32string result;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '&') {
      result.push_back(text[at++]);
      continue;
    }
    const bool number = at + 1 < text.size() && text[at + 1] == '#';
    const std::size_t begin = at + (number ? 2 : 1);
    std::size_t end = begin;
    while (end < text.size() && end - begin < kLongestName && isAsciiAlphanumeric(text[end]))
      ++end;
    if (end == begin || end == text.size() || text[end] != ';') {
      result.push_back(text[at++]);
      continue;
    }
    const std::u32string_view whole = text.substr(at, end + 1 - at);
    at = end + 1;
    if (number) {
      std::size_t position = 2;
      const auto value = readNumber(whole, position);
      if (!value || position != whole.size())
        result += whole;
      else if (const auto character = numbered(*value); character && *character != ';')
        result.push_back(*character);
      else if (character)
        result += whole;
      continue;
    }
    const std::string name = asciiName(whole.substr(1));
    if (const HtmlEntity* entity = findHtmlEntity(name)) {
      append(result, *entity);
      continue;
    }
    // In capitals what HTML knows in small letters only.
    std::string small = name;
    std::transform(small.begin(), small.end(), small.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    std::string capitals = small;
    std::transform(capitals.begin(), capitals.end(), capitals.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    const HtmlEntity* entity = capitals == name ? findHtmlEntity(small) : nullptr;
    if (!entity || unescapedHtml(whole) != whole) {
      result += whole;
      continue;
    }
    if (entity->first == 0xDF) { // sharp s
      result += U"SS";
      continue;
    }
    for (const char32_t c : {entity->first, entity->second}) {
      if (c != 0)
        result.push_back(static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c))));
    }
  }
  return result;
}

std::u32string_view ligature(char32_t c) {
  switch (c) {
  case 0x132:
    return U"IJ";
  case 0x133:
    return U"ij";
  case 0x149:
    return U"\u02BCn";
  case 0x1F1:
    return U"DZ";
  case 0x1F2:
    return U"Dz";
  case 0x1F3:
    return U"dz";
  case 0x1C4:
    return U"D\u017D";
  case 0x1C5:
    return U"D\u017E";
  case 0x1C6:
    return U"d\u017E";
  case 0x1C7:
    return U"LJ";
  case 0x1C8:
    return U"Lj";
  case 0x1C9:
    return U"lj";
  case 0x1CA:
    return U"NJ";
  case 0x1CB:
    return U"Nj";
  case 0x1CC:
    return U"nj";
  case 0xFB00:
    return U"ff";
  case 0xFB01:
    return U"fi";
  case 0xFB02:
    return U"fl";
  case 0xFB03:
    return U"ffi";
  case 0xFB04:
    return U"ffl";
  case 0xFB05:
    return U"\u017Ft";
  case 0xFB06:
    return U"st";
  default:
    return {};
  }
}

// Half and full width forms, which only ever stand for another character.
void appendOrdinaryWidth(std::u32string& text, char32_t c) {
  if (c < 0xFF01 || c > 0xFFEF) {
    text.push_back(c == 0x3000 ? U' ' : c);
    return;
  }
  std::array<utf8proc_int32_t, 8> apart{};
  const utf8proc_ssize_t count = utf8proc_decompose_char(
      static_cast<utf8proc_int32_t>(c), apart.data(), static_cast<utf8proc_ssize_t>(apart.size()),
      static_cast<utf8proc_option_t>(UTF8PROC_COMPAT | UTF8PROC_COMPOSE), nullptr);
  for (utf8proc_ssize_t i = 0; i < count; ++i)
    text.push_back(static_cast<char32_t>(apart[static_cast<std::size_t>(i)]));
}

bool isUnwantedControl(char32_t c) {
  return c <= 0x08 || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F || (c >= 0x206A && c <= 0x206F) ||
         c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFC);
}

// Colours and cursor moves of terminals: ESC [ numbers letter.
std::u32string withoutTerminalCodes(std::u32string_view text) {
  std::u32string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == 0x1B && at + 1 < text.size() && text[at + 1] == '[') {
      std::size_t end = at + 2;
      while (end < text.size() && (isDigit(text[end]) || text[end] == ';'))
        ++end;
      if (end < text.size() && isAsciiAlphanumeric(text[end]) && !isDigit(text[end])) {
        at = end;
        continue;
      }
    }
    result.push_back(text[at]);
  }
  return result;
}

std::u32string withOrdinaryCharacters(std::u32string_view text) {
  std::u32string result;
  result.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char32_t c = text[at];
    if (const std::u32string_view letters = ligature(c); !letters.empty())
      result += letters == U"\u02BCn" ? U"'n" : letters; // the apostrophe is made straight below
    else if (c == 0x2BC || (c >= 0x2018 && c <= 0x201B))
      result.push_back('\'');
    else if (c >= 0x201C && c <= 0x201F)
      result.push_back('"');
    else if (c == '\r' || c == 0x2028 || c == 0x2029 || c == 0x85) {
      result.push_back('\n');
      at += c == '\r' && at + 1 < text.size() && text[at + 1] == '\n' ? 1 : 0;
    } else {
      appendOrdinaryWidth(result, c);
    }
  }
  result = withoutTerminalCodes(result);
  std::erase_if(result, isUnwantedControl);
  return result;
}

// Repeated until nothing changes: what one step brings out another may have to mend.
std::u32string fixedLine(std::u32string_view line, bool unescape) {
  constexpr int kMostRounds = 16; // every round shortens the text or is the last; a guard, not a rule
  std::u32string text(line);
  for (int round = 0; round < kMostRounds; ++round) {
    const std::u32string before = text;
    if (unescape)
      text = unescapedCarefully(text);
    text = composed(withOrdinaryCharacters(repairedEncoding(text)));
    if (text == before)
      break;
  }
  return text;
}

std::u32string fixedText(std::u32string_view text) {
  std::u32string result;
  bool unescape = true;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t newline = text.find(U'\n', begin);
    const std::size_t end = newline == std::u32string_view::npos ? text.size() : newline + 1;
    const std::u32string_view line = text.substr(begin, end - begin);
    unescape = unescape && line.find(U'<') == std::u32string_view::npos; // from here on it may be HTML that is meant
    result += fixedLine(line, unescape);
    begin = end;
  }
  return result;
}

} // namespace

std::u32string mergedBlanks(std::u32string_view text) {
  std::u32string result;
  result.reserve(text.size());
  for (const char32_t c : text) {
    if (!isSpace(c)) {
      result.push_back(c);
    } else if (!result.empty() && result.back() != ' ') {
      result.push_back(' ');
    }
  }
  if (!result.empty() && result.back() == ' ')
    result.pop_back();
  return result;
}

std::u32string unescapedHtml(std::u32string_view text) {
  constexpr std::size_t kLongestName = 32;
  std::u32string result;
  result.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '&' || at + 1 == text.size()) {
      result.push_back(text[at++]);
      continue;
    }
    if (text[at + 1] == '#') {
      std::size_t next = at + 2;
      if (const auto number = readNumber(text, next)) {
        if (const auto character = numbered(*number))
          result.push_back(*character);
        at = next;
      } else {
        result.push_back(text[at++]);
      }
      continue;
    }
    std::size_t end = at + 1;
    const auto isNameEnd = [](char32_t c) {
      return c == '\t' || c == '\n' || c == '\f' || c == ' ' || c == '<' || c == '&' || c == '#' || c == ';';
    };
    while (end < text.size() && end - at - 1 < kLongestName && !isNameEnd(text[end]))
      ++end;
    if (end < text.size() && text[end] == ';' && end > at + 1)
      ++end;
    // The whole name, or the longest beginning of it that is one without a semicolon.
    const std::string name = asciiName(text.substr(at + 1, end - at - 1));
    const HtmlEntity* entity = findHtmlEntity(name);
    std::size_t used = name.size();
    while (!entity && used > 2)
      entity = findHtmlEntity(std::string_view(name).substr(0, --used));
    if (!entity) {
      result.push_back(text[at++]);
      continue;
    }
    append(result, *entity);
    at += 1 + used;
  }
  return result;
}

std::string cleanedPrompt(std::string_view text) {
  return toUtf8(mergedBlanks(unescapedHtml(unescapedHtml(fixedText(toCodes(text))))));
}

} // namespace kinora::inference
