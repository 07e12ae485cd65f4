// SPDX-License-Identifier: Apache-2.0
#include "app/cli/exit_code.h"

namespace kinora::cli {

ExitCode exitCodeFor(const Error& error, Stage stage) {
  switch (error.code) {
  case ErrorCode::NotFound:
    return stage == Stage::Writing ? ExitCode::CannotWrite : ExitCode::InputMissing;
  case ErrorCode::Io:
    return stage == Stage::Writing ? ExitCode::CannotWrite : ExitCode::BadInput;
  case ErrorCode::InvalidArgument:
  case ErrorCode::Unsupported:
  case ErrorCode::Corrupt:
    return ExitCode::BadInput;
  case ErrorCode::OutOfMemory:
  case ErrorCode::Device:
    return ExitCode::TryAgain;
  case ErrorCode::Cancelled:
    return ExitCode::Interrupted;
  case ErrorCode::Internal:
    return ExitCode::Bug;
  }
  return ExitCode::Bug;
}

} // namespace kinora::cli
