// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/weights/lora_p.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/inference/weights/key_map_p.h"
#include "engine/inference/weights/strict_json_p.h"
#include "engine/inference/weights/weights_fault_p.h"

namespace kinora::inference {
namespace {

enum class Role { Down, Up, Alpha, Diff, DiffBias, DiffModulation, Unsupported };

struct Ending {
  std::string_view text;
  Role role;
  std::string_view grammar;
};
constexpr std::array kEndings = {
    Ending{".lora_A.weight", Role::Down, "PEFT"},
    Ending{".lora_B.weight", Role::Up, "PEFT"},
    Ending{".lora_A.default.weight", Role::Down, "PEFT"},
    Ending{".lora_B.default.weight", Role::Up, "PEFT"},
    Ending{".lora_down.weight", Role::Down, "kohya"},
    Ending{".lora_up.weight", Role::Up, "kohya"},
    Ending{".lora.down.weight", Role::Down, "diffusers"},
    Ending{".lora.up.weight", Role::Up, "diffusers"},
    Ending{"_lora.down.weight", Role::Down, "diffusers"},
    Ending{"_lora.up.weight", Role::Up, "diffusers"},
    Ending{".alpha", Role::Alpha, ""},
    Ending{".diff", Role::Diff, ""},
    Ending{".diff_b", Role::DiffBias, ""},
    Ending{".diff_m", Role::DiffModulation, ""},
    Ending{".lora_mid.weight", Role::Unsupported, ""},
    Ending{".dora_scale", Role::Unsupported, ""},
    Ending{".lora_magnitude_vector", Role::Unsupported, ""},
    Ending{".lora_magnitude_vector.weight", Role::Unsupported, ""},
    Ending{".lora_A.bias", Role::Unsupported, ""},
    Ending{".lora_B.bias", Role::Unsupported, ""},
    Ending{".hada_w1_a", Role::Unsupported, ""},
    Ending{".hada_w1_b", Role::Unsupported, ""},
    Ending{".hada_w2_a", Role::Unsupported, ""},
    Ending{".hada_w2_b", Role::Unsupported, ""},
    Ending{".lokr_w1", Role::Unsupported, ""},
    Ending{".lokr_w2", Role::Unsupported, ""},
    Ending{".lokr_w1_a", Role::Unsupported, ""},
    Ending{".lokr_w1_b", Role::Unsupported, ""},
    Ending{".lokr_w2_a", Role::Unsupported, ""},
    Ending{".lokr_w2_b", Role::Unsupported, ""},
    Ending{".oft_blocks", Role::Unsupported, ""},
};

// In front of module names; flat ones have underscores for dots behind them.
enum class Side { Any, Denoiser, Text };
struct Beginning {
  std::string_view text;
  Side side;
  bool flat;
};
constexpr std::array kBeginnings = {
    Beginning{"lora_unet_", Side::Denoiser, true},
    Beginning{"lora_transformer_", Side::Denoiser, true},
    Beginning{"lora_te1_", Side::Text, true},
    Beginning{"lora_te_", Side::Text, true},
    Beginning{"text_encoder.", Side::Text, false},
    Beginning{"base_model.model.", Side::Any, false},
    Beginning{"model.diffusion_model.", Side::Denoiser, false},
    Beginning{"diffusion_model.", Side::Denoiser, false},
    Beginning{"transformer.", Side::Denoiser, false},
    Beginning{"unet.", Side::Denoiser, false},
    Beginning{"", Side::Any, false},
};

struct Key {
  std::string module; // without beginning and ending
  Role role = Role::Alpha;
  std::string_view grammar;
  Side side = Side::Any;
  bool flat = false;
};

std::optional<Key> parseKey(std::string_view name) {
  for (const Ending& ending : kEndings) {
    if (!name.ends_with(ending.text) || name.size() == ending.text.size())
      continue;
    std::string_view module = name.substr(0, name.size() - ending.text.size());
    for (const Beginning& beginning : kBeginnings) {
      if (!module.starts_with(beginning.text))
        continue;
      module.remove_prefix(beginning.text.size());
      Key key{std::string(module), ending.role, ending.grammar, beginning.side, beginning.flat};
      // Early diffusers files name the attention processor and not the output's place in its list.
      if (const std::size_t at = key.module.find(".processor."); at != std::string::npos) {
        key.module.replace(at, 11, ".");
        if (key.module.ends_with(".to_out"))
          key.module += ".0";
      }
      return key;
    }
  }
  return std::nullopt;
}

std::string flattened(std::string module) {
  std::replace(module.begin(), module.end(), '.', '_');
  return module;
}

bool isTextEncoder(NetworkKind kind) {
  return kind == NetworkKind::ClipText || kind == NetworkKind::OpenClipText || kind == NetworkKind::Umt5;
}

struct Target {
  std::string name;
  int part = 0;
  int parts = 1;
};

// Modules of a network in every spelling.
class Modules {
 public:
  Modules(NetworkKind kind, const std::vector<TensorInfo>& network) {
    std::vector<std::string> names;
    for (const TensorInfo& tensor : network) {
      names.push_back(tensor.name);
      constexpr std::string_view kWeight = ".weight";
      if (tensor.name.ends_with(kWeight))
        add(tensor.name.substr(0, tensor.name.size() - kWeight.size()), {tensor.name, 0, 1});
    }
    for (OriginalWeight& weight : diffusersWeights(kind, names))
      add(weight.module, {std::move(weight.name), weight.part, weight.parts});
  }
  [[nodiscard]] const Target* find(const Key& key) const {
    const auto& table = key.flat ? flat_ : dotted_;
    const auto found = table.find(key.module);
    return found == table.end() ? nullptr : &found->second;
  }

