// SPDX-License-Identifier: Apache-2.0
// Recovery copies of a project that is being edited: a crash loses what came after the newest copy, nothing else.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/document/document.h"

namespace kinora::document {

// One open project's recovery copies, in a folder of their own below the recovery folder. The folder is locked while
// the journal lives: other programs see whose owner is gone. Destroying a journal without close() keeps the copies, as
// a crash does. One thread at a time; a work thread will do, as copies are values.
class Journal {
 public:
  // original: the project's file, empty when it was never saved. keep: copies kept besides the newest, 0..100.
  // Errors: io, invalidArgument.
  [[nodiscard]] static Result<Journal> open(const std::filesystem::path& recoveryFolder,
                                            const std::filesystem::path& original, int keep = 3);
  Journal(Journal&&) noexcept;
  Journal& operator=(Journal&&) noexcept;
  ~Journal();

  // [any] Writes a copy, whole or not at all, then removes the oldest beyond `keep`. A document that was written last
  // is not written again. Errors: io (older copies stay).
  [[nodiscard]] Result<void> save(const DocumentPtr& document);
  // [any] The project has another file now ("Save as"). Errors: io.
  [[nodiscard]] Result<void> setOriginal(const std::filesystem::path& original);
  // [any] Everything is safe elsewhere: removes all copies and the folder. The journal can only be destroyed then.
  // Errors: io.
  [[nodiscard]] Result<void> close();

  [[nodiscard]] const std::filesystem::path& folder() const;

 private:
  struct State;
  explicit Journal(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Copies left behind by a program that ended without closing its journal.
struct Recoverable {
  std::filesystem::path folder;
  std::filesystem::path original; // empty: never saved, or no longer known
  std::string name;               // of the project
  std::chrono::system_clock::time_point savedAt;
};

// [any] Newest first. Folders of running programs, and those without a readable copy, are left out; folders whose
// program ended before its first copy are removed. A recovery folder that is not there holds nothing. Errors: io.
[[nodiscard]] Result<std::vector<Recoverable>> listRecoverable(const std::filesystem::path& recoveryFolder);
// [any] The newest copy that can be read whole. Errors: notFound, corrupt.
[[nodiscard]] Result<DocumentPtr> recover(const Recoverable& found);
// [any] Removes the copies. Errors: io, invalidArgument (its program is running again).
[[nodiscard]] Result<void> discard(const Recoverable& found);

} // namespace kinora::document
