// SPDX-License-Identifier: Apache-2.0
// What every subcommand gets and gives: global flags in, an exit code and one JSON object out.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json_fwd.hpp>

#include "app/cli/exit_code.h"
#include "engine/base/result.h"

namespace kinora::cli {

struct Globals {
  bool json = false;
  bool quiet = false;
  std::string device = "cpu"; // "cpu" or "cuda:N"
  int threads = 0;            // 0 = one per core
  std::stop_token stop;
};

// A subcommand: declares its flags when made, runs when it was called.
struct Command {
  CLI::App* app = nullptr;
  std::function<ExitCode(const Globals&)> run;
};

// Each adds one subcommand (tracks: two) to the program.
void addMotionCommand(CLI::App& program, std::vector<Command>& commands);
void addExportCommand(CLI::App& program, std::vector<Command>& commands);
void addInspectCommand(CLI::App& program, std::vector<Command>& commands);
void addParityCommand(CLI::App& program, std::vector<Command>& commands);
void addTracksCommands(CLI::App& program, std::vector<Command>& commands);
void addSelfcheckCommand(CLI::App& program, std::vector<Command>& commands);

// Prints the error (stderr, and {"error": …} on stdout with --json) and gives its exit code.
[[nodiscard]] ExitCode report(const Error& error, Stage stage, const Globals& globals);
// Prints a result: the object with --json, else the text unless quiet.
void printResult(const nlohmann::json& object, const std::string& text, const Globals& globals);
// The stage-less use of a value that was typed: exit code Usage.
[[nodiscard]] ExitCode reportUsage(const Error& error, const Globals& globals);

} // namespace kinora::cli
