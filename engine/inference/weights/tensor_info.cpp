// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/weights/tensor_info.h"

#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/base/check.h"

namespace kinora::inference {

namespace {

struct TypeRow {
  DType type;
  std::string_view name;
  std::uint64_t bits;
};

// Spellings of the safetensors format, in the order of the enumeration.
constexpr std::array kTypes = {
    TypeRow{DType::Bool, "BOOL", 8},      TypeRow{DType::U8, "U8", 8},
    TypeRow{DType::I8, "I8", 8},          TypeRow{DType::I16, "I16", 16},
    TypeRow{DType::U16, "U16", 16},       TypeRow{DType::I32, "I32", 32},
    TypeRow{DType::U32, "U32", 32},       TypeRow{DType::I64, "I64", 64},
    TypeRow{DType::U64, "U64", 64},       TypeRow{DType::F4, "F4", 4},
    TypeRow{DType::F6E2M3, "F6_E2M3", 6}, TypeRow{DType::F6E3M2, "F6_E3M2", 6},
    TypeRow{DType::F8E4M3, "F8_E4M3", 8}, TypeRow{DType::F8E4M3Fnuz, "F8_E4M3FNUZ", 8},
    TypeRow{DType::F8E5M2, "F8_E5M2", 8}, TypeRow{DType::F8E5M2Fnuz, "F8_E5M2FNUZ", 8},
    TypeRow{DType::F8E8M0, "F8_E8M0", 8}, TypeRow{DType::F16, "F16", 16},
    TypeRow{DType::BF16, "BF16", 16},     TypeRow{DType::F32, "F32", 32},
    TypeRow{DType::F64, "F64", 64},       TypeRow{DType::C64, "C64", 64},
};

const TypeRow& row(DType type) {
  const TypeRow& found = kTypes.at(static_cast<std::size_t>(type));
  KINORA_CHECK(found.type == type);
  return found;
}

} // namespace

std::string_view dtypeName(DType type) {
  return row(type).name;
}

std::optional<DType> dtypeNamed(std::string_view name) {
  for (const TypeRow& candidate : kTypes) {
    if (candidate.name == name)
      return candidate.type;
  }
  return std::nullopt;
}

std::uint64_t dtypeBits(DType type) {
  return row(type).bits;
}

std::uint64_t TensorInfo::elements() const {
  std::uint64_t count = 1;
  for (const std::int64_t extent : shape)
    count *= static_cast<std::uint64_t>(extent);
  return count;
}

std::string describe(const TensorInfo& tensor) {
  return fmt::format("{} {}", dtypeName(tensor.dtype), describeShape(tensor.shape));
}

std::string describeShape(const std::vector<std::int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

} // namespace kinora::inference
