// SPDX-License-Identifier: Apache-2.0
// A golden case in memory, as a replayer sees it.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <ATen/core/Tensor.h>

#include "engine/inference/weights/weight_table_p.h"

namespace kinora::inference {

// Thrown inside parity/ only; replayCase turns it into an Error.
struct CaseError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Tensors = std::map<std::string, at::Tensor, std::less<>>;

struct GoldenCase {
  std::filesystem::path folder;
  nlohmann::json description; // case.json
  Tensors inputs;
  Tensors expected; // a replayer may look at names and shapes, never at numbers

  [[nodiscard]] const nlohmann::json& config() const { return description.at("config"); }
  // Throws CaseError when the case has no such input.
  [[nodiscard]] const at::Tensor& input(std::string_view name) const;
  // A weights file of the folder; throws CaseError.
  [[nodiscard]] std::shared_ptr<TensorSource> weights(std::string_view file = "weights.safetensors") const;
  [[nodiscard]] bool holds(std::string_view file) const;
};

// Name and value of what text number `index` of a tokenizer case becomes: "text 03: ids", "text 03: cleaned" (bytes).
[[nodiscard]] std::string textOutput(std::size_t index, std::string_view what);
[[nodiscard]] at::Tensor textAsTensor(const std::string& text);

// A function that computes the outputs of the cases it knows. Output "name@variant" is compared with expected "name".
struct Replayer {
  bool (*knows)(const GoldenCase& golden);
  Tensors (*replay)(const GoldenCase& golden);
};

// What each group of networks offers; parity.cpp asks them in turn.
[[nodiscard]] std::vector<Replayer> wanReplayers();      // wan/ (networks and streams), dreamidv/
[[nodiscard]] std::vector<Replayer> codecReplayers();    // wan/vae*, taehv/, sd/vae
[[nodiscard]] std::vector<Replayer> textReplayers();     // text/, clip/
[[nodiscard]] std::vector<Replayer> unetReplayers();     // sd/unet*, lora/sd15*
[[nodiscard]] std::vector<Replayer> scheduleReplayers(); // schedulers/

} // namespace kinora::inference