 private:
  void add(const std::string& module, const Target& target) {
    dotted_.emplace(module, target);
    flat_.emplace(flattened(module), target);
  }
  std::unordered_map<std::string, Target> dotted_;
  std::unordered_map<std::string, Target> flat_;
};

// The alpha of files that keep it apart: diffusers' metadata; none when it says nothing.
struct Config {
  std::optional<double> alpha;
  bool rootRank = false; // alpha / sqrt(rank)
};
Config configOf(const nlohmann::json& values) {
  Config config;
  if (!values.is_object() || !values.contains("lora_adapter_metadata") ||
      !values.at("lora_adapter_metadata").is_string())
    return config;
  const auto parsed = parseStrictJson(values.at("lora_adapter_metadata").get_ref<const std::string&>());
  if (!parsed || !parsed->is_object())
    return config;
  for (const auto& [key, value] : parsed->items()) {
    if (key.ends_with("lora_alpha") && value.is_number())
      config.alpha = value.get<double>();
    else if (key.ends_with("use_rslora") && value.is_boolean())
      config.rootRank = value.get<bool>();
  }
  return config;
}

struct Found {
  std::optional<std::size_t> down, up, alpha, diff, diffBias;
  const Target* target = nullptr;
};

} // namespace

Result<std::shared_ptr<const LoraFile>> LoraFile::fit(const OpenedWeights& file, NetworkKind kind,
                                                      const std::vector<TensorInfo>& network) {
  const auto refuse = [&](WeightsFault fault, const std::string& why, std::string_view tensor) {
    return tl::unexpected<Error>(weightsError(fault, file.tensors->name(), why,
                                              tensor.empty() ? "" : fmt::format("tensor {}", printable(tensor))));
  };
  const std::vector<TensorInfo>& stored = file.tensors->tensors();
  const Modules modules(kind, network);
  std::unordered_map<std::string_view, const TensorInfo*> weights;
  for (const TensorInfo& tensor : network)
    weights.emplace(tensor.name, &tensor);

  auto lora = std::make_shared<LoraFile>();
  lora->source_ = file.tensors;
  std::map<std::string, Found> found; // by module
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const std::string& name = stored[i].name;
    const std::optional<Key> key = parseKey(name);
    if (!key)
      return refuse(WeightsFault::BadKeys, fmt::format("{} is no part of a LoRA", printable(name)), name);
    if (key->side != Side::Any && (key->side == Side::Text) != isTextEncoder(kind)) {
      ++lora->others_;
      continue;
    }
    if (key->role == Role::Unsupported)
      return refuse(WeightsFault::Unsupported, fmt::format("{} belongs to another kind of adapter", printable(name)),
                    name);
    if (key->role == Role::DiffModulation) {
      // Of Wan's blocks and head: a tensor of its own, not a module's weight.
      const auto modulation = weights.find(key->module + ".modulation");
      if (modulation == weights.end() || modulation->second->elements() != stored[i].elements() ||
          stored[i].elements() == 0)
        return refuse(WeightsFault::BadKeys,
                      fmt::format("{} {} fits no modulation", printable(name), describeShape(stored[i].shape)), name);
      lora->layers_.push_back({modulation->second->name, 0, 1, 0, 1, 0, i});
      continue;
    }
    const Target* const target = modules.find(*key);
    if (target == nullptr)
      return refuse(WeightsFault::BadKeys,
                    fmt::format("{} changes no layer of the {}", printable(name), networkName(kind)), name);
    Found& module = found[fmt::format("{}#{}", target->name, target->part)];
    module.target = target;
    std::optional<std::size_t>& place = key->role == Role::Down    ? module.down
                                        : key->role == Role::Up    ? module.up
                                        : key->role == Role::Diff  ? module.diff
                                        : key->role == Role::Alpha ? module.alpha
                                                                   : module.diffBias;
    if (place)
      return refuse(WeightsFault::BadKeys,
                    fmt::format("{} and {} change the same layer", printable(stored[*place].name), printable(name)),
                    name);
    place = i;
  }

