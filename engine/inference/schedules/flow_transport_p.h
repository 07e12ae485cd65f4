// SPDX-License-Identifier: Apache-2.0
// Hides how clean latents, noise and flow are turned into each other: x_t = (1 - sigma) x0 + sigma noise,
// flow = noise - x0. sigma comes from a FlowTable by nearest timestep, without leaving the device.
#pragma once

#include <ATen/core/Tensor.h>

#include "engine/inference/schedules/flow_table.h"

namespace kinora::inference {

class FlowTransport {
 public:
  FlowTransport(const FlowTable& table, at::Device device);

  // Table index of each timestep, int64, in t's shape. t: float32 on the device.
  [[nodiscard]] at::Tensor lookup(const at::Tensor& t) const;

  // t holds one timestep for each leading index of the other tensors: t [B, F] with x [B, F, C, h, w], or [N] with [N,
  // …]. The result has the type of the noise, the flow and the clean latents respectively.
  [[nodiscard]] at::Tensor addNoise(const at::Tensor& clean, const at::Tensor& noise, const at::Tensor& t) const;
  // x0 = x_t - sigma flow, computed in float64.
  [[nodiscard]] at::Tensor clean(const at::Tensor& flow, const at::Tensor& noisy, const at::Tensor& t) const;
  // flow = (x_t - x0) / sigma, computed in float64.
  [[nodiscard]] at::Tensor flow(const at::Tensor& clean, const at::Tensor& noisy, const at::Tensor& t) const;

 private:
  [[nodiscard]] at::Tensor sigmaFor(const at::Tensor& t, const at::Tensor& like) const;
  at::Tensor sigmas_;    // float32 [1000]
  at::Tensor timesteps_; // float32 [1000]
};

} // namespace kinora::inference
