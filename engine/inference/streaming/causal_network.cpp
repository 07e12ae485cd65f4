// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/streaming/causal_network_p.h"

#include <utility>

#include <ATen/ATen.h>

namespace kinora::inference {

KvShape cacheShape(const WanDit& net, std::int64_t rows, std::int64_t tokensPerFrame) {
  const at::Tensor& weight = net.patchWeight;
  return {.layers = net.config.layers,
          .rows = rows,
          .tokensPerSlot = tokensPerFrame,
          .heads = net.config.heads,
          .headDim = net.config.headDim(),
          .dtype = weight.scalar_type(),
          .device = weight.device()};
}

CausalWan::CausalWan(const WanDit& net, WanPrompt prompt, Condition condition)
    : net_(net), prompt_(std::move(prompt)), condition_(std::move(condition)) {}

void CausalWan::prepare(std::int64_t first, std::int64_t count) {
  if (condition_)
    shown_ = condition_(first, count).transpose(1, 2);
}

Result<at::Tensor> CausalWan::flow(const at::Tensor& x, const at::Tensor& t, const CachedPass& pass,
                                   KvCachePolicy& cache, const std::stop_token& stop) {
  if (auto ready = cache.begin(pass); !ready)
    return tl::unexpected<Error>(ready.error());
  at::Tensor input = x.transpose(1, 2);
  if (shown_.defined())
    input = at::cat({input, shown_}, 1);
  return net_.forward(input, net_.time(t), prompt_, cache, stop).transpose(1, 2);
}

CausalDreamIdV::CausalDreamIdV(const DreamIdV& net, WanPrompt prompt, Condition condition)
    : net_(net), prompt_(std::move(prompt)), condition_(std::move(condition)) {}

Result<void> CausalDreamIdV::setReference(const at::Tensor& latent, WindowCache& cache, const std::stop_token& stop) {
  if (auto ready = cache.beginSinks(1); !ready)
    return ready;
  const WanTime time = net_.wan.time(at::zeros({latent.size(0), 1}, latent.options().dtype(at::kFloat)));
  static_cast<void>(net_.wan.run(net_.referenceTokens(latent), time, prompt_, cache, stop));
  return {};
}

void CausalDreamIdV::prepare(std::int64_t first, std::int64_t count) {
  shown_ = condition_(first - 1, count).transpose(1, 2);
}

Result<at::Tensor> CausalDreamIdV::flow(const at::Tensor& x, const at::Tensor& t, const CachedPass& pass,
                                        KvCachePolicy& cache, const std::stop_token& stop) {
  if (auto ready = cache.begin(pass); !ready)
    return tl::unexpected<Error>(ready.error());
  return net_.wan.forward(at::cat({x.transpose(1, 2), shown_}, 1), net_.wan.time(t), prompt_, cache, stop)
      .transpose(1, 2);
}

} // namespace kinora::inference
