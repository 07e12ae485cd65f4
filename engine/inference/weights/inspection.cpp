// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/weights/inspection.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <set>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/inference/weights/key_map_p.h"
#include "engine/inference/weights/lora_p.h"
#include "engine/inference/weights/network_shapes_p.h"
#include "engine/inference/weights/weights_source_p.h"

namespace kinora::inference {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kFirst = 8;       // tensors listed of an unknown file
constexpr std::size_t kNeighbours = 64; // files looked at beside it

std::string_view today(NetworkKind kind) {
  switch (kind) {
  case NetworkKind::WanDit:
    return "Kinora loads it and computes it, whole and streamed; generating with it from the window is not built yet.";
  case NetworkKind::WanVae:
  case NetworkKind::WanVae22:
  case NetworkKind::Taehv:
  case NetworkKind::SdVae:
  case NetworkKind::Taesd:
    return "Kinora loads it, encodes and decodes with it; using it from the window is not built yet.";
  case NetworkKind::Umt5:
  case NetworkKind::ClipText:
  case NetworkKind::OpenClipText:
    return "Kinora loads it and encodes prompts with it; using it from the window is not built yet.";
  case NetworkKind::ClipVision:
    return "Kinora loads it and encodes pictures with it; using it from the window is not built yet.";
  case NetworkKind::SdUnet:
    return "Kinora loads it and computes it; generating with it from the window is not built yet.";
  }
  KINORA_CHECK(false);
  return {};
}

std::uint64_t elementsOf(const std::vector<TensorInfo>& tensors) {
  std::uint64_t total = 0;
  for (const TensorInfo& tensor : tensors)
    total += tensor.elements();
  return total;
}

std::uint64_t bytesOf(const std::vector<fs::path>& files) {
  std::uint64_t total = 0;
  for (const fs::path& file : files) {
    std::error_code error;
    const auto size = fs::file_size(file, error);
    total += error ? 0 : size;
  }
  return total;
}

bool mayHoldWeights(const fs::path& file) {
  static constexpr std::array kEndings = {".safetensors", ".pth", ".pt", ".ckpt", ".bin"};
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [&](std::string_view ending) { return file.extension().string() == ending; });
}

// The networks in the files of a folder and one folder below it; what cannot be opened is none.
std::set<NetworkKind> networksIn(const fs::path& folder) {
  std::set<NetworkKind> kinds;
  std::size_t looked = 0;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder.empty() ? fs::path(".") : folder,
                                         fs::directory_options::skip_permission_denied, error);
  for (const fs::recursive_directory_iterator end; !error && entry != end && looked < kNeighbours;
       entry.increment(error)) {
    std::error_code ignored;
    if (entry.depth() > 0 && entry->is_directory(ignored))
      entry.disable_recursion_pending();
    if (!entry->is_regular_file(ignored) || !mayHoldWeights(entry->path()))
      continue;
    ++looked;
    if (const auto opened = openWeights(entry->path())) {
      for (const FoundNetwork& network : findNetworks(opened->tensors->tensors()))
        kinds.insert(network.kind);
    }
  }
  return kinds;
}

bool isAutoencoder(NetworkKind kind) {
  return kind == NetworkKind::WanVae || kind == NetworkKind::WanVae22 || kind == NetworkKind::SdVae;
}

std::string needText(NetworkKind kind) {
  switch (kind) {
  case NetworkKind::WanVae:
    return "an autoencoder: Wan 2.1's, or a small one (taew2_1)";
  case NetworkKind::WanVae22:
    return "an autoencoder: Wan 2.2's, or a small one (taew2_2)";
  case NetworkKind::SdVae:
    return "an autoencoder: Stable Diffusion's, or TAESD";
  case NetworkKind::Umt5:
    return "the UMT5 text encoder with its tokenizer, or prompts that were encoded before";
  default:
    return fmt::format("the {}", networkName(kind));
  }
}

std::vector<std::string> stillNeeded(const std::vector<NetworkKind>& needs, const std::set<NetworkKind>& there) {
  std::vector<std::string> missing;
  for (const NetworkKind need : needs) {
    const bool small = (isAutoencoder(need) && need != NetworkKind::SdVae && there.contains(NetworkKind::Taehv)) ||
                       (need == NetworkKind::SdVae && there.contains(NetworkKind::Taesd));
    if (!there.contains(need) && !small)
      missing.push_back(needText(need));
  }
  return missing;
}

