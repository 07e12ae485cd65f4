// SPDX-License-Identifier: Apache-2.0
#include "engine/media/picture_sequence_writer_p.h"

#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "engine/base/file.h"
#include "engine/media/image_file.h"

namespace kinora::media {
namespace {

namespace fs = std::filesystem;

constexpr int kDigits = 5;

tl::unexpected<Error> ioError(std::string_view doing, const fs::path& path, const std::error_code& code) {
  return fail(ErrorCode::Io,
              fmt::format("{} “{}” failed: {}. Check the free space and the permissions, or choose another folder.",
                          doing, path.filename().string(), code.message()),
              path.string());
}

} // namespace

Result<PictureSequenceWriter> PictureSequenceWriter::create(const fs::path& path, const char* ending) {
  PictureSequenceWriter writer;
  if (auto pattern = parseSequencePattern(path)) {
    writer.target_ = std::move(*pattern);
  } else {
    const fs::path folder = path.has_filename() ? path : path.parent_path();
    writer.target_ = {folder, {}, ending, kDigits};
  }
  // Beside the target, on the same file system, so that finishing is a rename.
  const fs::path& folder = writer.target_.folder;
  writer.staging_ = writer.target_.prefix.empty() ? partPath(folder) : folder / (writer.target_.prefix + "frames.part");
  std::error_code code;
  fs::remove_all(writer.staging_, code);
  if (!fs::create_directories(writer.staging_, code) && code)
    return ioError("Making the folder", writer.staging_, code);
  return writer;
}

PictureSequenceWriter::PictureSequenceWriter(PictureSequenceWriter&& other) noexcept
    : target_(std::move(other.target_)), staging_(std::exchange(other.staging_, {})), count_(other.count_) {}

PictureSequenceWriter::~PictureSequenceWriter() {
  if (staging_.empty())
    return;
  std::error_code ignored;
  fs::remove_all(staging_, ignored);
}

Result<void> PictureSequenceWriter::push(const Image& image) {
  const fs::path name = target_.file(count_).filename();
  auto written = writeImage(staging_ / name, image);
  if (written)
    ++count_;
  return written;
}

Result<void> PictureSequenceWriter::finish() {
  const fs::path folder = target_.folder.empty() ? fs::path(".") : target_.folder;
  std::error_code code;
  fs::create_directories(folder, code);
  if (code)
    return ioError("Making the folder", folder, code);
  for (std::int64_t n = 0; n < count_; ++n) {
    const fs::path to = target_.file(n);
    fs::rename(staging_ / to.filename(), to, code);
    if (code)
      return ioError("Moving the picture", to, code);
  }
  fs::remove_all(staging_, code);
  staging_.clear();
  return {};
}

} // namespace kinora::media
