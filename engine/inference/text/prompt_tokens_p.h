// SPDX-License-Identifier: Apache-2.0
// Hides how a cleaned prompt becomes the ids that UMT5 takes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/inference/text/sentencepiece_p.h"

namespace kinora::inference {

enum class PromptMarks {
  Plain,  // "</s>" in a prompt is four characters
  Parsed, // it is the mark itself, as the fast tokenizers have it
};

// [any] The ids of cleanedPrompt()'s text and the end mark; of longer prompts the first `most` - 1 ids and the end
// mark. most >= 1.
[[nodiscard]] std::vector<std::int64_t> promptTokens(const UnigramTokenizer& tokenizer, std::string_view cleaned,
                                                     std::size_t most = 512, PromptMarks marks = PromptMarks::Plain);

} // namespace kinora::inference
