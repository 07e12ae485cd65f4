// SPDX-License-Identifier: Apache-2.0
// Hides how a golden case (case.json, weights, inputs, outputs of a reference implementation) is replayed on our
// networks and how far the results lie apart.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace kinora::inference {

// One named output of a case against ours.
struct OutputError {
  std::string name; // "name", or "name@variant" where a case is replayed on several weight files
  double maxAbsolute = 0;
  double maxRelative = 0; // largest |a - b| / |b| where |b| exceeds the absolute tolerance
  double worst = 0;       // largest |a - b| / (atol + rtol * |b|): 1 uses up the tolerance
  std::string
      problem; // "not computed", "shape [..] instead of [..]", "holds NaN"; empty when numbers could be compared

  [[nodiscard]] bool passed() const { return problem.empty() && worst <= 1; }
};

struct ParityReport {
  std::filesystem::path folder;
  std::string network;
  double absoluteTolerance = 0;
  double relativeTolerance = 0;
  std::vector<OutputError> outputs;
  double seconds = 0;

  [[nodiscard]] bool passed() const;
};

// [any] Every folder below root (root itself included) that holds a case.json, sorted.
[[nodiscard]] Result<std::vector<std::filesystem::path>> findCases(const std::filesystem::path& root);

// [any] Replays one case. Fails with Unsupported when no network of ours replays this case, Corrupt when its files do
// not fit each other.
[[nodiscard]] Result<ParityReport> replayCase(const std::filesystem::path& folder, std::stop_token stop = {});

} // namespace kinora::inference
