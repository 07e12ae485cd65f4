// SPDX-License-Identifier: Apache-2.0
// Replays schedulers/: our schedules with the linear stand-in networks that the cases describe.
#include <functional>
#include <string>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/inference/parity/golden_case_p.h"
#include "engine/inference/schedules/flow_transport_p.h"
#include "engine/inference/schedules/noise_controller_p.h"
#include "engine/inference/schedules/schedule_p.h"
#include "engine/inference/schedules/similar_image_filter_p.h"
#include "engine/inference/schedules/stream_batch_p.h"

namespace kinora::inference {
namespace {

template <class T>
T need(Result<T> result) {
  if (!result)
    throw CaseError(result.error().text());
  return std::move(*result);
}

std::string source(const GoldenCase& golden) {
  return golden.description.value("source", "");
}

bool isSchedule(const GoldenCase& golden, std::string_view named) {
  return golden.description.value("network", "") == "none" && source(golden).find(named) != std::string::npos;
}

at::Tensor floats(const std::vector<float>& values) {
  return at::tensor(values, at::kFloat);
}

// The timesteps in the type the case has them in.
at::Tensor times(const GoldenCase& golden, const std::string& name, const std::vector<float>& values) {
  const auto found = golden.expected.find(name);
  return found == golden.expected.end() ? floats(values) : floats(values).to(found->second.scalar_type());
}

// a x + b t / 1000 + c.
at::Tensor linearNetwork(const GoldenCase& golden, const at::Tensor& x, float t) {
  return golden.input("a") * x + golden.input("b") * (t / 1000.0F) + golden.input("c");
}

void walk(const GoldenCase& golden, Schedule& schedule, at::Tensor x, const std::string& prefix, Tensors& outputs) {
  for (int i = 0; i < schedule.steps(); ++i) {
    const at::Tensor said = linearNetwork(golden, x, schedule.timesteps()[static_cast<std::size_t>(i)]);
    x = schedule.step(x, said, i, schedule.wantsNoise(i) ? golden.input(fmt::format("noise_{}", i)) : at::Tensor());
    outputs[fmt::format("{}_{}", prefix, i + 1)] = x;
  }
}

Tensors replaySampler(const GoldenCase& golden, ScheduleResult made) {
  const auto schedule = need(std::move(made));
  Tensors outputs;
  outputs["sigmas"] = floats(schedule->sigmas());
  outputs["timesteps"] = times(golden, "timesteps", schedule->timesteps());
  walk(golden, *schedule, golden.input("x"), "x", outputs);
  return outputs;
}

Tensors replayEuler(const GoldenCase& golden) {
  return replaySampler(golden, makeFlowEuler({.steps = golden.config().at("num_inference_steps").get<int>(),
                                              .shift = golden.config().at("shift").get<double>()}));
}

Tensors replayUniPc(const GoldenCase& golden) {
  const auto& config = golden.config();
  if (!config.value("predict_x0", true) || !config.value("lower_order_final", true) ||
      config.value("final_sigmas_type", "zero") != "zero")
    throw CaseError("only x0 prediction with lower final orders and a final sigma of 0 is known");
  return replaySampler(golden,
                       makeUniPc({.steps = config.at("num_inference_steps").get<int>(),
                                  .shift = config.at("shift").get<double>(),
                                  .order = config.value("solver_order", 2),
                                  .grid = isSchedule(golden, "diffusers") ? UniPcGrid::Diffusers : UniPcGrid::Wan,
                                  .bh2 = config.value("solver_type", "bh2") == "bh2"}));
}

Tensors replayDpmSolver(const GoldenCase& golden) {
  const auto& config = golden.config();
  return replaySampler(golden, makeDpmSolver({.steps = config.at("num_inference_steps").get<int>(),
                                              .shift = config.at("shift").get<double>(),
                                              .order = config.value("solver_order", 2),
                                              .lowerOrderFinal = config.value("lower_order_final", true)}));
}

BetaConfig betas(const nlohmann::json& config) {
  const std::string kind = config.value("beta_schedule", "scaled_linear");
  if ((kind != "scaled_linear" && kind != "linear") || config.value("num_train_timesteps", 1000) != AlphaTable::kSteps)
    throw CaseError("only linear and scaled linear betas of 1000 steps are known");
  return {.start = config.value("beta_start", 0.00085),
          .end = config.value("beta_end", 0.012),
          .scaledLinear = kind == "scaled_linear"};
}

Prediction prediction(const nlohmann::json& config) {
  const std::string name = config.value("prediction_type", "epsilon");
  if (name == "epsilon")
    return Prediction::Epsilon;
  if (name == "v_prediction")
    return Prediction::V;
  if (name == "sample")
    return Prediction::Sample;
  throw CaseError(fmt::format("a prediction of type {} is not known", name));
}

Tensors replayDdim(const GoldenCase& golden) {
  const auto& config = golden.config();
  if (config.value("clip_sample", false) || config.value("thresholding", false) ||
      config.value("timestep_spacing", "leading") != "leading")
    throw CaseError("only leading timesteps without clipping are known");
  DdimConfig ddim{.betas = betas(config),
                  .steps = config.at("num_inference_steps").get<int>(),
                  .offset = config.value("steps_offset", 0),
                  .prediction = prediction(config),
                  .eta = config.value("eta", 0.0),
                  .alphaOneAtEnd = config.value("set_alpha_to_one", true)};
  Tensors outputs = replaySampler(golden, makeDdim(ddim));
  outputs["alphas_cumprod"] = at::tensor(need(AlphaTable::make(ddim.betas)).values(), at::kDouble).to(at::kFloat);
  if (!golden.inputs.contains("z0"))
    return outputs;
  const auto back = need(makeDdimInversion(ddim));
  outputs["inverse_timesteps"] = times(golden, "inverse_timesteps", back->timesteps());
  walk(golden, *back, golden.input("z0"), "inverted", outputs);
  ddim.alphaOneAtEnd = false; // prompt-to-prompt starts at the level of timestep 0
  walk(golden, *need(makeDdimInversion(ddim)), golden.input("z0"), "p2p_inverted", outputs);
  return outputs;
}

Tensors replayFlowTables(const GoldenCase& golden) {
  Tensors outputs;
  const auto steps = golden.config().at("steps").get<std::vector<int>>();
  const at::Tensor& t = golden.input("t_query");
  const at::Tensor& clean = golden.input("x0");
  const at::Tensor& noise = golden.input("noise");
  for (const auto& shift : golden.config().at("shifts")) {
    const FlowTable table = need(FlowTable::make(shift.get<double>()));
    const FlowTransport transport(table, at::kCPU);
    const std::string prefix = fmt::format("shift{}_", shift.dump());
    outputs[prefix + "sigmas"] = floats(table.sigmas());
    outputs[prefix + "timesteps"] = floats(table.timesteps());
    outputs[prefix + "training_weights"] = floats(table.trainingWeights());
    outputs[prefix + "warped_steps"] = floats(need(table.warped(steps)));
    std::vector<float> sigmas;
    for (const float query : std::vector<float>(t.data_ptr<float>(), t.data_ptr<float>() + t.numel()))
      sigmas.push_back(table.sigmaOf(query));
    outputs[prefix + "lookup_index"] = transport.lookup(t);
    outputs[prefix + "lookup_sigma"] = floats(sigmas);
    outputs[prefix + "add_noise"] = transport.addNoise(clean, noise, t);
    outputs[prefix + "x0_from_flow"] = transport.clean(golden.input("flow"), noise, t);
    outputs[prefix + "flow_from_x0"] = transport.flow(clean, noise, t);
  }
  return outputs;
}

Tensors replayStreamBatch(const GoldenCase& golden) {
  const auto& config = golden.config();
  const std::string guidance = config.at("cfg_type").get<std::string>();
  StreamBatchConfig stream{.betas = betas(config),
                           .stepIndices = config.at("t_index_list").get<std::vector<int>>(),
                           .inferenceSteps = config.at("num_inference_steps").get<int>(),
                           .originalSteps = config.value("original_inference_steps", 50),
                           .pictures = config.value("frame_buffer_size", 1),
                           .guidanceScale = config.at("guidance_scale").get<double>(),
                           .delta = config.value("delta", 1.0),
                           .addNoise = config.value("do_add_noise", true),
                           .timestepScaling = config.value("timestep_scaling", 10.0)};
  if (guidance != "none" && guidance != "full" && guidance != "self" && guidance != "initialize")
    throw CaseError(fmt::format("guidance of kind {} is not known", guidance));
  stream.guidance = guidance == "none"   ? StreamGuidance::None
                    : guidance == "full" ? StreamGuidance::Full
                    : guidance == "self" ? StreamGuidance::SelfNegative
                                         : StreamGuidance::OneTimeNegative;
  StreamBatch batch = need(StreamBatch::make(stream));
  Tensors outputs;
  std::vector<float> all;
  for (const int t : need(lcmTimesteps(stream.inferenceSteps, stream.originalSteps)))
    all.push_back(static_cast<float>(t));
  outputs["lcm_timesteps"] = times(golden, "lcm_timesteps", all);
  std::vector<float> own;
  for (const int t : batch.timesteps())
    own.insert(own.end(), static_cast<std::size_t>(stream.pictures), static_cast<float>(t));
  outputs["sub_timesteps"] = times(golden, "sub_timesteps", own);
  outputs["alpha_prod_t_sqrt"] = batch.signal().repeat_interleave(stream.pictures);
  outputs["beta_prod_t_sqrt"] = batch.noiseLevel().repeat_interleave(stream.pictures);
  outputs["c_skip"] = batch.skip().repeat_interleave(stream.pictures);
  outputs["c_out"] = batch.out().repeat_interleave(stream.pictures);

  // Stand-in network: a x + b t / 1000 + c + mean(context) d, with each row's own context.
  std::vector<at::Tensor> contexts;
  for (const bool negative : batch.rowIsNegative())
    contexts.push_back(golden.input(negative ? "negative" : "prompt"));
  const at::Tensor said = at::matmul(at::cat(contexts).mean(1), golden.input("d"));
  const at::Tensor t = at::tensor(batch.rowTimesteps(), at::kLong).to(at::kFloat).reshape({-1, 1, 1, 1}) / 1000.0F;
  const at::Tensor fixed = golden.input("b") * t + golden.input("c") + said.unsqueeze(-1).unsqueeze(-1);
  const at::Tensor& latents = golden.input("image_latents");
  batch.start(golden.input("init_noise"));
  for (std::int64_t tick = 0; tick < latents.size(0); ++tick) {
    const at::Tensor& rows = batch.enter(batch.noisy(latents[tick]));
    outputs[fmt::format("tick{}_x0", tick)] = batch.leave(golden.input("a") * rows + fixed);
    if (batch.buffer().defined())
      outputs[fmt::format("tick{}_buffer", tick)] = batch.buffer().clone();
    outputs[fmt::format("tick{}_stock_noise", tick)] = batch.stockNoise().clone();
  }
  return outputs;
}

Tensors replayNoiseController(const GoldenCase& golden) {
  const at::Tensor& video = golden.input("video");
  const auto chunk = golden.config().at("chunk_size").get<std::int64_t>();
  NoiseController controller = need(NoiseController::make(golden.config().at("init_noise_scale").get<double>()));
  std::vector<float> motion;
  std::vector<float> scales;
  std::vector<std::int64_t> steps;
  for (std::int64_t first = 1 + chunk; first + chunk <= video.size(2); first += chunk) {
    motion.push_back(motionOf(video.narrow(2, first - 1, chunk + 1)));
    const NoiseController::Level level = controller.update(motion.back());
    scales.push_back(static_cast<float>(level.scale));
    steps.push_back(level.step);
  }
  return {{"d", floats(motion)}, {"noise_scale", floats(scales)}, {"current_step", at::tensor(steps, at::kLong)}};
}

Tensors replaySimilarImages(const GoldenCase& golden) {
  SimilarImageFilter filter = need(SimilarImageFilter::make(golden.config().at("threshold").get<double>(),
                                                            golden.config().at("max_skip_frame").get<int>()));
  const at::Tensor& frames = golden.input("frames");
  const at::Tensor& uniform = golden.input("uniform");
  std::vector<std::int64_t> kept;
  std::int64_t drawn = 0;
  for (std::int64_t i = 0; i < frames.size(0); ++i) {
    const double u = filter.wantsRandom() ? uniform[drawn++].item<double>() : 0;
    kept.push_back(filter.keep(frames[i], u) ? 1 : 0);
  }
  return {{"keep", at::tensor(kept, at::kLong)}};
}

} // namespace

std::vector<Replayer> scheduleReplayers() {
  return {
      {[](const GoldenCase& g) { return isSchedule(g, "FlowMatchEulerDiscrete"); }, replayEuler},
      {[](const GoldenCase& g) { return isSchedule(g, "UniPC"); }, replayUniPc},
      {[](const GoldenCase& g) { return isSchedule(g, "DPMSolver"); }, replayDpmSolver},
      {[](const GoldenCase& g) { return isSchedule(g, "DDIMScheduler"); }, replayDdim},
      {[](const GoldenCase& g) { return isSchedule(g, "FlowMatchScheduler"); }, replayFlowTables},
      {[](const GoldenCase& g) { return isSchedule(g, "predict_x0_batch"); }, replayStreamBatch},
      {[](const GoldenCase& g) { return isSchedule(g, "compute_noise_scale_and_step"); }, replayNoiseController},
      {[](const GoldenCase& g) { return isSchedule(g, "SimilarImageFilter"); }, replaySimilarImages},
  };
}

} // namespace kinora::inference
