// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/networks/wan_vae_p.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/inference/networks/ops_p.h"

namespace kinora::inference {
namespace {

using Conv = WanVae::Conv;
using Res = WanVae::Res;
using Resample = WanVae::Resample;
using Stage = WanVae::Stage;
using Half = WanVae::Half;

constexpr auto kLast2d = at::MemoryFormat::ChannelsLast;
constexpr auto kLast3d = at::MemoryFormat::ChannelsLast3d;

// ---- Loading ---------------------------------------------------------------------------------------------------

at::Tensor laidOut(const at::Tensor& weight) {
  if (!weight.defined())
    return weight;
  return weight.contiguous(weight.dim() == 5 ? kLast3d : kLast2d);
}

Conv loadConv(WeightTable table, std::int64_t in, std::int64_t out, std::array<std::int64_t, 3> kernel) {
  return {laidOut(table.take("weight", {out, in, kernel[0], kernel[1], kernel[2]})), table.take("bias", {out})};
}

// gamma [C, 1, 1, 1] or [C, 1, 1].
at::Tensor loadGamma(WeightTable table, std::int64_t channels, std::int64_t ones) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(ones) + 1, 1);
  shape[0] = channels;
  return table.takeFloat32("gamma", shape);
}

Res loadRes(const WeightTable& table, std::int64_t in, std::int64_t out) {
  Res res;
  res.norm1 = loadGamma(table.under("residual.0"), in, 3);
  res.conv1 = loadConv(table.under("residual.2"), in, out, {3, 3, 3});
  res.norm2 = loadGamma(table.under("residual.3"), out, 3);
  res.conv2 = loadConv(table.under("residual.6"), out, out, {3, 3, 3});
  if (in != out)
    res.shortcut = loadConv(table.under("shortcut"), in, out, {1, 1, 1});
  return res;
}

Resample loadResample(const WeightTable& table, std::int64_t in, std::int64_t out, bool up, bool temporal) {
  Resample resample{.up = up, .temporal = temporal, .weight = {}, .bias = {}, .time = {}};
  resample.weight = laidOut(table.under("resample.1").take("weight", {out, in, 3, 3}));
  resample.bias = table.under("resample.1").take("bias", {out});
  if (temporal)
    resample.time = loadConv(table.under("time_conv"), in, up ? 2 * in : in, {3, 1, 1});
  return resample;
}

WanVae::Attention loadAttention(WeightTable table, std::int64_t channels) {
  WanVae::Attention attention;
  attention.norm = loadGamma(table.under("norm"), channels, 2);
  attention.qkvWeight = laidOut(table.under("to_qkv").take("weight", {3 * channels, channels, 1, 1}));
  attention.qkvBias = table.under("to_qkv").take("bias", {3 * channels});
  attention.projWeight = laidOut(table.under("proj").take("weight", {channels, channels, 1, 1}));
  attention.projBias = table.under("proj").take("bias", {channels});
  return attention;
}

// Names of the modules of one half: 2.1 counts them through, 2.2 nests them in their stages.
class Names {
 public:
  Names(std::string list, bool nested) : list_(std::move(list)), nested_(nested) {}
  void stage(std::size_t index) {
    stage_ = index;
    if (nested_)
      next_ = 0;
  }
  [[nodiscard]] std::string next() {
    return nested_ ? fmt::format("{0}.{1}.{0}.{2}", list_, stage_, next_++) : fmt::format("{}.{}", list_, next_++);
  }
  [[nodiscard]] std::string stageName() const { return fmt::format("{}.{}", list_, stage_); }

 private:
  std::string list_;
  bool nested_;
  std::size_t stage_ = 0;
  int next_ = 0;
};

void loadMiddleAndHead(const WeightTable& table, Half& half, std::int64_t middle, std::int64_t last, std::int64_t out) {
  half.middle0 = loadRes(table.under("middle.0"), middle, middle);
  half.middle1 = loadAttention(table.under("middle.1"), middle);
  half.middle2 = loadRes(table.under("middle.2"), middle, middle);
  half.headNorm = loadGamma(table.under("head.0"), last, 3);
  half.head = loadConv(table.under("head.2"), last, out, {3, 3, 3});
}

