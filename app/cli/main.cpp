// SPDX-License-Identifier: Apache-2.0
// kinora-cli: the studio without a window, for scripts and farms.
#include <exception>
#include <vector>

#include <fmt/format.h>

#include "app/cli/command.h"
#include "app/cli/console.h"

namespace {

using namespace kinora;
using namespace kinora::cli;

int run(int argc, char** argv) {
  CLI::App program("Kinora: pictures that move where you paint.", "kinora-cli");
  program.set_version_flag("--version", "kinora-cli " KINORA_VERSION);
  program.require_subcommand(1);
  program.fallthrough(); // global flags may stand behind the subcommand
  Globals globals;
  program.add_flag("--json", globals.json, "print one JSON object on standard output");
  program.add_flag("--quiet", globals.quiet, "print nothing but errors and --json");
  program.add_option("--device", globals.device, "cpu or cuda:N")->default_str("cpu");
  program.add_option("--threads", globals.threads, "processor threads; 0 = one per core")
      ->check(CLI::Range(0, 1024))
      ->default_str("0");

  std::vector<Command> commands;
  addMotionCommand(program, commands);
  addExportCommand(program, commands);
  addInspectCommand(program, commands);
  addParityCommand(program, commands);
  addTracksCommands(program, commands);
  addSelfcheckCommand(program, commands);

  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::Usage);
  }

  const Interruption interruption;
  globals.stop = interruption.token();
  if (globals.device != "cpu" && !globals.device.starts_with("cuda:"))
    return static_cast<int>(
        reportUsage({ErrorCode::InvalidArgument,
                     fmt::format("The device “{}” is unknown: write cpu or cuda:N.", globals.device),
                     {}},
                    globals));
  for (const Command& command : commands)
    if (command.app->parsed())
      return static_cast<int>(command.run(globals));
  return static_cast<int>(ExitCode::Usage);
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "kinora-cli: the memory of this machine is used up. Try a smaller --size.\n");
    return static_cast<int>(ExitCode::TryAgain);
  } catch (const std::exception& error) {
    fmt::print(stderr, "kinora-cli: a fault of the program: {}\n", error.what());
    return static_cast<int>(ExitCode::Bug);
  }
}
