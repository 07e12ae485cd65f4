// SPDX-License-Identifier: Apache-2.0
// One finished frame as a file: lossless, checked by a hash, whole or not there.
#pragma once

#include <filesystem>

#include "engine/base/image.h"
#include "engine/base/result.h"

namespace kinora::runtime {

// [any] Rgba8 in host memory only. An opaque picture is stored without its alpha. Not flushed to disk: after a loss of
// power the file may be damaged, which reading finds out. Errors: invalidArgument, io.
[[nodiscard]] Result<void> writeFrameFile(const std::filesystem::path& path, const Image& image);

// [any] True for what an interrupted write left behind: its process is gone and nothing was written for a minute. Parts
// of running processes, which may share the folder, are not.
[[nodiscard]] bool isAbandonedPart(const std::filesystem::path& part);

// [any] Errors: notFound, io, corrupt (wrong length, wrong hash, sizes that cannot be), outOfMemory.
[[nodiscard]] Result<Image> readFrameFile(const std::filesystem::path& path);

// [any] True when no pixel of an Rgba8 picture lets anything through.
[[nodiscard]] bool isOpaque(const Image& image);

} // namespace kinora::runtime
