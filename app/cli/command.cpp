// SPDX-License-Identifier: Apache-2.0
#include "app/cli/command.h"

#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kinora::cli {
namespace {

void printError(const Error& error, ExitCode code, const Globals& globals) {
  fmt::print(stderr, "kinora-cli: {}\n", error.text());
  if (globals.json)
    fmt::print("{}\n", nlohmann::json{{"error",
                                       {{"code", errorCodeName(error.code)},
                                        {"message", error.message},
                                        {"where", error.where},
                                        {"exit", static_cast<int>(code)}}}}
                           .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

} // namespace

ExitCode report(const Error& error, Stage stage, const Globals& globals) {
  const ExitCode code = exitCodeFor(error, stage);
  printError(error, code, globals);
  return code;
}

ExitCode reportUsage(const Error& error, const Globals& globals) {
  printError(error, ExitCode::Usage, globals);
  return ExitCode::Usage;
}

void printResult(const nlohmann::json& object, const std::string& text, const Globals& globals) {
  if (globals.json)
    fmt::print("{}\n", object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  else if (!globals.quiet)
    fmt::print("{}\n", text);
}

} // namespace kinora::cli
