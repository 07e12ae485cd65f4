// SPDX-License-Identifier: Apache-2.0
// Looks at a file and describes it as a media item of a document.
#pragma once

#include <filesystem>

#include "engine/base/result.h"
#include "engine/document/document.h"

namespace kinora::runtime {

// [any] Reads the file once for its hash. The id is not set. Errors as media::probe.
[[nodiscard]] Result<document::MediaItem> describeMediaFile(const std::filesystem::path& path);

} // namespace kinora::runtime