struct Part {
  OpenedWeights weights;
  json config;
  std::string component;
};

// The networks of one set of weights. There may be several in one checkpoint.
void addNetworks(const Part& part, const std::set<NetworkKind>& there, std::vector<NetworkReport>& reports) {
  std::set<NetworkKind> done;
  const std::vector<FoundNetwork> networks = findNetworks(part.weights.tensors->tensors());
  for (const FoundNetwork& found : networks) {
    if (!done.insert(found.kind).second)
      continue; // another copy, such as generator beside generator_ema
    const auto view = withOriginalKeys(part.weights.tensors, found.kind);
    const NetworkShape shape = shapeOf(found.kind, view->tensors());
    NetworkReport report;
    report.kind = found.kind;
    report.variant = shape.variant;
    report.component = part.component;
    report.prefix = found.prefix;
    report.diffusersNames = found.grammar == KeyGrammar::Diffusers;
    report.tensors = view->tensors().size();
    report.parameters = elementsOf(view->tensors());
    for (const auto& [name, number] : shape.numbers) {
      if (number > 0) // 0: the tensor that tells it is missing
        report.configuration.emplace_back(name, std::to_string(number));
    }
    for (const std::string& feature : shape.features)
      report.configuration.emplace_back(feature, "yes");
    const auto disagree = disagreements(found.kind, shape, part.config);
    report.problems.insert(report.problems.end(), disagree.begin(), disagree.end());
    const auto copies = std::count_if(networks.begin(), networks.end(),
                                      [&](const FoundNetwork& other) { return other.kind == found.kind; });
    if (copies > 1)
      report.configuration.emplace_back("copies in the file", std::to_string(copies));
    report.today = today(found.kind);
    report.needs = stillNeeded(shape.needs, there);
    reports.push_back(std::move(report));
  }
}

void addTypes(const std::vector<TensorInfo>& tensors, std::map<DType, std::uint64_t>& types) {
  for (const TensorInfo& tensor : tensors)
    types[tensor.dtype] += tensor.elements();
}

void finishTypes(const std::map<DType, std::uint64_t>& types, WeightsInspection& result) {
  result.types.assign(types.begin(), types.end());
  std::stable_sort(result.types.begin(), result.types.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
}

// Voice models of the RVC family keep a list of numbers beside the tensors.
bool describeVoice(const json& values, const std::vector<TensorInfo>& tensors, WeightsInspection& result) {
  const bool named = std::any_of(tensors.begin(), tensors.end(), [](const TensorInfo& tensor) {
    return tensor.name.find("emb_g.weight") != std::string::npos;
  });
  if (!values.is_object() || !values.contains("config") || !values.at("config").is_array() || !named)
    return false;
  result.content = WeightsContent::VoiceModel;
  result.facts.emplace_back("version", values.value("version", json("v1")).is_string()
                                           ? values.value("version", json("v1")).get<std::string>()
                                           : "unknown");
  for (const char* key : {"sr", "f0", "info", "vocoder"}) {
    if (values.contains(key))
      result.facts.emplace_back(key,
                                values.at(key).is_string() ? values.at(key).get<std::string>() : values.at(key).dump());
  }
  result.today = "Kinora reads the file, but has no voice conversion yet.";
  return true;
}

void describeLora(const LoraSummary& lora, WeightsInspection& result) {
  result.content = WeightsContent::Lora;
  result.facts.emplace_back("names", lora.grammar);
  result.facts.emplace_back("layers", std::to_string(lora.layers));
  result.facts.emplace_back("rank", lora.leastRank == lora.largestRank
                                        ? std::to_string(lora.largestRank)
                                        : fmt::format("{} to {}", lora.leastRank, lora.largestRank));
  for (const NetworkKind kind : lora.networks)
    result.facts.emplace_back("for", std::string(networkName(kind)));
  result.today = lora.networks.empty()
                     ? "Its layers belong to no network that Kinora knows."
                     : "Kinora merges it into the network that it was made for, or adds it as side branches; using it "
                       "from the window is not built yet.";
}

Result<WeightsInspection> inspectModelFolder(const fs::path& folder) {
  const auto model = openModelFolder(folder);
  if (!model)
    return fail(model);
  WeightsInspection result;
  result.container = fmt::format("diffusers folder ({})", model->className);
  result.content = WeightsContent::Networks;
  std::map<DType, std::uint64_t> types;
  std::vector<Part> parts;
  std::set<NetworkKind> there;
  for (const ModelComponent& component : model->components) {
    if (!component.present) {
      result.facts.emplace_back(component.name, "missing");
      continue;
    }
    auto weights = openWeights(component.folder);
    // Schedulers and tokenizers have no weights.
    if (!weights && weights.error().code == ErrorCode::InvalidArgument) {
      result.facts.emplace_back(component.name, component.className);
      continue;
    }
    if (!weights)
      return fail(weights);
    result.fileBytes += bytesOf(weights->files);
    result.tensors += weights->tensors->tensors().size();
    result.parameters += elementsOf(weights->tensors->tensors());
    addTypes(weights->tensors->tensors(), types);
    const auto found = findNetworks(weights->tensors->tensors());
    for (const FoundNetwork& network : found)
      there.insert(network.kind);
    result.facts.emplace_back(component.name, found.empty() ? fmt::format("{}, unknown to Kinora", component.className)
                                                            : component.className);
    parts.push_back({std::move(*weights), component.config, component.name});
  }
  for (const Part& part : parts)
    addNetworks(part, there, result.networks);
  finishTypes(types, result);
  if (parts.empty())
    result.content = WeightsContent::Nothing;
  else if (result.networks.empty())
    result.content = WeightsContent::Tensors;
  return result;
}

} // namespace

