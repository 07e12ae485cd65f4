// SPDX-License-Identifier: Apache-2.0
// Hides how the embeddings of prompts are kept on disk, so that the text encoder (11 GB) need not stay loaded, or be
// loaded at all for a prompt that was used before.
//
// One safetensors file a prompt, named by a hash of encoder and text; the file's metadata names both, and only a file
// whose metadata fits is used. Files are whole or not there. What cannot be read counts as absent and is written anew.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include <ATen/core/Tensor.h>

#include "engine/base/result.h"

namespace kinora::inference {

// What an embedding depends on.
struct PromptKey {
  std::string encoder; // identity of the encoder's weights and its tokenizer, and the run type
  std::string text;    // cleaned
};

class PromptCache {
 public:
  static constexpr std::int64_t kUsualBytes = 512LL << 20; // 128 of the longest prompts, thousands of usual ones

  // [any] Several caches, in several programs, may share a folder. It is made when the first embedding is stored.
  // maxBytes bounds all files together, at least one is kept.
  explicit PromptCache(std::filesystem::path folder, std::int64_t maxBytes = kUsualBytes);

  // [any] The rows [n, D] of the prompt's own tokens, as stored; none when they are not there. Marks the file as used.
  [[nodiscard]] std::optional<at::Tensor> find(const PromptKey& key) const;

  // [any] Keeps rows [n, D] of any floating type, then removes the longest unused files past the limit. Io when the
  // folder cannot be written.
  [[nodiscard]] Result<void> store(const PromptKey& key, const at::Tensor& rows) const;

  // [any] Where the embedding of this key lies or would lie.
  [[nodiscard]] std::filesystem::path fileOf(const PromptKey& key) const;

 private:
  void removeUnused(const std::filesystem::path& newest) const;

  std::filesystem::path folder_;
  std::int64_t maxBytes_;
};

} // namespace kinora::inference
