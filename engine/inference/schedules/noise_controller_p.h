// SPDX-License-Identifier: Apache-2.0
// Hides how much noise a live picture gets: the more it moves, the less, so that the result follows fast motion.
//
// Maths: StreamDiffusionV2. d = clamp(max_t rms(I_t - I_t-1) / 0.2, 0, 1); ns' = 0.9 (ns0 - 0.1 d) + 0.1 ns;
// step = int(1000 ns') - 100, within 0..999.
#pragma once

#include <ATen/core/Tensor.h>

#include "engine/base/result.h"

namespace kinora::inference {

// Largest root mean square difference of successive frames over 0.2, 0..1. frames [B, 3, T, H, W] in -1..1, T >= 2: a
// chunk and the frame before it. Waits for the device.
[[nodiscard]] float motionOf(const at::Tensor& frames);

class NoiseController {
 public:
  // InvalidArgument unless the scale is within 0..1.
  [[nodiscard]] static Result<NoiseController> make(double initialScale);

  struct Level {
    double scale = 0; // share of noise in the latent: scale * noise + (1 - scale) * latent
    int step = 0;     // what the network is told, 0..999
  };
  // The level before any motion was seen.
  [[nodiscard]] Level current() const;
  // The next chunk moved by d (motionOf).
  Level update(float d);
  void reset() { scale_ = initial_; }

 private:
  explicit NoiseController(double scale) : initial_(scale), scale_(scale) {}
  double initial_;
  double scale_;
};

} // namespace kinora::inference
