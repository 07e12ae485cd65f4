// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/networks/sd_unet_p.h"

#include <cmath>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/inference/networks/ops_p.h"

namespace kinora::inference {
namespace {

constexpr double kNormEpsilon = 1e-5;        // of resnets and of the end
constexpr double kTransformerEpsilon = 1e-6; // of the group norm before a transformer
constexpr double kLayerNormEpsilon = 1e-5;

// --- loading ---------------------------------------------------------------------------------------------------------

SdUnet::Norm takeNorm(WeightTable& table, const std::string& name, std::int64_t channels) {
  return {table.take(name + ".weight", {channels}), table.take(name + ".bias", {channels})};
}

SdUnet::Layer takeLayer(WeightTable& table, const std::string& name, at::IntArrayRef shape, bool bias = true) {
  SdUnet::Layer layer;
  layer.weight = table.take(name + ".weight", shape);
  if (bias)
    layer.bias = table.take(name + ".bias", {shape[0]});
  return layer;
}

SdUnet::Resnet takeResnet(WeightTable table, std::int64_t in, std::int64_t out, std::int64_t timeWidth) {
  SdUnet::Resnet resnet;
  resnet.norm1 = takeNorm(table, "in_layers.0", in);
  resnet.conv1 = takeLayer(table, "in_layers.2", {out, in, 3, 3});
  resnet.time = takeLayer(table, "emb_layers.1", {out, timeWidth});
  resnet.norm2 = takeNorm(table, "out_layers.0", out);
  resnet.conv2 = takeLayer(table, "out_layers.3", {out, out, 3, 3});
  if (in != out)
    resnet.shortcut = takeLayer(table, "skip_connection", {out, in, 1, 1});
  return resnet;
}

SdUnet::Attention takeAttention(WeightTable table, std::int64_t channels, std::int64_t keyWidth) {
  SdUnet::Attention attention;
  attention.q = table.take("to_q.weight", {channels, channels});
  attention.k = table.take("to_k.weight", {channels, keyWidth});
  attention.v = table.take("to_v.weight", {channels, keyWidth});
  attention.out = takeLayer(table, "to_out.0", {channels, channels});
  return attention;
}

SdUnet::Transformer takeTransformer(WeightTable table, std::int64_t channels, std::int64_t heads,
                                    const SdUnetConfig& config) {
  SdUnet::Transformer transformer;
  const std::vector<std::int64_t> projection = config.linearProjection
                                                   ? std::vector<std::int64_t>{channels, channels}
                                                   : std::vector<std::int64_t>{channels, channels, 1, 1};
  transformer.heads = heads;
  transformer.norm = takeNorm(table, "norm", channels);
  transformer.projectIn = takeLayer(table, "proj_in", projection);
  WeightTable block = table.under("transformer_blocks").under("0");
  transformer.self = takeAttention(block.under("attn1"), channels, channels);
  transformer.expand = takeLayer(block, "ff.net.0.proj", {8 * channels, channels});
  transformer.contract = takeLayer(block, "ff.net.2", {channels, 4 * channels});
  transformer.cross = takeAttention(block.under("attn2"), channels, config.textWidth);
  transformer.norm1 = takeNorm(block, "norm1", channels);
  transformer.norm2 = takeNorm(block, "norm2", channels);
  transformer.norm3 = takeNorm(block, "norm3", channels);
  transformer.projectOut = takeLayer(table, "proj_out", projection);
  return transformer;
}

// --- computing -------------------------------------------------------------------------------------------------------

struct Pass { // what one forward pass carries through the network
  const SdUnetConfig& config;
  at::Tensor time; // [B, T], after the activation
  at::Tensor text; // [B, L, textWidth]
  SdUnetHook* hook = nullptr;
  int attentions = 0;

