// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/device_report.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <thread>

#include <dlfcn.h>
#include <fmt/format.h>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/Tensor.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/ops/full.h>
#include <ATen/ops/mm.h>
#include <torch/headeronly/version.h>

namespace kinora::inference {
namespace {

constexpr std::int64_t kSide = 1024;

double gflopsOf(at::ScalarType type) {
  const auto options = at::TensorOptions().dtype(type);
  const at::Tensor a = at::full({kSide, kSide}, 0.5, options);
  const at::Tensor b = at::full({kSide, kSide}, 0.25, options);
  (void)at::mm(a, b); // packs weights, starts threads
  double best = 1e9;
  for (int i = 0; i < 3; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    (void)at::mm(a, b);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    best = std::min(best, taken.count());
  }
  return 2.0 * kSide * kSide * kSide / best * 1e-9;
}

// The CUDA half of LibTorch registers itself when it is loaded; it stays loaded for the life of the process.
void loadCuda(DeviceReport& report) {
  if (!dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL)) {
    report.cudaNote = "no NVIDIA driver";
    return;
  }
  if (!dlopen("libtorch_cuda.so", RTLD_LAZY | RTLD_GLOBAL)) {
    const char* reason = dlerror();
    report.cudaNote = fmt::format("an NVIDIA driver is there, but libtorch_cuda.so could not be loaded: {}",
                                  reason ? reason : "unknown reason");
    return;
  }
  report.cudaDevices = at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().deviceCount()) : 0;
  report.cuda = report.cudaDevices > 0;
  report.cudaNote = report.cuda ? "libtorch_cuda.so" : "libtorch_cuda.so was loaded, but no device answers";
}

} // namespace

Result<DeviceReport> probeDevices(int threads) {
  try {
    const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    at::set_num_threads(threads > 0 ? threads : cores);
    DeviceReport report;
    report.torchVersion = TORCH_VERSION;
    report.threads = at::get_num_threads();
    report.cpuCapability = at::get_cpu_capability();
    report.bfloat16Native = __builtin_cpu_supports("avx512bf16") > 0;
    report.gflopsFloat32 = gflopsOf(at::kFloat);
    report.gflopsBfloat16 = gflopsOf(at::kBFloat16);
    loadCuda(report);
    return report;
  } catch (const std::exception& error) {
    return fail(ErrorCode::Device, fmt::format("The tensor library could not be used: {}. Run installer/setup again to "
                                               "unpack it anew.",
                                               error.what()));
  }
}

} // namespace kinora::inference