Half loadEncoder(const WeightTable& table, const WanVaeConfig& config) {
  Half half;
  const std::size_t stages = config.widths.size();
  std::int64_t width = config.dim;
  half.first = loadConv(table.under("conv1"), 3 * config.patch * config.patch, width, {3, 3, 3});
  Names names("downsamples", config.residualStages);
  for (std::size_t i = 0; i < stages; ++i) {
    names.stage(i);
    Stage stage;
    stage.name = "encoder." + names.stageName();
    stage.in = width;
    stage.out = config.dim * config.widths[i];
    for (std::int64_t r = 0; r < config.resBlocks; ++r) {
      const std::string name = names.next();
      stage.res.push_back(loadRes(table.under(name), width, stage.out));
      stage.names.push_back("encoder." + name);
      width = stage.out;
    }
    const bool down = i + 1 < stages;
    const bool temporal = i < config.temporalDown.size() && config.temporalDown[i];
    if (down) {
      const std::string name = names.next();
      stage.resample.push_back(loadResample(table.under(name), width, width, false, temporal));
      stage.names.push_back("encoder." + name);
    }
    stage.timeFactor = config.residualStages ? (temporal ? 2 : 1) : 0;
    stage.spaceFactor = down ? 2 : 1;
    half.stages.push_back(std::move(stage));
  }
  loadMiddleAndHead(table, half, width, width, 2 * config.latentChannels);
  return half;
}

Half loadDecoder(const WeightTable& table, const WanVaeConfig& config) {
  Half half;
  const std::size_t stages = config.widths.size();
  const std::int64_t top = config.decoderDim * config.widths.back();
  half.first = loadConv(table.under("conv1"), config.latentChannels, top, {3, 3, 3});
  Names names("upsamples", config.residualStages);
  std::int64_t width = top;
  for (std::size_t i = 0; i < stages; ++i) {
    names.stage(i);
    Stage stage;
    stage.name = "decoder." + names.stageName();
    stage.in = width;
    stage.out = config.decoderDim * config.widths[stages - 1 - i];
    for (std::int64_t r = 0; r < config.resBlocks + 1; ++r) {
      const std::string name = names.next();
      stage.res.push_back(loadRes(table.under(name), width, stage.out));
      stage.names.push_back("decoder." + name);
      width = stage.out;
    }
    const bool up = i + 1 < stages;
    bool temporal = false;
    if (up) {
      temporal = i < config.temporalDown.size() && config.temporalDown[config.temporalDown.size() - 1 - i];
      const std::int64_t out = config.residualStages ? width : width / 2;
      const std::string name = names.next();
      stage.resample.push_back(loadResample(table.under(name), width, out, true, temporal));
      stage.names.push_back("decoder." + name);
      width = out;
    }
    stage.timeFactor = config.residualStages && up ? (temporal ? 2 : 1) : 0;
    stage.spaceFactor = up ? 2 : 1;
    half.stages.push_back(std::move(stage));
  }
  loadMiddleAndHead(table, half, top, width, 3 * config.patch * config.patch);
  return half;
}

// ---- One pass --------------------------------------------------------------------------------------------------

// x [B, C, ..]: every position to length sqrt(C), times gamma, then SiLU when `active`. In float32 whatever x is.
at::Tensor channelNorm(const at::Tensor& x, const at::Tensor& gamma, bool active) {
  const at::Tensor wide = x.scalar_type() == at::kDouble ? x : x.to(at::kFloat);
  const at::Tensor length = at::linalg_vector_norm(wide, 2, at::IntArrayRef{1}, /*keepdim=*/true).clamp_min_(1e-12);
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  shape[1] = x.size(1);
  at::Tensor normed = (wide / length).mul_((gamma * std::sqrt(static_cast<double>(x.size(1)))).view(shape));
  if (active)
    at::silu_(normed);
  return normed.to(x.scalar_type());
}

