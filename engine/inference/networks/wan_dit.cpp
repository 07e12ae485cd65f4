// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/networks/wan_dit_p.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/inference/networks/cancelled_p.h"
#include "engine/inference/networks/fused_p.h"
#include "engine/inference/networks/ops_p.h"

namespace kinora::inference {
namespace {

void report(const Probe& probe, std::int64_t layer, const char* name, const at::Tensor& value) {
  if (probe)
    probe(fmt::format("block{}_{}", layer, name), value);
}

WanDit::Norms loadNorms(WeightTable table, std::int64_t dim) {
  return {table.take("norm_q.weight", {dim}), table.take("norm_k.weight", {dim})};
}

WanDit::Block loadBlock(WeightTable table, const WanConfig& c) {
  const std::int64_t dim = c.dim;
  WanDit::Block block;
  block.modulation = table.takeFloat32("modulation", {1, 6, dim});
  WeightTable self = table.under("self_attn");
  block.q = Linear::load(self.under("q"), dim, dim);
  block.k = Linear::load(self.under("k"), dim, dim);
  block.v = Linear::load(self.under("v"), dim, dim);
  block.o = Linear::load(self.under("o"), dim, dim);
  block.norms = loadNorms(self, dim);
  if (c.poseAttention) {
    block.poseK = Linear::load(self.under("k_pose"), dim, dim);
    block.poseV = Linear::load(self.under("v_pose"), dim, dim);
    block.poseNormK = self.take("norm_k_pose.weight", {dim});
    block.poseGate = self.takeFloat32("pose_gate", {1});
  }
  block.norm3Weight = table.takeFloat32("norm3.weight", {dim});
  block.norm3Bias = table.takeFloat32("norm3.bias", {dim});
  WeightTable cross = table.under("cross_attn");
  block.crossQ = Linear::load(cross.under("q"), dim, dim);
  block.crossK = Linear::load(cross.under("k"), dim, dim);
  block.crossV = Linear::load(cross.under("v"), dim, dim);
  block.crossO = Linear::load(cross.under("o"), dim, dim);
  block.crossNorms = loadNorms(cross, dim);
  if (c.imageDim > 0) {
    block.imageK = Linear::load(cross.under("k_img"), dim, dim);
    block.imageV = Linear::load(cross.under("v_img"), dim, dim);
    block.imageNormK = cross.take("norm_k_img.weight", {dim});
  }
  block.ffnIn = Linear::load(table.under("ffn.0"), dim, c.ffnDim);
  block.ffnOut = Linear::load(table.under("ffn.2"), c.ffnDim, dim);
  return block;
}

} // namespace

WanConfig WanConfig::t2v14B() {
  return {.dim = 5120, .ffnDim = 13824, .heads = 40, .layers = 40};
}

WanConfig WanConfig::i2v14B() {
  return {.inChannels = 36, .dim = 5120, .ffnDim = 13824, .heads = 40, .layers = 40, .imageDim = 1280};
}

WanConfig WanConfig::funInpaint1B() {
  return {.inChannels = 36, .imageDim = 1280};
}

WanConfig WanConfig::funControl1B() {
  return {.inChannels = 48, .imageDim = 1280};
}

WanConfig WanConfig::track1B() {
  return {.inChannels = 52, .imageDim = 1280};
}

WanConfig WanConfig::ti2v5B() {
  return {.inChannels = 48, .outChannels = 48, .dim = 3072, .ffnDim = 14336, .heads = 24, .layers = 30};
}

Linear Linear::load(WeightTable table, std::int64_t in, std::int64_t out, bool float32) {
  if (float32)
    return {table.takeFloat32("weight", {out, in}), table.takeFloat32("bias", {out})};
  return {table.take("weight", {out, in}), table.take("bias", {out})};
}

at::Tensor Linear::operator()(const at::Tensor& x) const {
  return bytes.defined() ? linear(x, bytes, bias) : ops::linear(x, weight, bias);
}

WanDit WanDit::load(WeightTable& table, const WanConfig& config) {
  const std::int64_t dim = config.dim;
  WanDit net;
  net.config = config;
  net.patchWeight = table.take("patch_embedding.weight", {dim, config.inChannels, 1, 2, 2});
  net.patchBias = table.take("patch_embedding.bias", {dim});
  net.textIn = Linear::load(table.under("text_embedding.0"), config.textDim, dim);
  net.textOut = Linear::load(table.under("text_embedding.2"), dim, dim);
  net.timeIn = Linear::load(table.under("time_embedding.0"), config.frequencyDim, dim, true);
  net.timeOut = Linear::load(table.under("time_embedding.2"), dim, dim, true);
  net.timeProjection = Linear::load(table.under("time_projection.1"), dim, 6 * dim, true);
  if (config.imageDim > 0) {
    WeightTable image = table.under("img_emb");
    WeightTable project = image.under("proj");
    net.imageNormInWeight = project.takeFloat32("0.weight", {config.imageDim});
    net.imageNormInBias = project.takeFloat32("0.bias", {config.imageDim});
    net.imageIn = Linear::load(project.under("1"), config.imageDim, config.imageDim);
    net.imageOut = Linear::load(project.under("3"), config.imageDim, dim);
    net.imageNormOutWeight = project.takeFloat32("4.weight", {dim});
    net.imageNormOutBias = project.takeFloat32("4.bias", {dim});
    if (config.imagePositions > 0)
      net.imagePositions = image.take("emb_pos", {1, config.imagePositions, config.imageDim});
  }
  for (std::int64_t i = 0; i < config.layers; ++i)
    net.blocks.push_back(loadBlock(table.under("blocks").under(std::to_string(i)), config));
  net.headModulation = table.takeFloat32("head.modulation", {1, 2, dim});
  net.headLinear = Linear::load(table.under("head.head"), dim, 4 * config.outChannels, true);
  return net;
}

bool WanDit::isBytes() const {
  return blocks.front().q.bytes.defined();
}

const char* WanDit::mergeAdvice() const {
  return isBytes() ? "Weights that are kept as bytes take nothing in: load the model again with the LoRA merged."
                   : "Merge it into them.";
}

Result<void> WanDit::useLora(const std::vector<LoraUse>& uses) {
  static constexpr std::string_view kBranched[] = {"self_attn.", "cross_attn.", "ffn."};
  for (const LoraUse& use : uses) {
    for (const LoraLayer& layer : use.file->layers()) {
      const std::size_t dot = layer.target.find('.', std::string_view("blocks.").size());
      const std::string_view inside =
          dot == std::string::npos ? std::string_view() : std::string_view(layer.target).substr(dot + 1);
      if (!layer.target.starts_with("blocks.") ||
          std::none_of(std::begin(kBranched), std::end(kBranched),
                       [&](std::string_view name) { return inside.starts_with(name); }))
        return fail(ErrorCode::Unsupported,
                    fmt::format("this LoRA changes {}, which cannot be done beside the weights. {}", layer.target,
                                mergeAdvice()));
    }
  }
  auto loaded = LoraBranches::load(uses, runType(), patchWeight.device());
  if (!loaded && isBytes() && loaded.error().code == ErrorCode::Unsupported)
    return fail(ErrorCode::Unsupported, fmt::format("{} {}", loaded.error().message, mergeAdvice()));
  if (!loaded)
    return tl::unexpected<Error>(loaded.error());
  lora = *std::move(loaded);
  return {};
}

Result<void> WanDit::quantise() {
  std::vector<Linear*> layers;
  for (Block& block : blocks) {
    for (Linear* layer :
         {&block.q, &block.k, &block.v, &block.o, &block.crossQ, &block.crossK, &block.crossV, &block.crossO,
          &block.imageK, &block.imageV, &block.ffnIn, &block.ffnOut, &block.poseK, &block.poseV}) {
      if (layer->weight.defined())
        layers.push_back(layer);
    }
  }
  for (const Linear* layer : layers) {
    if (!canBeBytes(layer->weight))
      return fail(ErrorCode::Unsupported,
                  fmt::format("keeping the layers of this model as bytes failed: a layer of {} inputs is {} on {}. "
                              "Bytes work on the processor, with float32 or bfloat16 weights and up to 65,000 inputs.",
                              layer->weight.size(-1), c10::toString(layer->weight.scalar_type()),
                              layer->weight.device().str()));
  }
  for (Linear* layer : layers) {
    layer->bytes = bytesOf(layer->weight);
    layer->weight.reset();
    layer->bias = layer->bias.to(at::kFloat).contiguous();
  }
  return {};
}

at::Tensor WanDit::through(const Linear& linear, const at::Tensor& x, std::int64_t layer, std::string_view name) const {
  at::Tensor y = linear(x);
  if (!lora.empty())
    lora.addLinear(x.to(y.scalar_type()), y, fmt::format("blocks.{}.{}.weight", layer, name));
  return y;
}

at::Tensor WanDit::heads(const at::Tensor& x) const {
  return x.unflatten(-1, {config.heads, config.headDim()});
}

at::Tensor WanDit::embedText(const at::Tensor& text) const {
  return textOut(ops::geluTanh(textIn(text)));
}

at::Tensor WanDit::embedImage(const at::Tensor& tokens) const {
  at::Tensor x = tokens;
  if (imagePositions.defined())
    x = x + imagePositions;
  x = imageIn(ops::layerNorm(x, imageNormInWeight, imageNormInBias, 1e-5));
  return ops::layerNorm(imageOut(ops::geluErf(x)), imageNormOutWeight, imageNormOutBias, 1e-5);
}

WanPrompt WanDit::prompt(const at::Tensor& text, const at::Tensor& image) const {
  WanPrompt prompt;
  prompt.layers.reserve(blocks.size());
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const Block& block = blocks[i];
    const auto at = static_cast<std::int64_t>(i);
    const auto keys = [&](const Linear& linear, const at::Tensor& x, std::string_view name, const at::Tensor& norm) {
      return heads(ops::rmsNorm(through(linear, x, at, name), norm, config.eps));
    };
    WanPrompt::Layer layer;
    layer.k = keys(block.crossK, text, "cross_attn.k", block.crossNorms.k);
    layer.v = heads(through(block.crossV, text, at, "cross_attn.v"));
    if (image.defined()) {
      layer.imageK = keys(block.imageK, image, "cross_attn.k_img", block.imageNormK);
      layer.imageV = heads(through(block.imageV, image, at, "cross_attn.v_img"));
    }
    prompt.layers.push_back(std::move(layer));
  }
  return prompt;
}

