// SPDX-License-Identifier: Apache-2.0
// Numbered pictures, gathered in a folder with a .part name and moved to their place together.
#pragma once

#include <cstdint>
#include <filesystem>

#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/media/sequence_p.h"

namespace kinora::media {

class PictureSequenceWriter {
 public:
  // path: a name with %05d, or a folder that will hold 00000.png …. ending: ".png" or ".exr". Errors: io.
  static Result<PictureSequenceWriter> create(const std::filesystem::path& path, const char* ending);
  ~PictureSequenceWriter();
  PictureSequenceWriter(PictureSequenceWriter&& other) noexcept;
  PictureSequenceWriter& operator=(PictureSequenceWriter&&) = delete;

  Result<void> push(const Image& image);
  Result<void> finish();

 private:
  PictureSequenceWriter() = default;

  SequencePattern target_;
  std::filesystem::path staging_; // empty: finished or moved from
  std::int64_t count_ = 0;
};

} // namespace kinora::media
