// SPDX-License-Identifier: Apache-2.0
// The CUDA side of the kernels: whether it can be used, how a call says that it failed, and plain device memory.
// Everything here exists only when KINORA_HAVE_CUDA is 1. The runtime is linked statically and finds the driver by
// itself, so a program that holds these starts on a machine without one.
#pragma once

#include <cstddef>
#include <string>

#if KINORA_HAVE_CUDA
namespace kinora::kernels::cuda {

// What a CUDA call answered: 0 is success, everything else is a cudaError_t.
struct [[nodiscard]] Status {
  int code = 0;

  [[nodiscard]] bool ok() const { return code == 0; }
  // The runtime's words for the code ("no error").
  [[nodiscard]] const char* text() const;
};

// A CUDA stream as an opaque pointer (cudaStream_t); null is the default stream. Kernels of this library only enqueue
// work: what they wrote is there after the stream was synchronised, and inputs must live until then.
using Stream = void*;

// [any] How many devices can be used now; 0 without a driver.
[[nodiscard]] int usableDevices();
// [any] Name of a device ("" when there is none).
[[nodiscard]] std::string deviceName(int device);

// [any] Plain device memory, for checks and tests; products use their own pools.
Status allocate(void** memory, std::size_t bytes);
void release(void* memory);
Status copyToDevice(void* device, const void* host, std::size_t bytes, Stream stream);
Status copyToHost(void* host, const void* device, std::size_t bytes, Stream stream);
Status copyOnDevice(void* to, const void* from, std::size_t bytes, Stream stream);
Status synchronise(Stream stream);

} // namespace kinora::kernels::cuda
#endif
