// SPDX-License-Identifier: Apache-2.0
// OpenEXR files: half floats in linear light, colours multiplied by alpha, as images with straight alpha.
#pragma once

#include <filesystem>

#include "engine/base/image.h"
#include "engine/base/result.h"

namespace kinora::media {

// True when the file begins with OpenEXR's magic number.
[[nodiscard]] bool looksLikeExr(const std::filesystem::path& path);
// Rgba16F, linear light. Errors: corrupt, invalidArgument (size), outOfMemory.
[[nodiscard]] Result<Image> readExr(const std::filesystem::path& path);
// image: Rgba16F; values that are not linear are taken as sRGB. Writes to exactly this path. Errors: io.
[[nodiscard]] Result<void> writeExr(const std::filesystem::path& path, const Image& image);
// Linear Rgba16F as sRGB Rgba8.
[[nodiscard]] Result<Image> displayReferred(const Image& linear);

} // namespace kinora::media
