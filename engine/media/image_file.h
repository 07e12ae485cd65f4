// SPDX-License-Identifier: Apache-2.0
// Still pictures in and out. Hides file formats, palettes, EXIF orientation and the linear light of EXR.
#pragma once

#include <filesystem>

#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/media/decoder.h"

namespace kinora::media {

// [any] Reads PNG, JPEG, WebP, TIFF, BMP, GIF (first frame), EXR and whatever else FFmpeg decodes as a picture; the
// content decides, not the name. Orientation is applied, alpha is straight. Values are those of the file: nothing is
// converted between colour spaces, Image::color() says which one it is. EXR gives Rgba16F in linear light
// (ColorTransfer::Linear); with OutputDepth::Eight it is put through the sRGB curve.
// Errors: notFound, io, corrupt, unsupported, invalidArgument (a folder, or beyond kMaxImageSide / kMaxImageArea).
[[nodiscard]] Result<Image> readImage(const std::filesystem::path& path, OutputDepth depth = OutputDepth::AsSource);

struct ImageWriteOptions {
  int jpegQuality = 92; // 1 to 100
};

// [any] The ending chooses the format: .png (8 bit for Rgba8 and Gray8, 16 bit for Rgba16F), .jpg/.jpeg (8 bit, laid
// over black where transparent, 4:4:4), .exr (half float, linear light: sRGB values are made linear, colours multiplied
// by alpha as the format wants it). Rgba8 to PNG and back is bit exact; equal images give equal bytes. Written under a
// .part name and renamed when complete. image: host memory; Rgba8, Rgba16F or Gray8.
// Errors: invalidArgument (ending or pixel format), io, outOfMemory.
[[nodiscard]] Result<void> writeImage(const std::filesystem::path& path, const Image& image,
                                      const ImageWriteOptions& options = {});

} // namespace kinora::media
