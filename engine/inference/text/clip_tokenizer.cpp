// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/text/clip_tokenizer_p.h"

#include <algorithm>
#include <array>
#include <queue>
#include <string>
#include <unordered_map>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/inference/text/clip_merges_p.h"
#include "engine/inference/text/text_cleaning_p.h"
#include "engine/inference/text/utf8_p.h"

namespace kinora::inference {
namespace {

// Ids 0 … 255 are bytes inside a word, 256 … 511 bytes that end one, the rest merges in their order.
constexpr std::int64_t kBytes = 256;

// The vocabulary lists the bytes that print first, in their order, then the others. The merges spell these others as
// U+0100 and up.
bool printsItself(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

std::array<std::int64_t, 256> idsOfBytes() {
  std::array<std::int64_t, 256> ids{};
  std::int64_t next = 0;
  for (const bool printing : {true, false}) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      if (printsItself(byte) == printing)
        ids[byte] = next++;
    }
  }
  return ids;
}

// The byte that a character of the merges stands for; -1: none.
int byteOfCharacter(char32_t c) {
  if (c < 0x100)
    return printsItself(c) ? static_cast<int>(c) : -1;
  int index = static_cast<int>(c) - 0x100;
  for (unsigned byte = 0; byte < 256 && c < 0x200; ++byte) {
    if (!printsItself(byte) && index-- == 0)
      return static_cast<int>(byte);
  }
  return -1;
}

std::uint64_t pairKey(std::int64_t left, std::int64_t right) {
  return (static_cast<std::uint64_t>(left) << 32) | static_cast<std::uint64_t>(right);
}

constexpr std::string_view kWordEnd = "</w>";

struct SplitRules {
  std::u32string_view begin; // marks that may stand in the text
  std::u32string_view end;
  bool foldsCase = false;  // contractions are found whatever their case
  bool marksFirst = false; // a mark is found inside a run of signs, too

  [[nodiscard]] bool isMark(std::u32string_view text) const { return text.starts_with(begin) || text.starts_with(end); }
};

} // namespace

struct ClipTokenizer::Vocabulary {
  std::array<std::int64_t, 256> bytes = idsOfBytes();
  std::unordered_map<std::uint64_t, std::int64_t> merges; // two neighbours -> what they become; the smallest goes first

  void appendWord(std::vector<std::int64_t>& ids, std::string_view word) const;
  void appendText(std::vector<std::int64_t>& ids, std::u32string_view text, std::size_t most,
                  const SplitRules& rules) const;
};

// Merges the neighbours with the smallest id until none are left: a queue of all pairs, the pieces as a list.
void ClipTokenizer::Vocabulary::appendWord(std::vector<std::int64_t>& ids, std::string_view word) const {
  struct Piece {
    std::int64_t id;
    std::size_t before;
    std::size_t after;
    bool gone = false;
  };
  const std::size_t count = word.size();
  std::vector<Piece> pieces;
  pieces.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    pieces.push_back({bytes[static_cast<std::uint8_t>(word[i])] + (i + 1 == count ? kBytes : 0), i - 1, i + 1});
  struct Candidate {
    std::int64_t becomes;
    std::size_t at;
    std::int64_t left;
    std::int64_t right;
    bool operator<(const Candidate& other) const { // the queue gives the largest first
      return becomes != other.becomes ? becomes > other.becomes : at > other.at;
    }
  };
  std::priority_queue<Candidate> queue;
  const auto offer = [&](std::size_t at) {
    if (at >= count || pieces[at].after >= count)
      return;
    const std::int64_t right = pieces[pieces[at].after].id;
    if (const auto found = merges.find(pairKey(pieces[at].id, right)); found != merges.end())
      queue.push({found->second, at, pieces[at].id, right});
  };
  for (std::size_t i = 0; i + 1 < count; ++i)
    offer(i);
  while (!queue.empty()) {
    const Candidate next = queue.top();
    queue.pop();
    Piece& left = pieces[next.at];
    if (left.gone || left.id != next.left || left.after >= count || pieces[left.after].id != next.right)
      continue; // one of the two was merged meanwhile
    Piece& right = pieces[left.after];
    right.gone = true;
    left.id = next.becomes;
    left.after = right.after;
    if (left.after < count)
      pieces[left.after].before = next.at;
    offer(next.at);
    offer(left.before); // npos before the first: no piece
  }
  for (std::size_t at = 0; at < count; at = pieces[at].after)
    ids.push_back(pieces[at].id);
}

