// SPDX-License-Identifier: Apache-2.0
// Files that are whole or not there: writes go to NAME.part, are flushed to disk and renamed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/content_key.h"
#include "engine/base/result.h"

namespace kinora {

// Errors: notFound, io, invalidArgument (a folder, or larger than maxBytes).
[[nodiscard]] Result<std::vector<std::byte>> readFile(const std::filesystem::path& path, std::int64_t maxBytes);
[[nodiscard]] Result<std::string> readTextFile(const std::filesystem::path& path, std::int64_t maxBytes);

// Name under which an output is written until it is complete: "out.mp4" -> "out.part.mp4" (the ending stays, because
// writers choose their format by it).
[[nodiscard]] std::filesystem::path partPath(const std::filesystem::path& path);
// Flushes part to disk, renames it to path (replacing it), flushes the folder. Errors: io (the part file stays).
[[nodiscard]] Result<void> publishPart(const std::filesystem::path& part, const std::filesystem::path& path);
// Part file, flush, rename. The old file stays as it was when anything fails. Errors: io.
[[nodiscard]] Result<void> writeFileAtomically(const std::filesystem::path& path, std::string_view data);
// Hash of a file's bytes, read in pieces.
[[nodiscard]] Result<ContentKey> hashFile(const std::filesystem::path& path);

} // namespace kinora
