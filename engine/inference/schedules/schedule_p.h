// SPDX-License-Identifier: Apache-2.0
// Hides how a sampler walks from noise to a clean latent (or back): its grid of timesteps and noise levels and the
// arithmetic of one step. All samplers have this one face, so a session can change them freely.
//
//   auto schedule = makeUniPc({.steps = 16, .shift = 5});
//   for (int i = 0; i < (*schedule)->steps(); ++i)
//     x = (*schedule)->step(x, network(x, (*schedule)->timesteps()[i]), i);
#pragma once

#include <memory>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/base/result.h"
#include "engine/inference/schedules/alpha_table.h"

namespace kinora::inference {

// One thread at a time; the results depend on nothing but the arguments.
class Schedule {
 public:
  virtual ~Schedule() = default;
  Schedule(const Schedule&) = delete;
  Schedule& operator=(const Schedule&) = delete;

  [[nodiscard]] int steps() const { return static_cast<int>(timesteps_.size()); }
  // What the network is told at each step: steps() numbers of 0..1000.
  [[nodiscard]] const std::vector<float>& timesteps() const { return timesteps_; }
  // Noise level before each step and after the last: steps() + 1 numbers. Flow: sigma. Others: sqrt(1 - alpha-bar).
  [[nodiscard]] const std::vector<float>& sigmas() const { return sigmas_; }
  // Does step(index) want noise?
  [[nodiscard]] virtual bool wantsNoise(int index) const;

  // The sample for step index + 1 from the sample of step index and what the network said about it, in the sample's
  // shape and type. noise: standard normal, only where wantsNoise(index). Steps go up one by one; index 0 starts anew.
  // Throws std::invalid_argument on anything else.
  [[nodiscard]] at::Tensor step(const at::Tensor& sample, const at::Tensor& output, int index,
                                const at::Tensor& noise = {});

 protected:
  Schedule() = default;
  // Arguments are checked; index 0 must forget everything from before.
  virtual at::Tensor advance(const at::Tensor& sample, const at::Tensor& output, int index,
                             const at::Tensor& noise) = 0;

  std::vector<float> timesteps_;
  std::vector<float> sigmas_;

 private:
  int next_ = 0;
};

using ScheduleResult = Result<std::unique_ptr<Schedule>>;

// What a network of a variance-preserving model predicts.
enum class Prediction { Epsilon, V, Sample };

// Every maker: [any] InvalidArgument for parameters that make no schedule (steps outside 1..1000, shift <= 0, NaN …).

// Flow matching, Euler steps. Grid of diffusers' FlowMatchEulerDiscreteScheduler, which shifts twice:
// sigma = shift(linspace(1, shift(1/1000), steps)), then 0; timestep = 1000 sigma.
struct FlowEulerConfig {
  int steps = 20;
  double shift = 5;
};
[[nodiscard]] ScheduleResult makeFlowEuler(const FlowEulerConfig& config);

// The few steps of a distilled causal model (Self-Forcing, CausVid, MotionStream): predict x0 with the sigma of the
// table's nearest entry, renoise to the next timestep, return x0 after the last. Wants noise on all steps but the last.
struct FewStepConfig {
  std::vector<int> steps = {1000, 750, 500, 250}; // falling; 0 may be the last
  double shift = 5;
  bool warp = true; // steps name entries of the shifted table; false: steps are the timesteps themselves
};
[[nodiscard]] ScheduleResult makeFewStep(const FewStepConfig& config);

// Multistep solvers on flow, data prediction; timestep = 1000 sigma cut to an integer.
// Sources: UniPC (Zhao et al. 2023), B(h) variants; DPM-Solver++ (Lu et al. 2022), midpoint.
enum class UniPcGrid {
  Wan,       // raw sigma from 0.999 down to 0, the 0 left out (the Wan repository, DreamID-V)
  Diffusers, // raw sigma from 1 (less 1e-6) down to 0.001, the last left out
};
struct UniPcConfig {
  int steps = 20;
  double shift = 5;
  int order = 2; // 1..3
  UniPcGrid grid = UniPcGrid::Wan;
  bool bh2 = true; // B(h) = expm1; false: B(h) = h
};
[[nodiscard]] ScheduleResult makeUniPc(const UniPcConfig& config);

// Grid of the Wan repository: raw sigma from 1 down to 0, the 0 left out.
struct DpmSolverConfig {
  int steps = 20;
  double shift = 5;
  int order = 2;               // 1..3
  bool lowerOrderFinal = true; // fewer than 15 steps end with lower orders
};
[[nodiscard]] ScheduleResult makeDpmSolver(const DpmSolverConfig& config);

// DDIM (Song et al. 2020), "leading" timesteps. Wants noise when eta > 0.
struct DdimConfig {
  BetaConfig betas;
  int steps = 50;
  int offset = 1; // added to every timestep
  Prediction prediction = Prediction::Epsilon;
  double eta = 0;             // 0: no noise, 1: DDPM
  bool alphaOneAtEnd = false; // the last step goes to alpha-bar 1; false: to that of timestep 0
};
[[nodiscard]] ScheduleResult makeDdim(const DdimConfig& config);
// The way back: rising timesteps, from the less to the more noisy level with the prediction made at the latter's
// timestep. eta is not used.
[[nodiscard]] ScheduleResult makeDdimInversion(const DdimConfig& config);

// Latent consistency models (Luo et al. 2023): boundary scalings with sigma_data 0.5; wants noise on all steps but the
// last.
struct LcmConfig {
  BetaConfig betas;
  int steps = 4;
  int originalSteps = 50;
  Prediction prediction = Prediction::Epsilon;
  double timestepScaling = 10;
};
[[nodiscard]] ScheduleResult makeLcm(const LcmConfig& config);

// Timesteps of an LCM schedule, falling, and c_skip / c_out of one timestep.
[[nodiscard]] Result<std::vector<int>> lcmTimesteps(int steps, int originalSteps);
struct BoundaryScaling {
  double skip = 0;
  double out = 1;
};
[[nodiscard]] BoundaryScaling boundaryScaling(int timestep, double timestepScaling);

} // namespace kinora::inference
