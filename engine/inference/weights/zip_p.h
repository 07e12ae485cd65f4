// SPDX-License-Identifier: Apache-2.0
// Hides the zip container of .pth files: every entry is checked against the file before it is believed. Nothing is ever
// written to disk.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/inference/weights/mapped_file_p.h"

namespace kinora::inference {

struct ZipEntry {
  std::uint64_t offset = 0; // of its data in the file
  std::uint64_t packed = 0; // bytes in the file
  std::uint64_t size = 0;   // bytes when unpacked
  std::uint32_t crc = 0;
  bool deflated = false;
};

class ZipArchive {
 public:
  // Reads the central directory and holds every local header against it: no overlaps, no entry twice, all inside the
  // file. Errors: Corrupt (WeightsFault::BadArchive), Unsupported (encrypted, several disks, another compression).
  [[nodiscard]] static Result<ZipArchive> open(std::shared_ptr<const MappedFile> file);

  [[nodiscard]] const std::map<std::string, ZipEntry, std::less<>>& entries() const { return entries_; }
  // The entry's bytes: the file itself and where they begin in it, or unpacked bytes from 0. Checks the CRC.
  struct Content {
    std::shared_ptr<const MappedFile> bytes;
    std::uint64_t offset = 0;
  };
  [[nodiscard]] Result<Content> read(std::string_view name, const ZipEntry& entry) const;

 private:
  std::shared_ptr<const MappedFile> file_;
  std::map<std::string, ZipEntry, std::less<>> entries_;
};

} // namespace kinora::inference
