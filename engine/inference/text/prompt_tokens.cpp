// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/text/prompt_tokens_p.h"

#include <algorithm>

namespace kinora::inference {

std::vector<std::int64_t> promptTokens(const UnigramTokenizer& tokenizer, std::string_view cleaned, std::size_t most,
                                       PromptMarks marks) {
  std::vector<std::int64_t> ids =
      marks == PromptMarks::Parsed ? tokenizer.encodeWithMarks(cleaned) : tokenizer.encode(cleaned);
  const bool ends = tokenizer.endId() >= 0;
  ids.resize(std::min(ids.size(), most - (ends ? 1 : 0)));
  if (ends)
    ids.push_back(tokenizer.endId());
  return ids;
}

} // namespace kinora::inference
