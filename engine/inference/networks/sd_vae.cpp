// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/networks/sd_vae_p.h"

#include <stdexcept>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/inference/networks/ops_p.h"

namespace kinora::inference {
namespace {

using Conv = SdVae::Conv;
using Norm = SdVae::Norm;
using Res = SdVae::Res;
using Half = SdVae::Half;

constexpr auto kLast = at::MemoryFormat::ChannelsLast;

Conv loadConv(WeightTable table, std::int64_t in, std::int64_t out, std::int64_t kernel) {
  const at::Tensor weight = table.take("weight", {out, in, kernel, kernel});
  return {weight.defined() ? weight.contiguous(kLast) : weight, table.take("bias", {out})};
}

Norm loadNorm(WeightTable table, std::int64_t channels) {
  return {table.take("weight", {channels}), table.take("bias", {channels})};
}

Res loadRes(const WeightTable& table, std::int64_t in, std::int64_t out) {
  Res res;
  res.norm1 = loadNorm(table.under("norm1"), in);
  res.conv1 = loadConv(table.under("conv1"), in, out, 3);
  res.norm2 = loadNorm(table.under("norm2"), out);
  res.conv2 = loadConv(table.under("conv2"), out, out, 3);
  if (in != out)
    res.shortcut = loadConv(table.under("nin_shortcut"), in, out, 1);
  return res;
}

void loadMiddle(const WeightTable& table, Half& half, std::int64_t channels) {
  half.middle1 = loadRes(table.under("mid.block_1"), channels, channels);
  const WeightTable attention = table.under("mid.attn_1");
  half.attention.norm = loadNorm(attention.under("norm"), channels);
  half.attention.q = loadConv(attention.under("q"), channels, channels, 1);
  half.attention.k = loadConv(attention.under("k"), channels, channels, 1);
  half.attention.v = loadConv(attention.under("v"), channels, channels, 1);
  half.attention.out = loadConv(attention.under("proj_out"), channels, channels, 1);
  half.middle2 = loadRes(table.under("mid.block_2"), channels, channels);
}

Half loadEncoder(const WeightTable& table, const SdVaeConfig& config) {
  Half half;
  std::int64_t width = config.widths.front();
  half.in = loadConv(table.under("conv_in"), 3, width, 3);
  for (std::size_t level = 0; level < config.widths.size(); ++level) {
    const WeightTable names = table.under(fmt::format("down.{}", level));
    SdVae::Level made;
    for (std::int64_t i = 0; i < config.resBlocks; ++i) {
      made.res.push_back(loadRes(names.under(fmt::format("block.{}", i)), width, config.widths[level]));
      width = config.widths[level];
    }
    if (level + 1 < config.widths.size())
      made.resample = loadConv(names.under("downsample.conv"), width, width, 3);
    half.levels.push_back(std::move(made));
  }
  loadMiddle(table, half, width);
  half.norm = loadNorm(table.under("norm_out"), width);
  half.out = loadConv(table.under("conv_out"), width, 2 * config.latentChannels, 3);
  return half;
}

Half loadDecoder(const WeightTable& table, const SdVaeConfig& config) {
  Half half;
  std::int64_t width = config.widths.back();
  half.in = loadConv(table.under("conv_in"), config.latentChannels, width, 3);
  loadMiddle(table, half, width);
  for (std::size_t level = config.widths.size(); level-- > 0;) {
    const WeightTable names = table.under(fmt::format("up.{}", level)); // counted from the large pictures
    SdVae::Level made;
    for (std::int64_t i = 0; i < config.resBlocks + 1; ++i) {
      made.res.push_back(loadRes(names.under(fmt::format("block.{}", i)), width, config.widths[level]));
      width = config.widths[level];
    }
    if (level > 0)
      made.resample = loadConv(names.under("upsample.conv"), width, width, 3);
    half.levels.push_back(std::move(made));
  }
  half.norm = loadNorm(table.under("norm_out"), width);
  half.out = loadConv(table.under("conv_out"), width, 3, 3);
  return half;
}

at::Tensor convolve(const Conv& conv, const at::Tensor& x, std::int64_t stride, std::int64_t padding) {
  return at::conv2d(x, conv.weight, conv.bias, stride, padding);
}

// One pass over one half.
struct Pass {
  const SdVaeConfig& config;
  const Probe& probe;

