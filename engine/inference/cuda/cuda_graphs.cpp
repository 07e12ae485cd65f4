// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/cuda/cuda_graphs_p.h"

#include <exception>
#include <filesystem>

#include <dlfcn.h>
#include <fmt/format.h>

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include "engine/inference/cuda/graph_module_p.h"

namespace kinora::inference {
namespace {

tl::unexpected<Error> failed(const char* what, const KinoraGraphWhy& why) {
  return fail(ErrorCode::Device, fmt::format("{} failed: {}. Passes go on without graphs.", what, why.text));
}

// Carries an exception of the work past the C border.
struct Carried {
  const std::function<void()>& work;
  std::exception_ptr problem;
};

int runCarried(void* context) {
  auto& carried = *static_cast<Carried*>(context);
  try {
    carried.work();
    return 0;
  } catch (...) {
    carried.problem = std::current_exception();
    return 1;
  }
}

class CudaGraph final : public RecordedGraph {
 public:
  CudaGraph(const KinoraGraphModule& module, void* graph) : module_(module), graph_(graph) {}
  ~CudaGraph() override { module_.drop(graph_); }
  CudaGraph(const CudaGraph&) = delete;
  CudaGraph& operator=(const CudaGraph&) = delete;

  Result<void> replay() override {
    KinoraGraphWhy why{};
    if (module_.replay(graph_, &why) != 0)
      return failed("replaying a CUDA graph", why);
    return {};
  }

 private:
  const KinoraGraphModule& module_;
  void* graph_;
};

// In the folder "lib" beside the program's folder. It stays loaded for the life of the process, as LibTorch does.
Result<const KinoraGraphModule*> loadModule() {
  constexpr const char* kWhat = "loading the module for CUDA graphs";
  std::error_code problem;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", problem);
  if (problem)
    return fail(ErrorCode::Unsupported, fmt::format("{} failed: {}", kWhat, problem.message()), "/proc/self/exe");
  const std::string path = (program.parent_path().parent_path() / "lib" / kGraphModuleFile).string();
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* entry = library ? dlsym(library, kGraphModuleSymbol) : nullptr;
  if (!entry) {
    const char* reason = dlerror();
    return fail(ErrorCode::Unsupported,
                fmt::format("{} failed: {}. Passes go on without graphs.", kWhat, reason ? reason : "unknown reason"),
                path);
  }
  const KinoraGraphModule* module = reinterpret_cast<KinoraGraphModuleEntry>(entry)();
  if (module->version != kGraphModuleVersion)
    return fail(ErrorCode::Unsupported,
                fmt::format("{} failed: it has version {}, the program needs {}. Install both from one build.", kWhat,
                            module->version, kGraphModuleVersion),
                path);
  return module;
}

} // namespace

Result<std::shared_ptr<CudaGraphs>> CudaGraphs::open(int device) {
  const int devices = at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().deviceCount()) : 0;
  if (device < 0 || device >= devices)
    return fail(ErrorCode::Device, fmt::format("recording CUDA graphs on device {} failed: there are {} devices. "
                                               "Passes go on without graphs.",
                                               device, devices));
  const Result<const KinoraGraphModule*> module = loadModule();
  if (!module)
    return fail(module);
  KinoraGraphWhy why{};
  void* session = nullptr;
  if ((*module)->open(device, &session, &why) != 0)
    return failed("taking a CUDA stream", why);
  return std::shared_ptr<CudaGraphs>(new CudaGraphs(**module, session, device));
}

CudaGraphs::CudaGraphs(const KinoraGraphModule& module, void* session, int device)
    : module_(module), session_(session), device_(device) {}

CudaGraphs::~CudaGraphs() {
  module_.close(session_);
}

at::Device CudaGraphs::device() const {
  return {at::kCUDA, static_cast<at::DeviceIndex>(device_)};
}

Result<std::unique_ptr<RecordedGraph>> CudaGraphs::record(const std::function<void()>& work, int warmUps) {
  Carried carried{work, nullptr};
  KinoraGraphWhy why{};
  void* graph = nullptr;
  if (module_.record(session_, warmUps, runCarried, &carried, &graph, &why) == 0)
    return std::make_unique<CudaGraph>(module_, graph);
  if (carried.problem)
    std::rethrow_exception(carried.problem);
  return failed("recording a CUDA graph", why);
}

Result<void> CudaGraphs::handOver() {
  KinoraGraphWhy why{};
  if (module_.handOver(session_, &why) != 0)
    return failed("waiting for a finished chunk", why);
  return {};
}

} // namespace kinora::inference
