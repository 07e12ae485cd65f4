// SPDX-License-Identifier: Apache-2.0
// Typed numbers that name things of a document. 0 names nothing.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace kinora {

template <class Tag>
struct Id {
  std::uint64_t value = 0;

  [[nodiscard]] constexpr bool isValid() const { return value != 0; }
  friend constexpr auto operator<=>(Id, Id) = default;
};

using MediaId = Id<struct MediaTag>;
using LaneId = Id<struct LaneTag>;
using ClipId = Id<struct ClipTag>;
using TakeId = Id<struct TakeTag>;
using TrackId = Id<struct TrackTag>;
using JobId = Id<struct JobTag>;

} // namespace kinora

template <class Tag>
struct std::hash<kinora::Id<Tag>> {
  std::size_t operator()(kinora::Id<Tag> id) const noexcept { return std::hash<std::uint64_t>{}(id.value); }
};
