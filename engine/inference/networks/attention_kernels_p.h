// SPDX-License-Identifier: Apache-2.0
// Hides which of the tensor library's attention kernels serve ops::attention() on a GPU.
#pragma once

#include <array>

#include <ATen/SDPBackend.h>

namespace kinora::inference {

// [inference] One for a session on a GPU, for its life, made before its first pass: the choice belongs to the whole
// process, and what stood before comes back with the destructor. Scopes nest; the processor's kernel does not ask.
//
// In the order tried, each when the library finds that it can serve the call (device, type, head size, mask):
//   flash      float16 and bfloat16, no mask
//   efficient  float32, or with a mask (bool masks become added ones)
//   math       the rest: three operators and the whole matrix of scores
// cuDNN's is left out: it plans for each new shape on the processor, where windows that fill up would wait for it.
class AttentionKernels {
 public:
  AttentionKernels();
  ~AttentionKernels();
  AttentionKernels(const AttentionKernels&) = delete;
  AttentionKernels& operator=(const AttentionKernels&) = delete;

 private:
  std::array<at::SDPBackend, at::num_sdp_backends> order_;
  bool flash_, efficient_, math_, cudnn_;
};

} // namespace kinora::inference
