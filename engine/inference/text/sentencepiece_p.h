// SPDX-License-Identifier: Apache-2.0
// Hides the unigram models of SentencePiece (".model" files): text becomes the ids of its most probable pieces.
//
// Read by our own code, because LibTorch exports the symbols of a protobuf of its own, which the library's would meet.
// Sources: the public sentencepiece_model.proto; Kudo 2018 (unigram language model); the double-array trie of the
// character map is that of Darts-clone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace kinora::inference {

class UnigramTokenizer {
 public:
  // [any] NotFound, Io, Corrupt (naming byte or piece), Unsupported (models that are not unigram).
  [[nodiscard]] static Result<UnigramTokenizer> open(const std::filesystem::path& file);
  // [any] The same from the file's bytes; name stands in messages.
  [[nodiscard]] static Result<UnigramTokenizer> parse(std::string bytes, std::string name);

  // [any] Text as the pieces see it: mapped characters, one blank between words, blanks written as U+2581.
  [[nodiscard]] std::string normalised(std::string_view text) const;
  // [any] Ids of the text alone, without a mark at its end. Any bytes may come in; the time grows with their number.
  [[nodiscard]] std::vector<std::int64_t> encode(std::string_view text) const;
  // [any] The same, but pieces like "</s>" that are written out in the text become themselves, as the fast tokenizers
  // have it; the text between them is encoded alone.
  [[nodiscard]] std::vector<std::int64_t> encodeWithMarks(std::string_view text) const;

  [[nodiscard]] std::int64_t size() const;
  [[nodiscard]] std::string_view piece(std::int64_t id) const; // 0 <= id < size()
  [[nodiscard]] std::int64_t unknownId() const;
  [[nodiscard]] std::int64_t endId() const; // -1: the model has none
  [[nodiscard]] std::int64_t padId() const; // -1: the model has none

 private:
  struct Model;
  explicit UnigramTokenizer(std::shared_ptr<const Model> model);
  std::shared_ptr<const Model> model_; // never changes: copies share it
};

} // namespace kinora::inference