std::string_view contentName(WeightsContent content) {
  switch (content) {
  case WeightsContent::Networks:
    return "networks";
  case WeightsContent::Lora:
    return "lora";
  case WeightsContent::VoiceModel:
    return "voiceModel";
  case WeightsContent::Tensors:
    return "tensors";
  case WeightsContent::Nothing:
    return "nothing";
  }
  KINORA_CHECK(false);
  return {};
}

Result<WeightsInspection> inspectWeights(const fs::path& path) {
  if (isModelFolder(path))
    return inspectModelFolder(path);
  auto opened = openWeights(path);
  if (!opened)
    return fail(opened);
  auto config = configBeside(path);
  if (!config)
    return fail(config);
  WeightsInspection result;
  const std::vector<TensorInfo>& tensors = opened->tensors->tensors();
  result.container = opened->container;
  result.fileBytes = bytesOf(opened->files);
  result.tensors = tensors.size();
  result.parameters = elementsOf(tensors);
  std::map<DType, std::uint64_t> types;
  addTypes(tensors, types);
  finishTypes(types, result);
  if (tensors.empty()) {
    result.content = WeightsContent::Nothing;
    result.today = "This is no model: it holds no tensors.";
    return result;
  }
  if (const LoraSummary lora = summarizeLora(tensors); lora.layers > 0) {
    describeLora(lora, result);
    return result;
  }
  if (describeVoice(opened->values, tensors, result))
    return result;
  std::error_code ignored;
  const fs::path folder = fs::is_directory(path, ignored) ? path : path.parent_path();
  if (!findNetworks(tensors).empty()) {
    result.content = WeightsContent::Networks;
    addNetworks({std::move(*opened), std::move(*config), ""}, networksIn(folder), result.networks);
    return result;
  }
  result.content = WeightsContent::Tensors;
  result.today = "Kinora knows no network with these tensors.";
  for (std::size_t i = 0; i < std::min(kFirst, tensors.size()); ++i)
    result.firstTensors.push_back(fmt::format("{} {}", tensors[i].name, describe(tensors[i])));
  return result;
}

bool looksLikeWeights(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored) || mayHoldWeights(path) || path.filename().string().ends_with(".index.json"))
    return true;
  // A file of another ending: by its first bytes, a safetensors header or the magic number of old PyTorch files.
  std::array<char, 9> first{};
  std::ifstream file(path, std::ios::binary);
  file.read(first.data(), first.size());
  if (file.gcount() < static_cast<std::streamsize>(first.size()))
    return false;
  const bool smallHeader = first[4] == 0 && first[5] == 0 && first[6] == 0 && first[7] == 0;
  return (smallHeader && first[8] == '{') || std::string_view(first.data(), 4) == "\x80\x02\x8a\x0a";
}

} // namespace kinora::inference