// Cuts into marks, contractions, words, single digits and runs of signs, as CLIP's regular expression does.
void ClipTokenizer::Vocabulary::appendText(std::vector<std::int64_t>& ids, std::u32string_view text, std::size_t most,
                                           const SplitRules& rules) const {
  constexpr std::array<std::u32string_view, 7> kContractions = {U"s", U"t", U"re", U"ve", U"m", U"ll", U"d"};
  const auto isSign = [](char32_t c) { return !isSpace(c) && !isLetter(c) && !isNumber(c); };
  for (std::size_t at = 0; at < text.size() && ids.size() < most;) {
    const std::u32string_view rest = text.substr(at);
    std::size_t end = 0; // of the piece that begins here
    if (rules.isMark(rest)) {
      const bool begins = rest.starts_with(rules.begin);
      ids.push_back(begins ? kBegin : kEnd);
      at += (begins ? rules.begin : rules.end).size();
      continue;
    }
    if (rest[0] == '\'') {
      for (const std::u32string_view ending : kContractions) {
        std::u32string_view after = rest.substr(1);
        if (after.starts_with(ending) ||
            (rules.foldsCase && ending == U"s" && after.starts_with(U'\u017F'))) { // the long s is an s
          end = 1 + ending.size();
          break;
        }
      }
    }
    if (end == 0 && isSpace(rest[0])) {
      ++at;
      continue;
    }
    if (end == 0) {
      end = 1;
      if (isLetter(rest[0])) {
        while (end < rest.size() && isLetter(rest[end]))
          ++end;
      } else if (!isNumber(rest[0])) {
        while (end < rest.size() && isSign(rest[end]) && !(rules.marksFirst && rules.isMark(rest.substr(end))))
          ++end;
      }
    }
    appendWord(ids, toUtf8(rest.substr(0, end)));
    at += end;
  }
}

ClipTokenizer::ClipTokenizer(std::shared_ptr<const Vocabulary> vocabulary) : vocabulary_(std::move(vocabulary)) {}

ClipTokenizer ClipTokenizer::bundled() {
  auto parsed = parse(bundledClipMerges());
  KINORA_CHECK(parsed.has_value());
  return *parsed;
}

Result<ClipTokenizer> ClipTokenizer::parse(std::string_view merges) {
  auto vocabulary = std::make_shared<Vocabulary>();
  std::unordered_map<std::string, std::int64_t> known; // spelling in bytes, then "</w>" where a word ends
  for (unsigned byte = 0; byte < 256; ++byte) {
    const std::string one(1, static_cast<char>(byte));
    known.emplace(one, vocabulary->bytes[byte]);
    known.emplace(one + std::string(kWordEnd), vocabulary->bytes[byte] + kBytes);
  }
  const auto spelling = [](std::string_view token) {
    const bool ends = token.size() > kWordEnd.size() && token.ends_with(kWordEnd);
    std::string bytes;
    for (const char32_t c : toCodes(ends ? token.substr(0, token.size() - kWordEnd.size()) : token)) {
      const int byte = byteOfCharacter(c);
      if (byte < 0)
        return std::string();
      bytes.push_back(static_cast<char>(byte));
    }
    return ends ? bytes + std::string(kWordEnd) : bytes;
  };
  std::int64_t next = 2 * kBytes;
  std::size_t line = 0;
  while (!merges.empty()) {
    ++line;
    const std::size_t end = std::min(merges.find('\n'), merges.size());
    const std::string_view text = merges.substr(0, end);
    merges.remove_prefix(std::min(end + 1, merges.size()));
    const std::size_t blank = text.find(' ');
    const std::string left = blank == std::string_view::npos ? std::string() : spelling(text.substr(0, blank));
    const std::string right = blank == std::string_view::npos ? std::string() : spelling(text.substr(blank + 1));
    const auto leftId = known.find(left);
    const auto rightId = known.find(right);
    if (leftId == known.end() || rightId == known.end() || left.ends_with(kWordEnd) || next == kBegin)
      return fail(ErrorCode::Corrupt,
                  fmt::format("reading the merges of a byte-pair vocabulary failed: line {} joins no two pieces known "
                              "before it. Take the file that came with the weights.",
                              line));
    vocabulary->merges.emplace(pairKey(leftId->second, rightId->second), next);
    known.emplace(left + right, next);
    ++next;
  }
  return ClipTokenizer(std::move(vocabulary));
}

std::vector<std::int64_t> ClipTokenizer::encode(std::string_view text, ClipTextRules rules, std::size_t most) const {
  const bool open = rules == ClipTextRules::OpenClip;
  std::u32string codes = open ? toCodes(cleanedPrompt(text)) : mergedBlanks(composed(toCodes(text)));
  codes = lowered(codes, /*finalSigma=*/open);
  std::vector<std::int64_t> ids = {kBegin};
  if (open)
    vocabulary_->appendText(ids, codes, most, {U"<start_of_text>", U"<end_of_text>", true, false});
  else
    vocabulary_->appendText(ids, codes, most, {U"<|startoftext|>", U"<|endoftext|>", false, true});
  ids.resize(std::min(ids.size(), most - 1));
  ids.push_back(kEnd);
  return ids;
}

std::vector<std::int64_t> ClipTokenizer::encodePadded(std::string_view text, std::int64_t padding,
                                                      ClipTextRules rules) const {
  std::vector<std::int64_t> ids = encode(text, rules);
  ids.resize(kLength, padding);
  return ids;
}

} // namespace kinora::inference
