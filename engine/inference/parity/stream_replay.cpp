// SPDX-License-Identifier: Apache-2.0
// Replays the causal rollouts: the chunk loop and the stream batch over every cache policy, call by call.
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/inference/networks/rope_p.h"
#include "engine/inference/networks/track_head_p.h"
#include "engine/inference/parity/golden_case_p.h"
#include "engine/inference/parity/wan_replay_p.h"
#include "engine/inference/schedules/flow_table.h"
#include "engine/inference/schedules/flow_transport_p.h"
#include "engine/inference/streaming/causal_batch_p.h"
#include "engine/inference/streaming/causal_network_p.h"
#include "engine/inference/streaming/chunk_loop_p.h"
#include "engine/inference/streaming/ring_cache_p.h"
#include "engine/inference/streaming/window_cache_p.h"

namespace kinora::inference {
namespace {

template <typename T>
T valueOf(Result<T> result) {
  if (!result)
    throw CaseError(result.error().text());
  return *std::move(result);
}

void require(const Result<void>& result) {
  if (!result)
    throw CaseError(result.error().text());
}

// The bookkeeping of a case: every call in order, every number exactly.
class StepChecker {
 public:
  explicit StepChecker(const nlohmann::json& steps) : steps_(steps) {}

  // Fields of `ours` that the case lists must be equal.
  void check(const std::string& call, const nlohmann::json& ours) {
    if (next_ >= steps_.size())
      throw CaseError(fmt::format("the stream made a call {} after the last listed one", call));
    const nlohmann::json& listed = steps_[next_++];
    if (listed.at("call") != call)
      throw CaseError(fmt::format("call {} instead of {}", call, listed.at("call").get<std::string>()));
    for (const auto& [name, value] : ours.items()) {
      if (listed.contains(name) && listed.at(name) != value)
        throw CaseError(
            fmt::format("call {}: {} is {}, the case lists {}", call, name, value.dump(), listed.at(name).dump()));
    }
  }
  void finish() const {
    if (next_ != steps_.size())
      throw CaseError(fmt::format("the stream made {} calls, the case lists {}", next_, steps_.size()));
  }
  [[nodiscard]] const nlohmann::json& upcoming() const { return steps_.at(next_); }

 private:
  const nlohmann::json& steps_;
  std::size_t next_ = 0;
};

FlowTable tableOf(const nlohmann::json& config) {
  return valueOf(FlowTable::make(config.at("timestep_shift").get<double>()));
}

std::vector<float> timesOf(const nlohmann::json& config, const FlowTable& table) {
  const auto steps = config.at("denoising_step_list").get<std::vector<int>>();
  if (config.at("warp_denoising_step").get<bool>())
    return valueOf(table.warped(steps));
  return {steps.begin(), steps.end()};
}

struct Grid {
  std::int64_t rows, columns;
  explicit Grid(const at::Tensor& frames) : rows(frames.size(3) / 2), columns(frames.size(4) / 2) {
    if (tokens() < 1)
      throw CaseError("the latents are smaller than one patch");
  }
  [[nodiscard]] std::int64_t tokens() const { return rows * columns; }
};

WindowRules windowRules(const GoldenCase& golden, const Grid& grid) {
  const auto& c = golden.config();
  const std::string network = golden.description.at("network");
  const std::int64_t local = c.at("local_attn_size");
  const std::int64_t sinks = c.at("sink_size");
  WindowRules rules;
  if (network == "wan_causal_longlive")
    rules = WindowRules::longLive(local, sinks);
  else if (network == "wan_causal_self_forcing")
    rules = WindowRules::selfForcing(local, sinks);
  else
    rules = WindowRules::infiniteForcing(local, sinks);
  rules.slots = c.at("kv_cache_tokens").get<std::int64_t>() / grid.tokens();
  rules.evict = local >= 0;
  return rules;
}

std::vector<std::int64_t> chunkSizes(const nlohmann::json& c, std::int64_t frames) {
  for (const char* name : {"chunk_sizes", "block_sizes"}) {
    if (c.contains(name))
      return c.at(name).get<std::vector<std::int64_t>>();
  }
  const std::int64_t block = atLeast(c, "num_frame_per_block", 1);
  return std::vector<std::int64_t>(static_cast<std::size_t>(frames / block), block);
}

bool isWindowed(const GoldenCase& golden) {
  const std::string network = golden.description.value("network", "");
  return network == "wan_causal_self_forcing" || network == "wan_causal_infinite_forcing" ||
         network == "wan_causal_longlive" || network == "wan_causal_track_i2v";
}

// One whole rollout.
class Rollout {
 public:
  Rollout(const GoldenCase& golden, const WanDit& net, const TrackHead* tracks, const WindowRules& rules)
      : golden_(golden), net_(net), tracks_(tracks), rules_(rules) {}
  // checkSteps: the bookkeeping must be that of the case.
  [[nodiscard]] Tensors run(bool checkSteps);

