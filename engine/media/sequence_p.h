// SPDX-License-Identifier: Apache-2.0
// Numbered pictures: "shot_%05d.png" names shot_00000.png, shot_00001.png …
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace kinora::media {

struct SequencePattern {
  std::filesystem::path folder;
  std::string prefix;
  std::string suffix; // with the ending
  int digits = 0;     // at least so many, filled up with zeros

  [[nodiscard]] std::filesystem::path file(std::int64_t number) const;
  // Smallest number that exists, and how many follow without a gap (it included). Nothing when there is none.
  struct Span {
    std::int64_t first = 0;
    std::int64_t count = 0;
  };
  [[nodiscard]] std::optional<Span> existing() const;
};

// Nothing when the name has not exactly one %d or %0Nd.
[[nodiscard]] std::optional<SequencePattern> parseSequencePattern(const std::filesystem::path& path);

} // namespace kinora::media
