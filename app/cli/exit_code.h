// SPDX-License-Identifier: Apache-2.0
// What kinora-cli tells the shell. Part of the command line's contract: numbers never change.
#pragma once

#include "engine/base/result.h"

namespace kinora::cli {

enum class ExitCode : int {
  Ok = 0,
  Usage = 64,        // a flag or value that the command line does not know
  BadInput = 65,     // a file that cannot be used
  InputMissing = 66, // a file that is not there
  ModelMissing = 69,
  Bug = 70,
  CannotWrite = 73,
  TryAgain = 75, // memory or device
  Interrupted = 130,
};

// What was being done when an error came up: the same code means another thing for an output.
enum class Stage { Reading, Writing };

[[nodiscard]] ExitCode exitCodeFor(const Error& error, Stage stage);

} // namespace kinora::cli
