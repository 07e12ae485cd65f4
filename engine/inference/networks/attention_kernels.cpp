// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/networks/attention_kernels_p.h"

#include <cstdint>
#include <vector>

#include <ATen/Context.h>

namespace kinora::inference {
namespace {

void setOrder(const std::array<at::SDPBackend, at::num_sdp_backends>& order) {
  std::vector<std::int64_t> numbers;
  for (const at::SDPBackend kernel : order)
    numbers.push_back(static_cast<std::int64_t>(kernel));
  at::globalContext().setSDPPriorityOrder(numbers);
}

} // namespace

AttentionKernels::AttentionKernels()
    : order_(at::globalContext().sDPPriorityOrder()), flash_(at::globalContext().userEnabledFlashSDP()),
      efficient_(at::globalContext().userEnabledMemEfficientSDP()), math_(at::globalContext().userEnabledMathSDP()),
      cudnn_(at::globalContext().userEnabledCuDNNSDP()) {
  at::Context& context = at::globalContext();
  setOrder({at::SDPBackend::flash_attention, at::SDPBackend::efficient_attention, at::SDPBackend::math,
            at::SDPBackend::cudnn_attention, at::SDPBackend::overrideable});
  context.setSDPUseFlash(true);
  context.setSDPUseMemEfficient(true);
  context.setSDPUseMath(true);
  context.setSDPUseCuDNN(false);
}

AttentionKernels::~AttentionKernels() {
  at::Context& context = at::globalContext();
  setOrder(order_);
  context.setSDPUseFlash(flash_);
  context.setSDPUseMemEfficient(efficient_);
  context.setSDPUseMath(math_);
  context.setSDPUseCuDNN(cudnn_);
}

} // namespace kinora::inference
