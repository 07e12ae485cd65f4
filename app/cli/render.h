// SPDX-License-Identifier: Apache-2.0
// Renders a document to a file with an engine of its own: what motion and export share.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "app/cli/command.h"
#include "engine/document/document.h"
#include "engine/runtime/export_request.h"

namespace kinora::cli {

struct RenderJob {
  document::DocumentPtr document;
  runtime::ExportRequest request;
  bool resume = false; // keep finished frames on disk and use those of an interrupted run
};

// Shows progress, prints the result, obeys globals.stop.
[[nodiscard]] ExitCode render(const RenderJob& job, const Globals& globals);

// Says early what would fail late: an unknown ending or preset, a folder that is not there or cannot be written.
[[nodiscard]] Result<void> checkOutput(const runtime::ExportRequest& request);

} // namespace kinora::cli
