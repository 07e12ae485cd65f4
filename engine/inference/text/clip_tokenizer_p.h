// SPDX-License-Identifier: Apache-2.0
// Hides CLIP's byte-pair tokenizer: text becomes at most 77 ids between a mark of its beginning and one of its end.
//
// Source: the public CLIP and OpenCLIP tokenizers; the merges are bundled (assets/text/LICENCES.md).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace kinora::inference {

enum class ClipTextRules {
  OpenClip,     // the whole cleaning of prompts; only "<start_of_text>" and "<end_of_text>" are marks
  Transformers, // blanks and composed letters alone; "<|startoftext|>" and "<|endoftext|>" are marks
};

class ClipTokenizer {
 public:
  static constexpr std::int64_t kBegin = 49406;
  static constexpr std::int64_t kEnd = 49407;
  static constexpr std::size_t kLength = 77;

  // [any] The vocabulary that all CLIP models of Stable Diffusion share. Takes some 50 ms; keep it.
  [[nodiscard]] static ClipTokenizer bundled();
  // [any] One of merges of one's own, "left right" a line in order of rank. Corrupt, naming the line.
  [[nodiscard]] static Result<ClipTokenizer> parse(std::string_view merges);

  // [any] Begin, the text's ids, end. More than `most` ids are cut, the end stays. The time grows with the text.
  [[nodiscard]] std::vector<std::int64_t> encode(std::string_view text, ClipTextRules rules = ClipTextRules::OpenClip,
                                                 std::size_t most = kLength) const;
  // [any] The same, filled up to kLength: with kEnd for SD 1.x, with 0 for SD 2.x.
  [[nodiscard]] std::vector<std::int64_t> encodePadded(std::string_view text, std::int64_t padding,
                                                       ClipTextRules rules = ClipTextRules::OpenClip) const;

 private:
  struct Vocabulary;
  explicit ClipTokenizer(std::shared_ptr<const Vocabulary> vocabulary);
  std::shared_ptr<const Vocabulary> vocabulary_; // never changes: copies share it
};

} // namespace kinora::inference