WanTime WanDit::time(const at::Tensor& t) const {
  const at::Tensor wave = ops::sinusoid(t.dim() == 1 ? t.unsqueeze(1) : t, config.frequencyDim);
  const at::Tensor e = timeOut(ops::silu(timeIn(wave)));
  return {e, timeProjection(ops::silu(e)).unflatten(-1, {6, config.dim})};
}

at::Tensor WanDit::patchify(const at::Tensor& x) const {
  const std::int64_t rows = x.size(3) / 2;
  const std::int64_t columns = x.size(4) / 2;
  const at::Tensor patches = x.reshape({x.size(0), x.size(1), x.size(2), rows, 2, columns, 2})
                                 .permute({0, 2, 3, 5, 1, 4, 6})
                                 .reshape({x.size(0), x.size(2) * rows * columns, x.size(1) * 4});
  return ops::linear(patches, patchWeight.flatten(1), patchBias).to(at::kFloat);
}

at::Tensor WanDit::runBlock(std::int64_t layer, at::Tensor x, const WanTime& time, const WanPrompt::Layer& prompt,
                            SelfAttention& attention, const Probe& probe, const at::Tensor& pose) const {
  const Block& block = blocks[static_cast<std::size_t>(layer)];
  const at::ScalarType type = runType();
  const std::vector<at::Tensor> m = (time.modulation + block.modulation.unsqueeze(1)).unbind(2);

  const at::Tensor a = ops::layerNormModulate(x, m[1], m[0], config.eps).to(type);
  const at::Tensor q = heads(ops::rmsNorm(through(block.q, a, layer, "self_attn.q"), block.norms.q, config.eps));
  const at::Tensor k = heads(ops::rmsNorm(through(block.k, a, layer, "self_attn.k"), block.norms.k, config.eps));
  at::Tensor seen = attention.attend(layer, q, k, heads(through(block.v, a, layer, "self_attn.v")));
  if (pose.defined()) {
    const at::Tensor poseKeys =
        heads(ops::rmsNorm(through(block.poseK, pose, layer, "self_attn.k_pose"), block.poseNormK, config.eps));
    seen = seen + attention.attend(layer, q, poseKeys, heads(through(block.poseV, pose, layer, "self_attn.v_pose"))) *
                      block.poseGate.to(type);
  }
  at::Tensor y = through(block.o, seen.flatten(2), layer, "self_attn.o");
  report(probe, layer, "self_attn_out", y);
  x = ops::addGated(x, y, m[2]);

  const at::Tensor c = ops::layerNorm(x, block.norm3Weight, block.norm3Bias, config.eps);
  const at::Tensor crossQ =
      heads(ops::rmsNorm(through(block.crossQ, c, layer, "cross_attn.q"), block.crossNorms.q, config.eps));
  y = through(block.crossO, listen(crossQ, prompt), layer, "cross_attn.o");
  report(probe, layer, "cross_attn_out", y);
  x = x + y;

  const at::Tensor b = ops::layerNormModulate(x, m[4], m[3], config.eps);
  y = through(block.ffnOut, ops::geluTanh(through(block.ffnIn, b, layer, "ffn.0")), layer, "ffn.2");
  report(probe, layer, "ffn_out", y);
  x = ops::addGated(x, y, m[5]);
  report(probe, layer, "out", x);
  return x;
}