class Pass {
 public:
  Pass(WanVaeMemory& memory, const Probe& probe) : memory_(memory), probe_(probe), first_(memory.first) {}
  ~Pass() = default;
  Pass(const Pass&) = delete;
  Pass& operator=(const Pass&) = delete;

  [[nodiscard]] at::Tensor half(const Half& half, at::Tensor x, bool decoder) {
    const std::string name = decoder ? "decoder" : "encoder";
    x = causal(half.first, x);
    tell(name, ".conv1", x);
    if (decoder)
      x = middle(half, x, name);
    for (const Stage& s : half.stages)
      x = stage(s, x);
    if (!decoder)
      x = middle(half, x, name);
    x = causal(half.head, channelNorm(x, half.headNorm, true));
    memory_.first = false;
    return x;
  }

 private:
  void tell(std::string_view half, std::string_view module, const at::Tensor& value) const {
    if (probe_)
      probe_(fmt::format("{}{}", half, module), value);
  }

  // The next convolution's own frames: `frames` of x's kind, zeros before the stream began.
  at::Tensor& slot(const at::Tensor& x, std::int64_t frames) {
    if (next_ == memory_.slots.size())
      memory_.slots.emplace_back();
    at::Tensor& kept = memory_.slots[next_++];
    std::vector<std::int64_t> shape = x.sizes().vec();
    shape[2] = frames;
    if (!kept.defined())
      kept = at::zeros(shape, x.options()).contiguous(kLast3d);
    else if (kept.sizes() != shape)
      throw std::invalid_argument("a stream cannot change its size");
    return kept;
  }

  // Convolution over [last two frames | x]; keeps the last two frames of that.
  at::Tensor causal(const Conv& conv, const at::Tensor& x) {
    at::Tensor& kept = slot(x, 2);
    const at::Tensor joined = at::cat({kept, x}, 2);
    const std::int64_t edge = conv.weight.size(3) / 2;
    at::Tensor out = at::conv3d(joined, conv.weight, conv.bias, 1, {0, edge, edge});
    kept.copy_(joined.slice(2, -2));
    return out;
  }

  at::Tensor res(const Res& block, const at::Tensor& x) {
    at::Tensor y = causal(block.conv1, channelNorm(x, block.norm1, true));
    y = causal(block.conv2, channelNorm(y, block.norm2, true));
    if (block.shortcut.weight.defined())
      return y.add_(at::conv3d(x, block.shortcut.weight, block.shortcut.bias));
    return y.add_(x);
  }

  // Every frame for itself, one head over its positions.
  static at::Tensor attention(const WanVae::Attention& block, const at::Tensor& x) {
    const at::Tensor frames = asFrames(x);
    const at::Tensor qkv = at::conv2d(channelNorm(frames, block.norm, false), block.qkvWeight, block.qkvBias);
    const std::int64_t channels = x.size(1);
    const auto part = [&](std::int64_t i) { // [B T, positions, 1, C]
      return qkv.narrow(1, i * channels, channels).flatten(2).transpose(1, 2).unsqueeze(2);
    };
    const at::Tensor seen = ops::attention(part(0), part(1), part(2)).squeeze(2).transpose(1, 2);
    const at::Tensor out =
        at::conv2d(seen.reshape(frames.sizes()).contiguous(kLast2d), block.projWeight, block.projBias);
    return asVideo(out, x.size(0)).add_(x);
  }

  at::Tensor middle(const Half& half, at::Tensor x, const std::string& name) {
    x = res(half.middle0, x);
    tell(name, ".middle.0", x);
    x = attention(half.middle1, x);
    tell(name, ".middle.1", x);
    x = res(half.middle2, x);
    tell(name, ".middle.2", x);
    return x;
  }

  static at::Tensor asFrames(const at::Tensor& x) { return x.transpose(1, 2).flatten(0, 1).contiguous(kLast2d); }
  static at::Tensor asVideo(const at::Tensor& frames, std::int64_t rows) {
    return frames.unflatten(0, {rows, frames.size(0) / rows}).transpose(1, 2).contiguous(kLast3d);
  }