 private:
  [[nodiscard]] WanPrompt prompt(std::string_view name) const;
  [[nodiscard]] Condition condition();
  void keepCache(const WindowCache& cache, const std::string& after);

  const GoldenCase& golden_;
  const WanDit& net_;
  const TrackHead* tracks_;
  WindowRules rules_;
  Tensors out_;
  std::vector<at::Tensor> trackWindows_;
};

WanPrompt Rollout::prompt(std::string_view name) const {
  at::Tensor image;
  if (golden_.inputs.contains("clip_fea"))
    image = net_.embedImage(golden_.input("clip_fea"));
  return net_.prompt(net_.embedText(golden_.input(name)), image);
}

Condition Rollout::condition() {
  if (tracks_ == nullptr)
    return {};
  return [this](std::int64_t first, std::int64_t count) {
    const at::Tensor noise = golden_.input("noise");
    const TrackPoints points{golden_.input("coords"), golden_.input("visibility"), golden_.input("track_ids")};
    const at::Tensor track = tracks_->window(points, first, count, noise.size(3), noise.size(4));
    trackWindows_.push_back(track);
    return at::cat({golden_.input("mask").narrow(1, first, count),
                    golden_.input("image_latent").narrow(1, first, count), track.transpose(1, 2)},
                   2);
  };
}

void Rollout::keepCache(const WindowCache& cache, const std::string& after) {
  for (std::int64_t layer = 0; layer < net_.config.layers; ++layer) {
    out_[fmt::format("k_cache_block{}_after_{}", layer, after)] = cache.orderedKeys(layer);
    out_[fmt::format("v_cache_block{}_after_{}", layer, after)] = cache.orderedValues(layer);
  }
}

Tensors Rollout::run(bool checkSteps) {
  const auto& c = golden_.config();
  const at::Tensor noise = golden_.input("noise");
  const Grid grid(noise);
  const FlowTable table = tableOf(c);
  const FlowTransport transport(table, at::kCPU);
  ChunkSchedule schedule{.times = timesOf(c, table), .cleanTime = c.at("context_noise").get<float>()};
  out_["denoising_steps_warped"] = at::tensor(schedule.times, at::kFloat);
  const std::vector<std::int64_t> chunks = chunkSizes(c, noise.size(1));
  for (const std::int64_t chunk : chunks)
    rules_.chunk = std::max(rules_.chunk, chunk);
  const bool prompts = golden_.inputs.contains("context_0");
  if (prompts)
    schedule.historyFrames = rules_.evict ? c.at("local_attn_size").get<std::int64_t>() : noise.size(1);

  WindowCache cache(rules_, cacheShape(net_, noise.size(0), grid.tokens()), Rope(net_.config.headDim()), grid.rows,
                    grid.columns);
  CausalWan causal(net_, prompt(prompts ? "context_0" : "context"), condition());
  ChunkLoop loop(causal, cache, transport, schedule);
  StepChecker steps(golden_.description.at("steps"));
  std::int64_t currentPrompt = 0;

  loop.observe([&](const PassReport& pass) {
    std::string call;
    std::string flow;
    switch (pass.kind) {
    case PassKind::Denoise:
      call = fmt::format("c{}_s{}", pass.chunk, pass.step);
      out_["x_" + call] = pass.x;
      out_["x0_" + call] = pass.clean;
      break;
    case PassKind::Clean:
      call = fmt::format("c{}_clean", pass.chunk);
      keepCache(cache, prompts ? call : fmt::format("c{}", pass.chunk));
      break;
    case PassKind::Prefill:
      call = fmt::format("pre{}", pass.chunk);
      break;
    case PassKind::Recache:
      call = fmt::format("recache{}", pass.chunk);
      out_["x_" + call] = pass.x;
      keepCache(cache, call);
      break;
    }
    out_["flow_" + call] = pass.flow;
    if (!checkSteps)
      return;
    const std::int64_t frames = pass.x.size(1);
    nlohmann::json ours = {{"t", pass.time},
                           {"current_start", pass.start * grid.tokens()},
                           {"frames", frames},
                           {"prompt", currentPrompt},
                           {"global_end_index", cache.seen() * grid.tokens()},
                           {"local_end_index", cache.held() * grid.tokens()},
                           {"latent_window", {pass.start, pass.start + frames}}};
    if (tracks_ != nullptr) {
      const auto [first, last] = tracks_->pixelFrames(pass.start, frames);
      ours["pixel_frames_needed"] = {first, last};
    }
    steps.check(call, ours);
  });

  std::vector<at::Tensor> latents;
  if (golden_.inputs.contains("initial_latent")) {
    const at::Tensor initial = golden_.input("initial_latent");
    latents.push_back(initial);
    const std::int64_t block = atLeast(c, "num_frame_per_block", 1);
    std::int64_t size = c.at("independent_first_frame").get<bool>() ? 1 : block;
    for (std::int64_t at = 0; at<initial.size(1); at += size, size = at> 0 ? block : size)
      require(loop.prefill(initial.narrow(1, at, size)));
  }
  std::vector<std::int64_t> switches;
  if (prompts)
    switches = c.at("switch_frame_indices").get<std::vector<std::int64_t>>();
  std::int64_t used = 0;
  for (std::size_t chunk = 0; chunk < chunks.size(); ++chunk) {
    if (static_cast<std::size_t>(currentPrompt) < switches.size() &&
        loop.position() >= switches[static_cast<std::size_t>(currentPrompt)]) {
      ++currentPrompt;
      causal.setPrompt(prompt(fmt::format("context_{}", currentPrompt)));
      require(loop.recache(!c.value("global_sink", false)));
    }
    const auto renoise = [&](std::int64_t step, const at::Tensor&) {
      return golden_.input(fmt::format("renoise_c{}_s{}", chunk, step));
    };
    latents.push_back(valueOf(loop.next(noise.narrow(1, used, chunks[chunk]), renoise)));
    used += chunks[chunk];
  }
  if (checkSteps)
    steps.finish();
  out_["latents"] = at::cat(latents, 1);
  if (!trackWindows_.empty())
    out_["track_map"] = at::cat(trackWindows_, 2);
  return std::move(out_);
}

Tensors replayWindowed(const GoldenCase& golden) {
  const auto& c = golden.config();
  WeightTable weights(golden.weights());
  const WanDit net = WanDit::load(weights, wanConfig(c));
  TrackHead tracks;
  const bool tracked = c.contains("track_channels");
  if (tracked) {
    WeightTable under = weights.under("track_encoder");
    tracks = TrackHead::load(
        under, {.idDim = c.at("id_dim"), .channels = c.at("track_channels"), .bias = under.has("proj.bias")});
  }
  requireFit(weights);
  const WindowRules rules = windowRules(golden, Grid(golden.input("noise")));
  Tensors out = Rollout(golden, net, tracked ? &tracks : nullptr, rules).run(true);
  if (rules.keys != KeyForm::Unroped)
    return out;
  // The same stream with the sinks turned once, as MotionStream keeps them.
  WindowRules turned = rules;
  turned.keys = KeyForm::RopedSinks;
  for (const auto& [name, value] : Rollout(golden, net, tracked ? &tracks : nullptr, turned).run(false)) {
    if (golden.expected.contains(name) && !name.starts_with("k_cache"))
      out[name + "@roped_sinks"] = value;
  }
  return out;
}

bool isCausalBatch(const GoldenCase& golden) {
  return golden.description.value("network", "") == "wan_causal_sdv2";
}

struct RingReplay {
  const GoldenCase& golden;
  RingCache& cache;
  std::int64_t layers, tokens;
  Tensors& out;

