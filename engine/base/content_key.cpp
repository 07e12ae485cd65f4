// SPDX-License-Identifier: Apache-2.0
#include "engine/base/content_key.h"

#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <xxhash.h>

#include "engine/base/check.h"

namespace kinora {
namespace {

XXH3_state_t* stateOf(void* p) {
  return static_cast<XXH3_state_t*>(p);
}

void update(void* state, const void* data, std::size_t size) {
  XXH3_128bits_update(stateOf(state), data, size);
}

void updateInteger(void* state, std::uint64_t v) {
  std::array<unsigned char, 8> raw{};
  for (auto& byte : raw) {
    byte = static_cast<unsigned char>(v & 0xff);
    v >>= 8;
  }
  update(state, raw.data(), raw.size());
}

} // namespace

std::string ContentKey::hex() const {
  return fmt::format("{:016x}{:016x}", high, low);
}

ContentHasher::ContentHasher() : state_(XXH3_createState()) {
  KINORA_CHECK(state_ != nullptr);
  XXH3_128bits_reset(stateOf(state_));
}

ContentHasher::~ContentHasher() {
  XXH3_freeState(stateOf(state_));
}

ContentHasher& ContentHasher::bytes(std::span<const std::byte> data) {
  update(state_, data.data(), data.size());
  return *this;
}

ContentHasher& ContentHasher::text(std::string_view value) {
  updateInteger(state_, value.size());
  update(state_, value.data(), value.size());
  return *this;
}

ContentHasher& ContentHasher::integer(std::int64_t value) {
  updateInteger(state_, static_cast<std::uint64_t>(value));
  return *this;
}

ContentHasher& ContentHasher::real(double value) {
  const double canonical = std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : (value == 0.0 ? 0.0 : value);
  updateInteger(state_, std::bit_cast<std::uint64_t>(canonical));
  return *this;
}

ContentHasher& ContentHasher::key(const ContentKey& value) {
  updateInteger(state_, value.high);
  updateInteger(state_, value.low);
  return *this;
}

ContentKey ContentHasher::finish() const {
  const XXH128_hash_t h = XXH3_128bits_digest(stateOf(state_));
  return {h.high64, h.low64};
}

} // namespace kinora