  const Config config = configOf(file.values);
  for (const auto& [unused, module] : found) {
    const TensorInfo& weight = *weights.at(module.target->name);
    const auto perPart = weight.shape.empty() ? 0 : weight.shape[0] / module.target->parts;
    const std::int64_t inner = weight.shape.empty() || weight.shape[0] == 0
                                   ? 0
                                   : static_cast<std::int64_t>(weight.elements()) / weight.shape[0];
    LoraLayer layer{module.target->name, module.target->part, module.target->parts};
    if (module.down.has_value() != module.up.has_value()) {
      const std::string& half = stored[module.down ? *module.down : *module.up].name;
      return refuse(WeightsFault::BadKeys, fmt::format("the other half of {} is missing", printable(half)), half);
    }
    if (!module.down && !module.diff && !module.diffBias)
      return refuse(WeightsFault::BadKeys, fmt::format("{} has no factors", printable(stored[*module.alpha].name)),
                    stored[*module.alpha].name);
    if (module.down) {
      const TensorInfo& down = stored[*module.down];
      const TensorInfo& up = stored[*module.up];
      layer.rank = down.shape.empty() ? 0 : down.shape[0];
      const bool fits = layer.rank > 0 && up.shape.size() >= 2 && up.shape[1] == layer.rank && up.shape[0] == perPart &&
                        static_cast<std::int64_t>(up.elements()) == perPart * layer.rank &&
                        static_cast<std::int64_t>(down.elements()) == layer.rank * inner;
      if (!fits)
        return refuse(WeightsFault::BadKeys,
                      fmt::format("{} {} and its other half {} do not fit {} {}", printable(down.name),
                                  describeShape(down.shape), describeShape(up.shape), weight.name,
                                  describeShape(weight.shape)),
                      down.name);
      double alpha = config.alpha.value_or(static_cast<double>(layer.rank));
      if (module.alpha) {
        auto value = file.tensors->read(*module.alpha);
        if (!value)
          return fail(value);
        if (value->numel() != 1 || !std::isfinite(value->to(at::kDouble).reshape({}).item<double>()))
          return refuse(WeightsFault::BadKeys, fmt::format("{} is no number", printable(stored[*module.alpha].name)),
                        stored[*module.alpha].name);
        alpha = value->to(at::kDouble).reshape({}).item<double>();
      }
      const auto rank = static_cast<double>(layer.rank);
      layer.scale = alpha / (config.rootRank && !module.alpha ? std::sqrt(rank) : rank);
      layer.down = *module.down;
      layer.up = *module.up;
      lora->layers_.push_back(layer);
    }
    if (module.diff) {
      if (static_cast<std::int64_t>(stored[*module.diff].elements()) != perPart * inner)
        return refuse(WeightsFault::BadKeys,
                      fmt::format("{} {} does not fit {} {}", printable(stored[*module.diff].name),
                                  describeShape(stored[*module.diff].shape), weight.name, describeShape(weight.shape)),
                      stored[*module.diff].name);
      lora->layers_.push_back({layer.target, layer.part, layer.parts, 0, 1, 0, *module.diff});
    }
    if (module.diffBias) {
      std::string bias = layer.target;
      if (bias.ends_with("weight"))
        bias.replace(bias.size() - 6, 6, "bias");
      const auto known = weights.find(bias);
      const TensorInfo& change = stored[*module.diffBias];
      if (known == weights.end() || known->second->elements() != change.elements() * static_cast<unsigned>(layer.parts))
        return refuse(WeightsFault::BadKeys,
                      fmt::format("{} {} fits no bias", printable(change.name), describeShape(change.shape)),
                      change.name);
      lora->layers_.push_back({bias, layer.part, layer.parts, 0, 1, 0, *module.diffBias});
    }
  }
  if (lora->layers_.empty())
    return refuse(WeightsFault::BadKeys, fmt::format("it changes no layer of the {}", networkName(kind)), "");
  return std::shared_ptr<const LoraFile>(std::move(lora));
}

