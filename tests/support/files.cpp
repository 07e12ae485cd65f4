// SPDX-License-Identifier: Apache-2.0
#include "tests/support/files.h"

#include <cstdlib>
#include <fstream>
#include <string>
#include <system_error>

#include "engine/base/check.h"

namespace kinora::test {

namespace fs = std::filesystem;

fs::path repositoryFile(std::string_view name) {
  return fs::path(KINORA_SOURCE_DIR) / name;
}

fs::path dataFile(std::string_view name) {
  return repositoryFile("tests/data") / name;
}

std::optional<fs::path> goldensFolder() {
  const char* const folder = std::getenv("KINORA_GOLDENS");
  return folder != nullptr && *folder != '\0' ? std::optional<fs::path>(folder) : std::nullopt;
}

std::optional<fs::path> goldenCase(std::string_view name) {
  const auto full = goldensFolder();
  const fs::path folder = full ? *full / name : repositoryFile("tests/golden/cases") / name;
  return fs::exists(folder / "case.json") ? std::optional(folder) : std::nullopt;
}

TempFolder::TempFolder() {
  std::string pattern = (fs::temp_directory_path() / "kinora-test-XXXXXX").string();
  KINORA_CHECK(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path TempFolder::write(std::string_view name, std::string_view bytes) const {
  const fs::path target = file(name);
  fs::create_directories(target.parent_path());
  std::ofstream out(target, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  KINORA_CHECK(out.good());
  return target;
}

} // namespace kinora::test
