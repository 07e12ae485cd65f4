// SPDX-License-Identifier: Apache-2.0
// What the tensor library finds on this machine: its version, threads, bf16 speed and whether CUDA answers.
#pragma once

#include <string>

#include "engine/base/result.h"

namespace kinora::inference {

struct DeviceReport {
  std::string torchVersion;
  int threads = 0;
  std::string cpuCapability; // "AVX512", "AVX2", "DEFAULT"
  double gflopsFloat32 = 0;  // measured: matrix product 1024x1024x1024, best of 3
  double gflopsBfloat16 = 0;
  bool bfloat16Native = false; // the processor has bf16 instructions
  bool cuda = false;           // a CUDA device answers
  int cudaDevices = 0;
  std::string cudaNote; // why CUDA is not used, or the library that was loaded
};

// [any] Takes about a tenth of a second; loads libtorch_cuda.so when an NVIDIA driver is there. threads 0 = one per
// core.
[[nodiscard]] Result<DeviceReport> probeDevices(int threads);

} // namespace kinora::inference
