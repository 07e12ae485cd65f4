// SPDX-License-Identifier: Apache-2.0
// Names a result by everything that made it: equal inputs, equal key, on every machine.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kinora {

// 128 bits of XXH3.
struct ContentKey {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  [[nodiscard]] constexpr bool isNull() const { return high == 0 && low == 0; }
  [[nodiscard]] std::string hex() const; // 32 lower-case digits
  friend constexpr auto operator<=>(const ContentKey&, const ContentKey&) = default;
};

// Feeds values in a fixed order. Numbers are hashed as little-endian bytes, text with its length.
class ContentHasher {
 public:
  ContentHasher();
  ~ContentHasher();
  ContentHasher(const ContentHasher&) = delete;
  ContentHasher& operator=(const ContentHasher&) = delete;

  ContentHasher& bytes(std::span<const std::byte> data);
  ContentHasher& text(std::string_view value);
  ContentHasher& integer(std::int64_t value);
  ContentHasher& real(double value); // -0 hashes as 0, every NaN alike
  ContentHasher& key(const ContentKey& value);
  [[nodiscard]] ContentKey finish() const;

 private:
  void* state_;
};

} // namespace kinora

template <>
struct std::hash<kinora::ContentKey> {
  std::size_t operator()(const kinora::ContentKey& k) const noexcept { return static_cast<std::size_t>(k.low); }
};
