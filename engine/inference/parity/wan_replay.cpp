// SPDX-License-Identifier: Apache-2.0
// Replays the cases of the Wan networks without a cache: forward passes, masks, the track head, DreamID-V.
#include <string>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/inference/networks/dreamidv_p.h"
#include "engine/inference/networks/ops_p.h"
#include "engine/inference/networks/rope_p.h"
#include "engine/inference/networks/track_head_p.h"
#include "engine/inference/networks/wan_dit_p.h"
#include "engine/inference/parity/golden_case_p.h"
#include "engine/inference/parity/wan_replay_p.h"
#include "engine/inference/weights/key_map_p.h"
#include "engine/inference/weights/lora_p.h"
#include "engine/inference/weights/weights_source_p.h"

namespace kinora::inference {

std::int64_t atLeast(const nlohmann::json& config, const char* name, std::int64_t least) {
  const std::int64_t value = config.at(name);
  if (value < least)
    throw CaseError(fmt::format("{} is {}, it must be at least {}", name, value, least));
  return value;
}

WanConfig wanConfig(const nlohmann::json& c) {
  WanConfig config;
  config.inChannels = c.at("in_dim");
  config.outChannels = c.at("out_dim");
  config.dim = c.at("dim");
  config.ffnDim = c.at("ffn_dim");
  config.frequencyDim = c.at("freq_dim");
  config.textDim = c.at("text_dim");
  config.heads = atLeast(c, "num_heads", 1);
  config.layers = c.at("num_layers");
  if (config.layers > 1000)
    throw CaseError(fmt::format("num_layers is {}, more than any transformer has", config.layers));
  config.eps = c.at("eps");
  if (c.contains("image_dim") && !c.at("image_dim").is_null())
    config.imageDim = c.at("image_dim");
  return config;
}

void requireFit(const WeightTable& table) {
  if (auto complete = table.finish(); !complete)
    throw CaseError(complete.error().text());
}

WanDit loadWan(const GoldenCase& golden, std::string_view file) {
  WeightTable table(withOriginalKeys(golden.weights(file), NetworkKind::WanDit));
  WanDit net = WanDit::load(table, wanConfig(golden.config()));
  requireFit(table);
  return net;
}

at::Tensor channelsFirst(const at::Tensor& frames) {
  return frames.transpose(1, 2);
}

namespace {

bool isDit(const GoldenCase& golden) {
  const std::string network = golden.description.value("network", "");
  return (network == "wan_dit" || network == "wan22_ti2v_dit") && !golden.config().contains("lora_files");
}

// Names that the reference spells in its own way.
void forwardOutputs(const WanDit& net, const GoldenCase& golden, Tensors& out) {
  const auto& config = golden.config();
  at::Tensor x = golden.input("x");
  if (golden.inputs.contains("y"))
    x = at::cat({x, golden.input("y")}, 1);
  const at::Tensor text = net.embedText(golden.input("context"));
  at::Tensor image;
  if (golden.inputs.contains("clip_fea")) {
    image = net.embedImage(golden.input("clip_fea"));
    out["img_ctx_first_rows"] = image.narrow(1, 0, 4);
  }
  const std::int64_t rows = text.size(1);
  out["text_ctx_first_and_last_rows"] = at::cat({text.narrow(1, 0, 4), text.narrow(1, rows - 2, 2)}, 1);

  const at::Tensor t = golden.input("t");
  out["time_sinusoid"] = ops::sinusoid(t, net.config.frequencyDim);
  const WanTime time = net.time(t);
  out["time_e"] = time.e.select(1, 0);
  out["time_e0"] = time.modulation.select(1, 0);

  const Rope rope(net.config.headDim());
  const at::Tensor diagonal = rope.diagonal({0, 1, 2, 7, 100, 1023});
  out["rope_cos_first_1024x"] = at::real(diagonal);
  out["rope_sin_first_1024x"] = at::imag(diagonal);

  at::Tensor tokens = net.patchify(x);
  out["patch_tokens"] = tokens;
  const std::int64_t real = tokens.size(1);
  const std::int64_t padTo = config.value("seq_len_passed", real);
  if (padTo > real)
    tokens = at::constant_pad_nd(tokens, {0, 0, 0, padTo - real});
  const Probe keep = [&](std::string_view name, const at::Tensor& value) { out[std::string(name)] = value; };
  FullAttention attention(
      rope.phases(framesFrom(0, x.size(2)), x.size(3) / 2, x.size(4) / 2), {},
      [&](std::string_view name, const at::Tensor& value) { out["block0_" + std::string(name)] = value; });
  tokens = net.run(tokens, time, net.prompt(text, image), attention, {}, keep);
  out["last_block_out"] = tokens;
  tokens = net.head(tokens, time.e);
  out["head_tokens"] = tokens;
  out["out"] = net.unpatchify(tokens.narrow(1, 0, real), x.size(2), x.size(3), x.size(4));
}

// Wan 2.2: a timestep for every token, then the same one for all.
void tokenTimeOutputs(const WanDit& net, const GoldenCase& golden, Tensors& out) {
  const at::Tensor x = golden.input("x");
  const WanPrompt prompt = net.prompt(net.embedText(golden.input("context")));
  const at::Tensor phases = Rope(net.config.headDim()).phases(framesFrom(0, x.size(2)), x.size(3) / 2, x.size(4) / 2);
  const std::int64_t tokens = phases.size(0);
  FullAttention attention(phases);
  out["out"] = net.forward(x, net.time(golden.input("t_tokens")), prompt, attention);
  const WanTime time = net.time(golden.input("t_uniform").unsqueeze(1).expand({x.size(0), tokens}));
  const at::Tensor e0 = time.modulation.flatten(2);
  out["time_e0_first_and_last_token"] = at::stack({e0.select(1, 0), e0.select(1, tokens - 1)}, 1);
  const at::Tensor seen =
      net.run(net.patchify(x), time, prompt, attention, {}, [&](std::string_view name, const at::Tensor& value) {
        if (name == "block0_out")
          out["block0_out"] = value;
      });
  out["out_uniform_t"] = net.unpatchify(net.head(seen, time.e), x.size(2), x.size(3), x.size(4));
}

Tensors replayDit(const GoldenCase& golden) {
  struct Way {
    const char* file;
    Compute compute;
    const char* variant;
  };
  Tensors out;
  for (const Way way :
       {Way{"weights.safetensors", Compute::Library, ""}, Way{"weights.safetensors", Compute::Fused, "@fused"},
        Way{"weights.diffusers.safetensors", Compute::Library, "@diffusers"}}) {
    if (!golden.holds(way.file))
      continue;
    Tensors these;
    WanDit net = loadWan(golden, way.file);
    net.compute = way.compute;
    if (golden.inputs.contains("t_tokens"))
      tokenTimeOutputs(net, golden, these);
    else
      forwardOutputs(net, golden, these);
    for (const auto& [name, expected] : golden.expected) {
      if (const auto found = these.find(name); found != these.end())
        out[name + way.variant] = found->second;
    }
  }
  return out;
}

bool isLora(const GoldenCase& golden) {
  return golden.description.value("network", "") == "wan_dit" && golden.config().contains("lora_files");
}

// Every LoRA file alone, at every strength: the changed tensors and what the network makes of them.
Tensors replayLora(const GoldenCase& golden) {
  const auto& c = golden.config();
  const at::Tensor x = golden.input("x");
  const Rope rope(wanConfig(c).headDim());
  Tensors out;
  const auto load = [&](const std::shared_ptr<TensorSource>& source) {
    WeightTable table(source);
    WanDit net = WanDit::load(table, wanConfig(c));
    requireFit(table);
    return net;
  };
  const auto run = [&](const WanDit& net) {
    FullAttention attention(rope.phases(framesFrom(0, x.size(2)), x.size(3) / 2, x.size(4) / 2));
    return net.forward(x, net.time(golden.input("t")), net.prompt(net.embedText(golden.input("context"))), attention);
  };
  const auto base = withOriginalKeys(golden.weights(), NetworkKind::WanDit);
  WanDit branched = load(base);
  out["out_base"] = run(branched);
  for (const std::string name : c.at("lora_files")) {
    const auto opened = openWeights(golden.folder / name);
    if (!opened)
      throw CaseError(opened.error().text());
    const auto file = LoraFile::fit(*opened, NetworkKind::WanDit, base->tensors());
    if (!file)
      throw CaseError(file.error().text());
    const std::string grammar = name.substr(5, name.size() - 5 - std::string_view(".safetensors").size()); // lora.*
    for (const double strength : c.at("strengths")) {
      const auto merged = withLora(base, {{*file, strength}});
      const std::string label = fmt::format("{}_s{:g}", grammar, strength);
      out["out_" + label] = run(load(merged));
      if (branched.useLora({{*file, strength}})) // files with biases can only be merged
        out["out_" + label + "@beside"] = run(branched);
      for (std::size_t i = 0; i < merged->tensors().size(); ++i) {
        const std::string key = fmt::format("merged_{}/{}", label, merged->tensors()[i].name);
        if (!golden.expected.contains(key))
          continue;
        const auto tensor = merged->read(i);
        if (!tensor)
          throw CaseError(tensor.error().text());
        out[key] = *tensor;
      }
    }
  }
  return out;
}

bool isMasked(const GoldenCase& golden) {
  return golden.description.value("network", "") == "wan_causal_self_forcing_nocache";
}

Tensors replayMasked(const GoldenCase& golden) {
  const auto& config = golden.config();
  const WanDit net = loadWan(golden);
  const bool teacherForcing = config.at("teacher_forcing");
  const std::int64_t perBlock = atLeast(config, "num_frame_per_block", 1);
  const at::Tensor x = channelsFirst(golden.input("x"));
  const std::int64_t frames = x.size(2);
  const std::int64_t perFrame = (x.size(3) / 2) * (x.size(4) / 2);

  const at::Tensor frameMask = teacherForcing ? teacherForcingMask(frames, perBlock)
                                              : blockCausalMask(frames, perBlock, config.at("independent_first_frame"),
                                                                config.value("local_attn_size", std::int64_t{-1}));
  at::Tensor tokens = net.patchify(x);
  at::Tensor t = golden.input("t");
  std::vector<std::int64_t> positions = framesFrom(0, frames);
  if (teacherForcing) {
    tokens = at::cat({net.patchify(channelsFirst(golden.input("clean_x"))), tokens}, 1);
    t = at::cat({at::zeros_like(t), t}, 1);
    positions.insert(positions.end(), positions.begin(), positions.begin() + frames);
  }
  const WanTime time = net.time(t);
  FullAttention attention(Rope(net.config.headDim()).phases(positions, x.size(3) / 2, x.size(4) / 2),
                          tokenMask(frameMask, perFrame));
  Tensors out;
  tokens = net.run(tokens, time, net.prompt(net.embedText(golden.input("context"))), attention, {},
                   [&](std::string_view name, const at::Tensor& value) {
                     if (name == "block0_out")
                       out["block0_out"] = value;
                   });
  tokens = net.head(tokens, time.e);
  tokens = tokens.narrow(1, tokens.size(1) - frames * perFrame, frames * perFrame);
  out["flow"] = channelsFirst(net.unpatchify(tokens, frames, x.size(3), x.size(4)));
  const auto wanted = golden.expected.find("frame_mask");
  out["frame_mask"] = wanted == golden.expected.end() ? frameMask : frameMask.to(wanted->second.scalar_type());
  return out;
}

bool isTrackHead(const GoldenCase& golden) {
  return golden.description.value("network", "") == "wan_track_head";
}

Tensors replayTrackHead(const GoldenCase& golden) {
  const auto& c = golden.config();
  WeightTable table(golden.weights());
  WeightTable under = table.under("track_encoder");
  const TrackHead head = TrackHead::load(under, {.idDim = c.at("id_dim"),
                                                 .channels = c.at("track_channels"),
                                                 .framesPerLatent = atLeast(c, "vae_temporal_compression", 1),
                                                 .maxTrackId = c.at("max_track_id"),
                                                 .bias = c.at("use_bias")});
  requireFit(table);
  const std::int64_t height = c.at("latent_h");
  const std::int64_t width = c.at("latent_w");
  const TrackPoints points{golden.input("coords"), golden.input("visibility"), golden.input("track_ids")};
  Tensors out;
  out["id_embedding"] = head.embedIds(points.ids);
  const at::Tensor dense = head.denseMap(points, height, width);
  const auto shown = golden.expected.find("dense_map_first_frames");
  if (shown != golden.expected.end())
    out["dense_map_first_frames"] = dense.narrow(2, 0, shown->second.size(2));
  out["track_map"] = head.forward(points, height, width, true);
  out["default_ids_track_map"] = head.forward({points.positions, points.visibility, {}}, height, width, true);
  out["no_visible_tracks"] =
      head.forward({points.positions, at::zeros_like(points.visibility), points.ids}, height, width, true);
  const auto& windows = c.at("windows");
  for (std::size_t i = 0; i < windows.size(); ++i)
    out["window_" + std::to_string(i)] = head.window(points, windows[i][0], windows[i][1], height, width);
  return out;
}

bool isDreamIdV(const GoldenCase& golden) {
  const std::string network = golden.description.value("network", "");
  return network == "dreamidv_faster" || network == "dreamidv_full";
}

Tensors replayDreamIdV(const GoldenCase& golden) {
  const auto& c = golden.config();
  DreamIdVConfig config;
  config.wan = wanConfig(c);
  config.referenceChannels = c.at("in_dim_ref_conv");
  config.wan.poseAttention = golden.description.at("network") == "dreamidv_full";
  if (config.wan.poseAttention)
    config.poseWidths = c.at("pose_widths").get<std::array<std::int64_t, 4>>();
  WeightTable table(golden.weights());
  const DreamIdV net = DreamIdV::load(table, config);
  requireFit(table);

  Tensors out;
  const auto row = [&](std::string_view name) { return golden.input(name).unsqueeze(0); };
  DreamIdV::Inputs inputs{row("x"), row("video_latent"), row("mask_latent"), row("ref_latent"), {}, 0};
  inputs.padTo = c.value("seq_len_passed", std::int64_t{0});
  if (net.pose) {
    const at::Tensor pose = golden.input("pose_video");
    out["pose_time_down_first_pixels"] = net.pose->foldTime(pose).narrow(0, 0, 16);
    inputs.pose = net.pose->forward(pose);
    out["pose_tokens"] = inputs.pose.select(0, 0);
  }
  const WanPrompt prompt = net.wan.prompt(net.wan.embedText(row("context")));
  const WanTime time = net.wan.time(golden.input("t"));
  const at::Tensor conditional =
      net.forward(inputs, time, prompt, {},
                  [&](std::string_view name, const at::Tensor& value) { out[std::string(name)] = value; });
  inputs.reference = at::zeros_like(inputs.reference);
  const at::Tensor unconditional = net.forward(inputs, time, prompt);
  out["v_cond"] = conditional.select(0, 0);
  out["v_uncond"] = unconditional.select(0, 0);
  out["v_guided"] = dreamIdVGuidance(conditional, unconditional, c.at("guidance")).select(0, 0);
  return out;
}

} // namespace

std::vector<Replayer> wanReplayers() {
  std::vector<Replayer> all = {{isDit, replayDit},
                               {isLora, replayLora},
                               {isMasked, replayMasked},
                               {isTrackHead, replayTrackHead},
                               {isDreamIdV, replayDreamIdV}};
  const std::vector<Replayer> streams = streamReplayers();
  all.insert(all.end(), streams.begin(), streams.end());
  return all;
}

} // namespace kinora::inference