namespace {

class MergedSource final : public TensorSource {
 public:
  MergedSource(std::shared_ptr<TensorSource> network, std::vector<LoraUse> uses)
      : network_(std::move(network)), uses_(std::move(uses)) {
    for (std::size_t use = 0; use < uses_.size(); ++use) {
      const auto& layers = uses_[use].file->layers();
      for (std::size_t layer = 0; layer < layers.size(); ++layer)
        changes_[layers[layer].target].push_back({use, layer});
    }
  }

  const std::vector<TensorInfo>& tensors() const override { return network_->tensors(); }
  std::string name() const override { return network_->name(); }

  Result<at::Tensor> read(std::size_t index) override {
    auto stored = network_->read(index);
    const auto changes = changes_.find(tensors().at(index).name);
    if (!stored || changes == changes_.end())
      return stored;
    at::Tensor weight = stored->to(at::kFloat, false, true);
    for (const Change& change : changes->second) {
      const LoraUse& use = uses_[change.use];
      const LoraLayer& layer = use.file->layers()[change.layer];
      auto up = use.file->tensors().read(layer.up);
      if (!up)
        return fail(up);
      at::Tensor difference = up->to(at::kFloat);
      if (layer.rank > 0) {
        auto down = use.file->tensors().read(layer.down);
        if (!down)
          return fail(down);
        difference = at::mm(difference.reshape({-1, layer.rank}), down->to(at::kFloat).reshape({layer.rank, -1}));
      }
      const std::int64_t rows = weight.size(0) / layer.parts;
      at::Tensor part = weight.narrow(0, layer.part * rows, rows);
      part.add_(difference.reshape(part.sizes()), use.strength * layer.scale);
    }
    return weight.to(stored->scalar_type());
  }

 private:
  struct Change {
    std::size_t use;
    std::size_t layer;
  };
  std::shared_ptr<TensorSource> network_;
  std::vector<LoraUse> uses_;
  std::unordered_map<std::string, std::vector<Change>> changes_;
};

} // namespace