  void keepCache(const std::string& after) const {
    for (std::int64_t layer = 0; layer < layers; ++layer) {
      out[fmt::format("k_cache_block{}_after_{}", layer, after)] = cache.keys(layer).clone();
      out[fmt::format("v_cache_block{}_after_{}", layer, after)] = cache.values(layer).clone();
    }
  }
  [[nodiscard]] nlohmann::json bookkeeping() const {
    nlohmann::json queues = nlohmann::json::object();
    nlohmann::json ends = nlohmann::json::array();
    nlohmann::json seen = nlohmann::json::array();
    for (std::int64_t layer = 0; layer < layers; ++layer) {
      nlohmann::json rows = nlohmann::json::array();
      for (std::int64_t row = 0; row < cache.activeRows(); ++row)
        rows.push_back(cache.evictionQueue(layer, row));
      queues[fmt::format("block{}", layer)] = rows;
    }
    for (std::int64_t row = 0; row < cache.activeRows(); ++row) {
      ends.push_back(cache.held(row) * tokens);
      seen.push_back(cache.seen(row) * tokens);
    }
    return {{"evict_end_slots", queues}, {"local_end_index", ends}, {"global_end_index", seen}};
  }
};

Tensors replayCausalBatch(const GoldenCase& golden) {
  const auto& c = golden.config();
  const WanDit net = loadWan(golden);
  const at::Tensor first = golden.input("x_prepare");
  const Grid grid(first);
  const FlowTable table = tableOf(c);
  const FlowTransport transport(table, at::kCPU);
  ChunkSchedule schedule{.times = timesOf(c, table), .cleanPass = false};
  if (!c.at("t_refresh").is_null()) {
    schedule.refreshAt = c.at("t_refresh");
    schedule.refreshTo = c.at("num_kv_cache").get<std::int64_t>() - 1;
    schedule.staysRefreshed = c.value("t_refresh_frozen", false);
  }
  const bool batched = c.at("mode") == "batch";
  const auto rows = static_cast<std::int64_t>(schedule.times.size());
  const RingRules rules{.slots = c.at("num_kv_cache"),
                        .sinks = c.at("num_sink_tokens"),
                        .refreshBelow = c.at("adapt_sink_threshold"),
                        .passes = rows};
  RingCache cache(rules, cacheShape(net, batched ? rows : 1, grid.tokens()), Rope(net.config.headDim()), grid.rows,
                  grid.columns);
  CausalWan causal(net, net.prompt(net.embedText(golden.input("context"))));

  Tensors out;
  const RingReplay ring{golden, cache, net.config.layers, grid.tokens(), out};
  StepChecker steps(golden.description.at("steps"));
  std::string tick = "prepare";
  const Renoise renoise = [&](std::int64_t step, const at::Tensor&) {
    return golden.input(fmt::format("renoise_{}_s{}", tick, step));
  };
  const PassObserver keepFlow = [&](const PassReport& pass) {
    out[fmt::format("{}_flow_s{}", tick, pass.step)] = pass.flow;
  };
  const std::int64_t perTick = c.at("num_frame_per_block");
  CausalBatch batch(causal, cache, transport, schedule, perTick);
  ChunkLoop alone(causal, cache, transport, schedule);
  batch.observePreparation(keepFlow);
  alone.observe(keepFlow);

  out["prepare_x0"] = valueOf(batched ? batch.prepare(first, renoise) : alone.next(first, renoise));
  ring.keepCache(tick);
  const nlohmann::json queue = {cache.evictionQueue(0, 0)};
  steps.check(
      tick, {{"current_start", 0}, {"current_end", first.size(1) * grid.tokens()}, {"evict_end_slots_block0", queue}});
  const std::size_t ticks = golden.description.at("steps").size() - 1;
  for (std::size_t i = 0; i < ticks; ++i) {
    tick = fmt::format("tick{:02}", i);
    const auto& listed = steps.upcoming();
    const at::Tensor x = golden.input(listed.at("x").get<std::string>());
    const float time = listed.at("current_step"); // the noise controller's, an input here
    bool emitted = true;
    nlohmann::json ours;
    if (batched) {
      emitted = valueOf(batch.tick(x, time, renoise)).has_value();
      out[tick + "_flow"] = batch.lastFlow();
      out[tick + "_hidden"] = batch.rows();
      nlohmann::json starts = nlohmann::json::array();
      for (const std::int64_t start : batch.starts())
        starts.push_back(start * grid.tokens());
      ours = ring.bookkeeping();
      ours["row_current_start"] = starts;
      ours["emitted"] = emitted ? nlohmann::json("hidden[-1]") : nlohmann::json();
    } else {
      out[tick + "_x0"] = valueOf(alone.next(x, renoise, {}, time));
      ours = ring.bookkeeping();
    }
    const std::int64_t end = batched ? batch.position() : alone.position();
    ours["start_frame"] = end - perTick;
    ours["current_start"] = (end - perTick) * grid.tokens();
    ours["current_end"] = end * grid.tokens();
    ring.keepCache(tick);
    steps.check(tick, ours);
  }
  return out;
}

} // namespace

std::vector<Replayer> streamReplayers() {
  return {{isWindowed, replayWindowed}, {isCausalBatch, replayCausalBatch}};
}

} // namespace kinora::inference