  at::Tensor resample(const Resample& block, at::Tensor x) {
    const std::int64_t rows = x.size(0);
    if (!block.up) {
      const at::Tensor padded = at::constant_pad_nd(asFrames(x), {0, 1, 0, 1});
      x = asVideo(at::conv2d(padded, block.weight, block.bias, 2), rows);
      if (!block.temporal)
        return x;
      at::Tensor& kept = slot(x, 1);
      const at::Tensor joined = first_ ? x : at::cat({kept, x}, 2);
      kept.copy_(x.slice(2, -1));
      return first_ ? x : at::conv3d(joined, block.time.weight, block.time.bias, {2, 1, 1});
    }
    if (block.temporal) {
      if (first_)
        slot(x, 2); // the first frame is not doubled and not remembered
      else
        x = doubled(causal(block.time, x));
    }
    const at::Tensor frames = asFrames(x);
    const at::Tensor large = at::_upsample_nearest_exact2d(frames, {2 * frames.size(2), 2 * frames.size(3)});
    return asVideo(at::conv2d(large, block.weight, block.bias, 1, 1), rows);
  }

  // [B, 2 C, T, h, w] -> [B, C, 2 T, h, w]: the first half of the channels is the earlier frame.
  static at::Tensor doubled(const at::Tensor& x) {
    const at::Tensor halves = x.unflatten(1, {2, x.size(1) / 2}); // [B, 2, C, T, h, w]
    return halves.permute({0, 2, 3, 1, 4, 5}).flatten(2, 3).contiguous(kLast3d);
  }

  at::Tensor stage(const Stage& stage, const at::Tensor& input) {
    at::Tensor x = input;
    std::size_t named = 0;
    for (const Res& block : stage.res) {
      x = res(block, x);
      tell(stage.names[named++], "", x);
    }
    for (const Resample& block : stage.resample) {
      x = resample(block, x);
      tell(stage.names[named++], "", x);
    }
    if (stage.timeFactor > 0)
      x = x + (stage.resample.empty() || !stage.resample[0].up ? averaged(stage, input) : repeated(stage, input));
    if (stage.timeFactor > 0)
      tell(stage.name, "", x);
    return x;
  }

  // Space and time to channels (order C, t, y, x; time padded with zeros on the left), then means of channel groups.
  static at::Tensor averaged(const Stage& stage, const at::Tensor& input) {
    const std::int64_t t = stage.timeFactor;
    const std::int64_t s = stage.spaceFactor;
    const std::int64_t missing = (t - input.size(2) % t) % t;
    const at::Tensor x = missing > 0 ? at::constant_pad_nd(input, {0, 0, 0, 0, missing, 0}) : input;
    const std::int64_t rows = x.size(0);
    const std::int64_t frames = x.size(2) / t;
    const std::int64_t high = x.size(3) / s;
    const std::int64_t wide = x.size(4) / s;
    return x.reshape({rows, stage.in, frames, t, high, s, wide, s})
        .permute({0, 1, 3, 5, 7, 2, 4, 6})
        .reshape({rows, stage.out, stage.in * t * s * s / stage.out, frames, high, wide})
        .mean(2);
  }

  // Channels repeated, then channels to space and time (order C, t, y, x); the first pass has no frames before the
  // first.
  [[nodiscard]] at::Tensor repeated(const Stage& stage, const at::Tensor& input) const {
    const std::int64_t t = stage.timeFactor;
    const std::int64_t s = stage.spaceFactor;
    const std::int64_t rows = input.size(0);
    const at::Tensor x = input.repeat_interleave(stage.out * t * s * s / stage.in, 1)
                             .reshape({rows, stage.out, t, s, s, input.size(2), input.size(3), input.size(4)})
                             .permute({0, 1, 5, 2, 6, 3, 7, 4})
                             .reshape({rows, stage.out, input.size(2) * t, input.size(3) * s, input.size(4) * s});
    return first_ ? x.slice(2, t - 1) : x;
  }

  WanVaeMemory& memory_;
  const Probe& probe_;
  bool first_;
  std::size_t next_ = 0;
};

