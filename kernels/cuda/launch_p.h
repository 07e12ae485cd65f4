// SPDX-License-Identifier: Apache-2.0
// What the CUDA kernels share: one thread a pixel, 32 x 8 threads a block.
#pragma once

#include <cuda_runtime.h>

#include "kernels/cuda.h"
#include "kernels/image_view.h"

namespace kinora::kernels::cuda {

template <class T>
__device__ __forceinline__ T& pixelOf(const ImageView<T>& view, int x, int y) {
  using Byte = typename ImageView<T>::Byte;
  return reinterpret_cast<T*>(reinterpret_cast<Byte*>(view.data) + y * view.strideBytes)[x];
}

template <class Work>
__global__ void forPixelsKernel(int width, int height, Work work) {
  const int x = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  for (int y = static_cast<int>(blockIdx.y * blockDim.y + threadIdx.y); y < height;
       y += static_cast<int>(gridDim.y * blockDim.y))
    if (x < width)
      work(x, y);
}

// Enqueues work(x, y) for every pixel of width x height. Work is copied to the device.
template <class Work>
Status forPixels(int width, int height, Stream stream, const Work& work) {
  if (width <= 0 || height <= 0)
    return {};
  const dim3 block(32, 8);
  const unsigned rows = (static_cast<unsigned>(height) + block.y - 1) / block.y;
  const dim3 grid((static_cast<unsigned>(width) + block.x - 1) / block.x, rows < 65535u ? rows : 65535u);
  forPixelsKernel<<<grid, block, 0, static_cast<cudaStream_t>(stream)>>>(width, height, work);
  return {static_cast<int>(cudaGetLastError())};
}

// The first failure wins; later steps are not run.
template <class... Steps>
Status inTurn(Steps&&... steps) {
  Status status;
  ((status.ok() ? static_cast<void>(status = steps()) : static_cast<void>(0)), ...);
  return status;
}

// Device memory for the length of some enqueued work: freed in the stream's order.
class Scratch {
 public:
  Scratch(std::size_t bytes, Stream stream) : stream_(static_cast<cudaStream_t>(stream)) {
    status_.code = static_cast<int>(cudaMallocAsync(&data_, bytes, stream_));
  }
  ~Scratch() {
    if (data_ != nullptr)
      static_cast<void>(cudaFreeAsync(data_, stream_));
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] Status status() const { return status_; }
  template <class T>
  [[nodiscard]] T* as() const {
    return static_cast<T*>(data_);
  }
  // Copies from host memory that may change once this has returned.
  Status upload(const void* host, std::size_t bytes) const {
    return {static_cast<int>(cudaMemcpyAsync(data_, host, bytes, cudaMemcpyHostToDevice, stream_))};
  }
  Status clear(int byte, std::size_t bytes) const {
    return {static_cast<int>(cudaMemsetAsync(data_, byte, bytes, stream_))};
  }

 private:
  cudaStream_t stream_;
  void* data_ = nullptr;
  Status status_;
};

// What a call answers whose pictures do not fit together.
inline Status mismatch() {
  return {static_cast<int>(cudaErrorInvalidValue)};
}

template <class A, class B>
bool sameShape(const ImageView<A>& a, const ImageView<B>& b) {
  return a.width == b.width && a.height == b.height;
}

} // namespace kinora::kernels::cuda