std::shared_ptr<TensorSource> withLora(std::shared_ptr<TensorSource> network, std::vector<LoraUse> uses) {
  return std::make_shared<MergedSource>(std::move(network), std::move(uses));
}

Result<LoraBranches> LoraBranches::load(const std::vector<LoraUse>& uses, at::ScalarType type, at::Device device) {
  LoraBranches result;
  for (const LoraUse& use : uses) {
    for (const LoraLayer& layer : use.file->layers()) {
      if (layer.rank == 0)
        return tl::unexpected<Error>(weightsError(
            WeightsFault::Unsupported, use.file->tensors().name(),
            fmt::format("it changes {} as a whole, which cannot be switched; merge it instead", layer.target),
            fmt::format("tensor {}", layer.target)));
      auto down = use.file->tensors().read(layer.down);
      auto up = use.file->tensors().read(layer.up);
      if (!down || !up)
        return fail(down ? up : down);
      result.branches_[layer.target].push_back({down->to(device, type),
                                                up->to(at::kFloat).mul(use.strength * layer.scale).to(device, type),
                                                layer.part, layer.parts});
    }
  }
  return result;
}

void LoraBranches::addLinear(const at::Tensor& x, at::Tensor& y, std::string_view weight) const {
  const auto found = branches_.find(weight);
  if (found == branches_.end())
    return;
  for (const Branch& branch : found->second) {
    const std::int64_t rank = branch.down.size(0);
    const std::int64_t rows = y.size(-1) / branch.parts;
    const at::Tensor inner = at::matmul(x, branch.down.reshape({rank, -1}).t());
    y.narrow(-1, branch.part * rows, rows).add_(at::matmul(inner, branch.up.reshape({-1, rank}).t()));
  }
}

void LoraBranches::addConv2d(const at::Tensor& x, at::Tensor& y, std::string_view weight, at::IntArrayRef stride,
                             at::IntArrayRef padding) const {
  const auto found = branches_.find(weight);
  if (found == branches_.end())
    return;
  for (const Branch& branch : found->second) {
    const std::int64_t rank = branch.down.size(0);
    const at::Tensor down = branch.down.dim() == 4 ? branch.down : branch.down.reshape({rank, -1, 1, 1});
    const std::int64_t rows = y.size(1) / branch.parts;
    const at::Tensor inner = at::conv2d(x, down, {}, stride, padding);
    y.narrow(1, branch.part * rows, rows).add_(at::conv2d(inner, branch.up.reshape({-1, rank, 1, 1})));
  }
}

LoraSummary summarizeLora(const std::vector<TensorInfo>& tensors) {
  LoraSummary summary;
  std::size_t parsed = 0;
  bool wan = false;
  bool unet = false;
  bool text = false;
  for (const TensorInfo& tensor : tensors) {
    const std::optional<Key> key = parseKey(tensor.name);
    if (!key)
      continue;
    ++parsed;
    if (key->role == Role::Down && !tensor.shape.empty()) {
      summary.largestRank = std::max(summary.largestRank, tensor.shape[0]);
      summary.leastRank = summary.layers == 0 ? tensor.shape[0] : std::min(summary.leastRank, tensor.shape[0]);
      ++summary.layers;
      summary.grammar = key->grammar;
      if (key->grammar == "kohya" && !key->flat)
        summary.grammar = "original names";
    }
    const std::string module = key->flat ? key->module : flattened(key->module);
    text = text || key->side == Side::Text;
    wan = wan || module.starts_with("blocks_");
    unet = unet || module.starts_with("down_blocks_") || module.starts_with("up_blocks_") ||
           module.starts_with("mid_block_") || module.starts_with("input_blocks_");
  }
  if (parsed != tensors.size())
    return {};
  if (wan)
    summary.networks.push_back(NetworkKind::WanDit);
  if (unet)
    summary.networks.push_back(NetworkKind::SdUnet);
  if (text)
    summary.networks.push_back(NetworkKind::ClipText);
  return summary;
}

} // namespace kinora::inference