at::Tensor WanDit::listen(const at::Tensor& crossQ, const WanPrompt::Layer& prompt) const {
  const auto rows = [&](const at::Tensor& keys) { return keys.expand({crossQ.size(0), -1, -1, -1}); };
  at::Tensor told = ops::attention(crossQ, rows(prompt.k), rows(prompt.v));
  if (prompt.imageK.defined())
    told = told + ops::attention(crossQ, rows(prompt.imageK), rows(prompt.imageV));
  return told.flatten(2);
}

bool WanDit::isFused() const {
  return compute == Compute::Fused && fused::serves(patchWeight);
}

at::Tensor WanDit::runBlockFused(std::int64_t layer, at::Tensor x, const WanTime& time, const WanPrompt::Layer& prompt,
                                 SelfAttention& attention, const Probe& probe, const at::Tensor& pose) const {
  const Block& block = blocks[static_cast<std::size_t>(layer)];
  const at::ScalarType type = runType();
  const std::vector<at::Tensor> m = (time.modulation + block.modulation.unsqueeze(1)).unbind(2);
  const auto normed = [&](at::Tensor y, const at::Tensor& weight) {
    fused::rmsNorm(y, weight, config.eps);
    return heads(y);
  };
  const auto layerOf = [&](const Linear& linear, const at::Tensor& in, std::string_view name) {
    return through(linear, in, layer, name);
  };

  const at::Tensor a = fused::layerNormModulate(x, m[1], m[0], config.eps, type);
  const at::Tensor q = normed(layerOf(block.q, a, "self_attn.q"), block.norms.q);
  at::Tensor seen = attention.attend(layer, q, normed(layerOf(block.k, a, "self_attn.k"), block.norms.k),
                                     heads(layerOf(block.v, a, "self_attn.v")));
  if (pose.defined())
    seen = seen + attention.attend(layer, q, normed(layerOf(block.poseK, pose, "self_attn.k_pose"), block.poseNormK),
                                   heads(layerOf(block.poseV, pose, "self_attn.v_pose"))) *
                      block.poseGate.to(type);
  at::Tensor y = layerOf(block.o, seen.flatten(2), "self_attn.o");
  report(probe, layer, "self_attn_out", y);

  // An affine norm is a modulation that is the same for all tokens.
  const at::Tensor scale = (block.norm3Weight - 1).view({1, 1, -1});
  const at::Tensor c = fused::addGatedLayerNorm(x, y, m[2], scale, block.norm3Bias.view({1, 1, -1}), config.eps);
  y = layerOf(block.crossO, listen(normed(layerOf(block.crossQ, c, "cross_attn.q"), block.crossNorms.q), prompt),
              "cross_attn.o");
  report(probe, layer, "cross_attn_out", y);

  y = layerOf(block.ffnIn, fused::addGatedLayerNorm(x, y, {}, m[4], m[3], config.eps), "ffn.0");
  fused::geluTanh(y);
  y = layerOf(block.ffnOut, y, "ffn.2");
  report(probe, layer, "ffn_out", y);
  fused::addGated(x, y, m[5]);
  if (probe)
    report(probe, layer, "out", x.clone());
  return x;
}