at::Tensor unshuffled(const at::Tensor& video, std::int64_t p) {
  if (p == 1)
    return video;
  return video.unflatten(4, {video.size(4) / p, p})
      .unflatten(3, {video.size(3) / p, p}) // [B, C, F, h, q, w, r]
      .permute({0, 1, 6, 4, 2, 3, 5})
      .flatten(1, 3);
}

at::Tensor shuffled(const at::Tensor& x, std::int64_t p) {
  if (p == 1)
    return x;
  return x
      .unflatten(1, {x.size(1) / (p * p), p, p}) // [B, C, r, q, F, h, w]
      .permute({0, 1, 4, 5, 3, 6, 2})
      .flatten(3, 4)
      .flatten(4, 5);
}

void check(bool sound, const char* problem) {
  if (!sound)
    throw std::invalid_argument(problem);
}

at::Tensor perChannel(const std::vector<float>& values, const at::Tensor& like) {
  return at::tensor(values, at::kFloat).to(like.device()).view({1, -1, 1, 1, 1});
}

} // namespace

WanVaeConfig WanVaeConfig::wan21() {
  WanVaeConfig config;
  config.mean = {-0.7571F, -0.7089F, -0.9113F, 0.1075F,  -0.1745F, 0.9653F,  -0.1517F, 1.5508F,
                 0.4134F,  -0.0715F, 0.5517F,  -0.3632F, -0.1922F, -0.9497F, 0.2503F,  -0.2921F};
  config.std = {2.8184F, 1.4541F, 2.3275F, 2.6558F, 1.2196F, 1.7708F, 2.6052F, 2.0743F,
                3.2687F, 2.1526F, 2.8652F, 1.5579F, 1.6382F, 1.1253F, 2.8251F, 1.9160F};
  return config;
}

WanVaeConfig WanVaeConfig::wan22() {
  WanVaeConfig config;
  config.dim = 160;
  config.decoderDim = 256;
  config.latentChannels = 48;
  config.patch = 2;
  config.residualStages = true;
  config.mean = {-0.2289F, -0.0052F, -0.1323F, -0.2339F, -0.2799F, 0.0174F,  0.1838F,  0.1557F,  -0.1382F, 0.0542F,
                 0.2813F,  0.0891F,  0.1570F,  -0.0098F, 0.0375F,  -0.1825F, -0.2246F, -0.1207F, -0.0698F, 0.5109F,
                 0.2665F,  -0.2108F, -0.2158F, 0.2502F,  -0.2055F, -0.0322F, 0.1109F,  0.1567F,  -0.0729F, 0.0899F,
                 -0.2799F, -0.1230F, -0.0313F, -0.1649F, 0.0117F,  0.0723F,  -0.2839F, -0.2083F, -0.0520F, 0.3748F,
                 0.0152F,  0.1957F,  0.1433F,  -0.2944F, 0.3573F,  -0.0548F, -0.1681F, -0.0667F};
  config.std = {0.4765F, 1.0364F, 0.4514F, 1.1677F, 0.5313F, 0.4990F, 0.4818F, 0.5013F, 0.8158F, 1.0344F,
                0.5894F, 1.0901F, 0.6885F, 0.6165F, 0.8454F, 0.4978F, 0.5759F, 0.3523F, 0.7135F, 0.6804F,
                0.5833F, 1.4146F, 0.8986F, 0.5659F, 0.7069F, 0.5338F, 0.4889F, 0.4917F, 0.4069F, 0.4999F,
                0.6866F, 0.4093F, 0.5709F, 0.6065F, 0.6415F, 0.4944F, 0.5726F, 1.2042F, 0.5458F, 1.6887F,
                0.3971F, 1.0600F, 0.3943F, 0.5537F, 0.5444F, 0.4089F, 0.7468F, 0.7744F};
  return config;
}

std::int64_t WanVaeConfig::spatialStride() const {
  return patch << (widths.size() - 1);
}

std::int64_t WanVaeConfig::temporalStride() const {
  return std::int64_t{1} << std::count(temporalDown.begin(), temporalDown.end(), true);
}

