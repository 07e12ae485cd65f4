// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/schedules/noise_controller_p.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include <ATen/ATen.h>

namespace kinora::inference {

float motionOf(const at::Tensor& frames) {
  if (frames.dim() != 5 || frames.size(2) < 2)
    throw std::invalid_argument("motion is measured between at least two frames [B, 3, T, H, W]");
  const at::Tensor change = frames.slice(2, 1) - frames.slice(2, 0, -1);
  const at::Tensor rms = change.square().mean(at::IntArrayRef{0, 1, 3, 4}).sqrt();
  return std::clamp(rms.max().item<float>() / 0.2F, 0.0F, 1.0F);
}

Result<NoiseController> NoiseController::make(double initialScale) {
  if (!(initialScale >= 0 && initialScale <= 1))
    return fail(ErrorCode::InvalidArgument,
                fmt::format("A stream with noise scale {} cannot be made: choose 0 to 1.", initialScale));
  return NoiseController(initialScale);
}

NoiseController::Level NoiseController::current() const {
  return {scale_, std::clamp(static_cast<int>(1000 * scale_) - 100, 0, 999)};
}

NoiseController::Level NoiseController::update(float d) {
  const double motion = std::clamp(static_cast<double>(d), 0.0, 1.0);
  scale_ = 0.9 * (initial_ - 0.1 * motion) + 0.1 * scale_;
  return current();
}

} // namespace kinora::inference
