// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/weights/weights_source_p.h"

#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/base/file.h"
#include "engine/inference/weights/mapped_file_p.h"
#include "engine/inference/weights/pth_p.h"
#include "engine/inference/weights/safetensors_p.h"
#include "engine/inference/weights/strict_json_p.h"
#include "engine/inference/weights/weights_fault_p.h"

namespace kinora::inference {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::int64_t kMaxIndex = 100'000'000;
constexpr std::int64_t kMaxConfig = 16 << 20;
constexpr std::size_t kMaxParts = 10'000;
constexpr std::size_t kNamed = 5; // names listed in a message

tl::unexpected<Error> refuse(WeightsFault fault, const fs::path& file, std::string_view why,
                             std::string_view spot = {}) {
  return tl::unexpected<Error>(weightsError(fault, file.string(), why, spot));
}

Result<json> readJson(const fs::path& file, std::int64_t limit) {
  auto text = readTextFile(file, limit);
  if (!text)
    return fail(text);
  auto value = parseStrictJson(*text);
  if (!value)
    return refuse(WeightsFault::BadIndex, file, value.error());
  return std::move(*value);
}

// A file in the same folder, and nothing else.
bool isPlainName(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
         name.find('\\') == std::string::npos && name.find('\0') == std::string::npos && name.size() < 256;
}

std::string listed(const std::vector<std::string>& names) {
  const std::size_t count = std::min(names.size(), kNamed);
  std::string text =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(count), ", "));
  return names.size() > count ? fmt::format("{} and {} more", text, names.size() - count) : text;
}

// The tensors of several files one after another.
class JoinedSource final : public TensorSource {
 public:
  explicit JoinedSource(std::string name) : name_(std::move(name)) {}
  void add(const std::shared_ptr<TensorSource>& part) {
    for (std::size_t i = 0; i < part->tensors().size(); ++i) {
      infos_.push_back(part->tensors()[i]);
      places_.push_back({part, i});
    }
  }
  const std::vector<TensorInfo>& tensors() const override { return infos_; }
  Result<at::Tensor> read(std::size_t index) override { return places_.at(index).part->read(places_.at(index).index); }
  std::string name() const override { return name_; }

 private:
  struct Place {
    std::shared_ptr<TensorSource> part;
    std::size_t index;
  };
  std::string name_;
  std::vector<TensorInfo> infos_;
  std::vector<Place> places_;
};

bool isPyTorch(std::span<const std::byte> bytes) {
  return (bytes.size() >= 4 && bytes[0] == std::byte{'P'} && bytes[1] == std::byte{'K'}) ||
         (!bytes.empty() && bytes[0] == std::byte{0x80} && bytes.size() >= 2 && bytes[1] <= std::byte{5});
}

Result<OpenedWeights> openFile(const fs::path& file) {
  auto mapped = MappedFile::open(file);
  if (!mapped)
    return fail(mapped);
  // 0x80 may also begin the length of a safetensors header; a pickle's second byte is its protocol, and a header of
  // that length begins with a brace.
  const auto bytes = (*mapped)->bytes();
  const bool braced = bytes.size() > 8 && bytes[8] == std::byte{'{'};
  const std::string ending = file.extension().string();
  const bool torchEnding = ending == ".pth" || ending == ".pt" || ending == ".ckpt" || ending == ".bin";
  if ((isPyTorch(bytes) && !braced) || (torchEnding && !braced)) {
    auto opened = PthFile::open(*mapped);
    if (!opened)
      return fail(opened);
    return OpenedWeights{*opened, "PyTorch", (*opened)->values(), {file}};
  }
  auto opened = SafetensorsFile::open(file);
  if (!opened)
    return fail(opened);
  json metadata = nullptr;
  if (!(*opened)->metadata().empty())
    metadata = (*opened)->metadata();
  return OpenedWeights{*opened, "safetensors", std::move(metadata), {file}};
}

