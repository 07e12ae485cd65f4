// SPDX-License-Identifier: Apache-2.0
// Hides in which kind of file or folder weights are kept.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/inference/weights/weight_table_p.h"

namespace kinora::inference {

struct OpenedWeights {
  std::shared_ptr<TensorSource> tensors;
  std::string container; // "safetensors", "PyTorch", "safetensors in 3 parts"
  nlohmann::json values; // what else the file says: __metadata__, or the plain values of a PyTorch file
  std::vector<std::filesystem::path> files;
};

// [any] A .safetensors file, *.index.json with its parts, a file of torch.save (told by content, not by ending), or a
// folder that holds one of these. Errors name the file: NotFound, Io, InvalidArgument (a folder with no or several sets
// of weights), Corrupt, Unsupported.
[[nodiscard]] Result<OpenedWeights> openWeights(const std::filesystem::path& path);
// [any] The parts that an *.index.json names. Parts lie beside it; every tensor is in the part that the index says, and
// in no other.
[[nodiscard]] Result<OpenedWeights> openIndex(const std::filesystem::path& index);

// One network of a diffusers folder.
struct ModelComponent {
  std::string name;      // "transformer", "text_encoder": also the folder
  std::string library;   // "diffusers"
  std::string className; // "WanTransformer3DModel"
  std::filesystem::path folder;
  bool present = false;  // the folder is there
  nlohmann::json config; // its config.json; null when there is none
};
struct ModelFolder {
  std::string className; // "WanPipeline"
  std::vector<ModelComponent> components;
};
// [any] Reads model_index.json and the components' config.json. Errors: NotFound, Corrupt (names that leave the folder,
// damaged JSON).
[[nodiscard]] Result<ModelFolder> openModelFolder(const std::filesystem::path& folder);
[[nodiscard]] bool isModelFolder(const std::filesystem::path& folder);

// The config.json beside a file of weights or in its folder; null when there is none, an error when it is damaged.
[[nodiscard]] Result<nlohmann::json> configBeside(const std::filesystem::path& weights);

} // namespace kinora::inference
