// SPDX-License-Identifier: Apache-2.0
// Hides nothing: what a weights file says about one tensor, without its numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kinora::inference {

// Element types of safetensors and PyTorch files. Those of less than a byte, F8E8M0, the Fnuz types and C64 are listed,
// but reading such a tensor is refused.
enum class DType {
  Bool,
  U8,
  I8,
  I16,
  U16,
  I32,
  U32,
  I64,
  U64,
  F4,
  F6E2M3,
  F6E3M2,
  F8E4M3,
  F8E4M3Fnuz,
  F8E5M2,
  F8E5M2Fnuz,
  F8E8M0,
  F16,
  BF16,
  F32,
  F64,
  C64
};

// "BF16": the spelling of the safetensors format.
[[nodiscard]] std::string_view dtypeName(DType type);
// The reverse; none when the name is unknown.
[[nodiscard]] std::optional<DType> dtypeNamed(std::string_view name);
// Bits of one element.
[[nodiscard]] std::uint64_t dtypeBits(DType type);

struct TensorInfo {
  std::string name;
  DType dtype = DType::F32;
  std::vector<std::int64_t> shape; // every extent >= 0, the product in bits fits 63 bits

  [[nodiscard]] std::uint64_t elements() const;
  [[nodiscard]] std::uint64_t bytes() const { return elements() * dtypeBits(dtype) / 8; }
};

// "F32 [64, 16, 1, 2, 2]".
[[nodiscard]] std::string describe(const TensorInfo& tensor);
// "[64, 16, 1, 2, 2]".
[[nodiscard]] std::string describeShape(const std::vector<std::int64_t>& shape);

} // namespace kinora::inference