// "model-00002-of-00005.safetensors" without its number, or empty.
std::string partFamily(const std::string& name) {
  const std::size_t of = name.rfind("-of-");
  if (of == std::string::npos || of < 6 || name[of - 6] != '-')
    return {};
  const std::string_view number = std::string_view(name).substr(of - 5, 5);
  if (!std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return {};
  return name.substr(0, of - 6) + name.substr(of);
}

Result<OpenedWeights> openFolder(const fs::path& folder) {
  std::vector<std::string> indexes;
  std::array<std::vector<std::string>, 2> files; // safetensors, PyTorch
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.ends_with(".safetensors.index.json") || name.ends_with(".bin.index.json"))
      indexes.push_back(name);
    else if (name.ends_with(".safetensors"))
      files[0].push_back(name);
    else if (name.ends_with(".pth") || name.ends_with(".pt") || name.ends_with(".ckpt") || name.ends_with(".bin"))
      files[1].push_back(name);
  }
  if (error)
    return fail(ErrorCode::Io,
                fmt::format("Opening the folder “{}” failed: {}.", folder.filename().string(), error.message()),
                folder.string());
  std::sort(indexes.begin(), indexes.end());
  // safetensors first; of several indexes or files the one without a variant in its name ("model.fp16.safetensors").
  std::stable_sort(indexes.begin(), indexes.end(), [](const std::string& a, const std::string& b) {
    const auto rank = [](const std::string& n) {
      return std::pair(n.ends_with(".bin.index.json"), std::count(n.begin(), n.end(), '.'));
    };
    return rank(a) < rank(b);
  });
  if (!indexes.empty())
    return openIndex(folder / indexes.front());
  for (std::vector<std::string>& names : files) {
    if (names.empty())
      continue;
    std::vector<std::string> plain;
    for (const std::string& name : names) {
      if (std::count(name.begin(), name.end(), '.') == 1)
        plain.push_back(name);
    }
    if (names.size() == 1 || plain.size() == 1)
      return openFile(folder / (names.size() == 1 ? names.front() : plain.front()));
    std::sort(names.begin(), names.end());
    const std::string family = partFamily(names.front());
    if (!family.empty() &&
        std::all_of(names.begin(), names.end(), [&](const std::string& name) { return partFamily(name) == family; }))
      return fail(ErrorCode::NotFound,
                  fmt::format("Opening the weights in “{}” failed: their index ({}) is missing. Fetch it too.",
                              folder.filename().string(), "*.index.json"),
                  folder.string());
    return fail(ErrorCode::InvalidArgument,
                fmt::format("Opening the weights in “{}” failed: there are several files ({}). Name one of them.",
                            folder.filename().string(), listed(names)),
                folder.string());
  }
  return fail(ErrorCode::InvalidArgument,
              fmt::format("Opening the weights in “{}” failed: there are none. Name a folder with .safetensors or .pth "
                          "files.",
                          folder.filename().string()),
              folder.string());
}

} // namespace