  void features(const std::string& place, at::Tensor& tensor) const {
    if (hook)
      hook->features(place, tensor);
  }
};

at::Tensor normalised(const at::Tensor& x, const SdUnet::Norm& norm, std::int64_t groups, double epsilon) {
  return ops::groupNorm(x, groups, norm.weight, norm.bias, epsilon);
}

at::Tensor convolved(const at::Tensor& x, const SdUnet::Layer& layer, std::int64_t padding, std::int64_t stride = 1) {
  return at::conv2d(x, layer.weight, layer.bias, stride, padding);
}

at::Tensor resnet(const at::Tensor& x, const SdUnet::Resnet& block, const Pass& pass) {
  const std::int64_t groups = pass.config.normGroups;
  at::Tensor h = convolved(ops::silu(normalised(x, block.norm1, groups, kNormEpsilon)), block.conv1, 1);
  h = h + ops::linear(pass.time, block.time.weight, block.time.bias).unsqueeze(-1).unsqueeze(-1);
  h = convolved(ops::silu(normalised(h, block.norm2, groups, kNormEpsilon)), block.conv2, 1);
  return h + (block.shortcut.weight.defined() ? convolved(x, block.shortcut, 0) : x);
}

// x [B, Lq, C] looks at context [B, Lk, …].
at::Tensor attend(const at::Tensor& x, const at::Tensor& context, const SdUnet::Attention& weights,
                  const AttentionSite& site, const Pass& pass) {
  const std::int64_t batch = x.size(0);
  const std::int64_t channels = x.size(2);
  const auto split = [&](const at::Tensor& rows, const at::Tensor& weight) { // [B, heads, L, d]
    return ops::linear(rows, weight).view({batch, rows.size(1), site.heads, channels / site.heads}).transpose(1, 2);
  };
  at::Tensor q = split(x, weights.q);
  at::Tensor k = split(context, weights.k);
  at::Tensor v = split(context, weights.v);
  if (pass.hook)
    pass.hook->projections(site, q, k, v);
  const bool upcast = pass.config.upcastAttention && x.scalar_type() != at::kFloat;
  at::Tensor mixed;
  if ((pass.hook && pass.hook->wantsMap(site)) || upcast) {
    const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(-1)));
    const at::Tensor wideQ = upcast ? q.to(at::kFloat) : q;
    const at::Tensor wideK = upcast ? k.to(at::kFloat) : k;
    at::Tensor map = at::softmax(at::matmul(wideQ * scale, wideK.transpose(2, 3)), -1).to(v.scalar_type());
    if (pass.hook)
      pass.hook->map(site, map);
    mixed = at::matmul(map, v);
  } else {
    mixed = ops::attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)).transpose(1, 2);
  }
  at::Tensor added =
      ops::linear(mixed.transpose(1, 2).reshape({batch, -1, channels}), weights.out.weight, weights.out.bias);
  if (pass.hook)
    pass.hook->output(site, added);
  return added;
}

at::Tensor layerNormed(const at::Tensor& x, const SdUnet::Norm& norm) {
  return ops::layerNorm(x, norm.weight, norm.bias, kLayerNormEpsilon);
}

at::Tensor transform(const at::Tensor& x, const SdUnet::Transformer& block, Pass& pass, const char* place = nullptr) {
  const std::int64_t batch = x.size(0);
  const std::int64_t channels = x.size(1);
  const std::int64_t height = x.size(2);
  const std::int64_t width = x.size(3);
  const auto project = [&](const at::Tensor& rows, const SdUnet::Layer& layer) { // a 1x1 convolution is a linear layer
    return ops::linear(rows, layer.weight.view({channels, channels}), layer.bias);
  };
  at::Tensor rows = normalised(x, block.norm, pass.config.normGroups, kTransformerEpsilon);
  rows = project(rows.flatten(2).transpose(1, 2), block.projectIn); // [B, h*w, C]
  AttentionSite site{pass.attentions++, false, block.heads, height, width};
  at::Tensor n = layerNormed(rows, block.norm1);
  rows = rows + attend(n, n, block.self, site, pass);
  site.index = pass.attentions++;
  site.cross = true;
  rows = rows + attend(layerNormed(rows, block.norm2), pass.text, block.cross, site, pass);
  const std::vector<at::Tensor> halves =
      ops::linear(layerNormed(rows, block.norm3), block.expand.weight, block.expand.bias).chunk(2, -1);
  at::Tensor added = ops::linear(halves[0] * ops::geluErf(halves[1]), block.contract.weight, block.contract.bias);
  if (place)
    pass.features(place, added);
  rows = project(rows + added, block.projectOut);
  return rows.transpose(1, 2).reshape({batch, channels, height, width}) + x;
}

// [B] -> [B, width]: cosines, then sines, of t * 10000^(-i / half), in float32 as the reference.
at::Tensor timeSinusoid(const at::Tensor& timesteps, std::int64_t width) {
  const std::int64_t half = width / 2;
  const auto options = at::TensorOptions().dtype(at::kFloat).device(timesteps.device());
  const at::Tensor rates = at::exp(at::arange(half, options) * (-std::log(10000.0)) / static_cast<double>(half));
  const at::Tensor angles = timesteps.to(at::kFloat).unsqueeze(1) * rates.unsqueeze(0);
  return at::cat({at::cos(angles), at::sin(angles)}, 1);
}

} // namespace

SdUnetConfig SdUnetConfig::sd21() {
  SdUnetConfig config;
  config.heads = {5, 10, 20, 20};
  config.textWidth = 1024;
  config.linearProjection = true;
  return config;
}

