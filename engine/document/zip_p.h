// SPDX-License-Identifier: Apache-2.0
// The part of ZIP archives that .npz files use: stored and deflated entries, found through the central directory.
// Layout after PKWARE's APPNOTE.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace kinora::document::zip {

struct Entry {
  std::string name;
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint32_t crc = 0;
  std::uint64_t packedSize = 0;
  std::uint64_t size = 0;
  std::uint64_t headerOffset = 0;
};

// Errors: corrupt, unsupported (archives in parts or beyond 4 GiB).
[[nodiscard]] Result<std::vector<Entry>> list(std::span<const std::byte> archive);
// The entry's bytes, checked against its CRC. Errors: corrupt, unsupported (encrypted, other methods), invalidArgument
// (larger than maxBytes).
[[nodiscard]] Result<std::vector<std::byte>> extract(std::span<const std::byte> archive, const Entry& entry,
                                                     std::uint64_t maxBytes);

} // namespace kinora::document::zip
