// SPDX-License-Identifier: Apache-2.0
// Hides the files that torch.save writes (.pth, .pt, .ckpt, .bin): a zip archive or, from old versions, pickles one
// after another. Nothing in the file is ever called or written to disk.
#pragma once

#include <filesystem>
#include <memory>

#include <nlohmann/json.hpp>

#include "engine/inference/weights/weight_table_p.h"

namespace kinora::inference {

class MappedFile;

// Tensors are named by their way through the dictionaries: {"weight": {"a.b": t}} is "weight.a.b". Stored entries are
// mapped, not read; the check sum of an entry is verified when the first tensor of it is read.
class PthFile : public TensorSource {
 public:
  // [any] NotFound, Io, Corrupt and Unsupported with the class of the fault (weights_fault_p.h).
  [[nodiscard]] static Result<std::shared_ptr<PthFile>> open(const std::filesystem::path& file);
  [[nodiscard]] static Result<std::shared_ptr<PthFile>> open(std::shared_ptr<const MappedFile> file);

  // Everything that is no tensor, as JSON: dictionaries are objects, lists, tuples and sets arrays, bytes and numbers
  // of more than 64 bits their length in words. Branches that hold tensors only are left out. null when nothing is
  // left.
  [[nodiscard]] virtual const nlohmann::json& values() const = 0;
};

} // namespace kinora::inference