  void tell(const std::string& name, const at::Tensor& value) const {
    if (probe)
      probe(name, value);
  }
  [[nodiscard]] at::Tensor normed(const Norm& norm, const at::Tensor& x) const {
    return ops::groupNorm(x, config.groups, norm.weight, norm.bias, config.eps);
  }
  [[nodiscard]] at::Tensor res(const Res& block, const at::Tensor& x) const {
    const at::Tensor y = convolve(block.conv1, ops::silu(normed(block.norm1, x)), 1, 1);
    const at::Tensor z = convolve(block.conv2, ops::silu(normed(block.norm2, y)), 1, 1);
    return z + (block.shortcut.weight.defined() ? convolve(block.shortcut, x, 1, 0) : x);
  }
  // One head over all positions.
  [[nodiscard]] at::Tensor attention(const SdVae::Attention& block, const at::Tensor& x) const {
    const at::Tensor n = normed(block.norm, x);
    const auto part = [&](const Conv& conv) { // [B, positions, 1, C]
      return convolve(conv, n, 1, 0).flatten(2).transpose(1, 2).unsqueeze(2);
    };
    const at::Tensor seen = ops::attention(part(block.q), part(block.k), part(block.v)).squeeze(2).transpose(1, 2);
    return x + convolve(block.out, seen.reshape(x.sizes()).contiguous(kLast), 1, 0);
  }
  [[nodiscard]] at::Tensor middle(const Half& half, const std::string& name, at::Tensor x) const {
    x = attention(half.attention, res(half.middle1, x));
    tell(name + ".mid.attn_1", x);
    x = res(half.middle2, x);
    tell(name + ".mid", x);
    return x;
  }
  [[nodiscard]] at::Tensor out(const Half& half, const at::Tensor& x) const {
    return convolve(half.out, ops::silu(normed(half.norm, x)), 1, 1);
  }
};

} // namespace

SdVae SdVae::load(WeightTable& table, const SdVaeConfig& config) {
  SdVae vae;
  vae.config = config;
  vae.encoder = loadEncoder(table.under("encoder"), config);
  vae.decoder = loadDecoder(table.under("decoder"), config);
  vae.quant = loadConv(table.under("quant_conv"), 2 * config.latentChannels, 2 * config.latentChannels, 1);
  vae.postQuant = loadConv(table.under("post_quant_conv"), config.latentChannels, config.latentChannels, 1);
  return vae;
}

SdVae::Posterior SdVae::encode(const at::Tensor& image, const Probe& probe) const {
  const std::int64_t stride = std::int64_t{1} << (config.widths.size() - 1);
  if (image.dim() != 4 || image.size(1) != 3 || image.size(2) % stride != 0 || image.size(3) % stride != 0)
    throw std::invalid_argument("pictures to encode are [B, 3, H, W] with H and W multiples of 8");
  const Pass pass{config, probe};
  at::Tensor x = image.to(quant.weight.scalar_type()).contiguous(kLast);
  x = convolve(encoder.in, x, 1, 1);
  for (std::size_t level = 0; level < encoder.levels.size(); ++level) {
    for (const Res& block : encoder.levels[level].res)
      x = pass.res(block, x);
    if (const Conv& down = encoder.levels[level].resample; down.weight.defined())
      x = convolve(down, at::constant_pad_nd(x, {0, 1, 0, 1}), 2, 0);
    pass.tell(fmt::format("encoder.down.{}", level), x);
  }
  x = pass.out(encoder, pass.middle(encoder, "encoder", x));
  const at::Tensor moments = convolve(quant, x, 1, 0).contiguous();
  return {moments.narrow(1, 0, config.latentChannels),
          moments.narrow(1, config.latentChannels, config.latentChannels).clamp(-30, 20)};
}

at::Tensor SdVae::decode(const at::Tensor& latents, const Probe& probe) const {
  if (latents.dim() != 4 || latents.size(1) != config.latentChannels)
    throw std::invalid_argument("latents to decode are [B, Z, h, w]");
  const Pass pass{config, probe};
  at::Tensor x = convolve(postQuant, latents.to(postQuant.weight.scalar_type()).contiguous(kLast), 1, 0);
  x = pass.middle(decoder, "decoder", convolve(decoder.in, x, 1, 1));
  for (std::size_t level = 0; level < decoder.levels.size(); ++level) {
    for (const Res& block : decoder.levels[level].res)
      x = pass.res(block, x);
    if (const Conv& up = decoder.levels[level].resample; up.weight.defined())
      x = convolve(up, at::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)}), 1, 1);
    pass.tell(fmt::format("decoder.up.{}", decoder.levels.size() - 1 - level), x);
  }
  return pass.out(decoder, x).contiguous();
}

} // namespace kinora::inference
