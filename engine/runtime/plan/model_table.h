// SPDX-License-Identifier: Apache-2.0
// What is known of the models in use before their first frame: the revision that goes into content keys.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace kinora::runtime {

// [any] Filled by the generation loop, read by whoever builds plans.
class ModelTable {
 public:
  // Nothing until a session of that model was opened (or failed to open: revision 0).
  [[nodiscard]] std::optional<std::int32_t> revision(const std::string& model) const {
    const std::lock_guard lock(mutex_);
    const auto it = revisions_.find(model);
    return it == revisions_.end() ? std::nullopt : std::optional(it->second);
  }
  void learn(const std::string& model, std::int32_t revision) {
    const std::lock_guard lock(mutex_);
    const auto [known, isNew] = revisions_.try_emplace(model, revision);
    if (isNew || known->second != revision)
      ++version_; // a model that could not be opened before has another revision now
    known->second = revision;
  }
  // Grows with every model that became known or another one: plans made before are worth a rebuild.
  [[nodiscard]] std::uint64_t version() const {
    const std::lock_guard lock(mutex_);
    return version_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::int32_t> revisions_;
  std::uint64_t version_ = 0;
};

} // namespace kinora::runtime
