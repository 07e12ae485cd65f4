// SPDX-License-Identifier: Apache-2.0
// Hides how CUDA graphs are reached from a program that starts without CUDA: a module beside it, opened on demand.
#pragma once

#include <memory>

#include "engine/inference/streaming/graph_recorder_p.h"

struct KinoraGraphModule;

namespace kinora::inference {

// [inference] All functions, on one thread. While it lives, that thread's current stream of the device is its own.
class CudaGraphs final : public GraphRecorder {
 public:
  // Device when there is no CUDA device of this number (probeDevices() has loaded LibTorch's CUDA half), Unsupported
  // when the module is missing or does not fit.
  [[nodiscard]] static Result<std::shared_ptr<CudaGraphs>> open(int device);
  ~CudaGraphs() override;
  CudaGraphs(const CudaGraphs&) = delete;
  CudaGraphs& operator=(const CudaGraphs&) = delete;

  [[nodiscard]] at::Device device() const override;
  [[nodiscard]] Result<std::unique_ptr<RecordedGraph>> record(const std::function<void()>& work, int warmUps) override;
  // The one place where a session waits for its stream: before a finished chunk goes to another thread or library.
  [[nodiscard]] Result<void> handOver();

 private:
  CudaGraphs(const KinoraGraphModule& module, void* session, int device);
  const KinoraGraphModule& module_;
  void* session_;
  int device_;
};

} // namespace kinora::inference
