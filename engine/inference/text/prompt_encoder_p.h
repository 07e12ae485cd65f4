// SPDX-License-Identifier: Apache-2.0
// Hides where the embeddings of prompts come from: the cache, or an encoder that is loaded for as long as it is needed.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/base/result.h"
#include "engine/inference/networks/umt5_p.h"
#include "engine/inference/text/prompt_cache_p.h"
#include "engine/inference/text/sentencepiece_p.h"

namespace kinora::inference {

struct PromptEncoder {
  UnigramTokenizer tokenizer;
  std::string identity;                      // of weights, tokenizer and run type: the cache's key
  std::function<Result<Umt5Encoder>()> load; // called at most once in each embed(), and only for a new prompt
  std::int64_t length = 512;                 // tokens that the model takes

  // [inference] The prompts as written -> rows [n, D] each, n <= length, without padding. Cleans, looks into the cache,
  // computes what is missing, stores it. A cache that cannot be written is a warning, not an error. Cancelled between
  // prompts.
  [[nodiscard]] Result<std::vector<at::Tensor>> embed(const std::vector<std::string>& prompts, const PromptCache& cache,
                                                      std::stop_token stop = {}) const;
};

} // namespace kinora::inference
