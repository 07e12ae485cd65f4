// SPDX-License-Identifier: Apache-2.0
#include "engine/gpu/shared_transport.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#if KINORA_HAVE_CUDA
#include <cuda_runtime_api.h>
#endif

namespace kinora::gpu {
namespace {

#if KINORA_HAVE_CUDA

// The runtime's words; takes the error away, so that it is not met again by the next call.
tl::unexpected<Error> cudaFailure(std::string_view doing, cudaError_t error) {
  static_cast<void>(cudaGetLastError());
  const bool memory = error == cudaErrorMemoryAllocation;
  return fail(memory ? ErrorCode::OutOfMemory : ErrorCode::Device,
              fmt::format("{} failed: {}.", doing, cudaGetErrorString(error)));
}

// The calling thread's CUDA device, changed for as long as this lives.
class ScopedCudaDevice {
 public:
  explicit ScopedCudaDevice(int device) {
    if (cudaGetDevice(&before_) != cudaSuccess)
      before_ = -1;
    result_ = cudaSetDevice(device);
  }
  ~ScopedCudaDevice() {
    if (before_ >= 0)
      static_cast<void>(cudaSetDevice(before_));
  }
  ScopedCudaDevice(const ScopedCudaDevice&) = delete;
  ScopedCudaDevice& operator=(const ScopedCudaDevice&) = delete;
  [[nodiscard]] cudaError_t result() const { return result_; }

 private:
  int before_ = -1;
  cudaError_t result_ = cudaSuccess;
};

class CudaMemory final : public ImportedMemory {
 public:
  CudaMemory(int device, cudaExternalMemory_t memory) : device_(device), memory_(memory) {}
  ~CudaMemory() override {
    const ScopedCudaDevice scope(device_);
    if (data_)
      static_cast<void>(cudaFree(data_));
    static_cast<void>(cudaDestroyExternalMemory(memory_));
  }
  CudaMemory(const CudaMemory&) = delete;
  CudaMemory& operator=(const CudaMemory&) = delete;

  cudaError_t map(std::uint64_t bytes) {
    cudaExternalMemoryBufferDesc desc{};
    desc.size = bytes;
    return cudaExternalMemoryGetMappedBuffer(&data_, memory_, &desc);
  }
  [[nodiscard]] std::byte* data() const override { return static_cast<std::byte*>(data_); }

 private:
  int device_;
  cudaExternalMemory_t memory_;
  void* data_ = nullptr;
};

class CudaImporter final : public SlotImporter {
 public:
  CudaImporter(int device, cudaStream_t stream) : device_(device), stream_(stream) {}
  ~CudaImporter() override {
    const ScopedCudaDevice scope(device_);
    static_cast<void>(cudaStreamSynchronize(stream_)); // signals under way still use the semaphore
    if (produced_)
      static_cast<void>(cudaDestroyExternalSemaphore(produced_));
  }
  CudaImporter(const CudaImporter&) = delete;
  CudaImporter& operator=(const CudaImporter&) = delete;

  [[nodiscard]] MemoryKind memoryKind() const override { return MemoryKind::Cuda; }

  Result<std::unique_ptr<ImportedMemory>> importMemory(ExportedMemory exported) override {
    constexpr std::string_view doing = "Opening shared graphics memory in CUDA";
    const ScopedCudaDevice scope(device_);
    if (scope.result() != cudaSuccess)
      return cudaFailure(doing, scope.result());
    cudaExternalMemoryHandleDesc desc{};
    desc.type = cudaExternalMemoryHandleTypeOpaqueFd;
    desc.handle.fd = exported.fd.get();
    desc.size = static_cast<unsigned long long>(exported.bytes);
    desc.flags = exported.dedicated ? cudaExternalMemoryDedicated : 0;
    cudaExternalMemory_t handle = nullptr;
    if (const cudaError_t r = cudaImportExternalMemory(&handle, &desc); r != cudaSuccess)
      return cudaFailure(doing, r);
    static_cast<void>(exported.fd.release()); // the driver's now
    auto memory = std::make_unique<CudaMemory>(device_, handle);
    if (const cudaError_t r = memory->map(static_cast<std::uint64_t>(exported.bytes)); r != cudaSuccess)
      return cudaFailure(doing, r);
    return memory;
  }

