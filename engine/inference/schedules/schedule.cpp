// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/inference/schedules/schedule_p.h"

namespace kinora::inference {

bool Schedule::wantsNoise(int) const {
  return false;
}

at::Tensor Schedule::step(const at::Tensor& sample, const at::Tensor& output, int index, const at::Tensor& noise) {
  if (index < 0 || index >= steps() || (index != 0 && index != next_))
    throw std::invalid_argument(
        fmt::format("step {} of a schedule of {} cannot follow step {}", index, steps(), next_ - 1));
  if (!sample.defined() || !output.defined() || sample.sizes() != output.sizes())
    throw std::invalid_argument("the sample and what the network said about it differ in shape");
  if (wantsNoise(index) && (!noise.defined() || noise.sizes() != sample.sizes()))
    throw std::invalid_argument(fmt::format("step {} of the schedule wants noise in the sample's shape", index));
  next_ = index + 1;
  return advance(sample, output, index, noise);
}

} // namespace kinora::inference
