// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/text/prompt_cache_p.h"

#include <algorithm>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/base/content_key.h"
#include "engine/inference/weights/safetensors_p.h"

namespace kinora::inference {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTensor = "rows";
constexpr const char* kEnding = ".safetensors";

} // namespace

PromptCache::PromptCache(fs::path folder, std::int64_t maxBytes) : folder_(std::move(folder)), maxBytes_(maxBytes) {}

fs::path PromptCache::fileOf(const PromptKey& key) const {
  return folder_ / (ContentHasher().text(key.encoder).text(key.text).finish().hex() + kEnding);
}

std::optional<at::Tensor> PromptCache::find(const PromptKey& key) const {
  const fs::path file = fileOf(key);
  std::error_code missing;
  if (!fs::exists(file, missing))
    return std::nullopt;
  const auto opened = SafetensorsFile::open(file);
  if (!opened)
    return std::nullopt; // damaged: as good as absent, store() replaces it
  const auto& metadata = (*opened)->metadata();
  const auto says = [&](const char* name, const std::string& value) {
    const auto found = metadata.find(name);
    return found != metadata.end() && found->second == value;
  };
  const auto& tensors = (*opened)->tensors();
  if (!says("encoder", key.encoder) || !says("text", key.text) || tensors.size() != 1 || tensors[0].name != kTensor ||
      tensors[0].shape.size() != 2)
    return std::nullopt;
  const auto rows = (*opened)->read(0);
  if (!rows || !rows->is_floating_point())
    return std::nullopt;
  at::Tensor copy = rows->clone(); // the file may be removed or replaced at any time
  if (!copy.isfinite().all().item<bool>())
    return std::nullopt;
  std::error_code ignored; // the time only orders what is removed first
  fs::last_write_time(file, fs::file_time_type::clock::now(), ignored);
  return copy;
}

Result<void> PromptCache::store(const PromptKey& key, const at::Tensor& rows) const {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error)
    return fail(
        ErrorCode::Io,
        fmt::format("making the folder for prompt embeddings failed: {}. Choose another folder.", error.message()),
        folder_.string());
  const fs::path file = fileOf(key);
  const auto written = writeSafetensors(file, {{kTensor, rows.to(at::kCPU).contiguous()}},
                                        {{"encoder", key.encoder}, {"text", key.text}});
  if (!written)
    return written;
  removeUnused(file);
  return {};
}

void PromptCache::removeUnused(const fs::path& newest) const {
  struct Entry {
    fs::file_time_type used;
    std::int64_t bytes;
    fs::path file;
  };
  std::vector<Entry> entries;
  std::int64_t total = 0;
  std::error_code error;
  for (fs::directory_iterator entry(folder_, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() != kEnding)
      continue;
    // Another program may remove a file between these calls; then it counts nothing.
    std::error_code gone;
    const auto bytes = static_cast<std::int64_t>(entry->file_size(gone));
    const auto used = entry->last_write_time(gone);
    if (gone)
      continue;
    total += bytes;
    if (entry->path() != newest)
      entries.push_back({used, bytes, entry->path()});
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.used < b.used; });
  for (const Entry& entry : entries) {
    if (total <= maxBytes_)
      break;
    std::error_code ignored; // somebody else removed it first
    fs::remove(entry.file, ignored);
    total -= entry.bytes;
  }
}

} // namespace kinora::inference
