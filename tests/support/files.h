// SPDX-License-Identifier: Apache-2.0
// Files of a test: the data in tests/data and a folder of its own that goes away with it.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace kinora::test {

// Path of a file below tests/data, and of one below the repository's root.
[[nodiscard]] std::filesystem::path dataFile(std::string_view name);
[[nodiscard]] std::filesystem::path repositoryFile(std::string_view name);

// The folder of the full set of golden cases, named by the environment variable KINORA_GOLDENS; none when it is unset.
[[nodiscard]] std::optional<std::filesystem::path> goldensFolder();

// A golden case ("wan/dit_t2v") of the full set or else of tests/golden/cases; none when it is in neither.
[[nodiscard]] std::optional<std::filesystem::path> goldenCase(std::string_view name);

// A fresh folder, removed with everything in it at the end of its life.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path file(std::string_view name) const { return path_ / name; }
  // Writes text to a file in it and returns its path.
  std::filesystem::path write(std::string_view name, std::string_view bytes) const;

 private:
  std::filesystem::path path_;
};

} // namespace kinora::test