SdUnet SdUnet::load(WeightTable& table, const SdUnetConfig& config) {
  const std::size_t levels = config.channels.size();
  const std::int64_t base = config.channels.front();
  const std::int64_t timeWidth = 4 * base;
  SdUnet unet;
  unet.config = config;
  unet.time1 = takeLayer(table, "time_embed.0", {timeWidth, base});
  unet.time2 = takeLayer(table, "time_embed.2", {timeWidth, timeWidth});

  WeightTable in = table.under("input_blocks");
  unet.convIn = takeLayer(in, "0.0", {base, config.inChannels, 3, 3});
  std::vector<std::int64_t> skips = {base}; // channels that wait for the way up
  std::int64_t channels = base;
  int index = 1;
  for (std::size_t level = 0; level < levels; ++level) {
    Stage stage;
    for (std::int64_t i = 0; i < config.layersPerLevel; ++i, ++index) {
      WeightTable block = in.under(std::to_string(index));
      stage.resnets.push_back(takeResnet(block.under("0"), channels, config.channels[level], timeWidth));
      channels = config.channels[level];
      if (config.downAttention[level])
        stage.transformers.push_back(takeTransformer(block.under("1"), channels, config.heads[level], config));
      skips.push_back(channels);
    }
    if (level + 1 < levels) {
      stage.resample = takeLayer(in, fmt::format("{}.0.op", index++), {channels, channels, 3, 3});
      skips.push_back(channels);
    }
    unet.down.push_back(std::move(stage));
  }

  WeightTable middle = table.under("middle_block");
  unet.middle.resnets.push_back(takeResnet(middle.under("0"), channels, channels, timeWidth));
  unet.middle.transformers.push_back(takeTransformer(middle.under("1"), channels, config.heads.back(), config));
  unet.middle.resnets.push_back(takeResnet(middle.under("2"), channels, channels, timeWidth));

  WeightTable out = table.under("output_blocks");
  index = 0;
  for (std::size_t step = 0; step < levels; ++step) {
    const std::size_t level = levels - 1 - step;
    Stage stage;
    for (std::int64_t i = 0; i <= config.layersPerLevel; ++i, ++index) {
      WeightTable block = out.under(std::to_string(index));
      stage.resnets.push_back(takeResnet(block.under("0"), channels + skips.back(), config.channels[level], timeWidth));
      skips.pop_back();
      channels = config.channels[level];
      if (config.upAttention[step])
        stage.transformers.push_back(takeTransformer(block.under("1"), channels, config.heads[level], config));
      if (i == config.layersPerLevel && level > 0)
        stage.resample = takeLayer(block, config.upAttention[step] ? "2.conv" : "1.conv", {channels, channels, 3, 3});
    }
    unet.up.push_back(std::move(stage));
  }
  unet.normOut = takeNorm(table, "out.0", channels);
  unet.convOut = takeLayer(table, "out.2", {config.outChannels, channels, 3, 3});
  return unet;
}

at::Tensor SdUnet::forward(const at::Tensor& latents, const at::Tensor& timesteps, const at::Tensor& text,
                           SdUnetHook* hook) const {
  const auto options = convIn.weight.options();
  Pass pass{config, {}, text.to(options), hook};
  at::Tensor time = timeSinusoid(timesteps.to(options.device()), config.channels.front());
  pass.features("time_sinusoid", time);
  time = ops::linear(time.to(options), time1.weight, time1.bias);
  time = ops::linear(ops::silu(time), time2.weight, time2.bias);
  pass.features("time_emb", time);
  pass.time = ops::silu(time);

  at::Tensor x = convolved(latents.to(options), convIn, 1);
  pass.features("conv_in", x);
  std::vector<at::Tensor> skips = {x};
  for (std::size_t level = 0; level < down.size(); ++level) {
    const Stage& stage = down[level];
    for (std::size_t i = 0; i < stage.resnets.size(); ++i) {
      x = resnet(x, stage.resnets[i], pass);
      pass.features(fmt::format("down{}_resnet{}", level, i), x);
      if (!stage.transformers.empty()) {
        x = transform(x, stage.transformers[i], pass);
        pass.features(fmt::format("down{}_attn{}", level, i), x);
      }
      skips.push_back(x);
    }
    if (stage.resample.weight.defined()) {
      x = convolved(x, stage.resample, 1, 2);
      pass.features(fmt::format("down{}_downsample", level), x);
      skips.push_back(x);
    }
  }

  x = resnet(x, middle.resnets[0], pass);
  x = transform(x, middle.transformers[0], pass, "mid_ff");
  x = resnet(x, middle.resnets[1], pass);
  pass.features("mid", x);

  for (std::size_t step = 0; step < up.size(); ++step) {
    const Stage& stage = up[step];
    for (std::size_t i = 0; i < stage.resnets.size(); ++i) {
      x = resnet(at::cat({x, skips.back()}, 1), stage.resnets[i], pass);
      skips.pop_back();
      if (!stage.transformers.empty())
        x = transform(x, stage.transformers[i], pass);
    }
    if (stage.resample.weight.defined()) {
      // To the size of what waits there: twice as large, one less where the way down met an odd size.
      x = at::upsample_nearest2d(x, {skips.back().size(2), skips.back().size(3)});
      x = convolved(x, stage.resample, 1);
    }
    pass.features(fmt::format("up{}", step), x);
  }
  x = ops::silu(normalised(x, normOut, config.normGroups, kNormEpsilon));
  return convolved(x, convOut, 1);
}

} // namespace kinora::inference
