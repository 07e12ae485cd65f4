// SPDX-License-Identifier: Apache-2.0
// Hides how a file or folder of weights is recognised: what it is, how it is built, what Kinora can do with it today
// and what has to lie beside it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/inference/weights/network_kind.h"
#include "engine/inference/weights/tensor_info.h"

namespace kinora::inference {

// One network inside the file.
struct NetworkReport {
  NetworkKind kind = NetworkKind::WanDit;
  std::string variant;         // "Wan 2.1 text to video, 1.3B"; empty when the sizes are no known model's
  std::string component;       // folder of a diffusers model ("transformer"), else empty
  std::string prefix;          // in front of its names, else empty
  bool diffusersNames = false; // named as diffusers and transformers do
  std::uint64_t tensors = 0;
  std::uint64_t parameters = 0;
  std::vector<std::pair<std::string, std::string>> configuration; // read from the shapes: {"layers", "30"}
  std::vector<std::string> problems; // where config.json says otherwise, or tensors are missing
  std::string today;                 // what Kinora can do with it today
  std::vector<std::string> needs;    // what has to lie beside it and was not found there
};

enum class WeightsContent {
  Networks, // one or several known networks
  Lora,
  VoiceModel, // RVC
  Tensors,    // of no known network
  Nothing,    // well-formed, but without tensors
};
// "networks", "lora", "voiceModel", "tensors", "nothing".
[[nodiscard]] std::string_view contentName(WeightsContent content);

struct WeightsInspection {
  WeightsContent content = WeightsContent::Nothing;
  std::string container; // "safetensors", "safetensors in 3 parts", "PyTorch", "diffusers folder (WanPipeline)"
  std::uint64_t fileBytes = 0;
  std::uint64_t tensors = 0;
  std::uint64_t parameters = 0;
  std::vector<std::pair<DType, std::uint64_t>> types; // elements of each, most first
  std::vector<NetworkReport> networks;
  std::vector<std::pair<std::string, std::string>> facts; // of a LoRA or voice model: {"rank", "16"}
  std::vector<std::string> firstTensors;                  // of an unknown file: names and shapes
  std::string today;                                      // what Kinora can do with the file as a whole
};

// [any] Reads headers only; no tensor is read. Errors: NotFound, Io, InvalidArgument, Corrupt, Unsupported with the
// file and the byte or tensor.
[[nodiscard]] Result<WeightsInspection> inspectWeights(const std::filesystem::path& path);

// [any] May the file be one of weights, by its ending or its first bytes (so that a picture is left to others)?
[[nodiscard]] bool looksLikeWeights(const std::filesystem::path& path);

} // namespace kinora::inference
