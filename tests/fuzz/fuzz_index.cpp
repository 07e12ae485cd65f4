// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "engine/inference/weights/weights_source_p.h"

namespace {

namespace fs = std::filesystem;

// A folder with one part of one tensor "a"; removed at the end of the program.
class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "kinora-fuzz-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
    const std::string header = "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}";
    std::ofstream part(path_ / "p.safetensors", std::ios::binary);
    part << static_cast<char>(header.size()) << std::string(7, '\0') << header << 'x';
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  const fs::path index = folder.path() / "model.safetensors.index.json";
  std::ofstream(index, std::ios::binary) << std::string_view(reinterpret_cast<const char*>(data), size);
  if (const auto opened = kinora::inference::openIndex(index)) {
    for (const fs::path& file : opened->files) {
      if (file.parent_path() != folder.path())
        __builtin_trap();
    }
  }
  const fs::path model = folder.path() / "model_index.json";
  fs::rename(index, model);
  if (const auto opened = kinora::inference::openModelFolder(folder.path())) {
    for (const auto& component : opened->components) {
      if (component.folder.parent_path() != folder.path())
        __builtin_trap();
    }
  }
  return 0;
}
