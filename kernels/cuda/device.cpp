// SPDX-License-Identifier: Apache-2.0
#include <cuda_runtime_api.h>

#include "kernels/cuda.h"

namespace kinora::kernels::cuda {
namespace {

Status statusOf(cudaError_t error) {
  return {static_cast<int>(error)};
}

cudaStream_t streamOf(Stream stream) {
  return static_cast<cudaStream_t>(stream);
}

} // namespace

const char* Status::text() const {
  return cudaGetErrorString(static_cast<cudaError_t>(code));
}

int usableDevices() {
  int count = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess) {
    // Takes the error away, so that it is not met again by the next call.
    static_cast<void>(cudaGetLastError());
    return 0;
  }
  return count;
}

std::string deviceName(int device) {
  cudaDeviceProp properties{};
  if (cudaGetDeviceProperties(&properties, device) != cudaSuccess) {
    static_cast<void>(cudaGetLastError());
    return {};
  }
  return properties.name;
}

Status allocate(void** memory, std::size_t bytes) {
  return statusOf(cudaMalloc(memory, bytes));
}

void release(void* memory) {
  static_cast<void>(cudaFree(memory));
}

Status copyToDevice(void* device, const void* host, std::size_t bytes, Stream stream) {
  return statusOf(cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, streamOf(stream)));
}

Status copyToHost(void* host, const void* device, std::size_t bytes, Stream stream) {
  return statusOf(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, streamOf(stream)));
}

Status copyOnDevice(void* to, const void* from, std::size_t bytes, Stream stream) {
  return statusOf(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, streamOf(stream)));
}

Status synchronise(Stream stream) {
  return statusOf(cudaStreamSynchronize(streamOf(stream)));
}

} // namespace kinora::kernels::cuda
