// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/schedules/flow_transport_p.h"

#include <stdexcept>

#include <ATen/ATen.h>

namespace kinora::inference {
namespace {

at::Tensor onDevice(const std::vector<float>& values, at::Device device) {
  return at::tensor(values, at::kFloat).to(device);
}

} // namespace

FlowTransport::FlowTransport(const FlowTable& table, at::Device device)
    : sigmas_(onDevice(table.sigmas(), device)), timesteps_(onDevice(table.timesteps(), device)) {}

at::Tensor FlowTransport::lookup(const at::Tensor& t) const {
  return (timesteps_ - t.to(at::kFloat).unsqueeze(-1)).abs().argmin(-1);
}

at::Tensor FlowTransport::sigmaFor(const at::Tensor& t, const at::Tensor& like) const {
  if (t.dim() > like.dim() || t.sizes() != like.sizes().slice(0, static_cast<std::size_t>(t.dim())))
    throw std::invalid_argument("the timesteps do not fit the leading extents of the latents");
  std::vector<std::int64_t> shape(static_cast<std::size_t>(like.dim()), 1);
  for (std::int64_t i = 0; i < t.dim(); ++i)
    shape[static_cast<std::size_t>(i)] = t.size(i);
  return sigmas_.index_select(0, lookup(t).flatten()).reshape(shape);
}

at::Tensor FlowTransport::addNoise(const at::Tensor& clean, const at::Tensor& noise, const at::Tensor& t) const {
  const at::Tensor sigma = sigmaFor(t, noise);
  return ((1 - sigma) * clean + sigma * noise).to(noise.scalar_type());
}

at::Tensor FlowTransport::clean(const at::Tensor& flow, const at::Tensor& noisy, const at::Tensor& t) const {
  const at::Tensor sigma = sigmaFor(t, noisy).to(at::kDouble);
  return (noisy.to(at::kDouble) - sigma * flow.to(at::kDouble)).to(flow.scalar_type());
}

at::Tensor FlowTransport::flow(const at::Tensor& clean, const at::Tensor& noisy, const at::Tensor& t) const {
  const at::Tensor sigma = sigmaFor(t, noisy).to(at::kDouble);
  return ((noisy.to(at::kDouble) - clean.to(at::kDouble)) / sigma).to(clean.scalar_type());
}

} // namespace kinora::inference
