// SPDX-License-Identifier: Apache-2.0
// Copies of pictures on the CUDA device, for checks.
#pragma once

#include "kernels/check/check.h"

#if KINORA_HAVE_CUDA
namespace kinora::kernels::check {

// Ends the program with the runtime's words: a check that cannot run must not look passed.
void mustWork(cuda::Status status);

class DeviceMemory {
 public:
  explicit DeviceMemory(std::size_t bytes) { mustWork(cuda::allocate(&data_, bytes)); }
  ~DeviceMemory() { cuda::release(data_); }
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;
  [[nodiscard]] void* data() const { return data_; }

 private:
  void* data_ = nullptr;
};

// A picture on the device, guards and all.
template <class T>
class DevicePicture {
 public:
  explicit DevicePicture(const Picture<T>& host)
      : shape_(host.view()), bytes_(sizeof(T) * host.memory().size()), memory_(bytes_) {
    mustWork(cuda::copyToDevice(memory_.data(), host.memory().data(), bytes_, nullptr));
  }
  [[nodiscard]] ImageView<T> view() const {
    return {static_cast<T*>(memory_.data()), shape_.width, shape_.height, shape_.strideBytes};
  }
  void read(Picture<T>& host) const {
    mustWork(cuda::copyToHost(host.memory().data(), memory_.data(), bytes_, nullptr));
    mustWork(cuda::synchronise(nullptr));
  }

 private:
  ConstImageView<T> shape_;
  std::size_t bytes_;
  DeviceMemory memory_;
};

// Notes whether the device's picture has the bytes of the CPU's, guards and all: the number of pixels that differ.
template <class T>
void noteSame(Comparison& comparison, const std::string& what, const DevicePicture<T>& device,
              const Picture<T>& expected) {
  Picture<T> got = expected;
  device.read(got);
  double differing = 0;
  for (std::size_t i = 0; i < got.memory().size(); ++i)
    differing += std::memcmp(&got.memory()[i], &expected.memory()[i], sizeof(T)) != 0 ? 1 : 0;
  comparison.note(what + " (pixels that differ)", "cuda - cpu", {expected.width(), expected.height()}, differing, 0);
}

} // namespace kinora::kernels::check
#endif