WanVae WanVae::load(WeightTable& table, const WanVaeConfig& config) {
  WanVae vae;
  vae.config = config;
  vae.encoder = loadEncoder(table.under("encoder"), config);
  vae.quant = loadConv(table.under("conv1"), 2 * config.latentChannels, 2 * config.latentChannels, {1, 1, 1});
  vae.postQuant = loadConv(table.under("conv2"), config.latentChannels, config.latentChannels, {1, 1, 1});
  vae.decoder = loadDecoder(table.under("decoder"), config);
  return vae;
}

at::Tensor WanVae::encode(const at::Tensor& video) const {
  const std::int64_t stride = config.temporalStride();
  check(video.dim() == 5 && video.size(2) % stride == 1, "a clip to encode has 1 + 4 n frames");
  WanVaeEncoder stream(*this);
  std::vector<at::Tensor> latents = {stream.encode(video.narrow(2, 0, 1))};
  for (std::int64_t at = 1; at < video.size(2); at += stride)
    latents.push_back(stream.encode(video.narrow(2, at, stride)));
  return at::cat(latents, 2);
}

at::Tensor WanVae::decode(const at::Tensor& latents) const {
  check(latents.dim() == 5 && latents.size(2) >= 1, "latents to decode are [B, Z, f, h, w]");
  WanVaeDecoder stream(*this);
  std::vector<at::Tensor> frames;
  for (std::int64_t at = 0; at < latents.size(2); ++at)
    frames.push_back(stream.decode(latents.narrow(2, at, 1)));
  return at::cat(frames, 2);
}

at::Tensor WanVae::normalise(const at::Tensor& mu) const {
  return ((mu - perChannel(config.mean, mu)) / perChannel(config.std, mu)).to(mu.scalar_type());
}

at::Tensor WanVae::denormalise(const at::Tensor& z) const {
  return (z * perChannel(config.std, z) + perChannel(config.mean, z)).to(z.scalar_type());
}

at::Tensor WanVaeEncoder::encode(const at::Tensor& frames) {
  const std::int64_t stride = network_.config.spatialStride();
  check(frames.dim() == 5 && frames.size(1) == 3 && frames.size(3) % stride == 0 && frames.size(4) % stride == 0,
        "frames to encode are [B, 3, F, H, W] with H and W multiples of the autoencoder's stride");
  const std::int64_t count = frames.size(2);
  const std::int64_t group = network_.config.temporalStride();
  check(memory_.first ? count % group == 1 : count > 0 && count % group == 0,
        "a stream is encoded from 1 + 4 n frames, then 4 n at a time");
  const at::Tensor x =
      unshuffled(frames, network_.config.patch).to(network_.quant.weight.scalar_type()).contiguous(kLast3d);
  const auto pass = [&](const at::Tensor& some) {
    const at::Tensor moments = Pass(memory_, probe_).half(network_.encoder, some, false);
    const at::Tensor mixed = at::conv3d(moments, network_.quant.weight, network_.quant.bias);
    return mixed.narrow(1, 0, network_.config.latentChannels).contiguous();
  };
  if (!memory_.first || count == 1)
    return pass(x);
  const at::Tensor first = pass(x.narrow(2, 0, 1));
  return at::cat({first, pass(x.narrow(2, 1, count - 1))}, 2);
}

at::Tensor WanVaeDecoder::decode(const at::Tensor& latents) {
  check(latents.dim() == 5 && latents.size(1) == network_.config.latentChannels && latents.size(2) >= 1,
        "latents to decode are [B, Z, f, h, w]");
  const at::Tensor z = at::conv3d(latents.to(network_.postQuant.weight.scalar_type()).contiguous(kLast3d),
                                  network_.postQuant.weight, network_.postQuant.bias);
  const auto pass = [&](const at::Tensor& some) {
    return shuffled(Pass(memory_, probe_).half(network_.decoder, some, true), network_.config.patch).contiguous();
  };
  if (!memory_.first || z.size(2) == 1)
    return pass(z);
  const at::Tensor first = pass(z.narrow(2, 0, 1));
  return at::cat({first, pass(z.narrow(2, 1, z.size(2) - 1))}, 2);
}

} // namespace kinora::inference
