// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/inference/networks/sd_unet_p.h"
#include "engine/inference/parity/golden_case_p.h"
#include "engine/inference/weights/key_map_p.h"
#include "engine/inference/weights/lora_p.h"
#include "engine/inference/weights/weights_source_p.h"

namespace kinora::inference {
namespace {

SdUnetConfig unetConfig(const nlohmann::json& json) {
  SdUnetConfig config;
  config.inChannels = json.at("in_channels");
  config.outChannels = json.at("out_channels");
  config.channels = json.at("block_out_channels").get<std::vector<std::int64_t>>();
  // The number of heads, in spite of its name.
  const nlohmann::json& heads = json.at("attention_head_dim");
  config.heads = heads.is_array() ? heads.get<std::vector<std::int64_t>>()
                                  : std::vector<std::int64_t>(config.channels.size(), heads.get<std::int64_t>());
  const auto attention = [&](const char* key) {
    std::vector<bool> looks;
    for (const std::string type : json.at(key))
      looks.push_back(type.starts_with("CrossAttn"));
    return looks;
  };
  config.downAttention = attention("down_block_types");
  config.upAttention = attention("up_block_types");
  config.layersPerLevel = json.at("layers_per_block");
  config.textWidth = json.at("cross_attention_dim");
  config.normGroups = json.at("norm_num_groups");
  config.linearProjection = json.value("use_linear_projection", false);
  config.upcastAttention = json.value("upcast_attention", false);
  return config;
}

SdUnet loadUnet(const GoldenCase& golden, std::shared_ptr<TensorSource> source) {
  WeightTable table(withOriginalKeys(std::move(source), NetworkKind::SdUnet));
  SdUnet unet = SdUnet::load(table, unetConfig(golden.config()));
  if (auto complete = table.finish(); !complete)
    throw CaseError(complete.error().text());
  return unet;
}

// Keeps every named place, and what the middle's attention adds.
class Recorder : public SdUnetHook {
 public:
  explicit Recorder(const SdUnetConfig& config) {
    for (const bool looks : config.downAttention)
      middle_ += looks ? 2 * static_cast<int>(config.layersPerLevel) : 0;
  }
  void output(const AttentionSite& site, at::Tensor& added) override {
    if (site.index == middle_)
      found["mid_self_attn"] = added;
    else if (site.index == middle_ + 1)
      found["mid_cross_attn"] = added;
  }
  void features(const std::string& place, at::Tensor& tensor) override { found[place] = tensor; }

  Tensors found;

 private:
  int middle_ = 0;
};

Tensors replayUnet(const GoldenCase& golden) {
  Tensors outputs;
  for (const char* file : {"weights.safetensors", "weights.diffusers.safetensors"}) {
    if (!golden.holds(file))
      continue;
    const SdUnet unet = loadUnet(golden, golden.weights(file));
    Recorder recorder(unet.config);
    recorder.found["out"] = unet.forward(golden.input("sample"), golden.input("timestep"),
                                         golden.input("encoder_hidden_states"), &recorder);
    const bool original = std::string_view(file) == "weights.safetensors";
    for (auto& [name, tensor] : recorder.found) {
      if (golden.expected.contains(name))
        outputs[original ? name : name + "@diffusers"] = tensor;
    }
  }
  return outputs;
}

// Merged weights are compared by the file's own names, "merged_s0.7/mid_block.attentions.0.proj_in.weight".
Tensors mergedWeights(const GoldenCase& golden, const std::string& prefix, TensorSource& merged) {
  std::vector<std::string> names;
  for (const TensorInfo& tensor : merged.tensors())
    names.push_back(tensor.name);
  Tensors outputs;
  for (const OriginalWeight& weight : diffusersWeights(NetworkKind::SdUnet, names)) {
    const auto expected = golden.expected.find(prefix + weight.module + ".weight");
    const auto place = std::find(names.begin(), names.end(), weight.name);
    if (expected == golden.expected.end() || place == names.end())
      continue;
    const auto tensor = merged.read(static_cast<std::size_t>(place - names.begin()));
    if (!tensor)
      throw CaseError(tensor.error().text());
    const std::int64_t rows = tensor->size(0) / weight.parts;
    outputs[expected->first] = tensor->narrow(0, weight.part * rows, rows).reshape(expected->second.sizes());
  }
  return outputs;
}

Tensors replayLora(const GoldenCase& golden) {
  const auto network = withOriginalKeys(golden.weights(), NetworkKind::SdUnet);
  const auto out = [&](std::shared_ptr<TensorSource> source) {
    return loadUnet(golden, std::move(source))
        .forward(golden.input("sample"), golden.input("timestep"), golden.input("encoder_hidden_states"));
  };
  Tensors outputs;
  outputs["out_base"] = out(network);
  std::vector<std::shared_ptr<const LoraFile>> files;
  for (const std::string name : golden.config().at("lora_files")) {
    const auto opened = openWeights(golden.folder / name);
    const auto fitted = opened ? LoraFile::fit(*opened, NetworkKind::SdUnet, network->tensors())
                               : Result<std::shared_ptr<const LoraFile>>(fail(opened));
    if (!fitted)
      throw CaseError(fitted.error().text());
    files.push_back(*fitted);
  }
  for (const double strength : golden.config().at("strengths")) {
    std::vector<LoraUse> uses;
    for (const auto& file : files)
      uses.push_back({file, strength});
    const auto merged = withLora(network, uses);
    outputs.merge(mergedWeights(golden, fmt::format("merged_s{:g}/", strength), *merged));
    outputs[fmt::format("out_s{:g}", strength)] = out(merged);
  }
  return outputs;
}

bool isUnet(const GoldenCase& golden) {
  const std::string network = golden.description.value("network", "");
  return network == "sd15_unet" || network == "sd21_unet";
}

} // namespace

std::vector<Replayer> unetReplayers() {
  return {
      {[](const GoldenCase& golden) { return isUnet(golden) && !golden.config().contains("lora_files"); }, replayUnet},
      {[](const GoldenCase& golden) { return isUnet(golden) && golden.config().contains("lora_files"); }, replayLora},
  };
}

} // namespace kinora::inference
