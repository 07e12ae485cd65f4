// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/networks/dreamidv_p.h"

#include <string>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/inference/networks/ops_p.h"

namespace kinora::inference {

DreamIdVConfig DreamIdVConfig::full() {
  DreamIdVConfig config;
  config.wan.poseAttention = true;
  return config;
}

PoseProjector PoseProjector::load(WeightTable table, const DreamIdVConfig& config) {
  PoseProjector pose;
  for (std::size_t i = 0; i < pose.time.size(); ++i) {
    WeightTable conv = table.under("time_down").under(std::to_string(i));
    pose.time[i] = {conv.take("weight", {3, 3, 3}), conv.take("bias", {3})};
  }
  std::int64_t in = 3;
  for (std::size_t i = 0; i < pose.space.size(); ++i) {
    const std::int64_t out = config.poseWidths[i];
    WeightTable conv = table.under("convs").under(std::to_string(3 * i));
    pose.space[i] = {conv.take("weight", {out, in, 3, 3}), conv.take("bias", {out})};
    in = out;
  }
  pose.out = Linear::load(table.under("out.proj"), 4 * in, config.wan.dim);
  return pose;
}

at::Tensor PoseProjector::foldTime(const at::Tensor& pose) const {
  at::Tensor pixels = pose.permute({0, 3, 4, 1, 2}).flatten(0, 2).to(time[0].weight.scalar_type()); // [B H W, 3, T]
  for (const Linear& conv : time)
    pixels = at::conv1d(pixels, conv.weight, conv.bias, /*stride=*/2, /*padding=*/1);
  return pixels;
}

at::Tensor PoseProjector::forward(const at::Tensor& pose) const {
  const at::Tensor pixels = foldTime(pose);
  const std::int64_t rows = pose.size(0);
  const std::int64_t frames = pixels.size(2);
  at::Tensor x = pixels.unflatten(0, {rows, pose.size(3), pose.size(4)}).permute({0, 4, 3, 1, 2}).flatten(0, 1);
  for (std::size_t i = 0; i < space.size(); ++i) {
    x = at::conv2d(x, space[i].weight, space[i].bias, /*stride=*/1, /*padding=*/1);
    if (i + 1 < space.size())
      x = at::max_pool2d(ops::silu(x), 2, 2);
  }
  // Patches of 2 x 2 with the channel fastest: (row, column, channel).
  const std::int64_t height = x.size(2) / 2;
  const std::int64_t width = x.size(3) / 2;
  return out(x.unflatten(3, {width, 2})
                 .unflatten(2, {height, 2})
                 .permute({0, 2, 4, 3, 5, 1})
                 .reshape({rows, frames * height * width, 4 * x.size(1)}));
}

DreamIdV DreamIdV::load(WeightTable& table, const DreamIdVConfig& config) {
  DreamIdV net(config.wan.headDim());
  net.wan = WanDit::load(table, config.wan);
  net.referenceConv = {table.take("ref_conv.weight", {config.wan.dim, config.referenceChannels, 2, 2}),
                       table.take("ref_conv.bias", {config.wan.dim})};
  if (!config.wan.poseAttention)
    return net;
  net.pose = PoseProjector::load(table.under("project_pose"), config);
  for (std::int64_t i = 0; i < config.wan.layers; ++i) {
    WeightTable cross = table.under("blocks").under(std::to_string(i)).under("cross_attn");
    for (const char* unused :
         {"k_pose.weight", "k_pose.bias", "v_pose.weight", "v_pose.bias", "norm_k_pose.weight", "pose_gate"})
      cross.ignore(unused);
  }
  return net;
}

at::Tensor DreamIdV::referenceTokens(const at::Tensor& latent) const {
  const std::int64_t height = latent.size(3) / 2;
  const std::int64_t width = latent.size(4) / 2;
  const at::Tensor patches = latent.select(2, 0)
                                 .unflatten(3, {width, 2})
                                 .unflatten(2, {height, 2})
                                 .permute({0, 2, 4, 1, 3, 5})
                                 .reshape({latent.size(0), height * width, 4 * latent.size(1)});
  return ops::linear(patches, referenceConv.weight.flatten(1), referenceConv.bias).to(at::kFloat);
}

at::Tensor DreamIdV::videoTokens(const at::Tensor& x, const at::Tensor& video, const at::Tensor& mask) const {
  return wan.patchify(at::cat({x, video, mask}, 1));
}

at::Tensor DreamIdV::forward(const Inputs& in, const WanTime& time, const WanPrompt& prompt,
                             const std::stop_token& stop, const Probe& probe) const {
  const at::Tensor reference = referenceTokens(in.reference);
  at::Tensor video = videoTokens(in.x, in.video, in.mask);
  if (probe) {
    probe("ref_tokens", reference);
    probe("patch_tokens", video);
  }
  const std::int64_t tokens = video.size(1);
  const std::int64_t ahead = reference.size(1);
  if (in.padTo > tokens)
    video = at::constant_pad_nd(video, {0, 0, 0, in.padTo - tokens});
  at::Tensor poseTokens = in.pose;
  if (poseTokens.defined()) // no pose for the reference: zero rows, which still have keys
    poseTokens = at::constant_pad_nd(poseTokens, {0, 0, ahead, video.size(1) - poseTokens.size(1)});
  FullAttention attention(
      rope_.phases(framesFrom(0, in.x.size(2) + 1), in.x.size(3) / 2, in.x.size(4) / 2, video.device()));
  const at::Tensor out = wan.run(at::cat({reference, video}, 1), time, prompt, attention, stop, probe, poseTokens);
  return wan.unpatchify(wan.head(out.narrow(1, ahead, tokens), time.e), in.x.size(2), in.x.size(3), in.x.size(4));
}

at::Tensor dreamIdVGuidance(const at::Tensor& conditional, const at::Tensor& unconditional, double strength) {
  return conditional + strength * (conditional - unconditional);
}

} // namespace kinora::inference