  Result<void> importProduced(OwnedFd fd) override {
    constexpr std::string_view doing = "Opening a shared semaphore in CUDA";
    const ScopedCudaDevice scope(device_);
    if (scope.result() != cudaSuccess)
      return cudaFailure(doing, scope.result());
    int timelines = 0;
    if (const cudaError_t r = cudaDeviceGetAttribute(&timelines, cudaDevAttrTimelineSemaphoreInteropSupported, device_);
        r != cudaSuccess)
      return cudaFailure(doing, r);
    if (!timelines)
      return fail(ErrorCode::Unsupported, "CUDA cannot signal timeline semaphores on this device.");
    cudaExternalSemaphoreHandleDesc desc{};
    desc.type = cudaExternalSemaphoreHandleTypeTimelineSemaphoreFd;
    desc.handle.fd = fd.get();
    if (const cudaError_t r = cudaImportExternalSemaphore(&produced_, &desc); r != cudaSuccess)
      return cudaFailure(doing, r);
    static_cast<void>(fd.release()); // the driver's now
    return {};
  }

  Result<void> signalProduced(std::uint64_t value) override {
    const ScopedCudaDevice scope(device_);
    cudaExternalSemaphoreSignalParams params{};
    params.params.fence.value = value;
    if (const cudaError_t r = cudaSignalExternalSemaphoresAsync(&produced_, &params, 1, stream_); r != cudaSuccess)
      return cudaFailure("Handing a frame from CUDA to the graphics device", r);
    return {};
  }

  Result<void> finish() override {
    const ScopedCudaDevice scope(device_);
    if (const cudaError_t r = cudaStreamSynchronize(stream_); r != cudaSuccess)
      return cudaFailure("Finishing a frame in CUDA", r);
    return {};
  }

 private:
  int device_;
  cudaStream_t stream_;
  cudaExternalSemaphore_t produced_ = nullptr;
};

#endif

} // namespace

Result<std::unique_ptr<SlotImporter>> makeCudaImporter([[maybe_unused]] const Device& device,
                                                       [[maybe_unused]] void* stream) {
#if KINORA_HAVE_CUDA
  int count = 0;
  if (const cudaError_t r = cudaGetDeviceCount(&count); r != cudaSuccess) {
    static_cast<void>(cudaGetLastError());
    return fail(ErrorCode::Unsupported, fmt::format("Sharing frames with CUDA is not possible: {}. Frames are copied "
                                                    "through the processor's memory instead.",
                                                    cudaGetErrorString(r)));
  }
  for (int i = 0; i < count; ++i) {
    cudaDeviceProp properties{};
    if (cudaGetDeviceProperties(&properties, i) != cudaSuccess) {
      static_cast<void>(cudaGetLastError());
      continue;
    }
    static_assert(sizeof properties.uuid.bytes == sizeof(Capabilities::uuid));
    if (std::memcmp(properties.uuid.bytes, device.capabilities().uuid.data(), sizeof properties.uuid.bytes) == 0)
      return std::make_unique<CudaImporter>(i, static_cast<cudaStream_t>(stream));
  }
  return fail(ErrorCode::Unsupported,
              fmt::format("Sharing frames with CUDA is not possible: the graphics device “{}” is none of the {} CUDA "
                          "devices. Choose it with KINORA_VK_DEVICE.",
                          device.capabilities().deviceName, count));
#else
  return fail(ErrorCode::Unsupported, "Sharing frames with CUDA is not possible: this build has no CUDA.");
#endif
}

} // namespace kinora::gpu
