// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/weights/mapped_file_p.h"
#include "engine/inference/weights/pickle_p.h"
#include "engine/inference/weights/pth_p.h"

// The container with everything in it, and the pickle alone: check sums keep most changes of an archive from it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kinora::inference;
  const auto* const bytes = reinterpret_cast<const std::byte*>(data);
  static_cast<void>(readPickle({bytes, size}));
  auto file = PthFile::open(MappedFile::ofBytes("fuzz.pth", {bytes, bytes + size}));
  if (!file)
    return 0;
  for (std::size_t i = 0; i < (*file)->tensors().size() && i < 8; ++i) {
    const auto tensor = (*file)->read(i);
    if (tensor && tensor->sizes().vec() != (*file)->tensors()[i].shape)
      __builtin_trap();
  }
  return 0;
}
