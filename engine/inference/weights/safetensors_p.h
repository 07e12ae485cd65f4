// SPDX-License-Identifier: Apache-2.0
// Hides the safetensors container: an 8-byte header length, a JSON header, then the bytes of all tensors.
// Format: the public safetensors specification (header <= 100 MB, no holes, no overlaps, little endian).
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/inference/weights/weight_table_p.h"

namespace kinora::inference {

// A memory-mapped file. The mapping lives as long as the last tensor read from it.
class SafetensorsFile : public TensorSource {
 public:
  // [any] NotFound, Io, Corrupt (naming byte or tensor). Reads the header only.
  [[nodiscard]] static Result<std::shared_ptr<SafetensorsFile>> open(const std::filesystem::path& file);

  // The free text of the header's __metadata__.
  [[nodiscard]] virtual const std::map<std::string, std::string>& metadata() const = 0;
};

// One tensor to write.
struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

// [any] Writes atomically (temporary file, then rename), listed in the given order, aligned to their element size.
[[nodiscard]] Result<void> writeSafetensors(const std::filesystem::path& file, const std::vector<NamedTensor>& tensors,
                                            const std::map<std::string, std::string>& metadata = {});

} // namespace kinora::inference