Result<OpenedWeights> openIndex(const fs::path& index) {
  const auto parsed = readJson(index, kMaxIndex);
  if (!parsed)
    return fail(parsed);
  const json& root = *parsed;
  if (!root.is_object() || !root.contains("weight_map") || !root.at("weight_map").is_object())
    return refuse(WeightsFault::BadIndex, index, "it has no weight_map");
  std::map<std::string, std::string> partOf; // tensor -> file
  std::set<std::string> parts;
  for (const auto& [tensor, part] : root.at("weight_map").items()) {
    if (!part.is_string() || !isPlainName(part.get<std::string>()))
      return refuse(WeightsFault::BadIndex, index,
                    fmt::format("{} lies in {}, which is no file beside the index", printable(tensor),
                                printable(part.dump(-1, ' ', false, json::error_handler_t::replace))),
                    fmt::format("tensor {}", printable(tensor)));
    partOf.emplace(tensor, part.get<std::string>());
    parts.insert(part.get<std::string>());
  }
  if (parts.empty() || parts.size() > kMaxParts)
    return refuse(WeightsFault::BadIndex, index, fmt::format("it names {} files", parts.size()));
  std::vector<std::string> missing;
  for (const std::string& part : parts) {
    std::error_code ignored;
    if (!fs::is_regular_file(index.parent_path() / part, ignored))
      missing.push_back(part);
  }
  if (!missing.empty())
    return fail(ErrorCode::NotFound,
                fmt::format("Opening the weights “{}” failed: {} of {} files are missing: {}. Fetch them too.",
                            index.filename().string(), missing.size(), parts.size(), listed(missing)),
                index.string());

  OpenedWeights result;
  auto joined = std::make_shared<JoinedSource>(index.string());
  std::set<std::string_view> seen;
  std::string kind;
  for (const std::string& part : parts) {
    auto opened = openFile(index.parent_path() / part);
    if (!opened)
      return fail(opened);
    for (const TensorInfo& tensor : opened->tensors->tensors()) {
      const auto known = partOf.find(tensor.name);
      if (known == partOf.end() || known->second != part)
        return refuse(WeightsFault::BadIndex, index,
                      fmt::format("{} lies in {}, but {}", printable(tensor.name), part,
                                  known == partOf.end() ? std::string("the index does not know it")
                                                        : fmt::format("the index says {}", known->second)),
                      fmt::format("tensor {}", printable(tensor.name)));
      seen.insert(known->first);
    }
    kind = opened->container;
    joined->add(opened->tensors);
    result.files.push_back(opened->files.front());
  }
  std::vector<std::string> absent;
  for (const auto& [tensor, part] : partOf) {
    if (!seen.contains(tensor))
      absent.push_back(fmt::format("{} in {}", printable(tensor), part));
  }
  if (!absent.empty())
    return refuse(WeightsFault::BadIndex, index,
                  fmt::format("{} tensors are missing: {}", absent.size(), listed(absent)),
                  fmt::format("tensor {}", absent.front()));
  result.container = fmt::format("{} in {} part{}", kind, parts.size(), parts.size() == 1 ? "" : "s");
  result.values = root.value("metadata", json());
  result.tensors = std::move(joined);
  return result;
}

Result<OpenedWeights> openWeights(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored))
    return openFolder(path);
  if (path.filename().string().ends_with(".index.json"))
    return openIndex(path);
  return openFile(path);
}

bool isModelFolder(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / "model_index.json", ignored);
}

Result<ModelFolder> openModelFolder(const fs::path& folder) {
  const fs::path index = folder / "model_index.json";
  const auto root = readJson(index, kMaxConfig);
  if (!root)
    return fail(root);
  if (!root->is_object())
    return refuse(WeightsFault::BadIndex, index, "it is no object");
  ModelFolder model;
  for (const auto& [name, value] : root->items()) {
    if (name == "_class_name" && value.is_string())
      model.className = value.get<std::string>();
    // Components are ["library", "class"]; null ones are left out, other keys are settings.
    if (name.starts_with("_") || !value.is_array() || value.size() != 2 || !value[0].is_string() ||
        !value[1].is_string())
      continue;
    if (!isPlainName(name))
      return refuse(WeightsFault::BadIndex, index,
                    fmt::format("the component {} is no folder beside it", printable(name)));
    ModelComponent component;
    component.name = name;
    component.library = value[0].get<std::string>();
    component.className = value[1].get<std::string>();
    component.folder = folder / name;
    std::error_code ignored;
    component.present = fs::is_directory(component.folder, ignored);
    if (fs::is_regular_file(component.folder / "config.json", ignored)) {
      auto config = readJson(component.folder / "config.json", kMaxConfig);
      if (!config)
        return fail(config);
      component.config = std::move(*config);
    }
    model.components.push_back(std::move(component));
  }
  if (model.components.empty())
    return refuse(WeightsFault::BadIndex, index, "it names no components");
  return model;
}

Result<json> configBeside(const fs::path& weights) {
  std::error_code ignored;
  const fs::path folder = fs::is_directory(weights, ignored) ? weights : weights.parent_path();
  const fs::path file = folder / "config.json";
  if (!fs::is_regular_file(file, ignored))
    return json();
  auto config = readJson(file, kMaxConfig);
  if (!config)
    return fail(config);
  return config->is_object() ? std::move(*config) : json();
}

} // namespace kinora::inference
