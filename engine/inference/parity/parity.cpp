// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/parity/parity.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include "engine/inference/parity/golden_case_p.h"
#include "engine/inference/weights/safetensors_p.h"

namespace kinora::inference {
namespace {

namespace fs = std::filesystem;

Tensors readAll(const fs::path& file) {
  auto opened = SafetensorsFile::open(file);
  if (!opened)
    throw CaseError(opened.error().text());
  Tensors tensors;
  const auto& listed = (*opened)->tensors();
  for (std::size_t i = 0; i < listed.size(); ++i) {
    auto tensor = (*opened)->read(i);
    if (!tensor)
      throw CaseError(tensor.error().text());
    tensors.emplace(listed[i].name, *tensor);
  }
  return tensors;
}

// Tokenizer cases hold texts in case.json: what each becomes is an output "text 03: ids" like any other. Cleaned text
// counts as its bytes.
void addStrings(GoldenCase& golden) {
  const auto strings = golden.description.find("strings");
  if (strings == golden.description.end())
    return;
  for (std::size_t i = 0; i < strings->size(); ++i) {
    for (const auto& [key, value] : (*strings)[i].items()) {
      const std::string name = textOutput(i, key);
      if (key == "cleaned")
        golden.expected[name] = textAsTensor(value.get<std::string>());
      else if (key.starts_with("ids"))
        golden.expected[name] = at::tensor(value.get<std::vector<std::int64_t>>(), at::kLong);
    }
  }
}

GoldenCase readCase(const fs::path& folder) {
  GoldenCase golden;
  golden.folder = folder;
  std::ifstream text(folder / "case.json");
  if (!text)
    throw CaseError("case.json cannot be read");
  golden.description = nlohmann::json::parse(text);
  golden.inputs = readAll(folder / "inputs.safetensors");
  golden.expected = readAll(folder / "outputs.safetensors");
  addStrings(golden);
  return golden;
}

OutputError compare(std::string name, const at::Tensor& ours, const at::Tensor& theirs, double atol, double rtol) {
  OutputError result;
  result.name = std::move(name);
  if (!ours.defined()) {
    result.problem = "not computed";
    return result;
  }
  if (ours.sizes() != theirs.sizes()) {
    result.problem =
        fmt::format("shape {} instead of {}", describeShape(ours.sizes().vec()), describeShape(theirs.sizes().vec()));
    return result;
  }
  if (ours.numel() == 0)
    return result;
  const at::Tensor a = ours.to(at::kCPU, at::kDouble);
  const at::Tensor b = theirs.to(at::kDouble);
  const bool exact = !theirs.is_floating_point(); // ids, indices and flags
  if (!exact && !a.isfinite().eq(b.isfinite()).all().item<bool>()) {
    result.problem = "holds infinities or NaN where the reference does not";
    return result;
  }
  const at::Tensor error = at::where(a == b, at::zeros_like(a), (a - b).abs()).nan_to_num(0.0);
  const at::Tensor size = b.abs().nan_to_num(0.0);
  result.maxAbsolute = error.max().item<double>();
  result.maxRelative =
      at::where(size > atol, error / size.clamp_min(1e-300), at::zeros_like(error)).max().item<double>();
  if (exact || atol + rtol == 0)
    result.worst = result.maxAbsolute == 0 ? 0 : INFINITY;
  else
    result.worst = (error / (size * rtol + atol)).max().item<double>();
  return result;
}

ParityReport replay(const fs::path& folder) {
  const GoldenCase golden = readCase(folder);
  ParityReport report;
  report.folder = folder;
  report.network = golden.description.value("network", "");
  report.absoluteTolerance = golden.description.at("tolerance").at("atol").get<double>();
  report.relativeTolerance = golden.description.at("tolerance").at("rtol").get<double>();
  const auto groups = {wanReplayers(), codecReplayers(), textReplayers(), unetReplayers(), scheduleReplayers()};
  for (const std::vector<Replayer>& group : groups) {
    for (const Replayer& replayer : group) {
      if (!replayer.knows(golden))
        continue;
      const auto begin = std::chrono::steady_clock::now();
      const Tensors ours = replayer.replay(golden);
      report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      for (const auto& [name, theirs] : golden.expected) {
        const auto found = ours.find(name);
        report.outputs.push_back(compare(name, found == ours.end() ? at::Tensor() : found->second, theirs,
                                         report.absoluteTolerance, report.relativeTolerance));
      }
      for (const auto& [name, tensor] : ours) {
        const std::size_t at = name.find('@');
        if (at == std::string::npos)
          continue;
        const auto theirs = golden.expected.find(std::string_view(name).substr(0, at));
        if (theirs == golden.expected.end())
          throw CaseError(fmt::format("there is no expected output for {}", name));
        report.outputs.push_back(
            compare(name, tensor, theirs->second, report.absoluteTolerance, report.relativeTolerance));
      }
      return report;
    }
  }
  return report; // nobody knew it
}

} // namespace

std::string textOutput(std::size_t index, std::string_view what) {
  return fmt::format("text {:02}: {}", index, what);
}

at::Tensor textAsTensor(const std::string& text) {
  at::Tensor bytes = at::empty({static_cast<std::int64_t>(text.size())}, at::kByte);
  std::copy(text.begin(), text.end(), bytes.data_ptr<std::uint8_t>());
  return bytes;
}

const at::Tensor& GoldenCase::input(std::string_view name) const {
  const auto found = inputs.find(name);
  if (found == inputs.end())
    throw CaseError(fmt::format("inputs.safetensors has no tensor {}", name));
  return found->second;
}

std::shared_ptr<TensorSource> GoldenCase::weights(std::string_view file) const {
  auto opened = SafetensorsFile::open(folder / file);
  if (!opened)
    throw CaseError(opened.error().text());
  return *opened;
}

bool GoldenCase::holds(std::string_view file) const {
  return fs::exists(folder / file);
}

bool ParityReport::passed() const {
  return !outputs.empty() && std::all_of(outputs.begin(), outputs.end(), [](const auto& out) { return out.passed(); });
}

Result<std::vector<fs::path>> findCases(const fs::path& root) {
  std::error_code error;
  std::vector<fs::path> cases;
  if (fs::exists(root / "case.json", error))
    cases.push_back(root);
  for (fs::recursive_directory_iterator entry(root, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->is_directory(error) && fs::exists(entry->path() / "case.json", error))
      cases.push_back(entry->path());
  }
  if (error)
    return fail(ErrorCode::NotFound,
                fmt::format("looking for golden cases failed: {}. Name a folder that exists.", error.message()),
                root.string());
  std::sort(cases.begin(), cases.end());
  return cases;
}

Result<ParityReport> replayCase(const fs::path& folder, std::stop_token stop) {
  if (stop.stop_requested())
    return fail(ErrorCode::Cancelled, "replaying the golden case was cancelled", folder.string());
  const c10::NoGradGuard noGradients;
  try {
    ParityReport report = replay(folder);
    if (report.outputs.empty())
      return fail(ErrorCode::Unsupported,
                  fmt::format("no network here replays the golden case '{}'. Update Kinora, or leave the case out.",
                              report.network),
                  folder.string());
    return report;
  } catch (const std::exception& problem) {
    return fail(
        ErrorCode::Corrupt,
        fmt::format("replaying the golden case failed: {}. Check its files against each other.", problem.what()),
        folder.string());
  }
}

} // namespace kinora::inference