at::Tensor WanDit::run(at::Tensor tokens, const WanTime& time, const WanPrompt& prompt, SelfAttention& attention,
                       const std::stop_token& stop, const Probe& probe, const at::Tensor& pose) const {
  const bool inPlace = isFused();
  if (inPlace)
    tokens = tokens.to(at::kFloat, /*non_blocking=*/false, /*copy=*/true).contiguous();
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    throwIfStopped(stop);
    const auto layer = static_cast<std::int64_t>(i);
    tokens = inPlace ? runBlockFused(layer, std::move(tokens), time, prompt.layers[i], attention, probe, pose)
                     : runBlock(layer, std::move(tokens), time, prompt.layers[i], attention, probe, pose);
  }
  return tokens;
}

at::Tensor WanDit::head(const at::Tensor& tokens, const at::Tensor& e) const {
  const at::Tensor m = headModulation.unsqueeze(1) + e.unsqueeze(2);
  return headLinear(ops::layerNormModulate(tokens, m.select(2, 1), m.select(2, 0), config.eps));
}

at::Tensor WanDit::unpatchify(const at::Tensor& tokens, std::int64_t frames, std::int64_t height,
                              std::int64_t width) const {
  return tokens.reshape({tokens.size(0), frames, height / 2, width / 2, 2, 2, config.outChannels})
      .permute({0, 6, 1, 2, 4, 3, 5})
      .reshape({tokens.size(0), config.outChannels, frames, height, width});
}

at::Tensor WanDit::forward(const at::Tensor& x, const WanTime& time, const WanPrompt& prompt, SelfAttention& attention,
                           const std::stop_token& stop) const {
  const at::Tensor tokens = run(patchify(x), time, prompt, attention, stop);
  return unpatchify(head(tokens, time.e), x.size(2), x.size(3), x.size(4));
}

at::Tensor regroupPatchChannels(const at::Tensor& weight, const std::vector<ChannelGroup>& groups) {
  std::vector<at::Tensor> columns;
  columns.reserve(groups.size());
  for (const ChannelGroup& group : groups) {
    if (group.from >= 0) {
      columns.push_back(weight.narrow(1, group.from, group.count));
    } else {
      std::vector<std::int64_t> shape = weight.sizes().vec();
      shape[1] = group.count;
      columns.push_back(at::zeros(shape, weight.options()));
    }
  }
  return at::cat(columns, 1);
}

} // namespace kinora::inference
