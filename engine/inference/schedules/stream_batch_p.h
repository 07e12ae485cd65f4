// SPDX-License-Identifier: Apache-2.0
// Hides the stream batch of StreamDiffusion v1 (Kodaira et al. 2023): all denoising steps of successive pictures run as
// rows of one network call, so that each call accepts one picture and finishes the one accepted rows - 1 calls before.
//
//   StreamBatch batch = *StreamBatch::make({.stepIndices = {32, 45}});
//   batch.start(noise);                                   // [steps * pictures, C, h, w], kept for the whole stream
//   const at::Tensor rows = batch.enter(batch.noisy(z));  // network input, one row a step (and guidance rows)
//   at::Tensor done = batch.leave(unet(rows, batch.rowTimesteps(), prompts)); // x0 of the oldest picture
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/base/result.h"
#include "engine/inference/schedules/alpha_table.h"

namespace kinora::inference {

// How much of an unconditional prediction there is; all of it is skipped when guidance <= 1.
enum class StreamGuidance {
  None,
  Full,            // every row twice: 2 n rows
  SelfNegative,    // the noise that would explain the picture stands for the unconditional prediction: n rows
  OneTimeNegative, // the same, corrected by one true unconditional row: n + 1 rows ("initialize")
};

struct StreamBatchConfig {
  BetaConfig betas;
  std::vector<int> stepIndices = {32, 45}; // rising indices into the LCM timesteps; a larger first one stays closer
  int inferenceSteps = 50;
  int originalSteps = 50;
  int pictures = 1; // pictures accepted by one call
  StreamGuidance guidance = StreamGuidance::SelfNegative;
  double guidanceScale = 1.2;
  double delta = 1.0;   // strength of the stand-in unconditional prediction
  bool addNoise = true; // renoise between the steps
  double timestepScaling = 10;
};

// One thread at a time. A wrong shape throws std::invalid_argument; an out-of-turn call std::logic_error.
class StreamBatch {
 public:
  // InvalidArgument for indices that do not rise or leave the schedule, pictures < 1 and numbers that are not finite.
  [[nodiscard]] static Result<StreamBatch> make(const StreamBatchConfig& config);

  [[nodiscard]] int steps() const { return static_cast<int>(timesteps_.size()); }
  // Timestep of each step, falling.
  [[nodiscard]] const std::vector<int>& timesteps() const { return timesteps_; }
  // Timestep of each row of the network call, int64, and whether a row wants the negative prompt.
  [[nodiscard]] const std::vector<std::int64_t>& rowTimesteps() const { return rowTimesteps_; }
  [[nodiscard]] const std::vector<bool>& rowIsNegative() const { return rowIsNegative_; }
  // sqrt(alpha-bar), sqrt(1 - alpha-bar), c_skip and c_out of each step, float32 [steps].
  [[nodiscard]] const at::Tensor& signal() const { return signal_; }
  [[nodiscard]] const at::Tensor& noiseLevel() const { return noise_; }
  [[nodiscard]] const at::Tensor& skip() const { return skip_; }
  [[nodiscard]] const at::Tensor& out() const { return out_; }

  // Forgets all pictures on their way. noise: [steps * pictures, C, h, w] standard normal, fixed for the stream; its
  // type and device are those of the stream.
  void start(const at::Tensor& noise);
  // The level at which a picture enters: sqrt(alpha) latent + sqrt(1 - alpha) noise of the first step.
  [[nodiscard]] at::Tensor noisy(const at::Tensor& latent) const;
  // Takes [pictures, C, h, w] in and gives the rows of the network call (valid until the next call).
  [[nodiscard]] const at::Tensor& enter(const at::Tensor& noisy);
  // Takes the network's epsilon for those rows and gives x0 [pictures, C, h, w] of the oldest pictures.
  [[nodiscard]] at::Tensor leave(const at::Tensor& epsilon);

  // Pictures between the steps [(steps - 1) * pictures, …], zeros at first; undefined with one step.
  [[nodiscard]] const at::Tensor& buffer() const { return buffer_; }
  // The stand-in unconditional prediction [steps * pictures, …], zeros at first.
  [[nodiscard]] const at::Tensor& stockNoise() const { return stock_; }

 private:
  StreamBatch() = default;
  [[nodiscard]] at::Tensor rows(const at::Tensor& perStep) const; // [steps] -> [steps * pictures, 1, 1, 1]
  [[nodiscard]] at::Tensor denoised(const at::Tensor& epsilon, const at::Tensor& x) const;

  StreamBatchConfig config_;
  bool guided_ = false;
  std::vector<int> timesteps_;
  std::vector<std::int64_t> rowTimesteps_;
  std::vector<bool> rowIsNegative_;
  at::Tensor signal_, noise_, skip_, out_;
  // Per row, in the stream's type, made by start().
  at::Tensor rowSignal_, rowNoise_, rowSkip_, rowOut_, nextSignal_, nextNoise_;
  at::Tensor initNoise_, nextInitNoise_, buffer_, stock_, batch_, input_;
  bool entered_ = false;
};

} // namespace kinora::inference
