// SPDX-License-Identifier: Apache-2.0
// Replays wan/vae*, taehv/ and sd/vae.
#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/inference/networks/sd_vae_p.h"
#include "engine/inference/networks/taehv_p.h"
#include "engine/inference/networks/wan_vae_p.h"
#include "engine/inference/parity/golden_case_p.h"
#include "engine/inference/weights/key_map_p.h"

namespace kinora::inference {
namespace {

void must(const Result<void>& result) {
  if (!result)
    throw CaseError(result.error().text());
}

bool isNetwork(const GoldenCase& golden, std::string_view name) {
  return golden.description.value("network", "") == name;
}

// Weight files of a case, and the ending of the outputs computed from each.
std::vector<std::pair<std::string, std::string>> weightFiles(const GoldenCase& golden) {
  std::vector<std::pair<std::string, std::string>> files = {{"weights.safetensors", ""}};
  if (golden.holds("weights.diffusers.safetensors"))
    files.emplace_back("weights.diffusers.safetensors", "@diffusers");
  return files;
}

// Values of a probe by module name, one of each pass.
struct Passes {
  std::map<std::string, std::vector<at::Tensor>, std::less<>> values;

  [[nodiscard]] Probe probe() {
    return [this](std::string_view name, const at::Tensor& value) {
      values[std::string(name)].push_back(value.contiguous().clone());
    };
  }
  void put(Tensors& outputs, std::string_view module, std::string_view name) const {
    const auto found = values.find(module);
    if (found == values.end())
      return;
    for (std::size_t i = 0; i < found->second.size(); ++i)
      outputs[fmt::format("{}{}", name, i)] = found->second[i];
  }
};

// ---- Wan -------------------------------------------------------------------------------------------------------

WanVaeConfig wanConfig(const nlohmann::json& json, bool residual) {
  if (!json.value("attn_scales", nlohmann::json::array()).empty())
    throw CaseError("attention outside the middle is not known");
  WanVaeConfig config;
  config.dim = json.at("dim").get<std::int64_t>();
  config.decoderDim = json.value("dec_dim", config.dim);
  config.latentChannels = json.at("z_dim").get<std::int64_t>();
  config.widths = json.at("dim_mult").get<std::vector<std::int64_t>>();
  config.resBlocks = json.at("num_res_blocks").get<std::int64_t>();
  config.temporalDown = json.at("temperal_downsample").get<std::vector<bool>>();
  config.patch = json.value("patch_size", std::int64_t{1});
  config.residualStages = residual;
  config.mean = json.at("latents_mean").get<std::vector<float>>();
  config.std = json.at("latents_std").get<std::vector<float>>();
  return config;
}

// Both directions of one network, whole and streamed.
void replayWan(const GoldenCase& golden, const WanVae& vae, const std::string& variant, Tensors& outputs) {
  Tensors own;
  const at::Tensor& video = golden.input("video");
  const at::Tensor z = vae.denormalise(golden.input("z_normalised"));
  const std::int64_t group = vae.config.temporalStride();

  // Pass by pass, as the whole-clip functions go.
  Passes passes;
  WanVaeEncoder encoder(vae, passes.probe());
  for (std::int64_t at = 0, count = 1; at < video.size(2); at += count, count = group)
    (void)encoder.encode(video.narrow(2, at, count));
  WanVaeDecoder decoder(vae, passes.probe());
  for (std::int64_t at = 0; at < z.size(2); ++at)
    (void)decoder.decode(z.narrow(2, at, 1));
  passes.put(own, "encoder.downsamples.5", "enc_down3d_a_pass");
  passes.put(own, "decoder.upsamples.3", "dec_up3d_a_pass");
  passes.put(own, "encoder.downsamples.1", "enc_stage1_pass");
  passes.put(own, "decoder.upsamples.0", "dec_stage0_pass");
  const auto first = [&](std::string_view module, const char* name) {
    if (const auto found = passes.values.find(module); found != passes.values.end())
      own[name] = found->second[0];
  };
  first("encoder.conv1", "enc_conv1_frame0");
  first("encoder.downsamples.0", "enc_downsamples0_frame0");
  first("encoder.downsamples.2", "enc_down2d_frame0");
  first("encoder.middle.1", "enc_attn_frame0");

  own["mu_raw"] = vae.encode(video);
  own["mu_normalised"] = vae.normalise(own["mu_raw"]);
  own["decoded"] = vae.decode(z);
  own["decoded_clamped"] = own["decoded"].clamp(-1, 1);

  if (golden.config().contains("first_pixel_chunk")) {
    const auto firstFrames = golden.config().at("first_pixel_chunk").get<std::int64_t>();
    const auto firstLatents = golden.config().at("first_latent_chunk").get<std::int64_t>();
    encoder.reset();
    for (std::int64_t at = 0, call = 0; at < video.size(2); ++call) {
      const std::int64_t count = call == 0 ? firstFrames : group;
      own[fmt::format("stream_encode_{}", call)] = encoder.encode(video.narrow(2, at, count));
      at += count;
    }
    decoder.reset();
    for (std::int64_t at = 0, call = 0; at < z.size(2); ++call) {
      const std::int64_t count = call == 0 ? firstLatents : 1;
      own[fmt::format("stream_decode_{}", call)] = decoder.decode(z.narrow(2, at, count));
      if (call == 0) {
        own["dec_cache_slot0_after_call0"] = decoder.memory().slots.front().contiguous().clone();
        own["dec_cache_lastslot_after_call0"] = decoder.memory().slots.back().contiguous().clone();
      }
      at += count;
    }
  }
  for (auto& [name, tensor] : own) {
    if (golden.expected.contains(name))
      outputs[name + variant] = tensor;
  }
}

Tensors replayWanVae(const GoldenCase& golden) {
  const bool residual = isNetwork(golden, "wan_vae22");
  Tensors outputs;
  for (const auto& [file, variant] : weightFiles(golden)) {
    WeightTable table(withOriginalKeys(golden.weights(file), residual ? NetworkKind::WanVae22 : NetworkKind::WanVae));
    const WanVae vae = WanVae::load(table, wanConfig(golden.config(), residual));
    must(table.finish());
    replayWan(golden, vae, variant, outputs);
  }
  return outputs;
}

// ---- TAEHV -----------------------------------------------------------------------------------------------------

TaehvConfig taehvConfig(const nlohmann::json& json) {
  TaehvConfig config;
  config.encoderWidth = json.at("encoder_width").get<std::int64_t>();
  config.decoderWidths = json.at("decoder_widths").get<std::array<std::int64_t, 4>>();
  config.latentChannels = json.at("latent_channels").get<std::int64_t>();
  config.patch = json.value("patch_size", std::int64_t{1});
  config.encoderTimeDown = json.at("encoder_time_downscale").get<std::array<bool, 3>>();
  config.decoderTimeUp = json.at("decoder_time_upscale").get<std::array<bool, 3>>();
  const auto& variant = json.at("arch_variant");
  if (!variant.is_null() && variant != "super")
    throw CaseError(fmt::format("the decoder variant {} is not known", variant.dump()));
  config.superDecoder = !variant.is_null();
  return config;
}

Tensors replayTaehv(const GoldenCase& golden) {
  WeightTable table(withOriginalKeys(golden.weights(), NetworkKind::Taehv));
  const Taehv network = Taehv::load(table, taehvConfig(golden.config()));
  must(table.finish());
  const at::Tensor& video = golden.input("video");
  const at::Tensor& latents = golden.input("latents");
  const std::int64_t rows = video.size(0);

  // Everything at once.
  Tensors outputs;
  Passes passes;
  TaehvEncoder encoder(network, passes.probe());
  const at::Tensor most = encoder.encode(video);
  outputs["encoded"] = at::cat({most, encoder.flush()}, 1);
  TaehvDecoder decoder(network, passes.probe());
  outputs["decoded"] = decoder.decode(latents);
  const auto put = [&](const char* output, const std::string& layer) {
    if (const auto found = passes.values.find(layer); found != passes.values.end())
      outputs[output] = found->second[0].unflatten(0, {rows, found->second[0].size(0) / rows});
  };
  using Kind = Taehv::Kind;
  const auto isMemory = [](const Taehv::Layer& l) { return l.kind == Kind::Memory || l.kind == Kind::SuperMemory; };
  const auto first = std::find_if(network.decoder.begin(), network.decoder.end(), isMemory);
  const auto last = std::find_if(network.decoder.rbegin(), network.decoder.rend(), isMemory);
  const auto grow = std::find_if(network.decoder.begin(), network.decoder.end(),
                                 [](const Taehv::Layer& l) { return l.kind == Kind::Grow && l.stride == 2; });
  put("decoded_raw_untrimmed", "decoder");
  put("dec_before_first_memblock", std::prev(first)->name);
  put("dec_after_first_memblock", first->name);
  if (grow != network.decoder.end())
    put("dec_after_first_tgrow2", grow->name);
  // The frames that the tail lacks come in a second pass.
  std::vector<at::Tensor> pooled;
  for (const at::Tensor& pass : passes.values[network.encoder[2].name])
    pooled.push_back(pass.unflatten(0, {rows, pass.size(0) / rows}));
  outputs["enc_after_first_tpool"] = at::cat(pooled, 1);

  // Frame by frame.
  TaehvEncoder frameEncoder(network);
  std::vector<at::Tensor> pieces;
  for (std::int64_t i = 0; i < video.size(1); ++i)
    pieces.push_back(frameEncoder.encode(video.narrow(1, i, 1)));
  pieces.push_back(frameEncoder.flush());
  outputs["encoded@streamed"] = at::cat(pieces, 1);
  TaehvDecoder latentDecoder(network);
  pieces.clear();
  for (std::int64_t i = 0; i < latents.size(1); ++i)
    pieces.push_back(latentDecoder.decode(latents.narrow(1, i, 1)));
  outputs["decoded@streamed"] = at::cat(pieces, 1);
  const auto& slots = latentDecoder.memory().slots;
  outputs["memory_first_memblock_after_stream"] = slots[static_cast<std::size_t>(first - network.decoder.begin())];
  outputs["memory_last_memblock_after_stream"] =
      slots[network.decoder.size() - 1 - static_cast<std::size_t>(last - network.decoder.rbegin())];

  // As StreamDiffusionV2 decodes: the last three latents again before the new one.
  if (golden.expected.contains("sdv2_context_decode_last_latent"))
    outputs["sdv2_context_decode_last_latent"] =
        network.decode(latents.slice(1, -4)).slice(1, -network.config.framesPerLatentOut());
  return outputs;
}

// ---- Stable Diffusion ------------------------------------------------------------------------------------------

Tensors replaySdVae(const GoldenCase& golden) {
  const auto& json = golden.config();
  SdVaeConfig config;
  config.widths = json.at("block_out_channels").get<std::vector<std::int64_t>>();
  config.resBlocks = json.at("layers_per_block").get<std::int64_t>();
  config.latentChannels = json.at("latent_channels").get<std::int64_t>();
  config.groups = json.at("norm_num_groups").get<std::int64_t>();
  config.scale = json.value("scaling_factor", config.scale);
  Tensors outputs;
  for (const auto& [file, variant] : weightFiles(golden)) {
    WeightTable table(withOriginalKeys(golden.weights(file), NetworkKind::SdVae));
    const SdVae vae = SdVae::load(table, config);
    must(table.finish());
    Passes passes;
    const SdVae::Posterior posterior = vae.encode(golden.input("image"), passes.probe());
    outputs["mean" + variant] = posterior.mean;
    outputs["logvar" + variant] = posterior.logVar;
    outputs["latents_scaled" + variant] = vae.scaled(posterior);
    outputs["decoded" + variant] = vae.decode(golden.input("latents"), passes.probe());
    outputs["enc_down0" + variant] = passes.values["encoder.down.0"].at(0);
    outputs["enc_mid_attn" + variant] = passes.values["encoder.mid.attn_1"].at(0);
    outputs["dec_mid" + variant] = passes.values["decoder.mid"].at(0);
    outputs["dec_up0" + variant] = passes.values[fmt::format("decoder.up.{}", config.widths.size() - 1)].at(0);
  }
  return outputs;
}

} // namespace

std::vector<Replayer> codecReplayers() {
  return {
      {[](const GoldenCase& g) { return isNetwork(g, "sd_vae"); }, replaySdVae},
      {[](const GoldenCase& g) { return isNetwork(g, "taehv"); }, replayTaehv},
      {[](const GoldenCase& g) { return isNetwork(g, "wan_vae21") || isNetwork(g, "wan_vae22"); }, replayWanVae},
  };
}

} // namespace kinora::inference
