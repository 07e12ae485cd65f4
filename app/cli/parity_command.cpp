// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "engine/inference/parity/parity.h"
#include "engine/inference/tensor_memory.h"

namespace kinora::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// A number in JSON, or a word where JSON has none.
json number(double value) {
  return std::isfinite(value) ? json(value) : json(value > 0 ? "infinite" : "not a number");
}

struct Totals {
  int passed = 0;
  int failed = 0;
  int leftOut = 0; // for networks that are not there
  double worst = 0;
};

json describeCase(const inference::ParityReport& report, const std::string& name, std::string& text) {
  json outputs = json::array();
  for (const inference::OutputError& output : report.outputs) {
    outputs.push_back({{"name", output.name},
                       {"maxAbsolute", number(output.maxAbsolute)},
                       {"maxRelative", number(output.maxRelative)},
                       {"shareOfTolerance", number(output.worst)},
                       {"passed", output.passed()},
                       {"problem", output.problem}});
    text += fmt::format("\n  {:<34} {:<34} {:>10.3g} {:>10.3g} {:>9.4f}{}", name, output.name, output.maxAbsolute,
                        output.maxRelative, output.worst,
                        output.passed()          ? ""
                        : output.problem.empty() ? "  past the tolerance"
                                                 : "  " + output.problem);
  }
  return {{"folder", report.folder.string()},
          {"network", report.network},
          {"absoluteTolerance", report.absoluteTolerance},
          {"relativeTolerance", report.relativeTolerance},
          {"seconds", report.seconds},
          {"passed", report.passed()},
          {"outputs", outputs}};
}

constexpr std::uint64_t kKeptTensorBytes = std::uint64_t{256} << 20;

ExitCode runParity(const std::vector<fs::path>& roots, const Globals& globals) {
  const inference::TensorMemory memory(kKeptTensorBytes);
  Totals totals;
  json cases = json::array();
  std::string text =
      fmt::format("  {:<34} {:<34} {:>10} {:>10} {:>9}", "case", "output", "absolute", "relative", "tolerance");
  for (const fs::path& root : roots) {
    const auto folders = inference::findCases(root);
    if (!folders)
      return report(folders.error(), Stage::Reading, globals);
    for (const fs::path& folder : *folders) {
      std::string name = folder.lexically_relative(root).string();
      if (name.empty() || name == ".")
        name = folder.filename().string();
      const auto result = inference::replayCase(folder, globals.stop);
      if (result) {
        cases.push_back(describeCase(*result, name, text));
        (result->passed() ? totals.passed : totals.failed) += 1;
        for (const inference::OutputError& output : result->outputs)
          totals.worst = std::max(totals.worst, output.worst);
        continue;
      }
      if (result.error().code == ErrorCode::Cancelled)
        return report(result.error(), Stage::Reading, globals);
      const bool leftOut = result.error().code == ErrorCode::Unsupported;
      (leftOut ? totals.leftOut : totals.failed) += 1;
      cases.push_back({{"folder", folder.string()}, {"passed", false}, {"error", result.error().message}});
      text += fmt::format("\n  {:<34} {}", name, result.error().message);
    }
  }
  const bool good = totals.failed == 0 && totals.passed > 0;
  text += fmt::format("\n{} passed, {} failed, {} for networks that are not there; at most {:.4f} of a tolerance used",
                      totals.passed, totals.failed, totals.leftOut, totals.worst);
  if (totals.passed + totals.failed == 0)
    text += "\nNothing was replayed. Name a folder with golden cases (case.json).";
  printResult({{"passed", totals.passed},
               {"failed", totals.failed},
               {"leftOut", totals.leftOut},
               {"worstShareOfTolerance", number(totals.worst)},
               {"ok", good},
               {"cases", cases}},
              text, globals);
  return good ? ExitCode::Ok : ExitCode::BadInput;
}

} // namespace

void addParityCommand(CLI::App& program, std::vector<Command>& commands) {
  auto roots = std::make_shared<std::vector<fs::path>>();
  CLI::App* app = program.add_subcommand("parity", "Compute golden cases and compare with the reference's numbers");
  app->add_option("folder", *roots, "a case, or folders with cases in them")->required();
  commands.push_back({app, [roots](const Globals& globals) { return runParity(*roots, globals); }});
}

} // namespace kinora::cli
