// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/text/prompt_encoder_p.h"

#include <optional>

#include <fmt/format.h>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "engine/base/log.h"
#include "engine/inference/text/prompt_tokens_p.h"
#include "engine/inference/text/text_cleaning_p.h"

namespace kinora::inference {

Result<std::vector<at::Tensor>> PromptEncoder::embed(const std::vector<std::string>& prompts, const PromptCache& cache,
                                                     std::stop_token stop) const {
  const c10::NoGradGuard noGradients;
  std::optional<Umt5Encoder> encoder;
  std::vector<at::Tensor> embeddings;
  for (const std::string& prompt : prompts) {
    if (stop.stop_requested())
      return fail(ErrorCode::Cancelled, "encoding the prompts was cancelled");
    const PromptKey key{fmt::format("{}, {} tokens", identity, length), cleanedPrompt(prompt)};
    if (auto known = cache.find(key)) {
      embeddings.push_back(*known);
      continue;
    }
    if (!encoder) {
      auto loaded = load();
      if (!loaded)
        return fail(loaded);
      encoder = std::move(*loaded);
    }
    try {
      embeddings.push_back(
          encoder->encode(promptTokens(tokenizer, key.text, static_cast<std::size_t>(length))).to(at::kCPU));
    } catch (const c10::Error& problem) {
      return fail(ErrorCode::Internal,
                  "encoding a prompt failed: " + problem.msg() + ". Check that tokenizer and weights belong together.",
                  key.text);
    }
    if (const auto stored = cache.store(key, embeddings.back()); !stored)
      log::warning("text", "{}", stored.error().text());
  }
  return embeddings;
}

} // namespace kinora::inference
