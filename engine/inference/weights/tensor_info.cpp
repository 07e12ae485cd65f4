// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/weights/tensor_info.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/base/check.h"

namespace kinora::inference {

std::string_view dtypeName(DType type) {
  switch (type) {
  case DType::Bool:
    return "BOOL";
  case DType::U8:
    return "U8";
  case DType::I8:
    return "I8";
  case DType::I16:
    return "I16";
  case DType::U16:
    return "U16";
  case DType::I32:
    return "I32";
  case DType::U32:
    return "U32";
  case DType::I64:
    return "I64";
  case DType::U64:
    return "U64";
  case DType::F8E4M3:
    return "F8_E4M3";
  case DType::F8E5M2:
    return "F8_E5M2";
  case DType::F16:
    return "F16";
  case DType::BF16:
    return "BF16";
  case DType::F32:
    return "F32";
  case DType::F64:
    return "F64";
  }
  KINORA_CHECK(false);
  return {};
}

std::uint64_t dtypeBytes(DType type) {
  switch (type) {
  case DType::Bool:
  case DType::U8:
  case DType::I8:
  case DType::F8E4M3:
  case DType::F8E5M2:
    return 1;
  case DType::I16:
  case DType::U16:
  case DType::F16:
  case DType::BF16:
    return 2;
  case DType::I32:
  case DType::U32:
  case DType::F32:
    return 4;
  case DType::I64:
  case DType::U64:
  case DType::F64:
    return 8;
  }
  KINORA_CHECK(false);
  return 0;
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
