// SPDX-License-Identifier: Apache-2.0
#include <span>

#include "engine/inference/weights/safetensors_header_p.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto header =
      kinora::inference::readSafetensorsHeader(std::as_bytes(std::span(data, size)), "fuzz.safetensors");
  if (!header)
    return 0;
  for (std::size_t i = 0; i < header->tensors.size(); ++i) {
    const std::uint64_t bytes = header->tensors[i].bytes();
    if (header->offsets[i] > size || bytes > size - header->offsets[i])
      __builtin_trap();
  }
  return 0;
}
